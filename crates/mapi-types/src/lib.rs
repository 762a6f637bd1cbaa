//! Safe values of MAPI: property tags and values, entry identifiers, restrictions, sort orders, errors.
//!
//! This crate does no I/O, knows no pointer and no provider. Everything above the ABI speaks in these types; `mapi-com`
//! converts them to and from the structures of the ABI, exactly and in both directions.
//!
//! ```
//! use mapi_types::{tag, PropValue, Property};
//! let subject = Property::new(tag::PR_SUBJECT, PropValue::from("Hello"));
//! assert_eq!(subject.value.as_str().as_deref(), Some("Hello"));
//! ```

mod code_names;
mod compare;
mod conversation;
mod entry_id;
mod error;
mod filetime;
mod guid;
pub mod hex;
mod name;
mod notify;
mod one_off;
mod prop;
mod restriction;
mod row;
mod rtf;
mod rtf_text;
mod sort;
/// Property tags under their MAPI names; string properties in their Unicode form.
pub mod tag;
mod tag_names;
mod text;
mod value;

pub use compare::fold_case;
pub use conversation::conversation_index;
pub use entry_id::{EntryId, MapiUid};
pub use error::{Blame, Error, ErrorCode, Result};
pub use filetime::FileTime;
pub use guid::Guid;
pub use name::{NamedProp, PropName};
pub use notify::{Notification, event};
pub use one_off::{ONE_OFF_UID, OneOff};
pub use prop::{PropTag, PropType};
pub use restriction::{
    FuzzyLevel, FuzzyMatch, MAX_RESTRICTION_DEPTH, Matcher, PropLookup, RelOp, Restriction,
};
pub use row::{Row, RowChange, TableEvent};
pub use rtf::{compress_rtf, decompress_rtf, store_rtf};
pub use rtf_text::{rtf_to_text, text_to_rtf};
pub use sort::{SortKey, SortOrder};
pub use text::{UnicodeString, decode_8bit};
pub use value::{PropValue, Property};
