//! `base.rs`: scalar types, pointer type names and the traits of interfaces.

use super::GENERATED;
use super::ctype::{ALIASES, Types};
use crate::facts::{BaseType, Facts};
use std::fmt::Write;

/// `generated/mod.rs`.
pub fn module() -> String {
    let mut out = GENERATED.to_owned();
    for module in [
        "base",
        "constants",
        "functions",
        "guids",
        "interfaces",
        "structs",
    ] {
        let _ = writeln!(out, "mod {module};\npub use {module}::*;");
    }
    out
}

/// `generated/base.rs`.
pub fn base(facts: &Facts, types: &Types) -> String {
    let mut out = GENERATED.to_owned();
    out += "use super::*;\nuse core::ffi::{c_char, c_void};\n\n";
    out += TRAITS;
    for (name, base) in &facts.structs.base_types {
        if let Some(rust) = rust_base(name, base) {
            let _ = writeln!(out, "pub type {name} = {rust};");
        }
    }
    for typedef in &facts.structs.scalar_typedefs {
        let _ = writeln!(
            out,
            "pub type {} = {};",
            typedef.name,
            types.rust(&typedef.ctype)
        );
    }
    for name in facts.structs.enums.iter().filter_map(|e| e.name.as_ref()) {
        let _ = writeln!(out, "pub type {name} = u32;");
    }
    for (name, ctype) in ALIASES {
        let _ = writeln!(out, "pub type {name} = {};", types.rust(ctype));
    }
    out
}

/// The Rust type of a base type, none for what C itself calls by that name.
fn rust_base(name: &str, base: &BaseType) -> Option<String> {
    if name.starts_with(|c: char| c.is_lowercase() || c == '_') {
        return None;
    }
    let pointer_sized = base.size != base.size_x86;
    let bits = base.size * 8;
    Some(match base.kind.as_str() {
        _ if name == "CHAR" => "c_char".to_owned(),
        "pointer" if name == "LPCVOID" => "*const c_void".to_owned(),
        "pointer" => "*mut c_void".to_owned(),
        "signed" if pointer_sized => "isize".to_owned(),
        "unsigned" if pointer_sized => "usize".to_owned(),
        "signed" => format!("i{bits}"),
        "unsigned" => format!("u{bits}"),
        other => panic!("{name} is of kind {other}"),
    })
}

const TRAITS: &str = "\
/// A COM interface that has an identifier.
///
/// # Safety
/// A value of the type starts with a pointer to a `Vtbl`, and `IID` is the interface's own.
pub unsafe trait Interface: Sized {
    /// The table of methods.
    type Vtbl: 'static;
    /// The interface identifier.
    const IID: GUID;
    /// The name, as in the headers.
    const NAME: &'static str;
    /// The names of all slots, inherited ones included, in order.
    const SLOTS: &'static [&'static str];
}

/// The vtable of the implementing interface starts with the vtable of `Base`: a pointer to the one is a pointer to the other.
///
/// # Safety
/// As said.
pub unsafe trait Inherits<Base> {}

";
