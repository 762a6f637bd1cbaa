//! `structs.rs`: structs and unions with their exact layout.

use super::ctype::{CType, Types};
use super::{GENERATED, ident};
use crate::facts::{Facts, Field, Struct};
use std::fmt::Write;

/// `generated/structs.rs`.
pub fn write(facts: &Facts, types: &Types) -> String {
    let mut out = GENERATED.to_owned();
    out += "// 32-bit Unix ABIs that align 8-byte integers to 4 are not supported: SPropValue would differ from Windows.\n\n";
    out += "use super::*;\n\n";
    let writer = Writer { facts, types };
    for s in &facts.structs.structs {
        let _ = writeln!(out, "/// {} of {}.", s.kind, s.header);
        let pack = s.pack.map(|n| format!(", packed({n})")).unwrap_or_default();
        writer.aggregate(&mut out, &s.kind, &pack, &s.name, &s.fields);
        for alias in &s.aliases {
            let _ = writeln!(out, "pub type {alias} = {};", s.name);
        }
        for pointer in s.pointer_types.iter().filter(|p| !p.starts_with("REF")) {
            let constant = pointer.starts_with("LPC") && !s.name.starts_with('C');
            let _ = writeln!(
                out,
                "pub type {pointer} = *{} {};",
                if constant { "const" } else { "mut" },
                s.name
            );
        }
        if s.pointer_types.iter().any(|p| p == "REFGUID") {
            out += "pub type REFGUID = *const GUID;\n";
        }
        out.push('\n');
    }
    out
}

struct Writer<'a> {
    facts: &'a Facts,
    types: &'a Types,
}

impl Writer<'_> {
    /// One type, and before it the types that its fields declare in place.
    fn aggregate(&self, out: &mut String, kind: &str, repr: &str, name: &str, fields: &[Field]) {
        let mut nested = String::new();
        let mut body = String::new();
        for field in fields {
            let field_name = ident(rust_field_name(field));
            let field_type = if field.fields.is_empty() {
                self.types.rust(&field.ctype)
            } else {
                let inner = nested_name(name, field);
                self.aggregate(&mut nested, &field.ctype, "", &inner, &field.fields);
                inner
            };
            let _ = writeln!(body, "    pub {field_name}: {field_type},");
        }
        let derives = self.derives(kind, fields);
        let _ = writeln!(
            out,
            "#[repr(C{repr})]\n#[derive({derives})]\npub {kind} {name} {{\n{body}}}"
        );
        out.push_str(&nested);
    }

    /// Unions hold what nobody knows and compare nothing; plain integers do both.
    fn derives(&self, kind: &str, fields: &[Field]) -> &'static str {
        if kind == "union" || self.holds_union(fields) {
            "Clone, Copy"
        } else if fields
            .iter()
            .all(|f| self.is_integer(&CType::parse(&f.ctype)))
        {
            "Clone, Copy, Debug, PartialEq, Eq, Hash"
        } else {
            "Clone, Copy, Debug"
        }
    }

    fn holds_union(&self, fields: &[Field]) -> bool {
        fields.iter().any(|f| {
            f.ctype == "union"
                || self.holds_union(&f.fields)
                || self.is_union(&CType::parse(&f.ctype))
        })
    }

    fn is_union(&self, ctype: &CType) -> bool {
        match ctype {
            CType::Array { of, .. } => self.is_union(of),
            CType::Pointer { .. } => false,
            CType::Named(name) => self
                .find(name)
                .is_some_and(|s| s.kind == "union" || self.holds_union(&s.fields)),
        }
    }

    fn is_integer(&self, ctype: &CType) -> bool {
        match ctype {
            CType::Array { of, .. } => self.is_integer(of),
            CType::Pointer { .. } => false,
            CType::Named(name) => {
                let base = self.facts.structs.base_types.get(name);
                base.is_some_and(|b| matches!(b.kind.as_str(), "signed" | "unsigned"))
            }
        }
    }

    fn find(&self, name: &str) -> Option<&Struct> {
        let is = |s: &&Struct| {
            s.name == name
                || s.tag.as_deref() == Some(name)
                || s.aliases.iter().any(|alias| alias == name)
        };
        self.facts.structs.structs.iter().find(is)
    }
}

/// The name of a field; C leaves some structs and unions unnamed.
pub fn rust_field_name(field: &Field) -> &str {
    field.name.as_deref().unwrap_or("anonymous")
}

/// The name of the type a field declares in place.
pub fn nested_name(outer: &str, field: &Field) -> String {
    format!("{outer}_{}", rust_field_name(field))
}
