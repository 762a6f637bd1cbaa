//! IMessage and IAttach over [`Message`] and [`Attachment`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mapi_com::iface::{
    self, Attach, ComObject, CopyTarget, MapiProp, MapiSupport, OpenedEntry, PropProblem,
    RecipientChange,
};
use mapi_com::ptr::{ComPtr, Unknown};
use mapi_com::shell::export;
use mapi_sys::{
    CLEAR_NRN_PENDING, CLEAR_READ_FLAG, CLEAR_RN_PENDING, GENERATE_RECEIPT_ONLY, GUID, IAttach,
    IID_IAttachment, IID_IMAPIProp, IID_IMAPITable, IID_IMessage, IMAPITable, IMessage,
    MAPI_ATTACH, MAPI_CREATE, MAPI_MESSAGE, NOTIFY_READYTOSEND, SUPPRESS_RECEIPT,
};
use mapi_types::{ErrorCode, Guid, NamedProp, PropTag, Property, Result, Row, tag};

use super::copy::Parts;
use super::home::{Home, access_of, check_interface};
use super::prop::{PropHost, prop_methods};
use super::table::TableObject;
use super::text::widen_row;
use crate::{Attachment, Message, PropObject, ReadFlags};

const MESSAGE_INTERFACES: [GUID; 2] = [IID_IMAPIProp, IID_IMessage];
const ATTACH_INTERFACES: [GUID; 2] = [IID_IMAPIProp, IID_IAttachment];

/// SetReadFlag's flags.
pub(crate) fn read_flags(flags: u32) -> ReadFlags {
    ReadFlags {
        unread: flags & CLEAR_READ_FLAG != 0,
        suppress_receipt: flags & SUPPRESS_RECEIPT != 0,
        receipt_only: flags & GENERATE_RECEIPT_ONLY != 0,
        clear_read_pending: flags & CLEAR_RN_PENDING != 0,
        clear_unread_pending: flags & CLEAR_NRN_PENDING != 0,
    }
}

pub(crate) struct MessageObject {
    home: Arc<Home>,
    message: Arc<dyn Message>,
    frozen: AtomicBool,
}

impl MessageObject {
    pub(crate) fn open(
        home: &Arc<Home>,
        message: Box<dyn Message>,
        interface: Option<&Guid>,
    ) -> Result<ComPtr<IMessage>> {
        check_interface(interface, &MESSAGE_INTERFACES)?;
        let this = Self {
            home: Arc::clone(home),
            message: Arc::from(message),
            frozen: AtomicBool::new(false),
        };
        export::<dyn iface::Message>(&home.scope, Arc::new(this))
    }

    pub(crate) fn opened(
        home: &Arc<Home>,
        message: Box<dyn Message>,
        interface: Option<&Guid>,
    ) -> Result<OpenedEntry> {
        Ok(OpenedEntry {
            object_type: MAPI_MESSAGE,
            object: Self::open(home, message, interface)?.into_unknown(),
        })
    }
}

impl PropHost for MessageObject {
    fn home(&self) -> &Arc<Home> {
        &self.home
    }

    fn object(&self) -> Arc<dyn PropObject> {
        Arc::clone(&self.message) as _
    }

    fn object_type(&self) -> u32 {
        MAPI_MESSAGE
    }

    fn is_frozen(&self) -> bool {
        self.frozen.load(Ordering::Acquire)
    }

    fn freeze(&self) {
        self.frozen.store(true, Ordering::Release);
    }

    fn parts(&self) -> Parts {
        Parts::Message(Arc::clone(&self.message))
    }

    fn open_part(&self, tag: PropTag, interface: &Guid, flags: u32) -> Result<Option<Unknown>> {
        let source = if tag.same_id(tag::PR_MESSAGE_RECIPIENTS) {
            self.message.recipients()?
        } else if tag.same_id(tag::PR_MESSAGE_ATTACHMENTS) {
            self.message.attachments()?
        } else {
            return Ok(None);
        };
        check_interface(Some(interface), &[IID_IMAPITable])?;
        let table = TableObject::open(&self.home, source, flags)?;
        Ok(Some(table.into_unknown()))
    }
}

impl ComObject for MessageObject {}

impl MapiProp for MessageObject {
    prop_methods!();
}

