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

impl MapiStatus for Echo {
    fn validate_state(&self, flags: u32) -> Result<()> {
        say!(self, "validate_state", flags);
        Ok(())
    }

    fn settings_dialog(&self, flags: u32) -> Result<()> {
        say!(self, "settings_dialog", flags);
        Ok(())
    }

    fn change_password(&self, old: &str, new: &str) -> Result<()> {
        say!(self, "change_password", old, new);
        Ok(())
    }

    fn flush_queues(&self, target: &EntryId, flags: u32) -> Result<()> {
        say!(self, "flush_queues", target, flags);
        Ok(())
    }
}

impl MapiContainer for Echo {
    fn get_contents_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_contents_table", flags);
        Ok(self.object())
    }

    fn get_hierarchy_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_hierarchy_table", flags);
        Ok(self.object())
    }

    fn open_entry(
        &self,
        id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        say!(self, "open_entry", id, interface, flags);
        Ok(self.opened())
    }

    fn set_search_criteria(
        &self,
        restriction: Option<&Restriction>,
        containers: &[EntryId],
        flags: u32,
    ) -> Result<()> {
        say!(self, "set_search_criteria", restriction, containers, flags);
        Ok(())
    }

    fn get_search_criteria(&self, flags: u32) -> Result<SearchCriteria> {
        say!(self, "get_search_criteria", narrow(flags));
        Ok(SearchCriteria {
            restriction: self.sample.restriction.clone(),
            containers: self.sample.ids.clone(),
            state: 3,
        })
    }
}

