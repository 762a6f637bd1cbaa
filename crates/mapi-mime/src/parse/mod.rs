//! Reading mail: lines and delimiters, header fields, transfer encodings, character sets.

pub(crate) mod address;
pub(crate) mod charset;
pub(crate) mod date;
pub(crate) mod encoded_word;
pub(crate) mod header;
pub(crate) mod lines;
pub(crate) mod mime;
pub(crate) mod params;
pub(crate) mod part;
pub(crate) mod text;
pub(crate) mod transfer;

/// Runs a function of mail-parser, which has panicked on hostile input before; `None` if it does.
pub(crate) fn guarded<T>(read: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).ok()
}