impl iface::Message for MessageObject {
    fn get_attachment_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        TableObject::open(&self.home, self.message.attachments()?, flags)
    }

    fn open_attach(
        &self,
        number: u32,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<IAttach>> {
        let attachment = self.message.open_attachment(number, access_of(flags))?;
        AttachObject::open(&self.home, attachment, interface)
    }

    fn create_attach(
        &self,
        interface: Option<&Guid>,
        _flags: u32,
    ) -> Result<(u32, ComPtr<IAttach>)> {
        self.check_writable()?;
        check_interface(interface, &ATTACH_INTERFACES)?;
        let (number, attachment) = self.message.create_attachment()?;
        let attachment = AttachObject::open(&self.home, attachment, interface)?;
        Ok((number, attachment))
    }

    fn delete_attach(
        &self,
        number: u32,
        _progress: Option<&dyn iface::Progress>,
        _flags: u32,
    ) -> Result<()> {
        self.check_writable()?;
        self.message.delete_attachment(number)
    }

    fn get_recipient_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        TableObject::open(&self.home, self.message.recipients()?, flags)
    }

    fn modify_recipients(&self, change: RecipientChange, recipients: &[Row]) -> Result<()> {
        self.check_writable()?;
        let rows: Vec<Row> = recipients.iter().map(widen_row).collect();
        self.message.modify_recipients(change, &rows)
    }

    fn submit_message(&self, _flags: u32) -> Result<()> {
        self.check_writable()?;
        if self.message.recipients()?.row_count()? == 0 {
            return Err(ErrorCode::NO_RECIPIENTS.into());
        }
        self.message.submit()?;
        self.freeze();
        // The queue is durable: a spooler that is not there now finds the message when it comes.
        let _ = self
            .home
            .support
            .with(|s| s.spooler_notify(NOTIFY_READYTOSEND, 0));
        Ok(())
    }

    fn set_read_flag(&self, flags: u32) -> Result<()> {
        self.message.set_read(read_flags(flags))
    }
}

pub(crate) struct AttachObject {
    home: Arc<Home>,
    attachment: Arc<dyn Attachment>,
    frozen: AtomicBool,
}

impl AttachObject {
    fn open(
        home: &Arc<Home>,
        attachment: Box<dyn Attachment>,
        interface: Option<&Guid>,
    ) -> Result<ComPtr<IAttach>> {
        check_interface(interface, &ATTACH_INTERFACES)?;
        let this = Self {
            home: Arc::clone(home),
            attachment: Arc::from(attachment),
            frozen: AtomicBool::new(false),
        };
        export::<dyn Attach>(&home.scope, Arc::new(this))
    }
}

impl PropHost for AttachObject {
    fn home(&self) -> &Arc<Home> {
        &self.home
    }

    fn object(&self) -> Arc<dyn PropObject> {
        Arc::clone(&self.attachment) as _
    }

    fn object_type(&self) -> u32 {
        MAPI_ATTACH
    }

    fn is_frozen(&self) -> bool {
        self.frozen.load(Ordering::Acquire)
    }

    fn freeze(&self) {
        self.frozen.store(true, Ordering::Release);
    }

    fn parts(&self) -> Parts {
        Parts::Attachment(Arc::clone(&self.attachment))
    }

    fn open_part(&self, tag: PropTag, interface: &Guid, flags: u32) -> Result<Option<Unknown>> {
        // PR_ATTACH_DATA_OBJ and PR_ATTACH_DATA_BIN share their identifier: the interface tells which is meant.
        let wants_message = mapi_com::ptr::guid_from_abi(&IID_IMessage) == *interface;
        if !tag.same_id(tag::PR_ATTACH_DATA_OBJ) || !wants_message {
            return Ok(None);
        }
        let create = flags & MAPI_CREATE != 0;
        let access = if create {
            crate::Access::ReadWrite
        } else {
            access_of(flags)
        };
        let message = self.attachment.open_message(access, create)?;
        let message = MessageObject::open(&self.home, message, Some(interface))?;
        Ok(Some(message.into_unknown()))
    }
}

impl ComObject for AttachObject {}

impl MapiProp for AttachObject {
    prop_methods!();
}

impl Attach for AttachObject {}