impl MapiFolder for Echo {
    fn create_message(
        &self,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<sys::IMessage>> {
        say!(self, "create_message", interface, flags);
        Ok(self.object())
    }

    fn copy_messages(
        &self,
        messages: &[EntryId],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Completion> {
        say!(self, "copy_messages", messages, self.target(target), flags);
        Ok(Completion::Partial)
    }

    fn delete_messages(
        &self,
        messages: &[EntryId],
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion> {
        progress.iter().for_each(|p| report(*p));
        say!(self, "delete_messages", messages, progress.is_some(), flags);
        Ok(Completion::Full)
    }

    fn create_folder(
        &self,
        folder_type: u32,
        name: &str,
        comment: Option<&str>,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<sys::IMAPIFolder>> {
        say!(
            self,
            "create_folder",
            folder_type,
            name,
            comment,
            interface,
            narrow(flags)
        );
        Ok(self.object())
    }

    fn copy_folder(
        &self,
        folder: &EntryId,
        target: &CopyTarget<'_>,
        new_name: Option<&str>,
        flags: u32,
    ) -> Result<Completion> {
        say!(
            self,
            "copy_folder",
            folder,
            self.target(target),
            new_name,
            narrow(flags)
        );
        Ok(Completion::Full)
    }

    fn delete_folder(
        &self,
        folder: &EntryId,
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion> {
        say!(self, "delete_folder", folder, progress.is_some(), flags);
        Ok(Completion::Partial)
    }

    fn set_read_flags(
        &self,
        messages: Option<&[EntryId]>,
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion> {
        say!(self, "set_read_flags", messages, progress.is_some(), flags);
        Ok(Completion::Full)
    }

    fn get_message_status(&self, message: &EntryId) -> Result<u32> {
        say!(self, "get_message_status", message);
        Ok(11)
    }

    fn set_message_status(&self, message: &EntryId, status: u32, mask: u32) -> Result<u32> {
        say!(self, "set_message_status", message, status, mask);
        Ok(12)
    }

    fn save_contents_sort(&self, order: &SortOrder, flags: u32) -> Result<()> {
        say!(self, "save_contents_sort", order, flags);
        Ok(())
    }

    fn empty_folder(&self, progress: Option<&dyn Progress>, flags: u32) -> Result<Completion> {
        say!(self, "empty_folder", progress.is_some(), flags);
        Ok(Completion::Partial)
    }
}

impl AbEntries for Echo {
    fn create_entry(&self, template: &EntryId, flags: u32) -> Result<ComPtr<sys::IMAPIProp>> {
        say!(self, "create_entry", template, flags);
        Ok(self.object())
    }

    fn copy_entries(
        &self,
        entries: &[EntryId],
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion> {
        say!(self, "copy_entries", entries, progress.is_some(), flags);
        Ok(Completion::Partial)
    }

    fn delete_entries(&self, entries: &[EntryId], flags: u32) -> Result<Completion> {
        say!(self, "delete_entries", entries, flags);
        Ok(Completion::Full)
    }

    fn resolve_names(
        &self,
        columns: Option<&[PropTag]>,
        flags: u32,
        recipients: &mut [Row],
        resolved: &mut [Resolved],
    ) -> Result<()> {
        say!(
            self,
            "resolve_names",
            columns,
            narrow(flags),
            recipients,
            resolved
        );
        for (row, state) in recipients.iter_mut().zip(resolved) {
            row.props.reverse();
            *state = Resolved::Ambiguous;
        }
        Ok(())
    }
}

impl MsgStore for Echo {
    fn advise(&self, id: &EntryId, mask: u32, sink: ComPtr<sys::IMAPIAdviseSink>) -> Result<usize> {
        say!(self, "advise", id, mask, sink);
        Ok(77)
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        say!(self, "unadvise", connection);
        Ok(())
    }

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
        say!(self, "compare", left, right, flags);
        Ok(true)
    }

    fn open_entry(
        &self,
        id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        say!(self, "open_entry", id, interface, flags);
        Ok(self.opened())
    }

    fn set_receive_folder(&self, class: &str, folder: Option<&EntryId>, flags: u32) -> Result<()> {
        say!(self, "set_receive_folder", class, folder, narrow(flags));
        Ok(())
    }

    fn get_receive_folder(&self, class: &str, flags: u32) -> Result<ReceiveFolder> {
        say!(self, "get_receive_folder", class, narrow(flags));
        Ok(ReceiveFolder {
            folder: self.sample.id.clone(),
            explicit_class: self.sample.text.clone(),
        })
    }

    fn get_receive_folder_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_receive_folder_table", narrow(flags));
        Ok(self.object())
    }

    fn store_logoff(&self, flags: u32) -> Result<u32> {
        say!(self, "store_logoff", flags);
        Ok(0x10000)
    }

    fn abort_submit(&self, message: &EntryId, flags: u32) -> Result<()> {
        say!(self, "abort_submit", message, flags);
        Ok(())
    }

    fn get_outgoing_queue(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_outgoing_queue", flags);
        Ok(self.object())
    }

    fn set_lock_state(&self, message: &ComPtr<sys::IMessage>, state: u32) -> Result<()> {
        say!(self, "set_lock_state", message, state);
        Ok(())
    }

    fn finished_msg(&self, flags: u32, message: &EntryId) -> Result<()> {
        say!(self, "finished_msg", flags, message);
        Ok(())
    }

    fn notify_new_mail(&self, notification: &Notification) -> Result<()> {
        say!(self, "notify_new_mail", notification);
        Ok(())
    }
}

impl Message for Echo {
    fn get_attachment_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_attachment_table", flags);
        Ok(self.object())
    }

    fn open_attach(
        &self,
        number: u32,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<sys::IAttach>> {
        say!(self, "open_attach", number, interface, flags);
        Ok(self.object())
    }

    fn create_attach(
        &self,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<(u32, ComPtr<sys::IAttach>)> {
        say!(self, "create_attach", interface, flags);
        Ok((4, self.object()))
    }

    fn delete_attach(
        &self,
        number: u32,
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<()> {
        say!(self, "delete_attach", number, progress.is_some(), flags);
        Ok(())
    }

    fn get_recipient_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_recipient_table", flags);
        Ok(self.object())
    }

    fn modify_recipients(&self, change: RecipientChange, recipients: &[Row]) -> Result<()> {
        say!(self, "modify_recipients", change, recipients);
        Ok(())
    }

    fn submit_message(&self, flags: u32) -> Result<()> {
        say!(self, "submit_message", flags);
        Ok(())
    }

    fn set_read_flag(&self, flags: u32) -> Result<()> {
        say!(self, "set_read_flag", flags);
        Ok(())
    }
}

impl MapiTable for Echo {
    fn advise(&self, mask: u32, sink: ComPtr<sys::IMAPIAdviseSink>) -> Result<usize> {
        say!(self, "advise", mask, sink);
        Ok(78)
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        say!(self, "unadvise", connection);
        Ok(())
    }

    fn get_status(&self) -> Result<(u32, u32)> {
        say!(self, "get_status");
        Ok((7, 1))
    }

    fn set_columns(&self, columns: &[PropTag], flags: u32) -> Result<()> {
        say!(self, "set_columns", columns, flags);
        Ok(())
    }

    fn query_columns(&self, flags: u32) -> Result<Vec<PropTag>> {
        say!(self, "query_columns", flags);
        Ok(self.sample.tags.clone())
    }

    fn get_row_count(&self, flags: u32) -> Result<u32> {
        say!(self, "get_row_count", flags);
        Ok(99)
    }

    fn seek_row(&self, origin: Bookmark, rows: i32) -> Result<(i32, bool)> {
        say!(self, "seek_row", origin, rows);
        Ok((-3, true))
    }

    fn seek_row_approx(&self, numerator: u32, denominator: u32) -> Result<()> {
        say!(self, "seek_row_approx", numerator, denominator);
        Ok(())
    }

    fn query_position(&self) -> Result<TablePosition> {
        say!(self, "query_position");
        Ok(TablePosition {
            row: 4,
            numerator: 5,
            denominator: 6,
        })
    }

    fn find_row(&self, restriction: &Restriction, origin: Bookmark, flags: u32) -> Result<bool> {
        say!(self, "find_row", restriction, origin, flags);
        Ok(true)
    }

    fn restrict(&self, restriction: Option<&Restriction>, flags: u32) -> Result<()> {
        say!(self, "restrict", restriction, flags);
        Ok(())
    }

    fn create_bookmark(&self) -> Result<Bookmark> {
        say!(self, "create_bookmark");
        Ok(Bookmark(12))
    }

    fn free_bookmark(&self, bookmark: Bookmark) -> Result<()> {
        say!(self, "free_bookmark", bookmark);
        Ok(())
    }

    fn sort_table(&self, order: &SortOrder, flags: u32) -> Result<()> {
        say!(self, "sort_table", order, flags);
        Ok(())
    }

    fn query_sort_order(&self) -> Result<SortOrder> {
        say!(self, "query_sort_order");
        Ok(self.sample.order.clone())
    }

    fn query_rows(&self, rows: i32, flags: u32) -> Result<Vec<Row>> {
        say!(self, "query_rows", rows, flags);
        Ok(self.sample.rows.clone())
    }

    fn abort(&self) -> Result<()> {
        say!(self, "abort");
        Ok(())
    }

    fn wait_for_completion(&self, flags: u32, timeout_ms: u32) -> Result<u32> {
        say!(self, "wait_for_completion", flags, timeout_ms);
        Ok(9)
    }
}

impl MsLogon for Echo {
    fn logoff(&self, flags: u32) -> Result<u32> {
        say!(self, "logoff", flags);
        Ok(0x20000)
    }

    fn open_entry(
        &self,
        id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        say!(self, "open_entry", id, interface, flags);
        Ok(self.opened())
    }

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
        say!(self, "compare", left, right, flags);
        Ok(false)
    }

    fn advise(&self, id: &EntryId, mask: u32, sink: ComPtr<sys::IMAPIAdviseSink>) -> Result<usize> {
        say!(self, "advise", id, mask, sink);
        Ok(79)
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        say!(self, "unadvise", connection);
        Ok(())
    }

    fn open_status_entry(&self, interface: Option<&Guid>, flags: u32) -> Result<OpenedEntry> {
        say!(self, "open_status_entry", interface, flags);
        Ok(self.opened())
    }
}

impl AbLogon for Echo {
    fn logoff(&self, flags: u32) -> Result<()> {
        say!(self, "logoff", flags);
        Ok(())
    }

    fn open_entry(
        &self,
        id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        say!(self, "open_entry", id, interface, flags);
        Ok(self.opened())
    }

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
        say!(self, "compare", left, right, flags);
        Ok(true)
    }

    fn advise(&self, id: &EntryId, mask: u32, sink: ComPtr<sys::IMAPIAdviseSink>) -> Result<usize> {
        say!(self, "advise", id, mask, sink);
        Ok(80)
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        say!(self, "unadvise", connection);
        Ok(())
    }

    fn open_status_entry(&self, interface: Option<&Guid>, flags: u32) -> Result<OpenedEntry> {
        say!(self, "open_status_entry", interface, flags);
        Ok(self.opened())
    }

    fn open_template_id(
        &self,
        template: &EntryId,
        flags: u32,
        data: &ComPtr<sys::IMAPIProp>,
        interface: Option<&Guid>,
    ) -> Result<ComPtr<sys::IMAPIProp>> {
        say!(self, "open_template_id", template, flags, data, interface);
        Ok(self.object())
    }

    fn get_one_off_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_one_off_table", flags);
        Ok(self.object())
    }

    fn prepare_recips(&self, flags: u32, columns: &[PropTag], rows: &mut [Row]) -> Result<()> {
        say!(self, "prepare_recips", flags, columns, rows);
        rows.iter_mut().for_each(|row| row.props.reverse());
        Ok(())
    }
}

impl AddrBook for Echo {
    fn open_entry(
        &self,
        id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        say!(self, "open_entry", id, interface, flags);
        Ok(self.opened())
    }

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
        say!(self, "compare", left, right, flags);
        Ok(true)
    }

    fn advise(&self, id: &EntryId, mask: u32, sink: ComPtr<sys::IMAPIAdviseSink>) -> Result<usize> {
        say!(self, "advise", id, mask, sink);
        Ok(81)
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        say!(self, "unadvise", connection);
        Ok(())
    }

    fn create_one_off(&self, name: &str, kind: &str, address: &str, flags: u32) -> Result<EntryId> {
        say!(self, "create_one_off", name, kind, address, narrow(flags));
        Ok(self.sample.id.clone())
    }

    fn resolve_name(&self, flags: u32, recipients: &mut Vec<Row>) -> Result<()> {
        say!(self, "resolve_name", narrow(flags), recipients);
        recipients.iter_mut().for_each(|row| row.props.reverse());
        Ok(())
    }

    fn get_pab(&self) -> Result<EntryId> {
        say!(self, "get_pab");
        Ok(self.sample.id.clone())
    }

    fn set_pab(&self, id: &EntryId) -> Result<()> {
        say!(self, "set_pab", id);
        Ok(())
    }

    fn get_default_dir(&self) -> Result<EntryId> {
        say!(self, "get_default_dir");
        Ok(self.sample.id.clone())
    }

    fn set_default_dir(&self, id: &EntryId) -> Result<()> {
        say!(self, "set_default_dir", id);
        Ok(())
    }

    fn get_search_path(&self, flags: u32) -> Result<Vec<Row>> {
        say!(self, "get_search_path", narrow(flags));
        Ok(self.sample.rows.clone())
    }

    fn set_search_path(&self, flags: u32, path: &[Row]) -> Result<()> {
        say!(self, "set_search_path", flags, path);
        Ok(())
    }

    fn prepare_recips(&self, flags: u32, columns: &[PropTag], rows: &mut Vec<Row>) -> Result<()> {
        say!(self, "prepare_recips", flags, columns, rows);
        rows.iter_mut().for_each(|row| row.props.reverse());
        Ok(())
    }
}

impl MapiSession for Echo {
    fn get_msg_stores_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_msg_stores_table", flags);
        Ok(self.object())
    }

    fn open_msg_store(
        &self,
        ui: usize,
        id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<sys::IMsgStore>> {
        say!(self, "open_msg_store", ui, id, interface, flags);
        Ok(self.object())
    }

    fn open_address_book(
        &self,
        ui: usize,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<(ComPtr<sys::IAddrBook>, bool)> {
        say!(self, "open_address_book", ui, interface, flags);
        Ok((self.object(), true))
    }

    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<sys::IProfSect>> {
        say!(self, "open_profile_section", uid, flags);
        Ok(self.object())
    }

    fn get_status_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_status_table", flags);
        Ok(self.object())
    }

    fn open_entry(
        &self,
        id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        say!(self, "open_entry", id, interface, flags);
        Ok(self.opened())
    }

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
        say!(self, "compare", left, right, flags);
        Ok(true)
    }

    fn advise(&self, id: &EntryId, mask: u32, sink: ComPtr<sys::IMAPIAdviseSink>) -> Result<usize> {
        say!(self, "advise", id, mask, sink);
        Ok(82)
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        say!(self, "unadvise", connection);
        Ok(())
    }

    fn enum_adr_types(&self, flags: u32) -> Result<Vec<String>> {
        say!(self, "enum_adr_types", narrow(flags));
        Ok(vec!["SMTP".into(), self.sample.text.clone()])
    }

    fn query_identity(&self) -> Result<Option<EntryId>> {
        say!(self, "query_identity");
        Ok((!self.sample.id.is_empty()).then(|| self.sample.id.clone()))
    }

    fn logoff(&self, ui: usize, flags: u32, reserved: u32) -> Result<()> {
        say!(self, "logoff", ui, flags, reserved);
        Ok(())
    }

    fn set_default_store(&self, flags: u32, id: &EntryId) -> Result<()> {
        say!(self, "set_default_store", flags, id);
        Ok(())
    }

    fn admin_services(&self, flags: u32) -> Result<ComPtr<sys::IMsgServiceAdmin>> {
        say!(self, "admin_services", flags);
        Ok(self.object())
    }
}

impl MapiSupport for Echo {
    fn allocator(&self) -> Allocator {
        Allocator::local()
    }

