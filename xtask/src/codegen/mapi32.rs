//! `crates/mapi32/src/generated.rs`: what mapi32 exports, each function held against the data by the compiler.

use super::GENERATED;
use super::functions::signature;
use crate::facts::Facts;
use std::fmt::Write;

/// What every COM server exports, without a prototype in the MAPI headers.
const COM_SERVER: &str = "DllCanUnloadNow";

/// The exports that mapi32 has and whose signature is known.
pub fn exports(facts: &Facts) -> impl Iterator<Item = &str> {
    let known = facts
        .exports
        .exports
        .iter()
        .filter(|export| export.in_mapi32 && signature(export).is_some())
        .map(|export| export.name.as_str());
    std::iter::once(COM_SERVER).chain(known)
}

/// `generated.rs`.
pub fn write(facts: &Facts) -> String {
    let mut out = GENERATED.to_owned();
    out += "/// Does not compile where a function is missing, or differs from the data.\nconst _: () = {\n";
    for name in exports(facts) {
        let _ = writeln!(out, "let _: mapi_sys::FN_{name} = crate::{name};");
    }
    out += "};\n";
    out
}
