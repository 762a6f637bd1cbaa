//! `interfaces.rs`: vtables, interface types and their traits.

use super::ctype::Types;
use super::{GENERATED, ident};
use crate::facts::{Facts, Interface, Method};
use std::fmt::Write;

/// `generated/interfaces.rs`.
pub fn write(facts: &Facts, types: &Types) -> String {
    let mut out = GENERATED.to_owned();
    out += "use super::*;\nuse core::ffi::c_void;\n\n";
    for interface in &facts.interfaces.interfaces {
        vtable(&mut out, facts, types, interface);
        traits(&mut out, facts, interface);
    }
    out
}

fn vtable(out: &mut String, facts: &Facts, types: &Types, interface: &Interface) {
    let Interface { name, header, .. } = interface;
    let slots = interface.methods.len();
    let _ = writeln!(out, "/// The {slots} slots of [`{name}`].");
    let _ = writeln!(
        out,
        "#[repr(C)]\n#[derive(Clone, Copy)]\npub struct {name}Vtbl {{"
    );
    if let Some(base) = &interface.vtable_extends {
        let _ = writeln!(out, "    pub base: {base}Vtbl,");
    }
    for method in interface.own_methods(facts) {
        let _ = writeln!(
            out,
            "    pub {}: {},",
            method.name,
            method_type(types, name, method)
        );
    }
    out.push_str("}\n");
    let _ = writeln!(out, "/// `{name}` of {header}.");
    let _ = writeln!(
        out,
        "#[repr(C)]\npub struct {name} {{\n    pub lpVtbl: *const {name}Vtbl,\n}}"
    );
    for pointer in &interface.pointer_types {
        let _ = writeln!(out, "pub type {pointer} = *mut {name};");
    }
}

fn method_type(types: &Types, interface: &str, method: &Method) -> String {
    let params = method.params.iter().enumerate().map(|(index, param)| {
        let name = param.name.clone().unwrap_or_else(|| format!("arg{index}"));
        format!(", {}: {}", ident(&name), types.rust(&param.ctype))
    });
    let params: String = params.collect();
    let returns = types.rust_return(&method.returns);
    format!("unsafe extern \"system\" fn(This: *mut {interface}{params}){returns}")
}

fn traits(out: &mut String, facts: &Facts, interface: &Interface) {
    let name = &interface.name;
    let slots: Vec<&str> = interface.methods.iter().map(|m| m.name.as_str()).collect();
    let _ = writeln!(
        out,
        "impl {name} {{\n    /// The names of all slots in order."
    );
    let _ = writeln!(
        out,
        "    pub const METHODS: &'static [&'static str] = &{slots:?};\n}}"
    );
    if interface.iid.is_some() {
        let iid = iid_name(interface);
        let _ = writeln!(
            out,
            "// SAFETY: the struct is a vtable pointer; tests/layout.rs checks every slot."
        );
        let _ = writeln!(
            out,
            "unsafe impl Interface for {name} {{
    type Vtbl = {name}Vtbl;
    const IID: GUID = {iid};
    const NAME: &'static str = \"{name}\";
    const SLOTS: &'static [&'static str] = Self::METHODS;
}}"
        );
    }
    for ancestor in interface.ancestors(facts) {
        let ancestor = &ancestor.name;
        let _ = writeln!(out, "// SAFETY: {name}Vtbl starts with {ancestor}Vtbl.");
        let _ = writeln!(out, "unsafe impl Inherits<{ancestor}> for {name} {{}}");
    }
    out.push('\n');
}

/// The constant that holds the identifier.
fn iid_name(interface: &Interface) -> String {
    interface
        .iid_symbol
        .clone()
        .unwrap_or_else(|| format!("IID_{}", interface.name))
}