    fn subscribe(
        &self,
        key: &[u8],
        mask: u32,
        flags: u32,
        sink: ComPtr<sys::IMAPIAdviseSink>,
    ) -> Result<usize> {
        say!(self, "subscribe", key, mask, flags, sink);
        Ok(83)
    }

    fn unsubscribe(&self, connection: usize) -> Result<()> {
        say!(self, "unsubscribe", connection);
        Ok(())
    }

    fn notify(&self, key: &[u8], told: &[Notification], flags: u32) -> Result<u32> {
        say!(self, "notify", key, told, flags);
        Ok(1)
    }

    fn modify_status_row(&self, columns: &[Property], flags: u32) -> Result<()> {
        say!(self, "modify_status_row", columns, flags);
        Ok(())
    }

    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<sys::IProfSect>> {
        say!(self, "open_profile_section", uid, flags);
        Ok(self.object())
    }

    fn register_preprocessor(
        &self,
        uid: Option<&MapiUid>,
        address_type: Option<&str>,
        library: &str,
        preprocess: &str,
        remove: &str,
        flags: u32,
    ) -> Result<()> {
        say!(
            self,
            "register",
            uid,
            address_type,
            library,
            preprocess,
            remove,
            narrow(flags)
        );
        Ok(())
    }

    fn spooler_yield(&self, flags: u32) -> Result<bool> {
        say!(self, "spooler_yield", flags);
        Ok(true)
    }

