//! Rules and the tests that name them.

use crate::source::{Source, blank, block, leading_word, words};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// One line of `docs/rules.tsv`.
struct Rule {
    id: String,
    who: String,
    severity: String,
    basis: String,
    starred: bool,
    text: String,
}

/// The groups whose rules need a running transport, or bind only the spooler's partner.
const LATER: &[&str] = &["LIFE-XP"];

/// The rule part of the report.
///
/// # Errors
/// `docs/rules.tsv` cannot be read, or a test names a rule that is not in it.
pub fn report(root: &Path, sources: &[Source]) -> Result<String, String> {
    let rules = read(root)?;
    let mut tests: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources.iter().filter(|s| is_searched(&s.path)) {
        for (rule, test) in named(&source.text) {
            tests
                .entry(rule)
                .or_default()
                .insert(format!("{}: `{test}`", source.path));
        }
    }
    let known: BTreeSet<&str> = rules.iter().map(|r| r.id.as_str()).collect();
    let unknown: Vec<String> = tests
        .iter()
        .filter(|(id, _)| !known.contains(id.as_str()))
        .map(|(id, tests)| format!("{id} is no rule, but named by {tests:?}"))
        .collect();
    if !unknown.is_empty() {
        return Err(unknown.join("\n"));
    }
    let mut out = String::from("## Lifecycle rules\n\n");
    summary(&mut out, &rules, &tests);
    table(&mut out, &rules, &tests);
    Ok(out)
}

/// The tests of this program talk about rules without testing them.
fn is_searched(path: &str) -> bool {
    path.ends_with(".rs") && !path.starts_with("xtask/")
}

fn read(root: &Path) -> Result<Vec<Rule>, String> {
    let text = std::fs::read_to_string(root.join("docs/rules.tsv"))
        .map_err(|e| format!("docs/rules.tsv: {e}"))?;
    let rule = |line: &str| match line.split('\t').collect::<Vec<_>>()[..] {
        [id, who, severity, basis, starred, text] => Ok(Rule {
            id: id.to_owned(),
            who: who.to_owned(),
            severity: severity.to_owned(),
            basis: basis.to_owned(),
            starred: starred == "*",
            text: text.to_owned(),
        }),
        _ => Err(format!("docs/rules.tsv: `{line}` has not six columns")),
    };
    text.lines().skip(1).map(rule).collect()
}

/// How many rules are tested, by whom they bind.
fn summary(out: &mut String, rules: &[Rule], tests: &BTreeMap<String, BTreeSet<String>>) {
    let count = |what: &dyn Fn(&Rule) -> bool| {
        let of = rules.iter().filter(|r| what(r));
        let tested = of.clone().filter(|r| tests.contains_key(&r.id)).count();
        format!("{tested} of {}", of.count())
    };
    let later = |r: &Rule| LATER.iter().any(|group| r.id.starts_with(group));
    let binds_mapi = |r: &Rule| r.who.contains("MAPI") && !later(r);
    let _ = writeln!(out, "| Rules | named by a test |\n|---|---|");
    let _ = writeln!(
        out,
        "| that bind MAPI, transports' own group left out | {} |",
        count(&binds_mapi)
    );
    let _ = writeln!(
        out,
        "| that bind providers or clients alone | {} |",
        count(&|r| !r.who.contains("MAPI") && !later(r))
    );
    let _ = writeln!(out, "| of the transports' group | {} |", count(&later));
    let _ = writeln!(
        out,
        "| of the founding page (★) | {} |\n",
        count(&|r| r.starred)
    );
}

fn table(out: &mut String, rules: &[Rule], tests: &BTreeMap<String, BTreeSet<String>>) {
    out.push_str(
        "| Rule | Who | Severity | Basis | In short | Tests |\n|---|---|---|---|---|---|\n",
    );
    for Rule {
        id,
        who,
        severity,
        basis,
        starred,
        text,
    } in rules
    {
        let star = if *starred { " ★" } else { "" };
        let list = tests
            .get(id)
            .map(|t| t.iter().cloned().collect::<Vec<_>>().join("<br>"));
        let list = list.unwrap_or_else(|| "none".to_owned());
        let _ = writeln!(
            out,
            "| {id}{star} | {who} | {severity} | {basis} | {text} | {list} |"
        );
    }
    out.push('\n');
}

/// Pairs of rule and test in one file: from the names of test functions, and from comments in or right before them.
fn named(text: &str) -> Vec<(String, String)> {
    let code = blank(text);
    let mut pairs = Vec::new();
    for at in words(&code, "fn") {
        let lead = &text[lead_start(text, at)..at];
        if !lead.lines().any(is_test_attribute) {
            continue;
        }
        let name = leading_word(&code[at + 2..]).to_owned();
        let body = block(&code, at).map_or("", |range| &text[range]);
        let comments = lead
            .lines()
            .chain(body.lines())
            .filter_map(|line| line.split_once("//"))
            .map(|(_, c)| c);
        let mut rules: BTreeSet<String> = in_name(&name).into_iter().collect();
        rules.extend(comments.flat_map(in_comment));
        pairs.extend(rules.into_iter().map(|rule| (rule, name.clone())));
    }
    pairs
}

/// The beginning of the attributes and comments right before the line of `at`.
fn lead_start(text: &str, at: usize) -> usize {
    let mut start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    while start > 0 {
        let previous = text[..start - 1]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let line = text[previous..start].trim();
        if !(line.starts_with("//") || line.starts_with('#')) {
            break;
        }
        start = previous;
    }
    start
}

fn is_test_attribute(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("#[test]") || line.starts_with("#[cfg_attr(") && line.contains("test")
}

/// `life_logoff_009_release_follows` names LIFE-LOGOFF-009; a name may hold several.
fn in_name(name: &str) -> Vec<String> {
    let parts: Vec<&str> = name.split('_').collect();
    let rule = |at: usize| match parts[at..] {
        ["life", group, number, ..] if is_number(number) => {
            Some(format!("LIFE-{}-{number}", group.to_uppercase()))
        }
        _ => None,
    };
    (0..parts.len()).filter_map(rule).collect()
}

/// `LIFE-LOGOFF-009`, and `-010` after it, in the text of a comment.
fn in_comment(comment: &str) -> Vec<String> {
    let mut rules = Vec::new();
    let mut group = None;
    let separators = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
    for word in comment.split(separators).filter(|word| !word.is_empty()) {
        match word.split('-').collect::<Vec<_>>()[..] {
            ["LIFE", name, number] if is_number(number) => {
                rules.push(word.to_owned());
                group = Some(name.to_owned());
            }
            ["", number] if is_number(number) => {
                rules.extend(group.as_ref().map(|group| format!("LIFE-{group}-{number}")));
            }
            _ => group = None,
        }
    }
    rules
}

fn is_number(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found_in_names_and_comments_of_tests_only() {
        let text = "
// LIFE-INIT-001 in a comment of no test
fn helper() { /* life_init_002 */ }

// LIFE-MEM-001, -002 and LIFE-UID-003
#[test]
fn life_logoff_009_release() {
    check(); // LIFE-SUP-004
    // see LIFE-XP-1
}
";
        let found: Vec<String> = named(text).into_iter().map(|(rule, _)| rule).collect();
        let expected = [
            "LIFE-LOGOFF-009",
            "LIFE-MEM-001",
            "LIFE-MEM-002",
            "LIFE-SUP-004",
            "LIFE-UID-003",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_name_may_hold_two_rules() {
        assert_eq!(
            in_name("life_uid_004_and_life_status_007_gone"),
            ["LIFE-UID-004", "LIFE-STATUS-007"]
        );
    }
}
