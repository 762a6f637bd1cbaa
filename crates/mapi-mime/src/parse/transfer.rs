//! Content-Transfer-Encoding, undone piece by piece. What is malformed is passed on as far as it can be read.

/// A transfer encoding being undone.
#[derive(Debug)]
pub(crate) enum Decoder {
    /// 7bit, 8bit, binary, and encodings nobody knows.
    Identity,
    /// base64.
    Base64(Base64),
    /// quoted-printable; bytes of an escape that is not complete yet.
    QuotedPrintable(Vec<u8>),
    /// x-uuencode.
    Uu(Uu),
}

impl Decoder {
    /// For the value of a Content-Transfer-Encoding field.
    pub fn named(encoding: &str) -> Self {
        let encoding = encoding.trim().to_ascii_lowercase();
        match encoding.split([';', ' ', '\t']).next().unwrap_or("") {
            "base64" => Self::Base64(Base64::default()),
            "quoted-printable" => Self::QuotedPrintable(Vec::new()),
            "x-uuencode" | "uuencode" | "uue" | "x-uue" => Self::Uu(Uu::default()),
            _ => Self::Identity,
        }
    }

    /// Whether bytes pass unchanged.
    pub fn is_identity(&self) -> bool {
        matches!(self, Self::Identity)
    }

    /// Decodes the next piece.
    pub fn feed(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Identity => out.extend_from_slice(piece),
            Self::Base64(base64) => base64.feed(piece, out),
            Self::QuotedPrintable(pending) => {
                pending.extend_from_slice(piece);
                let rest = quoted_printable(pending, false, out);
                pending.drain(..rest);
            }
            Self::Uu(uu) => uu.feed(piece, out),
        }
    }

    /// The part has ended: decodes what was pending.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Identity => {}
            Self::Base64(base64) => base64.finish(out),
            Self::QuotedPrintable(pending) => {
                quoted_printable(pending, true, out);
                pending.clear();
            }
            Self::Uu(uu) => uu.finish(out),
        }
    }
}

/// base64: characters outside the alphabet are skipped, and the data ends at its padding.
#[derive(Debug, Default)]
pub(crate) struct Base64 {
    bits: u32,
    count: u32,
    padding: u32,
    ended: bool,
}

