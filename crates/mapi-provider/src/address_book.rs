//! Address books.

use mapi_types::{EntryId, Error, ErrorCode, MapiUid, PropTag, Property, Result, Row};

use crate::{Access, ChangeFeed, LogonRequest, PropObject, StatusInfo, TableSource};

/// An address book provider (IABProvider). One value per ABProviderInit. Any thread.
pub trait AddressBookProvider: Send + Sync {
    /// The provider's name for people (PR_PROVIDER_DISPLAY).
    fn display_name(&self) -> &str;

    /// Opens the address book that the profile section describes. A failure leaves nothing behind (LIFE-LOGON-022).
    ///
    /// # Errors
    /// MAPI_E_UNCONFIGURED, MAPI_E_FAILONEPROVIDER, MAPI_E_NETWORK_ERROR ... (lifecycle.md, 4.5)
    fn logon(&self, request: &LogonRequest<'_>) -> Result<Box<dyn AddressBook>>;

    /// Whether the process may end without a logoff after [`AddressBook::flush`] (QueryFastShutdown). No side effect.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: a normal shutdown is needed.
    fn query_fast_shutdown(&self) -> Result<(), ErrorCode> {
        Ok(())
    }

    /// The last call: all address books are closed and dropped.
    fn shutdown(&self) {}
}

/// What [`AddressBook::open_entry`] found.
pub enum OpenedAddress {
    /// A container (IABContainer).
    Container(Box<dyn Container>),
    /// A recipient (IMailUser).
    MailUser(Box<dyn MailUser>),
    /// A distribution list (IDistList).
    DistList(Box<dyn DistList>),
}

/// An open address book (IABLogon). Any thread, several at once.
pub trait AddressBook: Send + Sync {
    /// The MAPIUID in the identifiers of everything in this address book (LIFE-UID-001). The crate registers it.
    fn uid(&self) -> MapiUid;

    /// The row in the status table.
    fn status(&self) -> StatusInfo;

    /// Whether the address book still works (ValidateState of its status object).
    ///
    /// # Errors
    /// What is wrong.
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// Opens an entry; an empty identifier is the root container.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_UNKNOWN_ENTRYID, MAPI_E_NO_ACCESS.
    fn open_entry(&self, entry_id: &EntryId, access: Access) -> Result<OpenedAddress>;

    /// Whether two identifiers name the same entry.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID for one that is not this address book's.
    fn same_entry(&self, left: &EntryId, right: &EntryId) -> Result<bool> {
        Ok(left == right)
    }

    /// Completes recipients before a message is sent: those with an identifier of this address book get `columns`
    /// (PrepareRecips). The default opens each entry and asks it.
    ///
    /// # Errors
    /// Those of the entries; a recipient of somebody else is left as it is.
    fn prepare_recips(&self, columns: &[PropTag], recipients: &mut [Row]) -> Result<()> {
        recipients
            .iter_mut()
            .try_for_each(|row| prepare_recipient(self, columns, row))
    }

    /// Tells the changes of this address book to `feed` until it is closed. Called once, at logon.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: it tells nothing, and Advise answers that.
    fn watch(&self, feed: ChangeFeed) -> Result<()> {
        let _ = feed;
        Err(Error::no_support())
    }

    /// Makes everything acknowledged so far survive a kill (DoFastShutdown, LIFE-FAST-008).
    ///
    /// # Errors
    /// Those of the storage.
    fn flush(&self) -> Result<()> {
        Ok(())
    }

    /// The last call: all containers, entries and tables are dropped. Closes files and connections.
    ///
    /// # Errors
    /// Reported; the address book counts as closed all the same (OP-22).
    fn close(&self) -> Result<()> {
        Ok(())
    }
}

/// What became of a name in [`Container::resolve_names`].
#[derive(Clone, PartialEq, Debug)]
pub enum NameMatch {
    /// MAPI_UNRESOLVED: nobody of that name.
    None,
    /// MAPI_AMBIGUOUS: several.
    Ambiguous,
    /// MAPI_RESOLVED: the entry, with the columns asked for, in their order.
    One(Vec<Property>),
}

/// A container of an address book (IABContainer). Any thread, several at once.
pub trait Container: PropObject {
    /// The containers in this one; with `deep` all below.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where there are none.
    fn hierarchy(&self, deep: bool) -> Result<Box<dyn TableSource>> {
        let _ = deep;
        Err(Error::no_support())
    }

    /// The entries of this container.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT for a container that holds only containers.
    fn contents(&self) -> Result<Box<dyn TableSource>>;

    /// Looks up names, one answer for each.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: MAPI searches the contents table instead.
    fn resolve_names(&self, names: &[&str], columns: &[PropTag]) -> Result<Vec<NameMatch>> {
        let _ = (names, columns);
        Err(Error::no_support())
    }
}

/// A recipient (IMailUser): PR_DISPLAY_NAME, PR_ADDRTYPE, PR_EMAIL_ADDRESS, PR_SEARCH_KEY, PR_DISPLAY_TYPE ...
pub trait MailUser: PropObject {}

/// A distribution list (IDistList): a recipient whose contents are recipients.
pub trait DistList: Container {}

/// Fills one recipient from its entry in `book`: the default of [`AddressBook::prepare_recips`].
fn prepare_recipient<B: AddressBook + ?Sized>(
    book: &B,
    columns: &[PropTag],
    row: &mut Row,
) -> Result<()> {
    const LIMIT_BYTES: usize = 32 * 1024;
    let entry_id = row
        .get(mapi_types::tag::PR_ENTRYID)
        .and_then(|value| value.as_bytes())
        .map(EntryId::from);
    let Some(entry_id) = entry_id.filter(|id| id.uid() == Some(book.uid())) else {
        return Ok(());
    };
    let props = match book.open_entry(&entry_id, Access::ReadOnly)? {
        OpenedAddress::Container(entry) => entry.get_props(columns, LIMIT_BYTES)?,
        OpenedAddress::MailUser(entry) => entry.get_props(columns, LIMIT_BYTES)?,
        OpenedAddress::DistList(entry) => entry.get_props(columns, LIMIT_BYTES)?,
    };
    // What the row has already and the entry lacks stays, so a recipient never loses an address here.
    for prop in props {
        match row.props.iter_mut().find(|p| p.tag.same_id(prop.tag)) {
            Some(_) if prop.value.as_error().is_some() => {}
            Some(old) => *old = prop,
            None => row.props.push(prop),
        }
    }
    Ok(())
}