    fn spooler_notify(&self, flags: u32, data: usize) -> Result<()> {
        say!(self, "spooler_notify", flags, data);
        Ok(())
    }

    fn create_one_off(&self, name: &str, kind: &str, address: &str, flags: u32) -> Result<EntryId> {
        say!(self, "create_one_off", name, kind, address, narrow(flags));
        Ok(self.sample.id.clone())
    }

    fn set_provider_uid(&self, uid: &MapiUid, flags: u32) -> Result<()> {
        say!(self, "set_provider_uid", uid, flags);
        Ok(())
    }

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
        say!(self, "compare", left, right, flags);
        Ok(true)
    }

    fn open_entry(
        &self,
        id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        say!(self, "open_entry", id, interface, flags);
        Ok(self.opened())
    }

    fn get_one_off_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_one_off_table", flags);
        Ok(self.object())
    }

    fn copy_messages(
        &self,
        source: ComRef<'_, sys::IUnknown>,
        messages: &[EntryId],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Completion> {
        say!(
            self,
            "copy_messages",
            *source,
            messages,
            self.target(target),
            flags
        );
        Ok(Completion::Partial)
    }

    fn copy_folder(
        &self,
        source: ComRef<'_, sys::IUnknown>,
        folder: &EntryId,
        target: &CopyTarget<'_>,
        new_name: Option<&str>,
        flags: u32,
    ) -> Result<Completion> {
        say!(
            self,
            "copy_folder",
            *source,
            folder,
            self.target(target),
            new_name,
            narrow(flags)
        );
        Ok(Completion::Full)
    }

    fn do_copy_to(
        &self,
        source: ComRef<'_, sys::IUnknown>,
        interfaces: &[Guid],
        tags: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        say!(
            self,
            "do_copy_to",
            *source,
            interfaces,
            tags,
            self.target(target),
            flags
        );
        Ok(self.sample.problems.clone())
    }

    fn do_copy_props(
        &self,
        source: ComRef<'_, sys::IUnknown>,
        tags: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        say!(
            self,
            "do_copy_props",
            *source,
            tags,
            self.target(target),
            flags
        );
        Ok(self.sample.problems.clone())
    }

    fn prepare_submit(&self, message: ComRef<'_, sys::IMessage>, flags: u32) -> Result<u32> {
        say!(self, "prepare_submit", *message, flags);
        Ok(2)
    }

    fn expand_recips(&self, message: ComRef<'_, sys::IMessage>) -> Result<u32> {
        say!(self, "expand_recips", *message);
        Ok(3)
    }

    fn do_sent_mail(&self, flags: u32, message: ComRef<'_, sys::IMessage>) -> Result<()> {
        say!(self, "do_sent_mail", flags, *message);
        Ok(())
    }

    fn open_address_book(
        &self,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<sys::IAddrBook>> {
        say!(self, "open_address_book", interface, flags);
        Ok(self.object())
    }

    fn complete_msg(&self, flags: u32, message: &EntryId) -> Result<()> {
        say!(self, "complete_msg", flags, message);
        Ok(())
    }

    fn store_logoff_transports(&self, flags: u32) -> Result<u32> {
        say!(self, "store_logoff_transports", flags);
        Ok(0x10000)
    }

    fn status_recips(&self, message: ComRef<'_, sys::IMessage>, recipients: &[Row]) -> Result<()> {
        say!(self, "status_recips", *message, recipients);
        Ok(())
    }

    fn wrap_store_entry_id(&self, id: &EntryId) -> Result<EntryId> {
        say!(self, "wrap_store_entry_id", id);
        Ok(self.sample.id.clone())
    }

    fn modify_profile(&self, flags: u32) -> Result<()> {
        say!(self, "modify_profile", flags);
        Ok(())
    }

    fn get_svc_config_support_obj(&self, flags: u32) -> Result<ComPtr<sys::IMAPISupport>> {
        say!(self, "get_svc_config_support_obj", flags);
        Ok(self.object())
    }
}

impl ProfAdmin for Echo {
    fn get_profile_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_profile_table", flags);
        Ok(self.object())
    }

    fn create_profile(&self, name: &str, password: &str, flags: u32) -> Result<()> {
        say!(self, "create_profile", name, password, narrow(flags));
        Ok(())
    }

    fn delete_profile(&self, name: &str, flags: u32) -> Result<()> {
        say!(self, "delete_profile", name, narrow(flags));
        Ok(())
    }

    fn change_profile_password(&self, name: &str, old: &str, new: &str, flags: u32) -> Result<()> {
        say!(
            self,
            "change_profile_password",
            name,
            old,
            new,
            narrow(flags)
        );
        Ok(())
    }

    fn copy_profile(&self, old: &str, password: &str, new: &str, flags: u32) -> Result<()> {
        say!(self, "copy_profile", old, password, new, narrow(flags));
        Ok(())
    }

    fn rename_profile(&self, old: &str, password: &str, new: &str, flags: u32) -> Result<()> {
        say!(self, "rename_profile", old, password, new, narrow(flags));
        Ok(())
    }

    fn set_default_profile(&self, name: Option<&str>, flags: u32) -> Result<()> {
        say!(self, "set_default_profile", name, narrow(flags));
        Ok(())
    }

    fn admin_services(
        &self,
        name: &str,
        password: &str,
        flags: u32,
    ) -> Result<ComPtr<sys::IMsgServiceAdmin>> {
        say!(self, "admin_services", name, password, narrow(flags));
        Ok(self.object())
    }
}

