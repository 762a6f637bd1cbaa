//! Declarations: structs, callbacks, interfaces, functions.

use super::super::ctype::{CType, Types};
use super::super::functions;
use super::home;
use crate::facts::{Facts, Field, FunctionType, Interface, Method, Param, Struct};
use std::fmt::Write;

/// What one header file takes from the data.
pub struct Header<'a> {
    pub facts: &'a Facts,
    pub types: &'a Types,
    pub sources: &'a [&'a str],
}

impl<'a> Header<'a> {
    /// Whether this file holds `name`, which the data puts under `header`.
    pub fn holds(&self, header: &str, name: &str) -> bool {
        self.sources.contains(&home(header, name))
    }

    /// The interfaces of this file.
    pub fn interfaces(&self) -> impl Iterator<Item = &'a Interface> {
        let sources = self.sources;
        self.facts
            .interfaces
            .interfaces
            .iter()
            .filter(move |i| sources.contains(&i.header.as_str()))
    }

    /// Everything a MAPI header holds.
    pub fn contents(&self) -> String {
        let types = self.types_and_interfaces() + &self.functions();
        format!("\n{}{types}{}", self.constants(), self.guids())
    }

    /// Structures, callbacks and interfaces, in an order a compiler accepts.
    pub fn types_and_interfaces(&self) -> String {
        let structs: Vec<&Struct> = self
            .facts
            .structs
            .structs
            .iter()
            .filter(|s| self.holds(&s.header, &s.name))
            .collect();
        let mut out = String::new();
        for s in &structs {
            struct_names(&mut out, s);
        }
        for function in self
            .facts
            .structs
            .function_types
            .iter()
            .filter(|f| self.holds(&f.header, &f.name))
        {
            self.callback(&mut out, function);
        }
        for s in &structs {
            struct_body(&mut out, s);
        }
        if !out.is_empty() {
            out = extern_c(&out);
        }
        for interface in self.interfaces() {
            self.interface(&mut out, interface);
        }
        out
    }

    fn callback(&self, out: &mut String, function: &FunctionType) {
        let FunctionType {
            name,
            returns,
            params,
            ..
        } = function;
        let params = param_list(None, params);
        let convention = if function.calling_convention == "cdecl" {
            "STDMAPIINITCALLTYPE"
        } else {
            "STDMETHODCALLTYPE"
        };
        if function.kind == "pointer" {
            let _ = writeln!(out, "typedef {returns} ({convention} *{name})({params});\n");
            return;
        }
        let _ = writeln!(out, "typedef {returns} ({convention} {name})({params});");
        let pointer = match name.as_str() {
            "ACCELERATEABSDI" => "LPFNABSDI".to_owned(),
            "DISMISSMODELESS" => "LPFNDISMISS".to_owned(),
            "FNIDLE" => "PFNIDLE".to_owned(),
            name => format!("LP{name}"),
        };
        if !self
            .facts
            .structs
            .function_types
            .iter()
            .any(|f| f.name == pointer)
        {
            let _ = writeln!(out, "typedef {name} *{pointer};");
        }
        out.push('\n');
    }

    fn interface(&self, out: &mut String, interface: &Interface) {
        let name = &interface.name;
        let _ = writeln!(
            out,
            "/* {name}: {} slots */\n#ifdef __cplusplus",
            interface.methods.len()
        );
        let parent = interface.parent.as_deref();
        let inherited = parent.map_or(0, |parent| self.facts.interface(parent).methods.len());
        let methods = format!("MAPI_{}_METHODS", name.to_uppercase());
        let _ = write!(out, "#define {methods}(IPURE)");
        for method in &interface.methods[inherited..] {
            let params = param_list(None, &method.params);
            let declarator = match method.returns.as_str() {
                "HRESULT" => format!("MAPIMETHOD({})", method.name),
                returns => format!("MAPIMETHOD_({returns}, {})", method.name),
            };
            let _ = write!(
                out,
                " \\\n    {declarator}({}) IPURE;",
                if params == "void" { "" } else { &params }
            );
        }
        let base = parent
            .map(|parent| format!(" : public {parent}"))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "\nstruct {name}{base} {{\n    {methods}(PURE)\n}};\n#else"
        );
        let _ = writeln!(out, "typedef struct {name}Vtbl {{");
        for method in &interface.methods {
            let Method {
                name: method,
                returns,
                params,
                ..
            } = method;
            let params = param_list(Some(name), params);
            let _ = writeln!(
                out,
                "    {returns} (STDMETHODCALLTYPE *{method})({params});"
            );
        }
        let _ = writeln!(
            out,
            "}} {name}Vtbl;\nstruct {name} {{\n    const {name}Vtbl *lpVtbl;\n}};\n#endif\n"
        );
    }

    /// Prototypes of the functions MAPI exports, and of the entry points a provider exports.
    fn functions(&self) -> String {
        let exports = &self.facts.exports;
        let mut out = String::new();
        for export in exports.exports.iter().chain(&exports.declared_not_exported) {
            let header = export.header.as_deref().unwrap_or_default();
            let Some(signature) =
                functions::signature(export).filter(|_| self.holds(header, &export.name))
            else {
                continue;
            };
            if functions::rust_signature(self.types, &signature).is_err() {
                continue; // a type no public header defines
            }
            let convention = if signature.convention == "cdecl" {
                "STDMAPIINITCALLTYPE"
            } else {
                "STDAPICALLTYPE"
            };
            let params = param_list(None, &signature.params);
            let _ = writeln!(
                out,
                "{} {convention} {}({params});",
                signature.returns, export.name
            );
        }
        if out.is_empty() { out } else { extern_c(&out) }
    }
}

