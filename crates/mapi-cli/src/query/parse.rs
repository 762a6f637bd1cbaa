//! From text to [`Condition`]: recursive descent over a handful of tokens.

use super::names::Flag;
use super::{Condition, Field, Literal, Op, QueryError};

/// How deep parentheses and "not" may be nested. It is far below [`mapi_types::MAX_RESTRICTION_DEPTH`].
pub const MAX_DEPTH: usize = 16;

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Open,
    Close,
    Op(Op),
    Word(String),
    Quoted(String),
}

struct Placed {
    token: Token,
    at: usize,
}

/// Reads a condition.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(text: &str) -> Result<Condition, QueryError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        end: text.len(),
    };
    let condition = parser.condition(0)?;
    match parser.tokens.get(parser.next) {
        None => Ok(condition),
        Some(left) if left.token == Token::Close => {
            Err(QueryError::at("there is no '(' for this ')'", left.at))
        }
        Some(left) => Err(QueryError::at("expected 'and' or 'or'", left.at)),
    }
}

fn tokens(text: &str) -> Result<Vec<Placed>, QueryError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '"' | '\'' => quoted(rest, first, at)?,
            _ => match operator(rest) {
                Some((op, length)) => (Token::Op(op), length),
                None => word(rest, at)?,
            },
        };
        tokens.push(Placed { token, at });
        rest = &rest[length..];
    }
}

fn operator(text: &str) -> Option<(Op, usize)> {
    let found = Op::ALL.iter().find(|(sign, _)| text.starts_with(sign))?;
    Some((found.1, found.0.len()))
}

fn word(text: &str, at: usize) -> Result<(Token, usize), QueryError> {
    let ends = |c: char| c.is_whitespace() || "()\"'=!<>~^&".contains(c);
    let length = text.find(ends).unwrap_or(text.len());
    if length == 0 {
        return Err(QueryError::at("this character means nothing here", at));
    }
    Ok((Token::Word(text[..length].to_owned()), length))
}

fn quoted(text: &str, quote: char, at: usize) -> Result<(Token, usize), QueryError> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, escaped)) => value.push(escaped),
                None => break,
            },
            c if c == quote => return Ok((Token::Quoted(value), i + c.len_utf8())),
            c => value.push(c),
        }
    }
    Err(QueryError::at("this quote is not closed", at))
}

struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    end: usize,
}

impl Parser {
    fn condition(&mut self, depth: usize) -> Result<Condition, QueryError> {
        let mut parts = vec![self.both(depth)?];
        while self.takes_word("or") {
            parts.push(self.both(depth)?);
        }
        Ok(one_or(parts, Condition::Or))
    }

    fn both(&mut self, depth: usize) -> Result<Condition, QueryError> {
        let mut parts = vec![self.one(depth)?];
        while self.takes_word("and") {
            parts.push(self.one(depth)?);
        }
        Ok(one_or(parts, Condition::And))
    }

    fn one(&mut self, depth: usize) -> Result<Condition, QueryError> {
        if depth > MAX_DEPTH {
            return Err(QueryError::at("this is nested too deeply", self.at()));
        }
        if self.takes_word("not") {
            return Ok(Condition::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.takes(&Token::Open) {
            let opened = self.at();
            let inner = self.condition(depth + 1)?;
            return if self.takes(&Token::Close) {
                Ok(inner)
            } else {
                let at = if self.peek().is_some() {
                    self.at()
                } else {
                    opened
                };
                Err(QueryError::at("a ')' is missing", at))
            };
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Condition, QueryError> {
        let at = self.at();
        let Some(Token::Word(word)) = self.take() else {
            return Err(QueryError::at("expected a property", at));
        };
        let compared = matches!(self.peek(), Some(Token::Op(_)));
        if !compared {
            if word.eq_ignore_ascii_case("has") {
                let at = self.at();
                return match self.take() {
                    Some(Token::Word(name)) => field(&name, at).map(Condition::Has),
                    _ => Err(QueryError::at("expected a property after 'has'", at)),
                };
            }
            if let Some(flag) = Flag::find(&word) {
                return Ok(Condition::Flag(flag));
            }
        }
        let field = field(&word, at)?;
        let at = self.at();
        let Some(Token::Op(op)) = self.take() else {
            return Err(QueryError::at(
                format!("expected an operator after '{word}': = != < <= > >= ~ !~ ^= &"),
                at,
            ));
        };
        self.value(op)
            .map(|value| Condition::Compare(field, op, value))
    }

    fn value(&mut self, op: Op) -> Result<Literal, QueryError> {
        let at = self.at();
        match self.take() {
            Some(Token::Word(text)) => Ok(Literal {
                text,
                quoted: false,
            }),
            Some(Token::Quoted(text)) => Ok(Literal { text, quoted: true }),
            _ => Err(QueryError::at(format!("expected a value after '{op}'"), at)),
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |p| p.at)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.next += 1;
        token
    }

    fn takes(&mut self, wanted: &Token) -> bool {
        let found = self.peek() == Some(wanted);
        self.next += usize::from(found);
        found
    }

    /// A word of the grammar, in any case.
    fn takes_word(&mut self, wanted: &str) -> bool {
        let found =
            matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.next += usize::from(found);
        found
    }
}

fn field(word: &str, at: usize) -> Result<Field, QueryError> {
    Field::find(word).map_err(|error| QueryError {
        at: Some(at),
        ..error
    })
}

fn one_or(mut parts: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}
