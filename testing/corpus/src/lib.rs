//! Made-up mail, as much as is wanted: for benchmarks and for tests that need many messages.
//!
//! A corpus is given by its seed alone and is the same on every platform: no floating point, no clock, no map with a random
//! order. The mails have a mean of 25 KB, a fifth of them attachments; senders, threads and words are spread as in real mail
//! (Zipf), texts come in some languages, character sets and transfer encodings.
//!
//! ```
//! use corpus::Corpus;
//! let mail = Corpus::new(1).next().unwrap();
//! assert!(mail.bytes.starts_with(b"Received: "));
//! ```

mod compose;
mod language;
mod random;
mod thread;
mod write;

use random::Random;
use thread::Threads;

pub use write::{Format, write};

/// A made-up mail and what is known of it.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Its place in the corpus, from 0.
    pub number: u64,
    /// The whole mail, with CR LF.
    pub bytes: Vec<u8>,
    /// The subject, decoded.
    pub subject: String,
    /// The sender's address.
    pub from: String,
    /// How many attachments it has, images in an HTML text included.
    pub attachments: u32,
    /// How many addresses To and Cc have.
    pub recipients: u32,
    /// When it was sent, in seconds since 1970. Later mails have later times.
    pub sent: i64,
    /// Its owner has read it.
    pub seen: bool,
    /// Its owner has flagged it.
    pub flagged: bool,
}

/// The mails of a seed, one after the other, without end.
#[derive(Debug)]
pub struct Corpus {
    random: Random,
    threads: Threads,
    number: u64,
    clock: i64,
}

/// 2015-01-01.
const FIRST: i64 = 1_420_070_400;

impl Corpus {
    /// The corpus of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            threads: Threads::new(),
            number: 0,
            clock: FIRST,
        }
    }
}

impl Iterator for Corpus {
    type Item = Mail;

    fn next(&mut self) -> Option<Mail> {
        self.clock += i64::try_from(self.random.below(3600)).unwrap_or(0) + 1;
        let letter = self
            .threads
            .next_letter(&mut self.random, self.number, self.clock);
        let mail = compose::mail(&mut self.random, &letter);
        self.number += 1;
        Some(mail)
    }
}
