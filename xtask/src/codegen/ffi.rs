//! What `testing/ffi` compares and calls: static assertions for C and C++, and for chosen interfaces an object in each
//! language that records which slot was called with which arguments, and a caller in the other.

use super::GENERATED;
use crate::facts::{Facts, Field, Interface, Method};
use std::fmt::Write;

/// The interfaces that are called through every slot.
const INTERFACES: &[&str] = &[
    "IUnknown",
    "IMAPISession",
    "IMAPIProp",
    "IMAPITable",
    "IMAPIStatus",
    "IMAPISupport",
    "IMSProvider",
    "IMSLogon",
    "IMsgStore",
    "IABProvider",
    "IABLogon",
    "IXPProvider",
    "IXPLogon",
];

/// `testing/ffi/cpp/layout.generated.h`.
pub fn layout(facts: &Facts) -> String {
    let mut out = GENERATED.to_owned();
    for s in &facts.structs.structs {
        let name = &s.name;
        let _ = writeln!(
            out,
            "MAPI_CHECK(sizeof({name}), {}, {}, \"size of {name}\");",
            s.size, s.size_x86
        );
        let _ = writeln!(
            out,
            "MAPI_CHECK(MAPI_ALIGNOF({name}), {}, {}, \"align of {name}\");",
            s.align, s.align_x86
        );
        offsets(&mut out, name, "", (0, 0), &s.fields);
    }
    for (_, constants) in facts.distinct_constants() {
        for constant in constants {
            let (name, value) = (&constant.name, constant.value());
            let _ = writeln!(out, "MAPI_CHECK_VALUE({name}, 0x{value:08X}u);");
        }
    }
    out.push_str("#ifndef __cplusplus\n");
    for interface in &facts.interfaces.interfaces {
        let name = &interface.name;
        for method in &interface.methods {
            let _ = writeln!(
                out,
                "MAPI_CHECK_SLOT({name}Vtbl, {}, {});",
                method.name, method.slot
            );
        }
    }
    out.push_str("#endif\n");
    out
}

fn offsets(out: &mut String, outer: &str, path: &str, base: (usize, usize), fields: &[Field]) {
    for field in fields {
        let (wide, narrow) = (base.0 + field.offset, base.1 + field.offset_x86);
        // Members of an unnamed structure belong to what contains it.
        let Some(name) = &field.name else {
            offsets(out, outer, path, (wide, narrow), &field.fields);
            continue;
        };
        let member = format!("{path}{name}");
        let _ = writeln!(
            out,
            "MAPI_CHECK(offsetof({outer}, {member}), {wide}, {narrow}, \"{outer}.{member}\");"
        );
        offsets(
            out,
            outer,
            &format!("{member}."),
            (wide, narrow),
            &field.fields,
        );
    }
}

/// `testing/ffi/cpp/calls.generated.cpp`.
pub fn cpp_calls(facts: &Facts) -> String {
    let mut out = GENERATED.to_owned();
    out += "#include \"calls.hpp\"\n\n";
    for interface in INTERFACES.iter().map(|name| facts.interface(name)) {
        let name = &interface.name;
        let _ = writeln!(out, "struct {name}Recorder : public {name} {{");
        for method in &interface.methods {
            cpp_recorder(&mut out, method);
        }
        let _ = writeln!(out, "}};\n\nextern \"C\" void *openmapi_ffi_{name}() {{");
        let _ = writeln!(
            out,
            "    static {name}Recorder object;\n    return static_cast<{name} *>(&object);\n}}\n"
        );
        let _ = writeln!(
            out,
            "extern \"C\" const char *openmapi_ffi_call_{name}({name} *object) {{"
        );
        for method in &interface.methods {
            cpp_call(&mut out, interface, method);
        }
        out += "    return nullptr;\n}\n\n";
    }
    out
}

fn cpp_recorder(out: &mut String, method: &Method) {
    let Method {
        slot,
        name,
        returns,
        params,
    } = method;
    let list: Vec<String> = params
        .iter()
        .enumerate()
        .map(|(at, p)| format!("{} a{at}", p.ctype))
        .collect();
    let words: String = params
        .iter()
        .enumerate()
        .map(|(at, p)| format!(", word<{}>(a{at})", p.ctype))
        .collect();
    let _ = writeln!(
        out,
        "    {returns} STDMETHODCALLTYPE {name}({}) override {{ return record<{returns}>({slot}{words}); }}",
        list.join(", "),
    );
}

fn cpp_call(out: &mut String, interface: &Interface, method: &Method) {
    let Method {
        slot,
        name,
        returns,
        params,
    } = method;
    let value = |at: usize, ctype: &str| format!("value<{ctype}>({slot}, {at})");
    let arguments: Vec<String> = params
        .iter()
        .enumerate()
        .map(|(at, p)| value(at, &p.ctype))
        .collect();
    let words: String = params
        .iter()
        .enumerate()
        .map(|(at, p)| format!(", word<{0}>({1})", p.ctype, value(at, &p.ctype)))
        .collect();
    let _ = writeln!(
        out,
        "    if (!arrived({slot}, object->{name}({}), result<{returns}>({slot}){words})) return \"{}::{name}\";",
        arguments.join(", "),
        interface.name,
    );
}

