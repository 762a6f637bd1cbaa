//! C types as the data spells them, and their Rust spelling.

use crate::facts::{BaseType, Facts};
use std::collections::{BTreeMap, BTreeSet};

/// Pointer and opaque type names that the headers define but the data only uses. Name, C type.
pub const ALIASES: &[(&str, &str)] = &[
    ("LPSTR", "CHAR *"),
    ("LPCSTR", "const CHAR *"),
    ("LPWSTR", "WCHAR *"),
    ("LPCWSTR", "const WCHAR *"),
    ("PWSTR", "WCHAR *"),
    ("LPTSTR", "TCHAR *"),
    ("LPCTSTR", "const TCHAR *"),
    ("LPOLESTR", "OLECHAR *"),
    ("LPCOLESTR", "const OLECHAR *"),
    ("SNB", "OLECHAR **"),
    ("LPBYTE", "BYTE *"),
    ("LPULONG", "ULONG *"),
    ("LPLONG", "LONG *"),
    ("LPLHANDLE", "LHANDLE *"),
    ("LPIID", "IID *"),
    ("LPCIID", "const IID *"),
    ("LPCGUID", "const GUID *"),
    ("LPCLSID", "CLSID *"),
    ("REFIID", "const IID *"),
    ("REFCLSID", "const CLSID *"),
    ("LPFNABSDI", "ACCELERATEABSDI *"),
    ("LPFNDISMISS", "DISMISSMODELESS *"),
    ("PFNIDLE", "FNIDLE *"),
    ("FTG", "void *"),
    ("LPMSGSESS", "void *"),
    ("METHODS", "ULONG"),
];

/// A C type.
#[derive(Clone, Debug, PartialEq)]
pub enum CType {
    Named(String),
    Pointer { to: Box<CType>, constant: bool },
    Array { of: Box<CType>, count: usize },
}

impl CType {
    /// Reads `const FILETIME *`, `union _PV`, `BYTE [16]`, `LPMESSAGE **` and the like.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if let Some((element, count)) = text.strip_suffix(']').and_then(|t| t.rsplit_once('[')) {
            let count = count
                .parse()
                .unwrap_or_else(|_| panic!("array length in `{text}`"));
            return Self::Array {
                of: Box::new(Self::parse(element)),
                count,
            };
        }
        let stars = text.matches('*').count();
        let base = text.replace('*', " ");
        let constant = base.split_whitespace().any(|word| word == "const");
        let words: Vec<&str> = base
            .split_whitespace()
            .filter(|word| !matches!(*word, "const" | "union" | "struct"))
            .collect();
        let named = Self::Named(words.join(" "));
        // `const` belongs to what the innermost star points to.
        (0..stars).fold(named, |to, depth| Self::Pointer {
            to: Box::new(to),
            constant: constant && depth == 0,
        })
    }
}

/// What is known about type names.
pub struct Types {
    known: BTreeSet<String>,
    /// Names of integers, and the C type of the same width.
    integers: BTreeMap<String, String>,
    aggregates: BTreeSet<String>,
    functions: BTreeSet<String>,
    tags: BTreeMap<String, String>,
}

impl Types {
    /// Collects the type names of the data.
    pub fn of(facts: &Facts) -> Self {
        let data = &facts.structs;
        let mut known: BTreeSet<String> =
            ALIASES.iter().map(|(name, _)| (*name).to_owned()).collect();
        known.extend(data.base_types.keys().cloned());
        known.extend(data.scalar_typedefs.iter().map(|t| t.name.clone()));
        known.extend(data.enums.iter().filter_map(|e| e.name.clone()));
        for s in &data.structs {
            known.insert(s.name.clone());
            known.extend(s.aliases.iter().chain(&s.pointer_types).cloned());
        }
        for i in &facts.interfaces.interfaces {
            known.insert(i.name.clone());
            known.extend(i.pointer_types.iter().cloned());
        }
        for f in &data.function_types {
            known.insert(f.name.clone());
            known.insert(format!("LP{}", f.name));
        }
        let functions = data.function_types.iter().filter(|f| f.kind == "function");
        let mut integers: BTreeMap<String, String> = BTreeMap::new();
        for (name, base) in &data.base_types {
            integers.extend(word(base).map(|word| (name.clone(), word)));
        }
        for typedef in &data.scalar_typedefs {
            let word = integers[&typedef.ctype].clone();
            integers.insert(typedef.name.clone(), word);
        }
        let enums = data.enums.iter().filter_map(|e| e.name.clone());
        integers.extend(enums.map(|name| (name, "uint32_t".to_owned())));
        let tags = data
            .structs
            .iter()
            .filter_map(|s| Some((s.tag.clone()?, s.name.clone())));
        Self {
            known,
            integers,
            aggregates: data.structs.iter().map(|s| s.name.clone()).collect(),
            functions: functions.map(|f| f.name.clone()).collect(),
            tags: tags.collect(),
        }
    }

