//! Folders, messages, stores and their containers.

use super::*;

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
