//! An object that implements everything: it writes down what it was called with and answers what it was made with.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use mapi_com::alloc::Allocator;
use mapi_com::iface::*;
use mapi_com::ptr::{ComPtr, ComRef, Unknown};
use mapi_sys as sys;
use mapi_types::*;

use crate::sample::Sample;

pub const TOLD_TO_PANIC: &str = "told to panic";

pub struct Echo {
    pub sample: Sample,
    /// What every method fails with, if it is to fail.
    pub fails: Option<Error>,
    /// Any object: handed out wherever one is asked for, and not called.
    pub object: Option<Unknown>,
    /// Whether every method panics.
    pub panics: AtomicBool,
    said: Mutex<Vec<String>>,
}

impl Echo {
    pub fn new(sample: Sample, fails: Option<Error>, object: Option<Unknown>) -> Arc<Self> {
        Arc::new(Self {
            sample,
            fails,
            object,
            panics: AtomicBool::new(false),
            said: Mutex::default(),
        })
    }

    /// What was written down since the last time.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.said.lock().unwrap())
    }

    fn say(&self, text: String) -> Result<()> {
        self.said.lock().unwrap().push(text);
        assert!(!self.panics.load(Ordering::SeqCst), "{TOLD_TO_PANIC}");
        self.fails.clone().map_or(Ok(()), Err)
    }

    fn object<I: sys::Interface>(&self) -> ComPtr<I> {
        let object = self.object.as_ref().expect("the test gives one");
        // SAFETY: tests only count references on it, which every object understands.
        unsafe { ComPtr::from_borrowed(object.as_raw().cast()) }.unwrap()
    }

    fn opened(&self) -> OpenedEntry {
        OpenedEntry {
            object_type: 5,
            object: self.object(),
        }
    }

    fn target(&self, target: &CopyTarget<'_>) -> String {
        if let Some(progress) = target.progress {
            report(progress);
        }
        format!(
            "{:?} {} {}",
            target.object,
            target.interface,
            target.progress.is_some()
        )
    }
}

/// Tells a progress object something, so that the test sees that it is the caller's.
fn report(progress: &dyn Progress) {
    progress.progress(1, 2, 3).unwrap();
    assert_eq!(progress.get_limits().unwrap(), (1, 100));
}

/// The width of strings is not part of what was said.
fn narrow(flags: u32) -> u32 {
    flags & !sys::MAPI_UNICODE
}

macro_rules! say {
    ($self:ident, $name:literal $(, $arg:expr)*) => {
        $self.say([$name.to_string() $(, format!("{:?}", $arg))*].join(" "))?
    };
}

mod admin;
mod session;
mod store;
mod support;

impl ComObject for Echo {}

impl MapiProp for Echo {
    fn save_changes(&self, flags: u32) -> Result<()> {
        say!(self, "save_changes", flags);
        Ok(())
    }

    fn get_props(&self, tags: Option<&[PropTag]>, flags: u32) -> Result<Vec<Property>> {
        say!(self, "get_props", tags, flags);
        Ok(self.sample.props.clone())
    }

    fn get_prop_list(&self, flags: u32) -> Result<Vec<PropTag>> {
        say!(self, "get_prop_list", flags);
        Ok(self.sample.tags.clone())
    }

    fn open_property(
        &self,
        tag: PropTag,
        interface: &Guid,
        options: u32,
        flags: u32,
    ) -> Result<Unknown> {
        say!(self, "open_property", tag, interface, options, flags);
        Ok(self.object())
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        say!(self, "set_props", props);
        Ok(self.sample.problems.clone())
    }

    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        say!(self, "delete_props", tags);
        Ok(self.sample.problems.clone())
    }

    fn copy_to(
        &self,
        interfaces: &[Guid],
        tags: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        say!(
            self,
            "copy_to",
            interfaces,
            tags,
            self.target(target),
            flags
        );
        Ok(self.sample.problems.clone())
    }

    fn copy_props(
        &self,
        tags: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        say!(self, "copy_props", tags, self.target(target), flags);
        Ok(self.sample.problems.clone())
    }

    fn get_names_from_ids(
        &self,
        tags: Option<&[PropTag]>,
        set: Option<&Guid>,
        flags: u32,
    ) -> Result<Vec<(PropTag, Option<NamedProp>)>> {
        say!(self, "get_names_from_ids", tags, set, flags);
        let tags = tags.unwrap_or(&self.sample.tags).iter().copied();
        let names = self
            .sample
            .names
            .iter()
            .cloned()
            .map(Some)
            .chain([None])
            .cycle();
        Ok(tags.zip(names).collect())
    }

    fn get_ids_from_names(&self, names: &[NamedProp], flags: u32) -> Result<Vec<PropTag>> {
        say!(self, "get_ids_from_names", names, flags);
        Ok(self.sample.tags.clone())
    }
}

impl ProfSect for Echo {}
impl Attach for Echo {}
impl MailUser for Echo {}
impl AbContainer for Echo {}
impl DistList for Echo {}
