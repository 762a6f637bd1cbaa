//! Interface methods and whether they are built.
//!
//! A method counts as built when the safe trait of its interface (`mapi-com/src/iface`) leaves it to somebody outside
//! mapi-com who does more than refuse, or when mapi-com answers it itself. The conventions of `iface` say which trait is
//! meant: its documentation begins with the interface's name, and that of a method with the slot's.

use crate::facts::{Facts, Interface, Method};
use crate::source::{Source, blank, block, is_word, leading_word, words};
use std::collections::BTreeSet;
use std::fmt::Write;

const IFACE: &str = "crates/mapi-com/src/iface/";

/// A safe trait.
struct Trait {
    name: String,
    doc: String,
    methods: Vec<TraitMethod>,
}

struct TraitMethod {
    name: String,
    doc: String,
}

/// Who answers a method.
#[derive(PartialEq)]
enum Built {
    Yes,
    No,
}

/// The method part of the report.
pub fn report(facts: &Facts, sources: &[Source]) -> String {
    let (inside, outside): (Vec<&Source>, Vec<&Source>) = sources
        .iter()
        .filter(|s| s.path.ends_with(".rs"))
        .partition(|s| s.path.starts_with("crates/mapi-com/"));
    let inside: Vec<(&Source, String)> = inside.into_iter().map(|s| (s, blank(&s.text))).collect();
    let iface = inside
        .iter()
        .filter(|(source, _)| source.path.starts_with(IFACE));
    let traits: Vec<Trait> = iface
        .flat_map(|(source, code)| traits(&source.text, code))
        .collect();
    let names: BTreeSet<&str> = traits.iter().map(|t| t.name.as_str()).collect();
    let product = |s: &&&Source| s.path.starts_with("crates/") || s.path.starts_with("providers/");
    let overrides: BTreeSet<(String, String)> = outside
        .iter()
        .filter(product)
        .flat_map(|s| overrides(&blank(&s.text), &names))
        .collect();
    let exports: Vec<&str> = inside.iter().map(|(_, code)| code.as_str()).collect();
    let judge = Judge {
        facts,
        traits: &traits,
        overrides: &overrides,
        exports: &exports,
    };

    let mut total = (0, 0);
    let mut out = String::from(
        "## Interface methods\n\nA method that is not built answers MAPI_E_NO_SUPPORT. Inherited methods stand with the interface that declares them.\n\n",
    );
    out += "| Interface | Built | Methods | Not built |\n|---|---|---|---|\n";
    for interface in &facts.interfaces.interfaces {
        let own = interface.own_methods(facts);
        let (built, rest): (Vec<&Method>, Vec<&Method>) = own
            .iter()
            .partition(|method| judge.built(interface, method) == Built::Yes);
        total = (total.0 + built.len(), total.1 + own.len());
        let list = |methods: &[&Method]| {
            methods
                .iter()
                .map(|m| m.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let _ = writeln!(
            out,
            "| {} | {} of {} | {} | {} |",
            interface.name,
            built.len(),
            own.len(),
            list(&built),
            list(&rest)
        );
    }
    let _ = writeln!(out, "\nBuilt: {} of {} methods.", total.0, total.1);
    out
}

struct Judge<'a> {
    facts: &'a Facts,
    traits: &'a [Trait],
    overrides: &'a BTreeSet<(String, String)>,
    exports: &'a [&'a str],
}

impl Judge<'_> {
    fn built(&self, interface: &Interface, method: &Method) -> Built {
        if interface.name == "IUnknown" {
            return Built::Yes; // every shell's
        }
        let traits = self.traits_of(interface);
        let mut found = false;
        for t in &traits {
            for m in t.methods.iter().filter(|m| has_word(&m.doc, &method.name)) {
                found = true;
                if self.overrides.contains(&(t.name.clone(), m.name.clone())) {
                    return Built::Yes;
                }
            }
        }
        if !found && self.export_answers(interface, method) {
            Built::Yes
        } else {
            Built::No
        }
    }

    /// The traits that name the interface, or else those that name one derived from it.
    fn traits_of(&self, interface: &Interface) -> Vec<&Trait> {
        let naming = |name: &str| {
            self.traits
                .iter()
                .filter(|t| has_word(&t.doc, name))
                .collect::<Vec<_>>()
        };
        let own = naming(&interface.name);
        if !own.is_empty() {
            return own;
        }
        let derived = self
            .facts
            .interfaces
            .interfaces
            .iter()
            .filter(|i| i.vtable_extends.as_deref() == Some(&interface.name));
        derived.flat_map(|i| naming(&i.name)).collect()
    }

    /// Whether the function that the vtable has in this slot does something without asking the trait.
    fn export_answers(&self, interface: &Interface, method: &Method) -> bool {
        let literal = format!("{}Vtbl {{", interface.name);
        for code in self.exports {
            for (at, _) in code.match_indices(&literal) {
                let Some(range) = block(code, at) else {
                    continue;
                };
                let body = &code[range];
                let slot = words(body, &method.name)
                    .find(|at| body[at + method.name.len()..].trim_start().starts_with(':'));
                let Some(slot) = slot else { continue };
                let value = body[slot + method.name.len()..]
                    .trim_start()
                    .trim_start_matches(':');
                let function = leading_word(value);
                // A path (`Shell::<..>::GET_LAST_ERROR`) is an answer of the shell.
                let Some(at) =
                    words(code, function).find(|at| code[..*at].trim_end().ends_with("fn"))
                else {
                    return true;
                };
                let answer = block(code, at).map_or("", |range| &code[range]);
                return !has_word(answer, "no_support")
                    && !has_word(answer, "NO_SUPPORT")
                    && !has_word(answer, "MAPI_E_NO_SUPPORT");
            }
        }
        false
    }
}

