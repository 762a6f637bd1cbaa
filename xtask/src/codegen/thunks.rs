//! Typed trampolines of mapi-com: for each call MAPI makes into a provider, a frame that holds its arguments and a C++
//! function that makes the call. What guards the call (exceptions, ended threads, deadlines) is written by hand around it.

use super::ctype::Types;
use super::{GENERATED, ident};
use crate::facts::{Facts, Param};
use std::fmt::Write;

/// The interfaces whose methods are called through the trampoline.
const INTERFACES: &[&str] = &[
    "IUnknown",
    "IMAPIAdviseSink",
    "IMAPIProviderShutdown",
    "IABProvider",
    "IABLogon",
    "IMSProvider",
    "IMSLogon",
    "IXPProvider",
    "IXPLogon",
];

/// The functions a provider's library exports: the frame's name, the function's type.
const ENTRY_POINTS: &[(&str, &str)] = &[
    ("ABProviderInit", "ABPROVIDERINIT"),
    ("MSProviderInit", "MSPROVIDERINIT"),
    ("XPProviderInit", "XPPROVIDERINIT"),
    ("MsgServiceEntry", "MSGSERVICEENTRY"),
];

/// One call.
struct Call {
    /// `IMSLogon_Logoff`, `MSProviderInit`.
    name: String,
    /// What a log calls it: `IMSLogon::Logoff`.
    title: String,
    target: Target,
    params: Vec<Param>,
    returns: String,
}

/// Where a call goes.
enum Target {
    Method { interface: String, slot: usize },
    Function { rust_type: String, cdecl: bool },
}

/// `crates/mapi-com/src/trampoline/generated.rs`.
pub fn rust(facts: &Facts, types: &Types) -> String {
    let mut out = GENERATED.to_owned();
    out += "//! Generated: frames of the calls MAPI makes into providers, and the C++ functions that make them.\n\n";
    out += RUST_HEAD;
    let calls = calls(facts);
    out += "unsafe extern \"C\" {\n";
    for call in &calls {
        let _ = writeln!(out, "fn openmapi_thunk_{}(frame: *mut c_void);", call.name);
    }
    out += "}\n\n";
    for call in &calls {
        rust_frame(&mut out, types, call);
    }
    out
}

const RUST_HEAD: &str = "\
// Frames of calls that are not made yet are unused.
#![allow(non_snake_case, unsafe_code, dead_code, missing_docs, clippy::too_many_arguments)]

use super::Frame;
use mapi_sys::*;
use std::ffi::c_void;

";

fn rust_frame(out: &mut String, types: &Types, call: &Call) {
    let Call { name, title, .. } = call;
    let frame = format!("{}Frame", name.replace('_', ""));
    let (target, target_type) = match &call.target {
        Target::Method { interface, .. } => ("object", format!("*mut {interface}")),
        Target::Function { rust_type, .. } => ("function", rust_type.clone()),
    };
    let fields: Vec<(String, String)> = std::iter::once((target.to_owned(), target_type))
        .chain(
            call.params
                .iter()
                .map(|p| (ident(param_name(p)), types.rust(&p.ctype))),
        )
        .collect();
    let list = |prefix: &str| -> String {
        fields
            .iter()
            .map(|(name, rust)| format!("{prefix}{name}: {rust},\n"))
            .collect()
    };
    let names: String = fields.iter().map(|(name, _)| format!("{name}, ")).collect();
    let returns = types.rust(&call.returns);
    let unset = if call.returns == "HRESULT" {
        "MAPI_E_CALL_FAILED"
    } else {
        "0"
    };
    let _ = writeln!(
        out,
        "/// A call of `{title}`.
#[repr(C)]
pub struct {frame} {{
{}pub(crate) result: {returns},
}}

impl {frame} {{
    /// The frame of a call that has not been made.
    ///
    /// # Safety
    /// The call must be sound with these arguments on any thread, and what they point to must stay valid until the frame is
    /// dropped: a call that nobody waits for any more still uses it ([`super::WithOutputs`]).
    pub unsafe fn new({}) -> Self {{
        Self {{ {names}result: {unset} }}
    }}
}}

// SAFETY: who made the frame has promised that the call may be made on any thread.
unsafe impl Send for {frame} {{}}

// SAFETY: generated from the same facts as the C++ struct of this name.
unsafe impl Frame for {frame} {{
    type Output = {returns};
    const CALL: &'static str = \"{title}\";
    const THUNK: unsafe extern \"C\" fn(*mut c_void) = openmapi_thunk_{name};
    fn result(&self) -> {returns} {{
        self.result
    }}
}}
",
        list("pub(crate) "),
        list(""),
    );
}

