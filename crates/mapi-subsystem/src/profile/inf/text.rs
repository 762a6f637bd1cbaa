//! From the bytes of an INF file to text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The text: as the byte order mark says (UTF-8, UTF-16 of either order); without one UTF-8 if it is that, else
/// Windows-1252. Whether characters were lost is the `bool`.
pub(super) fn decode(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]);
    }
    match UTF_8.decode_without_bom_handling(bytes) {
        (text, false) => (text, false),
        (_, true) => WINDOWS_1252.decode_without_bom_handling(bytes),
    }
}
