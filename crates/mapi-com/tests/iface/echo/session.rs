//! Tables, logons, the address book and sessions.

use super::*;

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