fn extern_c(body: &str) -> String {
    format!(
        "#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n{body}\n#ifdef __cplusplus\n}}\n#endif\n\n"
    )
}

fn param_list(this: Option<&str>, params: &[Param]) -> String {
    let this = this.map(|interface| format!("{interface} *This"));
    let params = params.iter().map(|p| match &p.name {
        Some(name) => declare("", &p.ctype, name),
        None => p.ctype.clone(),
    });
    let list: Vec<String> = this.into_iter().chain(params).collect();
    if list.is_empty() {
        "void".to_owned()
    } else {
        list.join(", ")
    }
}

/// `prefix type name`, with the stars at the name.
pub fn declare(prefix: &str, ctype: &str, name: &str) -> String {
    let stars = ctype.matches('*').count();
    let base = ctype.replace('*', " ");
    let base = base.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{prefix}{base} {}{name}", "*".repeat(stars))
}

/// The tag of a structure; some have none in the original headers.
fn tag(s: &Struct) -> &str {
    s.tag.as_deref().unwrap_or(&s.name)
}

fn struct_names(out: &mut String, s: &Struct) {
    let _ = write!(out, "typedef {} {} {}", s.kind, tag(s), s.name);
    for alias in &s.aliases {
        let _ = write!(out, ", {alias}");
    }
    out.push_str(";\n");
    for pointer in s.pointer_types.iter().filter(|p| *p != "REFGUID") {
        let constant = if pointer.starts_with("LPC") {
            "const "
        } else {
            ""
        };
        let _ = writeln!(out, "typedef {constant}{} *{pointer};", s.name);
    }
    if s.name == "GUID" {
        out.push_str(GUID_REFERENCES);
    }
}

const GUID_REFERENCES: &str = "\
typedef IID *LPIID;
typedef CLSID *LPCLSID;
#ifdef __cplusplus
typedef const GUID &REFGUID;
typedef const IID &REFIID;
typedef const CLSID &REFCLSID;
#else
typedef const GUID *REFGUID;
typedef const IID *REFIID;
typedef const CLSID *REFCLSID;
#endif
";

fn struct_body(out: &mut String, s: &Struct) {
    out.push('\n');
    if let Some(pack) = s.pack {
        let _ = writeln!(out, "#pragma pack(push, {pack})");
    }
    let _ = writeln!(out, "{} {} {{", s.kind, tag(s));
    for (index, field) in s.fields.iter().enumerate() {
        let tail = s.variable_tail && index + 1 == s.fields.len();
        out.push_str(&member(field, tail, 1));
    }
    out.push_str("};\n");
    if s.pack.is_some() {
        out.push_str("#pragma pack(pop)\n");
    }
    if s.variable_tail {
        sized(out, s);
    }
}

fn member(field: &Field, tail: bool, depth: usize) -> String {
    let indent = "    ".repeat(depth);
    if !field.fields.is_empty() {
        let anonymous = if field.name.is_none() {
            "MAPI_ANONYMOUS "
        } else {
            ""
        };
        let inner: String = field
            .fields
            .iter()
            .map(|f| member(f, false, depth + 1))
            .collect();
        let name = field
            .name
            .as_ref()
            .map(|name| format!(" {name}"))
            .unwrap_or_default();
        return format!(
            "{indent}{anonymous}{} {{\n{inner}{indent}}}{name};\n",
            field.ctype
        );
    }
    let name = field
        .name
        .as_deref()
        .expect("only nested members have no name");
    let (element, count) = match field.ctype.split_once('[') {
        Some((element, _)) if tail => (element, "[MAPI_DIM]".to_owned()),
        Some((element, count)) => (element, format!("[{count}")),
        None => (field.ctype.as_str(), String::new()),
    };
    format!("{indent}{}{count};\n", declare("", element, name))
}

/// `CbNewX`, `CbX` and `SizedX` of a structure that ends in an array.
fn sized(out: &mut String, s: &Struct) {
    let Struct { name, fields, .. } = s;
    let (tail, head) = fields
        .split_last()
        .expect("a structure with a tail has members");
    let array = tail.name.as_deref().unwrap_or_default();
    let CType::Array { .. } = CType::parse(&tail.ctype) else {
        panic!("{name} does not end in an array")
    };
    let element = tail
        .ctype
        .split_once('[')
        .map_or("", |(element, _)| element.trim());
    let _ = writeln!(
        out,
        "#define CbNew{name}(n) (offsetof({name}, {array}) + (n) * sizeof({element}))"
    );
    if let Some(count) = head
        .first()
        .and_then(|f| f.name.as_ref())
        .filter(|f| f.starts_with('c'))
    {
        let _ = writeln!(out, "#define Cb{name}(p) CbNew{name}((p)->{count})");
    }
    let head: String = head
        .iter()
        .map(|f| member(f, false, 0).replace('\n', " "))
        .collect();
    let _ = writeln!(
        out,
        "#define Sized{name}(n, _name) struct _{name}_##_name {{ {head}{element} {array}[n]; }} _name"
    );
}
