//! From the census of a scope to the report.

use std::collections::BTreeMap;

use mapi_com::scope::OpenObject;

use super::open::{Left, LeftBy, LeftObject, LeftOpen};
use super::recorder::Recorder;
use crate::shutdown::ProviderId;

impl Recorder {
    /// Takes what a scope had open into the report, one group for each kind of object. `done` says what becomes of it.
    pub fn census(
        &self,
        open: &[OpenObject],
        provider: Option<ProviderId>,
        left_by: LeftBy,
        done: &str,
    ) {
        let mut kinds: BTreeMap<&str, (u64, Vec<LeftObject>)> = BTreeMap::new();
        for object in open {
            let (count, listed) = kinds.entry(object.kind).or_default();
            *count += 1;
            if listed.len() < LeftOpen::LISTED {
                listed.push(LeftObject::from(object));
            }
        }
        for (kind, (count, objects)) in kinds {
            let left = Left {
                kind,
                provider,
                left_by,
                done,
            };
            self.left_open(&left, count, objects);
        }
    }
}

impl From<&OpenObject> for LeftObject {
    fn from(object: &OpenObject) -> Self {
        let stack = object.trace.as_deref().unwrap_or_default();
        Self {
            name: None,
            entry: None,
            age_us: u64::try_from(object.age.as_micros()).unwrap_or(u64::MAX),
            stack: stack.lines().map(|line| line.trim().to_owned()).collect(),
        }
    }
}