/// `crates/mapi-com/cpp/thunks.generated.cpp`.
pub fn cpp(facts: &Facts, types: &Types) -> String {
    let mut out = GENERATED.to_owned();
    out += CPP_HEAD;
    for call in calls(facts) {
        cpp_thunk(&mut out, types, &call);
    }
    out
}

const CPP_HEAD: &str = "\
// The calls MAPI makes into providers, each with its exact arguments. Pointers are `void *` and integers have their width:
// that is all a calling convention looks at, and no header is needed. Exceptions pass through; contain.cpp stops them.

#include <stdint.h>

#if defined(_WIN32) && !defined(_WIN64)
#define OPENMAPI_SYSTEM __stdcall
#define OPENMAPI_CDECL __cdecl
#else
#define OPENMAPI_SYSTEM
#define OPENMAPI_CDECL
#endif

// The method in a slot of an object's vtable.
template <typename Method> static Method openmapi_method(void *object, unsigned slot) {
    void **vtable = *static_cast<void ***>(object);
    return reinterpret_cast<Method>(vtable[slot]);
}

";

fn cpp_thunk(out: &mut String, types: &Types, call: &Call) {
    let name = &call.name;
    let word = |p: &Param| types.argument_word(&p.ctype);
    let returns = types.argument_word(&call.returns);
    let params: Vec<String> = call.params.iter().map(word).collect();
    let arguments: Vec<String> = call
        .params
        .iter()
        .map(|p| format!("f->{}", param_name(p)))
        .collect();
    let fields: String = call
        .params
        .iter()
        .map(|p| format!("    {} {};\n", word(p), param_name(p)))
        .collect();
    let (field, callee, convention, params, arguments) = match &call.target {
        Target::Method { slot, .. } => {
            let params = [&["void *".to_owned()], params.as_slice()].concat();
            let arguments = [&["f->object".to_owned()], arguments.as_slice()].concat();
            let callee = format!("openmapi_method<Call>(f->object, {slot})");
            (
                "    void *object;\n".to_owned(),
                callee,
                "SYSTEM",
                params,
                arguments,
            )
        }
        Target::Function { cdecl, .. } => {
            let convention = if *cdecl { "CDECL" } else { "SYSTEM" };
            let field = "    Call function;\n".to_owned();
            (
                field,
                "f->function".to_owned(),
                convention,
                params,
                arguments,
            )
        }
    };
    let _ = writeln!(
        out,
        "struct {name}_frame {{
    typedef {returns} (OPENMAPI_{convention} *Call)({});
{field}{fields}    {returns} result;
}};
extern \"C\" void openmapi_thunk_{name}(void *frame) {{
    {name}_frame *f = static_cast<{name}_frame *>(frame);{}
    f->result = {callee}({});
}}
",
        params.join(", "),
        if field.contains("object") {
            format!("\n    typedef {name}_frame::Call Call;")
        } else {
            String::new()
        },
        arguments.join(", "),
    );
}

fn param_name(param: &Param) -> &str {
    param
        .name
        .as_deref()
        .expect("the calls of this list have named parameters")
}

fn calls(facts: &Facts) -> Vec<Call> {
    let mut calls = Vec::new();
    for interface in INTERFACES.iter().map(|name| facts.interface(name)) {
        for method in interface.own_methods(facts) {
            calls.push(Call {
                name: format!("{}_{}", interface.name, method.name),
                title: format!("{}::{}", interface.name, method.name),
                target: Target::Method {
                    interface: interface.name.clone(),
                    slot: method.slot,
                },
                params: method.params.clone(),
                returns: method.returns.clone(),
            });
        }
    }
    for (name, type_name) in ENTRY_POINTS {
        let function = facts
            .structs
            .function_types
            .iter()
            .find(|f| f.name == *type_name);
        let function = function.unwrap_or_else(|| panic!("abi/structs.json has no {type_name}"));
        let cdecl = function.calling_convention == "cdecl";
        calls.push(Call {
            name: (*name).to_owned(),
            title: (*name).to_owned(),
            target: Target::Function {
                rust_type: (*type_name).to_owned(),
                cdecl,
            },
            params: function.params.clone(),
            returns: function.returns.clone(),
        });
    }
    calls.push(Call {
        name: "DllCanUnloadNow".to_owned(),
        title: "DllCanUnloadNow".to_owned(),
        target: Target::Function {
            rust_type: "FN_DllCanUnloadNow".to_owned(),
            cdecl: false,
        },
        params: Vec::new(),
        returns: "HRESULT".to_owned(),
    });
    calls
}