impl MsgServiceAdmin for Echo {
    fn get_msg_service_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_msg_service_table", flags);
        Ok(self.object())
    }

    fn create_msg_service(&self, service: &str, name: Option<&str>, flags: u32) -> Result<()> {
        say!(self, "create_msg_service", service, name, narrow(flags));
        Ok(())
    }

    fn delete_msg_service(&self, uid: &MapiUid) -> Result<()> {
        say!(self, "delete_msg_service", uid);
        Ok(())
    }

    fn copy_msg_service(
        &self,
        uid: &MapiUid,
        name: Option<&str>,
        target: Option<&CopyTarget<'_>>,
        flags: u32,
    ) -> Result<()> {
        let target = target.map(|t| (format!("{:?}", t.object), t.interface));
        say!(self, "copy_msg_service", uid, name, target, narrow(flags));
        Ok(())
    }

    fn rename_msg_service(&self, uid: &MapiUid, name: &str) -> Result<()> {
        say!(self, "rename_msg_service", uid, name);
        Ok(())
    }

    fn configure_msg_service(&self, uid: &MapiUid, flags: u32, props: &[Property]) -> Result<()> {
        say!(self, "configure_msg_service", uid, narrow(flags), props);
        Ok(())
    }

    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<sys::IProfSect>> {
        say!(self, "open_profile_section", uid, flags);
        Ok(self.object())
    }

    fn msg_service_transport_order(&self, order: &[MapiUid]) -> Result<()> {
        say!(self, "msg_service_transport_order", order);
        Ok(())
    }

    fn admin_providers(&self, uid: &MapiUid, flags: u32) -> Result<ComPtr<sys::IProviderAdmin>> {
        say!(self, "admin_providers", uid, flags);
        Ok(self.object())
    }

    fn set_primary_identity(&self, uid: Option<&MapiUid>) -> Result<()> {
        say!(self, "set_primary_identity", uid);
        Ok(())
    }

    fn get_provider_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_provider_table", flags);
        Ok(self.object())
    }

    fn create_msg_service_ex(
        &self,
        service: &str,
        name: Option<&str>,
        flags: u32,
    ) -> Result<MapiUid> {
        say!(self, "create_msg_service_ex", service, name, narrow(flags));
        Ok(self.sample.uid)
    }
}

