//! Memory does not grow with the mail. In a process of its own, because its peak is measured.
#![allow(clippy::unwrap_used)] // helpers of tests fail by panicking

use std::io::{self, Read};

use mapi_mime::{Content, ImportOptions, MemoryNames, MessageSink, import};
use mapi_types::{PropTag, Property, Result, Row, tag};

/// A mail that is made as it is read.
struct Endless {
    head: &'static [u8],
    left: usize,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.head.is_empty() {
            return self.head.read(out);
        }
        const LINE: &[u8; 64] =
            b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHU\n";
        let count = out.len().min(self.left) / LINE.len() * LINE.len();
        for line in out[..count].chunks_mut(LINE.len()) {
            line.copy_from_slice(LINE);
        }
        self.left -= count;
        Ok(count)
    }
}

/// Counts and forgets.
#[derive(Default)]
struct Counter {
    held: usize,
    streamed: u64,
}

impl MessageSink for Counter {
    fn props(&mut self, props: Vec<Property>) -> Result<()> {
        self.held += props.iter().map(|p| p.value.size_bytes()).sum::<usize>();
        Ok(())
    }

    fn recipients(&mut self, _: Vec<Row>) -> Result<()> {
        Ok(())
    }

    fn stream(&mut self, _: PropTag, data: &mut dyn Read) -> Result<()> {
        self.streamed += io::copy(data, &mut io::sink())?;
        Ok(())
    }

    fn attachment(&mut self, _: Vec<Property>, content: Content<'_>) -> Result<()> {
        match content {
            Content::Data(data) => self.stream(tag::PR_ATTACH_DATA_BIN, data),
            Content::Message(embedded) => embedded.deliver(self),
        }
    }
}

/// Resident memory at its highest, in kilobytes.
fn peak_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Memory does not grow with the mail, whatever its shape.
fn is_never_held(size: usize) {
    for head in [
        "Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n",
        "Content-Type: text/plain\n\n",
        "Content-Type: text/html\n\n",
        "Content-Type: multipart/signed; boundary=b\n\n--b\n\n",
        "Content-Type: multipart/mixed; boundary=never\n\n",
        "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/png\n\n",
    ] {
        let before = peak_kb();
        let mut mail = Endless {
            head: head.as_bytes(),
            left: size,
        };
        let mut sink = Counter::default();
        let names = MemoryNames::default();
        import(&mut mail, &names, &ImportOptions::default(), &mut sink).unwrap();
        assert!(
            sink.streamed > u64::try_from(size).unwrap() / 5 * 3,
            "{head}: {} bytes",
            sink.streamed
        );
        assert!(sink.held < 8 << 20, "{head}: {} bytes held", sink.held);
        if let (Some(before), Some(after)) = (before, peak_kb()) {
            assert!(
                after - before < 10 * 1024,
                "{head}: {} KB more",
                after - before
            );
        }
    }
}

#[test]
fn a_large_mail_is_never_held() {
    is_never_held(16 << 20);
}

#[test]
fn a_mail_of_200_megabytes_is_never_held() {
    is_never_held(200 << 20);
}
