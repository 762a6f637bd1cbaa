//! Character sets: names, code page numbers, decoding.

use encoding_rs::Encoding;
use mail_parser::decoders::charsets::map::charset_decoder;

use super::guarded;

/// Code pages and the names mail uses for them; the first name of a number is the one written.
const CODE_PAGES: &[(&str, i32)] = &[
    ("us-ascii", 20127),
    ("utf-8", 65001),
    ("iso-8859-1", 28591),
    ("windows-1252", 1252),
    ("utf-7", 65000),
    ("utf-16le", 1200),
    ("utf-16", 1200),
    ("utf-16be", 1201),
    ("windows-1250", 1250),
    ("windows-1251", 1251),
    ("windows-1253", 1253),
    ("windows-1254", 1254),
    ("windows-1255", 1255),
    ("windows-1256", 1256),
    ("windows-1257", 1257),
    ("windows-1258", 1258),
    ("windows-874", 874),
    ("iso-8859-2", 28592),
    ("iso-8859-3", 28593),
    ("iso-8859-4", 28594),
    ("iso-8859-5", 28595),
    ("iso-8859-6", 28596),
    ("iso-8859-7", 28597),
    ("iso-8859-8", 28598),
    ("iso-8859-9", 28599),
    ("iso-8859-13", 28603),
    ("iso-8859-15", 28605),
    ("koi8-r", 20866),
    ("koi8-u", 21866),
    ("iso-2022-jp", 50220),
    ("shift_jis", 932),
    ("euc-jp", 51932),
    ("gb2312", 936),
    ("gbk", 936),
    ("gb18030", 54936),
    ("big5", 950),
    ("ks_c_5601-1987", 949),
    ("euc-kr", 51949),
    ("iso-2022-kr", 50225),
    ("tis-620", 874),
    ("macintosh", 10000),
    ("ibm850", 850),
    ("cp850", 850),
    ("ibm866", 866),
    ("ascii", 20127),
    ("latin1", 28591),
    ("cp1252", 1252),
    ("utf8", 65001),
    ("windows-31j", 932),
];

/// UTF-8.
pub(crate) const UTF8: i32 = 65001;

/// The code page of a character set; `None` for one that has no number.
pub(crate) fn code_page(charset: &str) -> Option<i32> {
    let wanted = charset.to_ascii_lowercase();
    let found = CODE_PAGES.iter().find(|(name, _)| *name == wanted)?;
    Some(found.1)
}

/// The name of a code page.
pub(crate) fn name(code_page: i32) -> Option<&'static str> {
    let found = CODE_PAGES.iter().find(|(_, number)| *number == code_page)?;
    Some(found.0)
}

/// Whether the name says no more than ASCII, so that bytes above it are somebody's mistake.
fn is_vague(charset: &str) -> bool {
    let charset = charset.to_ascii_lowercase();
    charset.is_empty()
        || matches!(
            charset.as_str(),
            "us-ascii" | "ascii" | "ansi_x3.4-1968" | "utf-8" | "utf8" | "unknown-8bit"
        )
}

/// Text of `bytes`. Bytes that the character set does not explain are read as Windows-1252: they show as something.
pub(crate) fn decode(charset: Option<&str>, bytes: &[u8]) -> String {
    let charset = charset.map_or("", str::trim);
    if is_vague(charset) {
        return utf8_or_1252(bytes);
    }
    charset_decoder(charset.as_bytes())
        .and_then(|decode| guarded(|| decode(bytes)))
        .unwrap_or_else(|| utf8_or_1252(bytes))
}

/// UTF-8 where it is well-formed, Windows-1252 elsewhere.
pub(crate) fn utf8_or_1252(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let (rest, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(chunk.invalid());
        text.push_str(&rest);
    }
    text
}

/// How to read text too long to be held: by its name, else by how it begins.
pub(crate) fn streamed(charset: Option<&str>, beginning: &[u8]) -> &'static Encoding {
    let charset = charset.map_or("", str::trim);
    if !is_vague(charset)
        && let Some(encoding) = Encoding::for_label(charset.as_bytes())
    {
        return encoding;
    }
    match std::str::from_utf8(beginning) {
        Err(error) if error.error_len().is_some() => encoding_rs::WINDOWS_1252,
        _ => encoding_rs::UTF_8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_what_they_claim_are_still_read() {
        assert_eq!(decode(Some("us-ascii"), b"caf\xE9"), "café");
        assert_eq!(decode(Some("utf-8"), b"caf\xC3\xA9 \x80"), "café €");
        assert_eq!(decode(None, "日本".as_bytes()), "日本");
        assert_eq!(decode(Some("nobody-knows"), b"\xFC"), "ü");
        assert_eq!(decode(Some("koi8-r"), b"\xF0\xD2\xC9"), "При");
        assert_eq!(decode(Some("utf-7"), b"+ZeVnLIqe-"), "日本語");
    }

    #[test]
    fn numbers_have_names_and_names_numbers() {
        assert_eq!(code_page("UTF8"), Some(UTF8));
        assert_eq!(name(UTF8), Some("utf-8"));
        assert_eq!(code_page("x-mine"), None);
    }
}