impl ProviderAdmin for Echo {
    fn get_provider_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_provider_table", flags);
        Ok(self.object())
    }

    fn create_provider(&self, provider: &str, props: &[Property], flags: u32) -> Result<MapiUid> {
        say!(self, "create_provider", provider, props, narrow(flags));
        Ok(self.sample.uid)
    }

    fn delete_provider(&self, uid: &MapiUid) -> Result<()> {
        say!(self, "delete_provider", uid);
        Ok(())
    }

    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<sys::IProfSect>> {
        say!(self, "open_profile_section", uid, flags);
        Ok(self.object())
    }
}

impl Progress for Echo {
    fn progress(&self, value: u32, count: u32, total: u32) -> Result<()> {
        say!(self, "progress", value, count, total);
        Ok(())
    }

    fn get_flags(&self) -> Result<u32> {
        say!(self, "get_flags");
        Ok(1)
    }

    fn get_limits(&self) -> Result<(u32, u32)> {
        self.fails.clone().map_or(Ok((1, 100)), Err)
    }

    fn set_limits(&self, min: Option<u32>, max: Option<u32>, flags: Option<u32>) -> Result<()> {
        say!(self, "set_limits", min, max, flags);
        Ok(())
    }
}

impl ClientShutdown for Echo {
    fn query_fast_shutdown(&self) -> Result<()> {
        say!(self, "query_fast_shutdown");
        Ok(())
    }

