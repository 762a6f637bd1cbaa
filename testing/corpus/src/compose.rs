//! Writing a mail down.

use std::fmt::Write;

use encoding_rs::Encoding;

use crate::Mail;
use crate::random::Random;
use crate::thread::Letter;

/// Writes the mail of a letter.
pub(crate) fn mail(random: &mut Random, letter: &Letter) -> Mail {
    let charset = *random.pick(letter.language.charsets);
    let mut mail = Composer {
        random,
        letter,
        charset,
        out: String::new(),
        attachments: 0,
    };
    mail.header();
    mail.body();
    let (out, attachments) = (mail.out.into_bytes(), mail.attachments);
    Mail {
        number: letter.number,
        bytes: out,
        subject: letter.subject.clone(),
        from: letter.from.1.clone(),
        attachments,
        recipients: u32::try_from(letter.to.len() + letter.cc.len()).unwrap_or(0),
        sent: letter.sent,
        seen: random.percent(80),
        flagged: random.percent(3),
    }
}

struct Composer<'a> {
    random: &'a mut Random,
    letter: &'a Letter,
    charset: &'static str,
    out: String,
    attachments: u32,
}

/// Kinds of attachments: type, extension.
const KINDS: &[(&str, &str)] = &[
    ("application/pdf", "pdf"),
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("application/zip", "zip"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
    ),
    ("application/octet-stream", "bin"),
];

const AGENTS: &[&str] = &[
    "Pigeon/1.0",
    "Carrier 4.2 (X11)",
    "Postcard Mail 2016",
    "WebLetter",
];

