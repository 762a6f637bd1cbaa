//! Dates of header fields.

use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;
use mapi_types::FileTime;

use super::guarded;

/// Reads a date; `None` if it is none.
pub(crate) fn parse(text: &str) -> Option<FileTime> {
    let line = format!("{text}\n");
    let read = guarded(|| match MessageStream::new(line.as_bytes()).parse_date() {
        HeaderValue::DateTime(date) if date.is_valid() => Some(date.to_timestamp()),
        _ => None,
    });
    read.flatten().map(FileTime::from_unix)
}

/// The date of a Received field: behind its last semicolon.
pub(crate) fn of_received(text: &str) -> Option<FileTime> {
    parse(text.rsplit_once(';')?.1)
}

/// Writes a date in UTC (RFC 5322).
pub(crate) fn write(time: FileTime) -> String {
    mail_parser::DateTime::from_timestamp(time.to_unix()).to_rfc822()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_and_written() {
        let time = parse("Fri, 21 Nov 1997 09:55:06 -0600").unwrap();
        assert_eq!(time, FileTime::from_unix(880_127_706));
        assert_eq!(parse(&write(time)), Some(time));
        assert_eq!(parse("yesterday"), None);
        assert_eq!(
            of_received("from a by b; Fri, 21 Nov 1997 09:55:06 -0600"),
            Some(time)
        );
    }
}