    fn notify_process_shutdown(&self) -> Result<()> {
        say!(self, "notify_process_shutdown");
        Ok(())
    }

    fn do_fast_shutdown(&self) -> Result<()> {
        say!(self, "do_fast_shutdown");
        Ok(())
    }
}

impl ProviderShutdown for Echo {
    fn query_fast_shutdown(&self) -> Result<()> {
        say!(self, "query_fast_shutdown");
        Ok(())
    }

    fn notify_process_shutdown(&self) -> Result<()> {
        say!(self, "notify_process_shutdown");
        Ok(())
    }

    fn do_fast_shutdown(&self) -> Result<()> {
        say!(self, "do_fast_shutdown");
        Ok(())
    }
}

impl AdviseSink for Echo {
    fn on_notify(&self, notifications: &[Notification]) -> u32 {
        let _ = self.say(format!("on_notify {notifications:?}"));
        42
    }
}

impl Stream for Echo {
    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        say!(self, "read", buffer.len());
        let bytes = self.sample.id.as_bytes();
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn write(&self, bytes: &[u8]) -> Result<usize> {
        say!(self, "write", bytes);
        Ok(bytes.len() / 2)
    }

    fn seek(&self, offset: i64, origin: StreamOrigin) -> Result<u64> {
        say!(self, "seek", offset, origin);
        Ok(1 << 40)
    }

    fn set_size(&self, size: u64) -> Result<()> {
        say!(self, "set_size", size);
        Ok(())
    }

    fn copy_to(&self, target: &ComPtr<sys::IStream>, size: u64) -> Result<(u64, u64)> {
        say!(self, "copy_to", target, size);
        Ok((1 << 33, 1 << 34))
    }

    fn commit(&self) -> Result<()> {
        say!(self, "commit");
        Ok(())
    }

    fn revert(&self) -> Result<()> {
        say!(self, "revert");
        Ok(())
    }

    fn size(&self) -> Result<u64> {
        say!(self, "size");
        Ok(1 << 41)
    }

    fn clone_stream(&self) -> Result<ComPtr<sys::IStream>> {
        say!(self, "clone_stream");
        Ok(self.object())
    }
}