impl Composer<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push_str("\r\n");
    }

    fn header(&mut self) {
        let letter = self.letter;
        let zones = [
            "+0000", "+0100", "+0200", "-0500", "-0800", "+0300", "+0900",
        ];
        let zone = *self.random.pick(&zones);
        let domain = letter.from.1.split('@').nth(1).unwrap_or("example.org");
        let hops = 1 + self.random.below(3);
        for hop in (0..hops).rev() {
            let late = letter.sent + i64::try_from(hop).unwrap_or(0) * 2;
            let id = self.random.next();
            let _ = write!(
                self.out,
                "Received: from relay{hop}.{domain} (relay{hop}.{domain} [192.0.2.{}])\r\n\tby mx{hop}.corpus.example with ESMTP id \
                 {id:016X};\r\n\t{}\r\n",
                1 + hop,
                date(late, "+0000")
            );
        }
        self.line(&format!("From: {}", mailbox(&letter.from)));
        self.people("To", &letter.to);
        self.people("Cc", &letter.cc);
        self.line(&format!("Subject: {}", header_text(&letter.subject)));
        self.line(&format!("Date: {}", date(letter.sent, zone)));
        self.line(&format!("Message-ID: {}", letter.id));
        if let Some(last) = letter.references.last() {
            self.line(&format!("In-Reply-To: {last}"));
            self.line(&format!("References: {}", letter.references.join("\r\n ")));
        }
        if self.random.percent(4) {
            self.line("Importance: high");
        }
        if self.random.percent(20) {
            self.line("List-Id: Corpus <all.corpus.example>");
        }
        let agent = *self.random.pick(AGENTS);
        self.line(&format!("X-Mailer: {agent}"));
        self.line("MIME-Version: 1.0");
    }

    fn people(&mut self, field: &str, list: &[(String, String)]) {
        if !list.is_empty() {
            let list: Vec<String> = list.iter().map(mailbox).collect();
            self.line(&format!("{field}: {}", list.join(",\r\n ")));
        }
    }

    fn body(&mut self) {
        if !self.random.percent(20) {
            return self.text();
        }
        let boundary = self.boundary();
        self.multipart("mixed", &boundary);
        self.text();
        let count = match self.random.below(10) {
            0 => 3,
            1 | 2 => 2,
            _ => 1,
        };
        for _ in 0..count {
            self.line("");
            self.line(&format!("--{boundary}"));
            if self.random.percent(6) {
                self.forwarded();
            } else {
                self.attachment();
            }
        }
        self.line("");
        self.line(&format!("--{boundary}--"));
    }

    /// The text, two in five times with an HTML alternative, of which some have an image.
    fn text(&mut self) {
        let size = self.random.magnitude(300, 12_000);
        let letter = self.letter;
        let text = letter.language.text(self.random, &letter.words, size);
        if !self.random.percent(40) {
            return self.encoded("plain", &text);
        }
        let html = format!(
            "<html><body>\r\n<p>{}</p>\r\n</body></html>\r\n",
            text.trim_end().replace("\r\n\r\n", "</p>\r\n<p>")
        );
        let boundary = self.boundary();
        self.multipart("alternative", &boundary);
        self.encoded("plain", &text);
        self.line("");
        self.line(&format!("--{boundary}"));
        if self.random.percent(4) {
            let inner = self.boundary();
            self.multipart("related", &inner);
            let image = "<img src=\"cid:picture\">\r\n</body>";
            self.encoded("html", &html.replace("</body>", image));
            self.line("");
            self.line(&format!("--{inner}"));
            self.attachments += 1;
            self.line("Content-Type: image/png; name=\"picture.png\"");
            self.line("Content-ID: <picture>");
            self.line("Content-Disposition: inline; filename=\"picture.png\"");
            self.data(2_000, 16_000);
            self.line(&format!("--{inner}--"));
        } else {
            self.encoded("html", &html);
        }
        self.line("");
        self.line(&format!("--{boundary}--"));
    }

    fn multipart(&mut self, kind: &str, boundary: &str) {
        self.line(&format!(
            "Content-Type: multipart/{kind};\r\n boundary=\"{boundary}\""
        ));
        self.line("");
        self.line(&format!("--{boundary}"));
    }

    fn boundary(&mut self) -> String {
        format!("=_{:016x}", self.random.next())
    }

    fn encoded(&mut self, kind: &str, text: &str) {
        let charset = match self.charset {
            "us-ascii" if !text.is_ascii() => "utf-8",
            other => other,
        };
        let encoding = Encoding::for_label(charset.as_bytes()).unwrap_or(encoding_rs::UTF_8);
        let (bytes, _, _) = encoding.encode(text);
        self.line(&format!("Content-Type: text/{kind}; charset={charset}"));
        let foreign = bytes.iter().filter(|b| !b.is_ascii()).count();
        if foreign == 0 && charset != "iso-2022-jp" {
            self.line("Content-Transfer-Encoding: 7bit\r\n");
            self.out.push_str(text);
        } else if foreign > bytes.len() / 5 || charset == "iso-2022-jp" {
            self.line("Content-Transfer-Encoding: base64\r\n");
            base64(&bytes, &mut self.out);
        } else {
            self.line("Content-Transfer-Encoding: quoted-printable\r\n");
            quoted_printable(&bytes, &mut self.out);
        }
    }

    fn attachment(&mut self) {
        self.attachments += 1;
        let (kind, extension) = *self.random.pick(KINDS);
        let word = self.random.pick(self.letter.language.words).to_lowercase();
        let name = format!("{word}-{}.{extension}", self.letter.number);
        self.line(&format!("Content-Type: {kind}"));
        if name.is_ascii() {
            self.line(&format!(
                "Content-Disposition: attachment;\r\n filename=\"{name}\""
            ));
        } else {
            let mut coded = String::new();
            for byte in name.bytes() {
                let plain = byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
                let _ = if plain {
                    write!(coded, "{}", char::from(byte))
                } else {
                    write!(coded, "%{byte:02X}")
                };
            }
            self.line(&format!(
                "Content-Disposition: attachment;\r\n filename*=utf-8''{coded}"
            ));
        }
        self.data(4_000, 200_000);
    }

    /// Random bytes; any text in base64's alphabet is the base64 of some.
    fn data(&mut self, low: u64, high: u64) {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        self.line("Content-Transfer-Encoding: base64\r\n");
        let lines = self.random.magnitude(low, high) / 76 + 1;
        self.out.reserve(usize::try_from(lines * 78).unwrap_or(0));
        for _ in 0..lines {
            for letters in [10, 10, 10, 10, 10, 10, 10, 6] {
                let mut bits = self.random.next();
                for _ in 0..letters {
                    let at = usize::try_from(bits & 63).unwrap_or(0);
                    self.out.push(char::from(ALPHABET[at]));
                    bits >>= 6;
                }
            }
            self.out.push_str("\r\n");
        }
    }

    fn forwarded(&mut self) {
        self.attachments += 1;
        let letter = self.letter;
        let text = letter.language.text(self.random, &letter.words, 2_000);
        self.line("Content-Type: message/rfc822");
        self.line("");
        self.line(&format!("From: {}", mailbox(&letter.from)));
        self.line(&format!("Subject: {}", header_text(&letter.subject)));
        self.line(&format!("Date: {}", date(letter.sent - 86_400, "+0000")));
        self.line("MIME-Version: 1.0");
        self.encoded("plain", &text);
    }
}

