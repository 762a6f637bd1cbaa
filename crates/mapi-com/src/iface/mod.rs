//! The interfaces: one file each, named as in the headers without the `I`.
//!
//! A file has three parts: the *trait* (safe, one method per slot, in slot order), its *export* (a vtable that calls the
//! trait) and its *import* (the trait implemented for `ComPtr<IFoo>`). So a provider of ours and a foreign one look the
//! same from above, and a client of ours and a foreign one look the same from below.
//!
//! Conventions, the same everywhere:
//! - A method that is not implemented answers MAPI_E_NO_SUPPORT: the traits' default.
//! - `flags` are the bits of the headers; strings are UTF-8 here and are converted as MAPI_UNICODE says.
//! - `interface` is lpInterface: `None` for the method's default. The result is the pointer that was asked for.
//! - ulUIParam is left out: there is no dialog; imports pass 0. Exceptions: logon and logoff.
//! - Only failures are errors. Warnings are part of the result or follow from it: MAPI_W_ERRORS_RETURNED from a PT_ERROR
//!   among the properties, MAPI_W_PARTIAL_COMPLETION from [`Completion::Partial`].
//! - GetLastError is answered by the shell from the last error it returned; imports fetch it and put the text into the
//!   [`Error`](mapi_types::Error).
//! - SetProps and its kind return the problems; an empty list is a full success.

#[macro_use]
mod inherit;
#[macro_use]
mod routed;
mod ab_container;
mod ab_logon;
mod ab_provider;
mod addr_book;
mod advise_sink;
mod attach;
mod census;
mod mapi_container;
mod mapi_folder;
mod mapi_prop;
mod mapi_session;
mod mapi_status;
mod mapi_support;
mod mapi_table;
mod message;
mod ms_logon;
mod ms_provider;
mod msg_service_admin;
mod msg_store;
mod prof_admin;
mod prof_sect;
mod progress;
mod provider_admin;
mod shutdown;
mod stream;
mod table_data;

pub use ab_container::{AbContainer, AbEntries, DistList, MailUser, Resolved};
pub use ab_logon::AbLogon;
pub use ab_provider::{AbLogonResult, AbProvider};
pub use addr_book::AddrBook;
pub use advise_sink::AdviseSink;
pub use attach::Attach;
pub use census::{
    Census, IID_IOPEN_MAPI_CENSUS, IOpenMapiCensus, IOpenMapiCensusVtbl, LeftShell, OPENMAPILEFT,
};
pub use mapi_container::{MapiContainer, SearchCriteria};
pub use mapi_folder::MapiFolder;
pub use mapi_prop::{CopyTarget, MapiProp};
pub use mapi_session::MapiSession;
pub use mapi_status::MapiStatus;
pub use mapi_support::MapiSupport;
pub use mapi_table::{Bookmark, ColumnRef, MapiTable, RowSink, TablePosition};
pub use message::{Message, RecipientChange};
pub use ms_logon::MsLogon;
pub use ms_provider::{MsLogonRequest, MsLogonResult, MsProvider};
pub use msg_service_admin::MsgServiceAdmin;
pub use msg_store::{MsgStore, ReceiveFolder};
pub use prof_admin::ProfAdmin;
pub use prof_sect::ProfSect;
pub use progress::Progress;
pub use provider_admin::ProviderAdmin;
pub use shutdown::{ClientShutdown, ProviderShutdown};
pub use stream::{Stream, StreamOrigin};
pub use table_data::{ForeignTableData, TableDataObject};

use mapi_types::{ErrorCode, PropTag};

use crate::ptr::Unknown;

/// What every object inside a [`Shell`](crate::shell::Shell) is.
pub trait ComObject: Send + Sync {
    /// An interface beside the main one, as an object of its own (IMAPIClientShutdown of a session, say).
    /// `None`: MAPI_E_INTERFACE_NOT_SUPPORTED. The main interface and its parents never get here.
    fn other_interface(&self, interface: &mapi_types::Guid) -> Option<Unknown> {
        let _ = interface;
        None
    }

    /// What there is to say about a call that succeeded with `code`, for GetLastError: a warning, or what went wrong in a Logoff
    /// (OP-22). Asked at any time, also after the object's scope has been closed. Errors are remembered without it.
    fn remark(&self, code: mapi_types::ErrorCode) -> Option<mapi_types::Error> {
        let _ = code;
        None
    }

    /// The last reference is being given back. Runs once, inside Release, before the object is dropped; AddRef and
    /// Release from inside only count (block S of lifecycle.md, 6.0).
    fn last_release(&self) {}
}

/// A foreign object has no second face here: QueryInterface asks it.
impl<I: mapi_sys::Interface> ComObject for crate::ptr::ComPtr<I> {}

/// An object that OpenEntry found.
#[derive(Debug)]
pub struct OpenedEntry {
    /// MAPI_FOLDER, MAPI_MESSAGE, MAPI_MAILUSER, MAPI_STATUS ... (lpulObjType).
    pub object_type: u32,
    /// The object, with the interface that was asked for.
    pub object: Unknown,
}

/// One property that could not be set, deleted or copied (SPropProblem).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PropProblem {
    /// Index in the array that was passed.
    pub index: u32,
    /// The property.
    pub tag: PropTag,
    /// Why.
    pub code: ErrorCode,
}

/// How far an operation on many entries came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Completion {
    /// S_OK: all of them.
    Full,
    /// MAPI_W_PARTIAL_COMPLETION: some were left as they were.
    Partial,
}
