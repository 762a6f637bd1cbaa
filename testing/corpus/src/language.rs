//! Words of some languages, and the character sets their mail comes in.

use crate::random::{Random, Zipf};

/// A language: its words, commonest first, and how likely its mail uses which character set.
#[derive(Debug)]
pub(crate) struct Language {
    pub words: &'static [&'static str],
    /// Common ones more than once.
    pub charsets: &'static [&'static str],
    /// What stands between two words and at the end of a sentence.
    pub blank: &'static str,
    pub stop: &'static str,
    names: &'static [&'static str],
}

/// The commonest first.
pub(crate) const LANGUAGES: &[Language] = &[
    Language {
        words: &[
            "the", "of", "and", "to", "in", "we", "that", "is", "for", "it", "on", "with",
            "please", "meeting", "report", "as", "be", "this", "have", "from", "by", "not", "but",
            "at", "project", "which", "or", "team", "week", "next", "draft", "review", "will",
            "would", "all", "can", "there", "their", "budget", "server", "customer", "thanks",
            "question", "release", "schedule", "contract", "invoice", "number", "attached",
            "before", "after", "Monday", "change", "plan", "problem", "answer", "office", "travel",
            "weather", "garden", "library", "train", "mountain",
        ],
        charsets: &["us-ascii", "us-ascii", "utf-8", "iso-8859-1"],
        blank: " ",
        stop: ". ",
        names: &[
            "Alice Smith",
            "Robert Jones",
            "Carol O'Neill",
            "David Brown",
            "Emma Clark",
            "Frank Hill",
            "Grace Lee",
            "Henry Ford",
        ],
    },
    Language {
        words: &[
            "die",
            "der",
            "und",
            "wir",
            "in",
            "zu",
            "den",
            "das",
            "nicht",
            "für",
            "mit",
            "ist",
            "von",
            "auf",
            "über",
            "bitte",
            "Grüße",
            "Besprechung",
            "Bericht",
            "heute",
            "können",
            "möchte",
            "nächste",
            "Woche",
            "Vertrag",
            "Anhang",
            "auch",
            "Straße",
            "größer",
            "Prüfung",
            "Entwurf",
            "danke",
            "Frage",
            "Änderung",
            "Übersicht",
            "Köln",
            "München",
            "Büro",
        ],
        charsets: &["utf-8", "utf-8", "iso-8859-1", "windows-1252"],
        blank: " ",
        stop: ". ",
        names: &[
            "Jürgen Groß",
            "Käthe Müller",
            "Sören Bäcker",
            "Hans Weber",
            "Ute Schäfer",
            "Änne Vogel",
        ],
    },
    Language {
        words: &[
            "de",
            "la",
            "le",
            "et",
            "les",
            "des",
            "en",
            "à",
            "que",
            "une",
            "pour",
            "nous",
            "réunion",
            "été",
            "merci",
            "avec",
            "être",
            "français",
            "très",
            "projet",
            "demande",
            "déjà",
            "où",
            "semaine",
            "prochaine",
            "rapport",
            "équipe",
            "client",
            "pièce",
            "jointe",
            "façon",
            "même",
            "après",
            "Noël",
            "cœur",
            "prêt",
            "dès",
            "voilà",
            "contrôle",
            "hôtel",
        ],
        charsets: &["utf-8", "utf-8", "iso-8859-15", "windows-1252"],
        blank: " ",
        stop: ". ",
        names: &[
            "Chloé Lefèvre",
            "François Noël",
            "Amélie Dupont",
            "Benoît Roux",
            "Zoé Martin",
        ],
    },
    Language {
        words: &[
            "в",
            "и",
            "не",
            "на",
            "что",
            "мы",
            "с",
            "по",
            "это",
            "для",
            "как",
            "встреча",
            "отчёт",
            "проект",
            "неделя",
            "вопрос",
            "спасибо",
            "пожалуйста",
            "договор",
            "завтра",
            "сегодня",
            "очень",
            "хорошо",
            "команда",
            "письмо",
            "ответ",
            "работа",
            "время",
            "город",
            "поезд",
            "погода",
            "библиотека",
            "гора",
            "сервер",
            "изменение",
            "план",
        ],
        charsets: &["utf-8", "utf-8", "koi8-r", "windows-1251"],
        blank: " ",
        stop: ". ",
        names: &[
            "Анна Иванова",
            "Борис Петров",
            "Вера Смирнова",
            "Глеб Орлов",
        ],
    },
    Language {
        words: &[
            "の",
            "に",
            "は",
            "を",
            "会議",
            "報告",
            "来週",
            "お願い",
            "します",
            "資料",
            "確認",
            "計画",
            "質問",
            "契約",
            "東京",
            "今日",
            "明日",
            "天気",
            "電車",
            "図書館",
            "山",
            "予定",
            "変更",
            "添付",
            "ありがとう",
            "ございます",
            "さん",
            "です",
        ],
        charsets: &["utf-8", "utf-8", "iso-2022-jp", "shift_jis"],
        blank: "",
        stop: "。",
        names: &["田中太郎", "鈴木花子", "佐藤健", "高橋美咲"],
    },
    Language {
        words: &[
            "και",
            "το",
            "να",
            "η",
            "την",
            "με",
            "για",
            "είναι",
            "που",
            "συνάντηση",
            "αναφορά",
            "εβδομάδα",
            "ευχαριστώ",
            "παρακαλώ",
            "ερώτηση",
            "σύμβαση",
            "σήμερα",
            "αύριο",
            "πολύ",
            "καλά",
            "ομάδα",
            "πόλη",
            "τρένο",
            "βιβλιοθήκη",
        ],
        charsets: &["utf-8", "iso-8859-7"],
        blank: " ",
        stop: ". ",
        names: &["Ελένη Παππά", "Γιώργος Νικολάου", "Μαρία Ιωάννου"],
    },
];

impl Language {
    /// A person: name, and an address that is unique to the number.
    pub fn person(&self, number: u64) -> (String, String) {
        let count = u64::try_from(self.names.len()).unwrap_or(1);
        let at = usize::try_from(number % count).unwrap_or(0);
        let host = ["example.org", "example.com", "example.net", "mail.example"];
        let host = host[usize::try_from(number % 4).unwrap_or(0)];
        (self.names[at].to_owned(), format!("user{number}@{host}"))
    }

    /// So many words.
    pub fn phrase(&self, random: &mut Random, zipf: &Zipf, count: u64) -> String {
        let mut out = String::new();
        for i in 0..count {
            if i > 0 {
                out.push_str(self.blank);
            }
            out.push_str(self.words[random.zipf(zipf)]);
        }
        out
    }

    /// A text of about so many bytes in UTF-8, in lines and paragraphs.
    pub fn text(&self, random: &mut Random, zipf: &Zipf, bytes: u64) -> String {
        let wanted = usize::try_from(bytes).unwrap_or(0);
        let mut out = String::with_capacity(wanted + 200);
        let mut column = 0;
        while out.len() < wanted {
            let words = 4 + random.below(14);
            for i in 0..words {
                let word = self.words[random.zipf(zipf)];
                if column + word.len() > 70 {
                    out.push_str("\r\n");
                    column = 0;
                } else if i > 0 && column > 0 {
                    out.push_str(self.blank);
                }
                out.push_str(word);
                column += word.len() + 1;
            }
            out.push_str(self.stop.trim_end());
            if random.percent(15) {
                out.push_str("\r\n\r\n");
                column = 0;
            } else if self.stop.ends_with(' ') && column < 70 {
                out.push(' ');
                column += 2;
            }
        }
        out.push_str("\r\n");
        out
    }
}