fn mailbox(person: &(String, String)) -> String {
    format!("{} <{}>", header_text(&person.0), person.1)
}

/// Text in a header: plain, or in encoded words that tear no character.
fn header_text(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(42);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let mut coded = String::new();
        base64(&rest.as_bytes()[..end], &mut coded);
        words.push(format!("=?utf-8?B?{}?=", coded.trim_end()));
        rest = &rest[end..];
    }
    words.join("\r\n ")
}

fn base64(bytes: &[u8], out: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for line in bytes.chunks(57) {
        for group in line.chunks(3) {
            let at = |i: usize| group.get(i).copied().map_or(0, usize::from);
            let bits = at(0) << 16 | at(1) << 8 | at(2);
            for (i, shift) in [18, 12, 6, 0].into_iter().enumerate() {
                let letter = char::from(ALPHABET[bits >> shift & 63]);
                out.push(if i <= group.len() { letter } else { '=' });
            }
        }
        out.push_str("\r\n");
    }
}

fn quoted_printable(bytes: &[u8], out: &mut String) {
    let mut column = 0;
    for (i, byte) in bytes.iter().enumerate() {
        let plain = matches!(byte, b'!'..=b'<' | b'>'..=b'~')
            || *byte == b' ' && bytes.get(i + 1) != Some(&b'\r');
        match byte {
            b'\r' => {}
            b'\n' => {
                out.push_str("\r\n");
                column = 0;
                continue;
            }
            _ if column > 72 => {
                out.push_str("=\r\n");
                column = 0;
            }
            _ => {}
        }
        if plain {
            out.push(char::from(*byte));
            column += 1;
        } else if *byte != b'\r' {
            let _ = write!(out, "={byte:02X}");
            column += 3;
        }
    }
}

/// A date as mail has it.
pub(crate) fn date(time: i64, zone: &str) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let (year, month, day, weekday, clock) = civil(time + offset(zone));
    format!(
        "{}, {day} {} {year} {clock} {zone}",
        DAYS[weekday], MONTHS[month]
    )
}

/// A date as an mbox has it, in UTC.
pub(crate) fn asctime(time: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let (year, month, day, weekday, clock) = civil(time);
    format!("{} {} {day:2} {clock} {year}", DAYS[weekday], MONTHS[month])
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn offset(zone: &str) -> i64 {
    let hours: i64 = zone.get(1..3).and_then(|h| h.parse().ok()).unwrap_or(0);
    if zone.starts_with('-') {
        -hours * 3600
    } else {
        hours * 3600
    }
}

/// Year, month and weekday from 0, day from 1, time of day (the algorithm of Howard Hinnant's days_from_civil, backwards).
fn civil(time: i64) -> (i64, usize, i64, usize, String) {
    let (days, seconds) = (time.div_euclid(86_400), time.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12;
    let year = year_of_era + era * 400 + i64::from(month < 2);
    let clock = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    let index = |n: i64| usize::try_from(n).unwrap_or(0);
    (year, index(month), day, index(days.rem_euclid(7)), clock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right() {
        assert_eq!(date(0, "+0000"), "Thu, 1 Jan 1970 00:00:00 +0000");
        assert_eq!(
            date(1_582_979_696, "-0500"),
            "Sat, 29 Feb 2020 07:34:56 -0500"
        );
        assert_eq!(asctime(1_577_934_245), "Thu Jan  2 03:04:05 2020");
    }
}
