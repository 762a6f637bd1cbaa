//! Who writes to whom, in answer to what.

use std::collections::VecDeque;

use crate::language::{LANGUAGES, Language};
use crate::random::{Random, Zipf};

/// Threads that may still be answered.
const OPEN: usize = 2_000;
/// People in the corpus.
const PEOPLE: u64 = 5_000;
/// References of a mail.
const REFERENCES: usize = 10;

/// What is decided of a mail before it is written.
#[derive(Debug)]
pub(crate) struct Letter {
    pub number: u64,
    pub sent: i64,
    pub language: &'static Language,
    /// The table for the language's words.
    pub words: Zipf,
    pub subject: String,
    pub from: (String, String),
    pub to: Vec<(String, String)>,
    pub cc: Vec<(String, String)>,
    pub id: String,
    pub references: Vec<String>,
}

#[derive(Debug)]
struct Thread {
    language: usize,
    subject: String,
    people: Vec<u64>,
    ids: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Threads {
    /// The one written to last comes first.
    open: VecDeque<Thread>,
    by_age: Zipf,
    by_fame: Zipf,
    by_language: Zipf,
    words: Vec<Zipf>,
}

impl Threads {
    pub fn new() -> Self {
        let count = |n: usize| u64::try_from(n).unwrap_or(1);
        Self {
            open: VecDeque::new(),
            by_age: Zipf::new(count(OPEN)),
            by_fame: Zipf::new(PEOPLE),
            by_language: Zipf::new(count(LANGUAGES.len())),
            words: LANGUAGES
                .iter()
                .map(|l| Zipf::new(count(l.words.len())))
                .collect(),
        }
    }

    pub fn next_letter(&mut self, random: &mut Random, number: u64, sent: i64) -> Letter {
        let age = random.zipf(&self.by_age);
        let answered = if random.percent(60) {
            self.open.remove(age)
        } else {
            None
        };
        let is_answer = answered.is_some();
        let mut thread = answered.unwrap_or_else(|| self.start(random));
        let language = &LANGUAGES[thread.language];
        if is_answer && random.percent(20) {
            thread.people.push(self.somebody(random));
        }
        let writer = random.index(thread.people.len());
        thread.people.swap(0, writer);
        let people: Vec<_> = thread.people.iter().take(12).map(|n| person(*n)).collect();
        let id = format!("<{number}.{:x}@corpus.example>", random.next());
        let letter = Letter {
            number,
            sent,
            language,
            words: self.words[thread.language].clone(),
            subject: match is_answer {
                true => format!("Re: {}", thread.subject),
                false => thread.subject.clone(),
            },
            from: people[0].clone(),
            to: people[1..people.len().min(4)].to_vec(),
            cc: people.get(4..).unwrap_or(&[]).to_vec(),
            id: id.clone(),
            references: thread.ids.clone(),
        };
        if thread.ids.len() == REFERENCES {
            thread.ids.remove(1);
        }
        thread.ids.push(id);
        self.open.push_front(thread);
        self.open.truncate(OPEN);
        letter
    }

    fn start(&mut self, random: &mut Random) -> Thread {
        let language = random.zipf(&self.by_language);
        let words = 2 + random.below(7);
        let subject = LANGUAGES[language].phrase(random, &self.words[language], words);
        let count = 2 + random.magnitude(1, 8) / 2;
        Thread {
            language,
            subject,
            people: (0..count).map(|_| self.somebody(random)).collect(),
            ids: Vec::new(),
        }
    }

    fn somebody(&self, random: &mut Random) -> u64 {
        u64::try_from(random.zipf(&self.by_fame)).unwrap_or(0)
    }
}

/// Name and address of a person; their number says what language their name is in.
fn person(number: u64) -> (String, String) {
    let count = u64::try_from(LANGUAGES.len()).unwrap_or(1);
    let at = usize::try_from(number * number % count).unwrap_or(0);
    LANGUAGES[at].person(number)
}
