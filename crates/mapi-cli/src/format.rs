//! How values look to people, and how bytes are spelled.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mapi_types::{FileTime, PropValue, hex};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A number of bytes as `ls -h` shows it: `512`, `1.5K`, `23M`.
pub fn size(bytes: u64) -> String {
    const UNITS: [char; 5] = ['K', 'M', 'G', 'T', 'P'];
    if bytes < 1024 {
        return bytes.to_string();
    }
    let (mut tenths, mut unit) = (u128::from(bytes) * 10 / 1024, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    if tenths < 100 {
        format!("{}.{}{}", tenths / 10, tenths % 10, UNITS[unit])
    } else {
        format!("{}{}", tenths / 10, UNITS[unit])
    }
}

/// FILETIME as a time of jiff; `None` if that calendar does not reach so far.
fn timestamp(time: FileTime) -> Option<Timestamp> {
    let units = i128::from(time.0) - i128::from(FileTime::from_unix(0).0);
    Timestamp::from_nanosecond(units.checked_mul(100)?).ok()
}

/// RFC 3339 in UTC, to the second or, where there is more, as exact as it is: for JSON.
pub fn time_utc(time: FileTime) -> Option<String> {
    timestamp(time).map(|t| t.to_string())
}

/// `2024-01-31 14:05` in the local time zone.
pub fn time_local(time: FileTime) -> String {
    let Some(time) = timestamp(time) else {
        return "?".to_owned();
    };
    let zoned = time.to_zoned(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M").to_string()
}

/// A span of microseconds: `850 µs`, `12.3 ms`, `4.5 s`.
pub fn micros(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{}.{} ms", us / 1000, us % 1000 / 100),
        _ => format!("{}.{} s", us / 1_000_000, us % 1_000_000 / 100_000),
    }
}

/// Text from mail, made safe for a terminal and a line: control characters and those that turn the direction of text are
/// shown as U+FFFD, white space as one blank each.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| !is_wild(c)) {
        return Cow::Borrowed(text);
    }
    let safe = |c: char| match c {
        '\t' | '\n' | '\r' => ' ',
        c if is_wild(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    Cow::Owned(text.replace("\r\n", "\n").chars().map(safe).collect())
}

/// The same for text of several lines, which stay.
pub fn clean_lines(text: &str) -> String {
    let safe = |c: char| match c {
        '\n' | '\t' => c,
        c if is_wild(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.replace("\r\n", "\n").chars().map(safe).collect()
}

fn is_wild(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// Text in exactly `width` columns: cut with an ellipsis, or filled with blanks.
pub fn fit(text: &str, width: usize) -> String {
    let text = clean(text);
    let has = text.width();
    if has <= width {
        return format!("{text}{:1$}", "", width - has);
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let next = c.width().unwrap_or(0);
        if used + next + 1 > width {
            break;
        }
        out.push(c);
        used += next;
    }
    if width > 0 {
        out.push('…');
        used += 1;
    }
    out.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
    out
}

/// How many bytes of a binary value people are shown.
const SHOWN_BYTES: usize = 32;

/// A property value for people, on one line.
pub fn value(value: &PropValue) -> String {
    let list = |n: usize| {
        let members = (0..n).filter_map(|i| value.member(i));
        let shown: Vec<String> = members.map(|m| self::value(&m)).collect();
        format!("[{}]", shown.join(", "))
    };
    match value {
        PropValue::Null => "null".to_owned(),
        PropValue::Object => "(object)".to_owned(),
        PropValue::I2(n) => n.to_string(),
        PropValue::Long(n) => n.to_string(),
        PropValue::I8(n) => n.to_string(),
        PropValue::R4(n) => n.to_string(),
        PropValue::Double(n) | PropValue::AppTime(n) => n.to_string(),
        PropValue::Currency(n) => format!("{n} / 10000"),
        PropValue::Boolean(b) => b.to_string(),
        PropValue::Error(code) => format!("({code})"),
        PropValue::SysTime(t) => time_utc(*t).unwrap_or_else(|| format!("{:#x}", t.0)),
        PropValue::Clsid(guid) => guid.to_string(),
        PropValue::Binary(bytes) if bytes.len() <= SHOWN_BYTES => hex::encode(bytes),
        PropValue::Binary(bytes) => {
            format!(
                "{}… ({} bytes)",
                hex::encode(&bytes[..SHOWN_BYTES]),
                bytes.len()
            )
        }
        PropValue::Unicode(_) | PropValue::String8(_) => {
            clean(&value.as_str().unwrap_or_default()).into_owned()
        }
        _ => list(value.member_count()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1536, "1.5K"),
            (10_240, "10K"),
            (1 << 20, "1.0M"),
            ((1 << 20) - 1, "1023K"),
            (5 << 30, "5.0G"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn mail_cannot_drive_the_terminal() {
        assert_eq!(
            clean("a\u{1b}[31mb\r\nc\u{202e}d"),
            "a\u{fffd}[31mb c\u{fffd}d"
        );
        assert_eq!(clean_lines("a\u{7}\r\nb"), "a\u{fffd}\nb");
    }

    #[test]
    fn text_fits_its_column() {
        assert_eq!(fit("abc", 5), "abc  ");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日… ");
    }

    proptest! {
        #[test]
        fn fitted_text_has_that_width(text in any::<String>(), width in 0usize..40) {
            // A string's width may differ from the sum of its characters' where they combine; it never exceeds it.
            prop_assert!(fit(&text, width).width() <= width.max(text.width()));
        }
    }
}
