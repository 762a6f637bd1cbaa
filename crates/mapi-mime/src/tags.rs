//! Property tags of Internet mail that MAPI's own headers do not define (MS-OXPROPS), and the property set of headers.

use mapi_types::{Guid, PropTag};

/// PS_INTERNET_HEADERS: the property set of header fields; the names are those of the fields in lower case.
pub const PS_INTERNET_HEADERS: Guid = Guid::from_fields(
    0x0002_0386,
    0,
    0,
    [0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46],
);

/// Property 0x3713, `PT_UNICODE`: Content-Location of an attachment.
pub const PR_ATTACH_CONTENT_LOCATION: PropTag = PropTag::from_raw(0x3713_001F);
/// Property 0x3714, `PT_LONG`: [`ATT_MHTML_REF`] and others.
pub const PR_ATTACH_FLAGS: PropTag = PropTag::from_raw(0x3714_0003);
/// Property 0x3716, `PT_UNICODE`: Content-Disposition of an attachment, `inline` or `attachment`.
pub const PR_ATTACH_DISPOSITION: PropTag = PropTag::from_raw(0x3716_001F);
/// Property 0x371B, `PT_UNICODE`: the character set of a text attachment.
pub const PR_ATTACH_CHARSET: PropTag = PropTag::from_raw(0x371B_001F);
/// Property 0x7FFE, `PT_BOOLEAN`: the attachment belongs to the HTML body and is not listed.
pub const PR_ATTACHMENT_HIDDEN: PropTag = PropTag::from_raw(0x7FFE_000B);

/// PR_ATTACH_METHOD: the bytes are PR_ATTACH_DATA_BIN.
pub const ATTACH_BY_VALUE: i32 = 1;
/// PR_ATTACH_METHOD: the attachment is a message.
pub const ATTACH_EMBEDDED_MSG: i32 = 5;
/// PR_ATTACH_FLAGS: the HTML body refers to the attachment.
pub const ATT_MHTML_REF: i32 = 4;
/// PR_RECIPIENT_TYPE of To.
pub const MAPI_TO: i32 = 1;
/// PR_RECIPIENT_TYPE of Cc.
pub const MAPI_CC: i32 = 2;
/// PR_RECIPIENT_TYPE of Bcc.
pub const MAPI_BCC: i32 = 3;