    /// The Rust spelling of a C type.
    ///
    /// # Errors
    /// The name that nothing defines.
    pub fn try_rust(&self, ctype: &CType) -> Result<String, String> {
        match ctype {
            CType::Named(name) => self.rust_name(name),
            CType::Array { of, count } => Ok(format!("[{}; {count}]", self.try_rust(of)?)),
            CType::Pointer { to, constant } => match to.as_ref() {
                CType::Named(name) if name == "void" => Ok(pointer(*constant, "c_void")),
                CType::Named(name) if self.functions.contains(name) => {
                    Ok(format!("Option<{name}>"))
                }
                to => Ok(pointer(*constant, &self.try_rust(to)?)),
            },
        }
    }

    /// The Rust spelling of a C type whose names are all known.
    pub fn rust(&self, text: &str) -> String {
        self.try_rust(&CType::parse(text))
            .unwrap_or_else(|name| panic!("no type is called {name}"))
    }

    /// `-> HRESULT`, or nothing for `void`.
    pub fn rust_return(&self, text: &str) -> String {
        if text == "void" {
            String::new()
        } else {
            format!(" -> {}", self.rust(text))
        }
    }

    /// The C++ type that travels as an argument of type `text` does: an integer of its width, or `void *`.
    pub fn argument_word(&self, text: &str) -> String {
        match CType::parse(text) {
            CType::Named(name) if self.aggregates.contains(&name) => {
                panic!("{name} is passed by value")
            }
            CType::Named(name) => {
                let integer = self.integers.get(&name).cloned();
                integer.unwrap_or_else(|| "void *".to_owned())
            }
            _ => "void *".to_owned(),
        }
    }

    fn rust_name(&self, name: &str) -> Result<String, String> {
        Ok(match name {
            "char" => "CHAR",
            "short" | "short int" => "i16",
            "unsigned short" | "unsigned short int" => "u16",
            "int" | "long" => "i32",
            "unsigned int" => "u32",
            "__int64" => "i64",
            "float" => "f32",
            "double" => "f64",
            "wchar_t" => "u16",
            name if self.known.contains(name) => name,
            name => return self.tags.get(name).cloned().ok_or_else(|| name.to_owned()),
        }
        .to_owned())
    }
}

/// The fixed-width type of a base type; none for pointers and floating point.
fn word(base: &BaseType) -> Option<String> {
    let sign = match base.kind.as_str() {
        "signed" => "",
        "unsigned" => "u",
        _ => return None,
    };
    Some(match base.size == base.size_x86 {
        true => format!("{sign}int{}_t", base.size * 8),
        false => format!("{sign}intptr_t"),
    })
}

fn pointer(constant: bool, to: &str) -> String {
    format!("*{} {to}", if constant { "const" } else { "mut" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> CType {
        CType::Named(name.to_owned())
    }

    fn pointer_to(to: CType, constant: bool) -> CType {
        let to = Box::new(to);
        CType::Pointer { to, constant }
    }

    #[test]
    fn c_spellings_are_read() {
        assert_eq!(CType::parse("ULONG"), named("ULONG"));
        assert_eq!(
            CType::parse("unsigned short int"),
            named("unsigned short int")
        );
        assert_eq!(CType::parse("union _PV"), named("_PV"));
        assert_eq!(
            CType::parse("const FILETIME *"),
            pointer_to(named("FILETIME"), true)
        );
        let array = CType::Array {
            of: Box::new(named("BYTE")),
            count: 16,
        };
        assert_eq!(CType::parse("BYTE [16]"), array);
    }

    #[test]
    fn const_belongs_to_the_innermost_pointee() {
        let inner = pointer_to(named("void"), true);
        assert_eq!(CType::parse("const void * *"), pointer_to(inner, false));
    }
}
