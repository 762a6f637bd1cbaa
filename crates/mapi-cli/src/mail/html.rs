//! The words of an HTML body, for the terminal. It is no browser: tags go, blocks become lines, common entities characters.

/// The text of HTML.
pub fn to_text(html: &str) -> String {
    let mut out = Text::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.words(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some((tag, after)) = rest[1..].split_once('>') else {
            rest = "";
            break;
        };
        let closing = tag.starts_with('/');
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric())
            .collect::<String>()
            .to_ascii_lowercase();
        rest = after;
        match name.as_str() {
            "script" | "style" | "head" | "title" if !closing => rest = skip(rest, &name),
            "br" => out.line(),
            "p" | "div" | "tr" | "table" | "ul" | "ol" | "blockquote" | "h1" | "h2" | "h3"
            | "h4" | "h5" | "h6" | "hr" => out.block(),
            "li" if !closing => {
                out.block();
                out.words("- ");
            }
            "td" | "th" if closing => out.words(" "),
            _ => {}
        }
    }
    out.words(rest);
    out.done()
}

/// What follows the end of an element whose text is not shown.
fn skip<'a>(rest: &'a str, name: &str) -> &'a str {
    let lower = rest.to_ascii_lowercase();
    let Some(at) = lower.find(&format!("</{name}")) else {
        return "";
    };
    rest[at..].split_once('>').map_or("", |(_, after)| after)
}

#[derive(Default)]
struct Text {
    out: String,
    blank: bool,
}

impl Text {
    fn words(&mut self, text: &str) {
        for c in entities(text).chars() {
            if c.is_whitespace() && c != '\u{A0}' {
                self.blank = true;
                continue;
            }
            if self.blank && !self.out.is_empty() && !self.out.ends_with(['\n', ' ']) {
                self.out.push(' ');
            }
            self.blank = false;
            self.out.push(if c == '\u{A0}' { ' ' } else { c });
        }
    }

    fn line(&mut self) {
        self.blank = false;
        self.out.push('\n');
    }

    fn block(&mut self) {
        self.blank = false;
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn done(self) -> String {
        let mut text = self.out.trim().to_owned();
        while text.contains("\n\n\n") {
            text = text.replace("\n\n\n", "\n\n");
        }
        text
    }
}

fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.char_indices().take(12).find(|(_, c)| *c == ';');
        let known = end.and_then(|(end, _)| Some((entity(&rest[1..end])?, end)));
        match known {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = match hex {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{A0}',
        "euro" => '€',
        "copy" => '©',
        "mdash" => '—',
        "ndash" => '–',
        "hellip" => '…',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::to_text;

    #[test]
    fn the_words_of_a_page() {
        let html = "<html><head><title>x</title><style>p{}</style></head><body><p>Hello &amp; <b>good\n morning</b></p>\
                    <ul><li>one<li>two</ul><!-- no -->&#8364;5<br>end</body>";
        assert_eq!(to_text(html), "Hello & good morning\n- one\n- two\n€5\nend");
        assert_eq!(to_text("a < b"), "a");
        assert_eq!(to_text("no tags & no harm"), "no tags & no harm");
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(html in any::<String>()) {
            to_text(&html);
        }

        #[test]
        fn nothing_that_looks_like_html_makes_it_panic(html in "(<|>|/|script|&|;|#x?|[0-9a-zé ]|<!--|-->){0,40}") {
            to_text(&html);
        }
    }
}