/// The value of each character; [`NONE`] for one outside the alphabet.
const VALUES: [u8; 256] = {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 64 {
        values[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    values
};
const NONE: u8 = 0xFF;

impl Base64 {
    fn feed(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut rest = piece;
        while !rest.is_empty() && !self.ended {
            if self.count == 0 && self.padding == 0 {
                rest = Self::whole_groups(rest, out);
            }
            let Some((byte, tail)) = rest.split_first() else {
                return;
            };
            rest = tail;
            self.one(*byte, out);
        }
    }

    /// Decodes groups of four good characters, which is nearly all there is.
    fn whole_groups<'a>(piece: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let value = |byte: u8| VALUES[usize::from(byte)];
        let mut rest = piece;
        while let Some((group, tail)) = rest.split_first_chunk::<4>() {
            let [a, b, c, d] = group.map(value);
            if (a | b | c | d) & 0xC0 != 0 {
                break;
            }
            out.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
            rest = tail;
        }
        rest
    }

    fn one(&mut self, byte: u8, out: &mut Vec<u8>) {
        if byte == b'=' && self.count >= 2 {
            self.padding += 1;
            self.ended |= self.count + self.padding >= 4;
        }
        let value = VALUES[usize::from(byte)];
        if value == NONE {
            return;
        }
        self.padding = 0;
        self.bits = self.bits << 6 | u32::from(value);
        self.count += 1;
        if self.count == 4 {
            out.extend_from_slice(&self.bits.to_be_bytes()[1..]);
            (self.bits, self.count) = (0, 0);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let bytes = (self.bits << (6 * (4 - self.count))).to_be_bytes();
        match self.count {
            2 => out.push(bytes[1]),
            3 => out.extend_from_slice(&bytes[1..3]),
            _ => {}
        }
        *self = Self::default();
    }
}

/// Decodes `bytes` and returns how many of them are done; the rest waits for more unless `last`.
fn quoted_printable(bytes: &[u8], last: bool, out: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        let Some(escape) = memchr::memchr(b'=', &bytes[at..]) else {
            out.extend_from_slice(&bytes[at..]);
            return bytes.len();
        };
        out.extend_from_slice(&bytes[at..at + escape]);
        at += escape;
        match escaped(&bytes[at + 1..], last) {
            Escape::Byte(byte) => {
                out.push(byte);
                at += 3;
            }
            Escape::Nothing(length) => at += 1 + length,
            Escape::Literal => {
                out.push(b'=');
                at += 1;
            }
            Escape::Incomplete => return at,
        }
    }
    at
}

enum Escape {
    Byte(u8),
    /// A soft line break, with this many bytes behind the `=`.
    Nothing(usize),
    Literal,
    Incomplete,
}

/// What follows an `=`.
fn escaped(rest: &[u8], last: bool) -> Escape {
    let hex = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    if let [first, second, ..] = rest
        && let (Some(high), Some(low)) = (hex(*first), hex(*second))
    {
        return Escape::Byte(high << 4 | low);
    }
    let blanks = rest
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    match &rest[blanks..] {
        [b'\n', ..] => Escape::Nothing(blanks + 1),
        [b'\r', b'\n', ..] => Escape::Nothing(blanks + 2),
        [] if last => Escape::Nothing(blanks),
        [] if blanks < 80 => Escape::Incomplete,
        [b'\r'] if !last => Escape::Incomplete,
        [only] if !last && blanks == 0 && hex(*only).is_some() => Escape::Incomplete,
        _ => Escape::Literal,
    }
}

/// uuencode, line by line; a part without a `begin` line passes unchanged.
#[derive(Debug, Default)]
pub(crate) struct Uu {
    line: Vec<u8>,
    state: UuState,
}

#[derive(Debug, Default, PartialEq)]
enum UuState {
    #[default]
    Before,
    Inside,
    After,
    Plain,
}

impl Uu {
    fn feed(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        for part in piece.split_inclusive(|b| *b == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end_line(out);
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.end_line(out);
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.line);
        let text = line.trim_ascii_end();
        match self.state {
            UuState::Before if text.is_empty() => {}
            UuState::Before if text.starts_with(b"begin ") => self.state = UuState::Inside,
            UuState::Before | UuState::Plain => {
                self.state = UuState::Plain;
                out.extend_from_slice(&line);
            }
            UuState::Inside if text == b"end" => self.state = UuState::After,
            UuState::Inside => uu_line(text, out),
            UuState::After => {}
        }
    }
}

fn uu_line(line: &[u8], out: &mut Vec<u8>) {
    let value = |b: u8| u32::from(b.wrapping_sub(b' ') & 0x3F);
    let Some((first, rest)) = line.split_first() else {
        return;
    };
    let length = usize::try_from(value(*first)).unwrap_or(0);
    let end = out.len() + length;
    for group in rest.chunks(4) {
        let at = |i: usize| group.get(i).copied().map_or(0, value);
        let bits = at(0) << 18 | at(1) << 12 | at(2) << 6 | at(3);
        out.extend_from_slice(&bits.to_be_bytes()[1..]);
    }
    // Blanks at the end of a line, which stand for zeros, get lost on the way.
    out.resize(end, 0);
}

/// Decodes base64 that is all there.
pub(crate) fn base64(bytes: &[u8]) -> Vec<u8> {
    let (mut decoder, mut out) = (Base64::default(), Vec::new());
    decoder.feed(bytes, &mut out);
    decoder.finish(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(encoding: &str, pieces: &[&[u8]]) -> Vec<u8> {
        let (mut decoder, mut out) = (Decoder::named(encoding), Vec::new());
        for piece in pieces {
            decoder.feed(piece, &mut out);
        }
        decoder.finish(&mut out);
        out
    }

    #[test]
    fn broken_encodings_give_what_can_be_read() {
        assert_eq!(decode("base64", &[b"aGVs", b"bG8"]), b"hello");
        assert_eq!(decode("base64", &[b"aGVs-bG8=\r\nfooter"]), b"hello");
        assert_eq!(
            decode("Quoted-Printable ", &[b"a=", b"3Db=\r", b"\nc=ZZ="]),
            b"a=bc=ZZ"
        );
        assert_eq!(
            decode("quoted-printable", &[b"=C3=A4=  \nx =3"]),
            b"\xC3\xA4x =3"
        );
        assert_eq!(decode("x-uue", &[b"begin 644 a\n#0V%T\n`\nend\n"]), b"Cat");
        assert_eq!(decode("x-uue", &[b"just text\n"]), b"just text\n");
        assert_eq!(decode("8bit", &[b"\xFF="]), b"\xFF=");
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..200,
            encoding in proptest::sample::select(vec!["base64", "quoted-printable", "x-uue", "7bit"])) {
            let cut = cut.min(bytes.len());
            prop_assert_eq!(decode(encoding, &[&bytes]), decode(encoding, &[&bytes[..cut], &bytes[cut..]]));
        }
    }
}
