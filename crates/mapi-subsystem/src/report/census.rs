//! From the census of a scope to the report.

use std::collections::BTreeMap;
use std::time::Duration;

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

impl LeftObject {
    /// One of which no more is known than its age, and the stack that made it if that was kept.
    #[must_use]
    pub fn new(age: Duration, stack: Option<&str>) -> Self {
        let lines = stack.unwrap_or_default().lines();
        Self {
            name: None,
            entry: None,
            age_us: u64::try_from(age.as_micros()).unwrap_or(u64::MAX),
            stack: lines.map(|line| line.trim().to_owned()).collect(),
        }
    }
}

impl From<&OpenObject> for LeftObject {
    fn from(object: &OpenObject) -> Self {
        Self::new(object.age, object.trace.as_deref())
    }
}
