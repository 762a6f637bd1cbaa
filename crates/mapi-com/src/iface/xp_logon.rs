//! IXPLogon.

use mapi_types::{EntryId, Error, Guid, MapiUid, Result};

use super::{ComObject, OpenedEntry};
use crate::ptr::ComPtr;

/// AddressTypes: what a transport can deliver.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AddressTypes {
    /// Such as `SMTP`.
    pub types: Vec<String>,
    /// Entry identifiers it takes whatever their address type.
    pub uids: Vec<MapiUid>,
}

/// IXPLogon: one logon of a transport provider (ixplogoniunknown.md). Called by the spooler.
pub trait XpLogon: ComObject {
    /// AddressTypes.
    ///
    /// # Errors
    /// Those of the transport.
    fn address_types(&self) -> Result<AddressTypes>;

    /// TransportNotify: NOTIFY_ bits; `data` is a message reference or an entry identifier as the bits say.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT for bits it does not know.
    fn transport_notify(&self, flags: u32, data: usize) -> Result<u32>;

    /// Idle.
    ///
    /// # Errors
    /// Ignored.
    fn idle(&self, flags: u32) -> Result<()> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// TransportLogoff.
    ///
    /// # Errors
    /// Recorded, nothing else (OP-22).
    fn transport_logoff(&self, flags: u32) -> Result<()>;

    /// SubmitMessage: message reference and return parameter.
    ///
    /// # Errors
    /// MAPI_E_BUSY, MAPI_E_CANCEL, MAPI_E_NETWORK_ERROR, MAPI_E_NOT_ME, MAPI_E_WAIT.
    fn submit_message(
        &self,
        flags: u32,
        message: &ComPtr<mapi_sys::IMessage>,
    ) -> Result<(usize, usize)>;

    /// EndMessage: END_ bits.
    ///
    /// # Errors
    /// MAPI_E_NETWORK_ERROR.
    fn end_message(&self, reference: usize) -> Result<u32>;

    /// Poll: whether mail is waiting.
    ///
    /// # Errors
    /// MAPI_E_NETWORK_ERROR.
    fn poll(&self) -> Result<bool>;

    /// StartMessage: fills `message`; the message reference.
    ///
    /// # Errors
    /// MAPI_E_NETWORK_ERROR, MAPI_E_CANCEL.
    fn start_message(&self, flags: u32, message: &ComPtr<mapi_sys::IMessage>) -> Result<usize>;

    /// OpenStatusEntry.
    ///
    /// # Errors
    /// Those of the transport.
    fn open_status_entry(&self, interface: Option<&Guid>, flags: u32) -> Result<OpenedEntry>;

    /// ValidateState.
    ///
    /// # Errors
    /// MAPI_E_BUSY, MAPI_E_NO_SUPPORT.
    fn validate_state(&self, flags: u32) -> Result<()>;

    /// FlushQueues.
    ///
    /// # Errors
    /// MAPI_E_BUSY, MAPI_E_NO_SUPPORT.
    fn flush_queues(&self, target: &EntryId, flags: u32) -> Result<()>;
}
