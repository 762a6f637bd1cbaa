//! The row of a logon in the status table.

use mapi_types::{EntryId, PropTag, Property, tag};

/// What a logon shows of itself in the status table. PR_RESOURCE_METHODS is STATUS_VALIDATE_STATE; MAPI adds the rest
/// (lifecycle.md, 5.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusInfo {
    /// PR_DISPLAY_NAME.
    pub display_name: String,
    /// PR_PROVIDER_DISPLAY.
    pub provider_display: String,
    /// Whether it works: STATUS_AVAILABLE or STATUS_FAILURE in PR_STATUS_CODE.
    pub available: bool,
    /// PR_STATUS_STRING, for the user; empty: none.
    pub text: String,
    /// PR_IDENTITY_DISPLAY, PR_IDENTITY_ENTRYID, PR_IDENTITY_SEARCH_KEY: who the user is here, if that is known.
    pub identity: Option<(String, EntryId, Vec<u8>)>,
}

impl StatusInfo {
    /// An available logon without an identity.
    #[must_use]
    pub fn available(display_name: impl Into<String>) -> Self {
        let display_name = display_name.into();
        Self {
            provider_display: display_name.clone(),
            display_name,
            available: true,
            text: String::new(),
            identity: None,
        }
    }

    /// The columns that belong to the provider.
    #[must_use]
    pub fn columns(&self) -> Vec<Property> {
        const STATUS_AVAILABLE: i32 = 1;
        const STATUS_FAILURE: i32 = 4;
        const STATUS_VALIDATE_STATE: i32 = 1;
        let code = if self.available {
            STATUS_AVAILABLE
        } else {
            STATUS_FAILURE
        };
        let text = |tag: PropTag, value: &str| Property::new(tag, value);
        let mut columns = vec![
            text(tag::PR_DISPLAY_NAME, &self.display_name),
            text(tag::PR_PROVIDER_DISPLAY, &self.provider_display),
            Property::new(tag::PR_STATUS_CODE, code),
            Property::new(tag::PR_RESOURCE_METHODS, STATUS_VALIDATE_STATE),
        ];
        if !self.text.is_empty() {
            columns.push(text(tag::PR_STATUS_STRING, &self.text));
        }
        if let Some((display, entry_id, search_key)) = &self.identity {
            columns.push(text(tag::PR_IDENTITY_DISPLAY, display));
            columns.push(Property::new(tag::PR_IDENTITY_ENTRYID, entry_id.as_bytes()));
            columns.push(Property::new(tag::PR_IDENTITY_SEARCH_KEY, &search_key[..]));
        }
        columns
    }
}
