//! Profiles as text: TOML that people can read and change.
//!
//! ```toml
//! format = 1
//! name = "Work"
//!
//! [[section]]
//! uid = "9207f3e0a3b11019908b08002b2a56c2"
//! kind = "main"
//! [section.props]
//! PR_PROFILE_NAME = "Work"
//! PR_SERVICES = ["6a3c8a43e2a04b1c9d0f1f0a0b0c0d0e"]
//! 0x66000003 = 5
//! ```
//!
//! A property goes by its MAPI name, or by its tag in hexadecimal; the type in the tag says how its value is written
//! ([`value`]). Whatever the bits of a value are, reading gives back what was written.

mod read;
pub mod value;
mod write;

pub use read::{read_profile, read_secrets};
pub use write::{write_profile, write_secrets};

use super::content::SectionKind;

/// The number of this format. Files with a higher number are newer than this program.
const FORMAT: i64 = 1;

/// The longest file that is read.
pub const MAX_FILE_BYTES: u64 = 16 << 20;

const KINDS: [(SectionKind, &str); 5] = [
    (SectionKind::Main, "main"),
    (SectionKind::Instance, "instance"),
    (SectionKind::Service, "service"),
    (SectionKind::Provider, "provider"),
    (SectionKind::Other, "other"),
];

#[cfg(test)]
mod tests;
