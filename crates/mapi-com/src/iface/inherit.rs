//! Imports of inherited interfaces: a pointer to a derived interface is one to its parent.

/// `MapiProp` for pointers to interfaces that are derived from IMAPIProp.
macro_rules! import_prop {
    ($($interface:ident),*) => {$(
        impl MapiProp for ComPtr<$interface> {
            fn save_changes(&self, flags: u32) -> Result<()> {
                self.as_base::<IMAPIProp>().save_changes(flags)
            }
            fn get_props(&self, tags: Option<&[PropTag]>, flags: u32) -> Result<Vec<Property>> {
                self.as_base::<IMAPIProp>().get_props(tags, flags)
            }
            fn get_prop_list(&self, flags: u32) -> Result<Vec<PropTag>> {
                self.as_base::<IMAPIProp>().get_prop_list(flags)
            }
            fn open_property(&self, tag: PropTag, interface: &Guid, options: u32, flags: u32) -> Result<Unknown> {
                self.as_base::<IMAPIProp>().open_property(tag, interface, options, flags)
            }
            fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
                self.as_base::<IMAPIProp>().set_props(props)
            }
            fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
                self.as_base::<IMAPIProp>().delete_props(tags)
            }
            fn copy_to(
                &self,
                exclude_interfaces: &[Guid],
                exclude_props: &[PropTag],
                target: &CopyTarget<'_>,
                flags: u32,
            ) -> Result<Vec<PropProblem>> {
                self.as_base::<IMAPIProp>().copy_to(exclude_interfaces, exclude_props, target, flags)
            }
            fn copy_props(&self, include: &[PropTag], target: &CopyTarget<'_>, flags: u32) -> Result<Vec<PropProblem>> {
                self.as_base::<IMAPIProp>().copy_props(include, target, flags)
            }
            fn get_names_from_ids(
                &self,
                tags: Option<&[PropTag]>,
                set: Option<&Guid>,
                flags: u32,
            ) -> Result<Vec<(PropTag, Option<NamedProp>)>> {
                self.as_base::<IMAPIProp>().get_names_from_ids(tags, set, flags)
            }
            fn get_ids_from_names(&self, names: &[NamedProp], flags: u32) -> Result<Vec<PropTag>> {
                self.as_base::<IMAPIProp>().get_ids_from_names(names, flags)
            }
        }
    )*};
}

/// `MapiContainer` for pointers to interfaces that are derived from IMAPIContainer.
macro_rules! import_container {
    ($($interface:ident),*) => {$(
        impl MapiContainer for ComPtr<$interface> {
            fn get_contents_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
                self.as_base::<IMAPIContainer>().get_contents_table(flags)
            }
            fn get_hierarchy_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
                self.as_base::<IMAPIContainer>().get_hierarchy_table(flags)
            }
            fn open_entry(&self, entry_id: &EntryId, interface: Option<&Guid>, flags: u32) -> Result<OpenedEntry> {
                self.as_base::<IMAPIContainer>().open_entry(entry_id, interface, flags)
            }
            fn set_search_criteria(
                &self,
                restriction: Option<&Restriction>,
                containers: &[EntryId],
                flags: u32,
            ) -> Result<()> {
                self.as_base::<IMAPIContainer>().set_search_criteria(restriction, containers, flags)
            }
            fn get_search_criteria(&self, flags: u32) -> Result<SearchCriteria> {
                self.as_base::<IMAPIContainer>().get_search_criteria(flags)
            }
        }
    )*};
}
