//! What of a provider's objects has become MAPI's.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use mapi_com::iface::{Census, ComObject, LeftShell};
use mapi_com::invalid::{kind_of, name_of};
use mapi_types::Result;

use crate::report::{Left, LeftBy, LeftObject, LeftOpen, Recorder};
use crate::shutdown::ProviderId;

/// The objects that the provider of one logon has given to MakeInvalid, because a client still refers to them. It is
/// the other face of a support object, IOpenMAPICensus, for providers that tell more of them than a number of methods.
pub(super) struct Ledger {
    stacks: bool,
    kinds: Mutex<BTreeMap<&'static str, Kind>>,
}

/// The objects of one kind: how many, and the first of those of which more is known.
#[derive(Default)]
struct Kind {
    count: u64,
    objects: Vec<LeftObject>,
}

impl Ledger {
    /// An empty one; `stacks` says whether providers are to keep the stacks that make objects.
    pub fn new(stacks: bool) -> Self {
        Self {
            stacks,
            kinds: Mutex::default(),
        }
    }

    /// One more, with what is known of it.
    pub fn add(&self, kind: &'static str, left: Option<&LeftShell>) {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry(kind).or_default();
        kind.count += 1;
        if let Some(left) = left.filter(|_| kind.objects.len() < LeftOpen::LISTED) {
            kind.objects
                .push(LeftObject::new(left.age, left.stack.as_deref()));
        }
    }

    /// Takes everything into the report.
    pub fn report(&self, recorder: &Recorder, provider: ProviderId) {
        let kinds = std::mem::take(&mut *self.kinds.lock().unwrap_or_else(PoisonError::into_inner));
        for (name, kind) in kinds {
            let left = Left {
                kind: name,
                provider: Some(provider),
                left_by: LeftBy::Client,
                done: "made invalid; safe to release",
            };
            recorder.left_open(&left, kind.count, kind.objects);
        }
    }
}

impl ComObject for Ledger {}

impl Census for Ledger {
    fn stacks(&self) -> Result<bool> {
        Ok(self.stacks)
    }

    fn made_invalid(&self, left: LeftShell) {
        let named = left.interface.as_ref().and_then(name_of);
        self.add(named.unwrap_or_else(|| kind_of(left.methods)), Some(&left));
    }
}
