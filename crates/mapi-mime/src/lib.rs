//! Internet messages (RFC 5322, MIME) and MAPI messages, in both directions.
//!
//! [`import`] reads a mail once and hands properties, recipients, bodies and attachments to a [`MessageSink`] as they come:
//! no mail is ever held whole. [`export`] writes a [`MessageView`] as a mail, from its properties alone. [`MapiMessage`] is
//! both, in memory. [`source`] finds mails in files and folders.
//!
//! Header fields that MAPI has no property for are named properties of [`tags::PS_INTERNET_HEADERS`]; a store says
//! through [`NameResolver`] which numbers these have.
//!
//! ```
//! use mapi_mime::{export, import, ExportOptions, ImportOptions, MapiMessage, MemoryNames};
//! use mapi_types::tag;
//!
//! let names = MemoryNames::default();
//! let mut message = MapiMessage::default();
//! let mail = b"From: Ann <ann@example.org>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHello\r\n";
//! import(&mut mail.as_slice(), &names, &ImportOptions::default(), &mut message)?;
//! assert_eq!(message.get(tag::PR_SUBJECT).unwrap().as_str().unwrap(), "Grüße");
//!
//! let mut back = Vec::new();
//! export(&message, &names, &ExportOptions::default(), &mut back)?;
//! # Ok::<(), mapi_types::Error>(())
//! ```

mod export;
mod fields;
mod import;
mod message;
mod names;
mod parse;
pub mod source;
/// Tags and sets of Internet mail that MAPI's headers lack.
pub mod tags;

pub use export::{ExportOptions, export};
pub use import::{Embedded, ImportOptions, import};
pub use mapi_types::decompress_rtf;
pub use message::{
    AttachmentData, AttachmentView, Content, MapiAttachment, MapiMessage, MessageSink, MessageView,
};
pub use names::{MemoryNames, NameResolver};