fn has_word(text: &str, word: &str) -> bool {
    words(text, word).next().is_some()
}

/// The traits of one file, with the first paragraph of their documentation.
fn traits(text: &str, code: &str) -> Vec<Trait> {
    let mut found = Vec::new();
    for at in words(code, "trait") {
        let Some(body) = block(code, at) else {
            continue;
        };
        let methods = functions(&code[body.clone()])
            .into_iter()
            .map(|(offset, name, _)| TraitMethod {
                name,
                doc: doc_before(text, body.start + offset),
            });
        found.push(Trait {
            name: leading_word(&code[at + "trait".len()..]).to_owned(),
            doc: doc_before(text, at),
            methods: methods.collect(),
        });
    }
    found
}

/// The functions directly inside a block: offset, name, body if there is one.
fn functions(code: &str) -> Vec<(usize, String, Option<String>)> {
    let mut depth = 0_i32;
    let depths: Vec<i32> = code
        .bytes()
        .map(|b| {
            depth += i32::from(b == b'{') - i32::from(b == b'}');
            depth
        })
        .collect();
    let direct = words(code, "fn").filter(|at| depths[*at] == 1);
    let function = |at: usize| {
        let end = code[at..].find(';').map_or(code.len(), |end| at + end);
        let body = block(code, at)
            .filter(|body| body.start < end)
            .map(|body| code[body].to_owned());
        (at, leading_word(&code[at + 2..]).to_owned(), body)
    };
    direct.map(function).collect()
}

/// The first paragraph of the doc comment that ends on the line before `at`.
fn doc_before(text: &str, at: usize) -> String {
    let line_start = text[..at].rfind('\n').unwrap_or(0);
    let lines: Vec<&str> = text[..line_start]
        .lines()
        .rev()
        .take_while(|line| is_lead(line))
        .collect();
    let docs = lines
        .iter()
        .rev()
        .filter_map(|line| line.trim().strip_prefix("///"));
    docs.take_while(|line| !line.trim().is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn is_lead(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("///") || line.starts_with("#[")
}

/// Trait and method of everything implemented in one file that does more than refuse.
fn overrides(code: &str, traits: &BTreeSet<&str>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for at in words(code, "impl") {
        let Some(body) = block(code, at) else {
            continue;
        };
        let Some((path, _)) = code[at..body.start].split_once(" for ") else {
            continue;
        };
        let name = trait_name(path);
        if !traits.contains(name) || !is_imported(code, path, name) {
            continue;
        }
        for (_, method, body) in functions(&code[body]) {
            if body.is_some_and(|body| !refuses(&body)) {
                found.push((name.to_owned(), method));
            }
        }
    }
    found
}

/// The last identifier of `impl<T: X> path::Trait<U>`.
fn trait_name(path: &str) -> &str {
    let path = path.trim_end();
    let path = path
        .rsplit_once('<')
        .filter(|_| path.ends_with('>'))
        .map_or(path, |(path, _)| path);
    let start = path
        .bytes()
        .rposition(|b| !is_word(b))
        .map_or(0, |at| at + 1);
    &path[start..]
}

/// Whether the trait is mapi-com's and not one of the same name.
fn is_imported(code: &str, path: &str, name: &str) -> bool {
    let imports = |statement: &str| {
        let statement = statement.trim_start();
        statement.starts_with("mapi_com::")
            && (has_word(statement, name) || statement.contains("iface::*"))
    };
    let statements = words(code, "use").map(|at| &code[at + 3..]);
    path.contains("iface::")
        || statements
            .map(|s| s.split(';').next().unwrap_or_default())
            .any(imports)
}

/// A body that is nothing but MAPI_E_NO_SUPPORT.
fn refuses(body: &str) -> bool {
    let statements: Vec<&str> = body
        .trim_matches(['{', '}', ' ', '\n'])
        .split(';')
        .map(str::trim)
        .collect();
    let last = statements.last().copied().unwrap_or_default();
    let rest = &statements[..statements.len() - 1];
    last == "Err(Error::no_support())" && rest.iter().all(|s| s.starts_with("let _"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_those_of_imported_traits_that_do_something() {
        let code = "use mapi_com::iface::{MsgStore};
impl<T: Store> MsgStore for Shell<T> {
    fn advise(&self) -> Result<usize> { self.0.advise() }
    fn unadvise(&self) -> Result<()> { let _ = 1; Err(Error::no_support()) }
}
impl Message for X { fn submit(&self) { self.go() } }";
        let traits = BTreeSet::from(["MsgStore", "Message"]);
        assert_eq!(
            overrides(code, &traits),
            [("MsgStore".to_owned(), "advise".to_owned())]
        );
    }

    #[test]
    fn traits_carry_the_first_paragraph_of_their_documentation() {
        let text = "/// IFoo: a thing\n/// (ifoo.md).\n///\n/// Later.\npub trait Foo: Bar {\n    /// Read: some.\n    fn read(&self);\n}\n";
        let found = traits(text, &blank(text));
        assert_eq!(found.len(), 1);
        assert!(has_word(&found[0].doc, "IFoo") && !has_word(&found[0].doc, "Later"));
        assert_eq!(found[0].methods[0].name, "read");
        assert!(has_word(&found[0].methods[0].doc, "Read"));
    }
}
