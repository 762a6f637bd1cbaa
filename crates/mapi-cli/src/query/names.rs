//! The names of common properties.

use mapi_types::{PropTag, tag};

use super::{Field, QueryError};

/// A name that stands for one property or several.
#[derive(PartialEq, Debug)]
pub struct Known {
    /// The name.
    pub name: &'static str,
    /// Other spellings.
    pub aliases: &'static [&'static str],
    /// What it means.
    pub kind: Kind,
    /// For people.
    pub about: &'static str,
}

/// What a name stands for.
#[derive(PartialEq, Debug)]
pub enum Kind {
    /// Text in one of these properties.
    Text(&'static [PropTag]),
    /// A point in time.
    Time(PropTag),
    /// A number, in bytes.
    Size(PropTag),
    /// A number with words for it.
    Word(PropTag, &'static [(&'static str, i32)]),
    /// Name or address of a recipient of this kind (PR_RECIPIENT_TYPE), or of any.
    Recipient(Option<i32>),
    /// The file name of an attachment.
    Attachment,
}

/// All names, as `mapi ls --help` shows them.
pub static KNOWN: [Known; 19] = [
    known(
        "subject",
        &[],
        Kind::Text(&[tag::PR_SUBJECT]),
        "the subject",
    ),
    known(
        "from",
        &[],
        Kind::Text(&FROM),
        "name or address of the author",
    ),
    known(
        "sender",
        &[],
        Kind::Text(&SENDER),
        "name or address of who sent it, maybe for the author",
    ),
    known(
        "to",
        &[],
        Kind::Recipient(Some(1)),
        "name or address of a To recipient",
    ),
    known(
        "cc",
        &[],
        Kind::Recipient(Some(2)),
        "name or address of a Cc recipient",
    ),
    known(
        "bcc",
        &[],
        Kind::Recipient(Some(3)),
        "name or address of a Bcc recipient",
    ),
    known(
        "recipient",
        &[],
        Kind::Recipient(None),
        "name or address of any recipient",
    ),
    known(
        "date",
        &["received"],
        Kind::Time(tag::PR_MESSAGE_DELIVERY_TIME),
        "when it was received",
    ),
    known(
        "sent",
        &[],
        Kind::Time(tag::PR_CLIENT_SUBMIT_TIME),
        "when it was sent",
    ),
    known(
        "created",
        &[],
        Kind::Time(tag::PR_CREATION_TIME),
        "when it came into the store",
    ),
    known(
        "changed",
        &[],
        Kind::Time(tag::PR_LAST_MODIFICATION_TIME),
        "when it was last changed",
    ),
    known(
        "size",
        &[],
        Kind::Size(tag::PR_MESSAGE_SIZE),
        "its size: 500, 10k, 2M, 1G (powers of 1024)",
    ),
    known(
        "importance",
        &[],
        Kind::Word(tag::PR_IMPORTANCE, &IMPORTANCE),
        "low, normal or high",
    ),
    known(
        "class",
        &[],
        Kind::Text(&[tag::PR_MESSAGE_CLASS]),
        "the message class, IPM.Note for mail",
    ),
    known(
        "body",
        &[],
        Kind::Text(&[tag::PR_BODY]),
        "the plain text (slow: it is read for every message)",
    ),
    known(
        "headers",
        &[],
        Kind::Text(&[tag::PR_TRANSPORT_MESSAGE_HEADERS]),
        "the header as it came (slow)",
    ),
    known(
        "message-id",
        &[],
        Kind::Text(&[tag::PR_INTERNET_MESSAGE_ID]),
        "the Message-ID",
    ),
    known(
        "topic",
        &[],
        Kind::Text(&[tag::PR_CONVERSATION_TOPIC]),
        "the subject of the conversation",
    ),
    known(
        "attachment",
        &["file"],
        Kind::Attachment,
        "the file name of an attachment",
    ),
];

const FROM: [PropTag; 2] = [
    tag::PR_SENT_REPRESENTING_NAME,
    tag::PR_SENT_REPRESENTING_EMAIL_ADDRESS,
];
const SENDER: [PropTag; 2] = [tag::PR_SENDER_NAME, tag::PR_SENDER_EMAIL_ADDRESS];
const IMPORTANCE: [(&str, i32); 3] = [("low", 0), ("normal", 1), ("high", 2)];

const fn known(
    name: &'static str,
    aliases: &'static [&'static str],
    kind: Kind,
    about: &'static str,
) -> Known {
    Known {
        name,
        aliases,
        kind,
        about,
    }
}

/// A condition that stands alone: a bit of PR_MESSAGE_FLAGS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flag {
    /// MSGFLAG_READ.
    Read,
    /// Not MSGFLAG_READ.
    Unread,
    /// MSGFLAG_HASATTACH.
    Attachments,
    /// MSGFLAG_UNSENT.
    Unsent,
    /// MSGFLAG_SUBMIT.
    Submitted,
}

impl Flag {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Unread,
        Self::Attachments,
        Self::Unsent,
        Self::Submitted,
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Unread => "unread",
            Self::Attachments => "attachments",
            Self::Unsent => "unsent",
            Self::Submitted => "submitted",
        }
    }

    /// The bit, and whether it must be set.
    pub fn bit(self) -> (u32, bool) {
        match self {
            Self::Read => (0x1, true),
            Self::Unread => (0x1, false),
            Self::Attachments => (0x10, true),
            Self::Unsent => (0x8, true),
            Self::Submitted => (0x4, true),
        }
    }

    /// By its word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|flag| flag.name().eq_ignore_ascii_case(word))
    }
}

impl Field {
    /// By name, MAPI name or number.
    ///
    /// # Errors
    /// A text that names what there is.
    pub fn find(word: &str) -> Result<Self, QueryError> {
        let same = |name: &&str| name.eq_ignore_ascii_case(word);
        let mut known = KNOWN.iter();
        if let Some(known) = known.find(|k| same(&k.name) || k.aliases.iter().any(same)) {
            return Ok(Self::Known(known));
        }
        if let Ok(tag) = word.to_ascii_uppercase().parse::<PropTag>() {
            return Ok(Self::Tag(tag));
        }
        if let Some(digits) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"))
            && let Ok(tag) = digits.parse::<PropTag>()
        {
            return Ok(Self::Tag(tag));
        }
        let names: Vec<&str> = KNOWN.iter().map(|k| k.name).collect();
        Err(QueryError::new(format!(
            "there is no property '{word}'; write {}, a MAPI name (PR_SUBJECT) or a tag (0037001F)",
            names.join(", ")
        )))
    }
}