/// `testing/ffi/src/calls.rs`.
pub fn rust_calls(facts: &Facts) -> String {
    let mut out = GENERATED.to_owned();
    out += RUST_HEAD;
    for interface in INTERFACES.iter().map(|name| facts.interface(name)) {
        let name = &interface.name;
        let _ = writeln!(
            out,
            "/// {name}: recorders, the vtable of them, and a call through every slot."
        );
        let _ = writeln!(out, "pub mod {} {{\nuse super::*;", module(name));
        for method in &interface.methods {
            rust_recorder(&mut out, method);
        }
        let _ = writeln!(out, "/// An object whose methods record.");
        let _ = writeln!(
            out,
            "pub static VTBL: {name}Vtbl = {};",
            rust_vtable(facts, interface)
        );
        rust_caller(&mut out, facts, interface);
        out.push_str("}\n\n");
    }
    out += "/// Every interface with what the tests need of it.\npub static CASES: &[Case] = &[\n";
    for name in INTERFACES {
        let module = module(name);
        let _ = writeln!(
            out,
            "Case {{ name: \"{name}\", cpp_object: openmapi_ffi_{name}, call_from_cpp: openmapi_ffi_call_{name},
            vtable: (&raw const {module}::VTBL).cast::<c_void>(), call_from_rust: {module}::call }},"
        );
    }
    out += "];\n\nunsafe extern \"C\" {\n";
    for name in INTERFACES {
        let _ = writeln!(out, "fn openmapi_ffi_{name}() -> *mut c_void;");
        let _ = writeln!(
            out,
            "fn openmapi_ffi_call_{name}(object: *mut c_void) -> *const c_char;"
        );
    }
    out += "}\n\n";
    guid_symbols(&mut out, facts);
    out
}

const RUST_HEAD: &str = "\
//! Generated: objects that record, and calls through every slot.
#![allow(missing_docs, non_snake_case, clippy::undocumented_unsafe_blocks, clippy::too_many_arguments, clippy::too_many_lines)]

use crate::{Case, arrived, record, result, value, word};
use mapi_sys::*;
use std::ffi::{c_char, c_void};

";

fn module(interface: &str) -> String {
    interface.to_lowercase()
}

fn rust_recorder(out: &mut String, method: &Method) {
    let Method {
        slot, name, params, ..
    } = method;
    let generics: String = (0..params.len())
        .map(|at| format!(", a{at}: A{at}"))
        .collect();
    let types: Vec<String> = (0..params.len()).map(|at| format!("A{at}: Copy")).collect();
    let words: Vec<String> = (0..params.len()).map(|at| format!("word(a{at})")).collect();
    let _ = writeln!(
        out,
        "unsafe extern \"system\" fn {name}<This, {}{}R: From<u8>>(_: *mut This{generics}) -> R {{
            record({slot}, &[{}])
        }}",
        types.join(", "),
        if types.is_empty() { "" } else { ", " },
        words.join(", "),
    );
}

/// The vtable value of `interface`, made of recorders.
fn rust_vtable(facts: &Facts, interface: &Interface) -> String {
    let base = interface
        .vtable_extends
        .as_deref()
        .map(|base| facts.interface(base));
    let base = base
        .map(|base| format!("base: {},", rust_vtable(facts, base)))
        .unwrap_or_default();
    let methods: String = interface
        .own_methods(facts)
        .iter()
        .map(|m| format!("{},", m.name))
        .collect();
    format!("{}Vtbl {{ {base} {methods} }}", interface.name)
}

fn rust_caller(out: &mut String, facts: &Facts, interface: &Interface) {
    let _ = writeln!(
        out,
        "/// Calls every slot of a recording object; the name of the first method that did not get what was sent.
        ///
        /// # Safety
        /// `object` is a recorder with the vtable of {0}.
        pub unsafe fn call(object: *mut c_void) -> Option<&'static str> {{
            unsafe {{
            let object: *mut {0} = object.cast();
            let vtbl = (*object).lpVtbl;",
        interface.name
    );
    for method in &interface.methods {
        let Method {
            slot, name, params, ..
        } = method;
        let path = vtable_path(facts, interface, *slot);
        let values: String = (0..params.len())
            .map(|at| format!(", value({slot}, {at})"))
            .collect();
        let _ = writeln!(
            out,
            "let found = ((*vtbl){path}.{name})(object.cast(){values});
            if !arrived({slot}, {}, found == result({slot})) {{ return Some(\"{name}\"); }}",
            params.len()
        );
    }
    out.push_str("None\n}\n}\n");
}

/// `.base.base`: where the slot lies in the nested vtables.
fn vtable_path(facts: &Facts, interface: &Interface, slot: usize) -> String {
    let ancestors = interface.ancestors(facts);
    let levels = ancestors
        .iter()
        .take_while(|ancestor| slot < ancestor.methods.len())
        .count();
    ".base".repeat(levels)
}

/// The identifiers as the C headers define them.
fn guid_symbols(out: &mut String, facts: &Facts) {
    out.push_str(
        "/// Identifiers as C has them.\npub mod c {\nuse super::GUID;\nunsafe extern \"C\" {\n",
    );
    for guid in &facts.constants.guids {
        let _ = writeln!(out, "pub static {}: GUID;", guid.name);
    }
    out.push_str("}\n}\n\n/// Name, value in Rust, value in C.\n");
    out.push_str("pub fn guids() -> Vec<(&'static str, GUID, GUID)> {\nunsafe { vec![\n");
    for guid in &facts.constants.guids {
        let _ = writeln!(out, "(\"{0}\", {0}, c::{0}),", guid.name);
    }
    out.push_str("] }\n}\n");
}
