//! `functions.rs`: callback types under their header names, exported functions as `FN_Name`.

use super::ctype::{CType, Types};
use super::{GENERATED, ident};
use crate::facts::{Export, Facts, FunctionType, Param};
use std::fmt::Write;

/// `generated/functions.rs`.
pub fn write(facts: &Facts, types: &Types) -> String {
    let mut out = GENERATED.to_owned();
    out += "use super::*;\nuse core::ffi::c_void;\n\n";
    out += COM_SERVER;
    let named = |name: &str| facts.structs.function_types.iter().any(|f| f.name == name);
    for function in &facts.structs.function_types {
        callback(&mut out, types, function);
        let pointer = format!("LP{}", function.name);
        if function.kind == "function" && !named(&pointer) {
            let _ = writeln!(out, "pub type {pointer} = Option<{}>;", function.name);
        }
    }
    for export in facts
        .exports
        .exports
        .iter()
        .chain(&facts.exports.declared_not_exported)
    {
        // Functions without a known prototype, or with types no public header defines, stay out.
        if let Some(Ok(signature)) = signature(export).map(|s| rust_signature(types, &s)) {
            let header = export.header.as_deref().unwrap_or("no header");
            let _ = writeln!(
                out,
                "/// `{}` of {header}.\npub type FN_{} = {signature};",
                export.name, export.name
            );
        }
    }
    out
}

/// The exports of every COM server, for which the MAPI headers have no prototype.
const COM_SERVER: &str = "\
/// `DllCanUnloadNow` of COM servers.
pub type FN_DllCanUnloadNow = unsafe extern \"system\" fn() -> HRESULT;
/// `DllGetClassObject` of COM servers.
pub type FN_DllGetClassObject =
    unsafe extern \"system\" fn(rclsid: REFCLSID, riid: REFIID, ppv: *mut LPVOID) -> HRESULT;
";

fn callback(out: &mut String, types: &Types, function: &FunctionType) {
    let signature = Signature {
        convention: function.calling_convention.clone(),
        returns: function.returns.clone(),
        params: function.params.clone(),
    };
    let rust = rust_signature(types, &signature)
        .unwrap_or_else(|name| panic!("{}: no type is called {name}", function.name));
    let _ = writeln!(out, "/// `{}` of {}.", function.name, function.header);
    let _ = match function.kind.as_str() {
        "function" => writeln!(out, "pub type {} = {rust};", function.name),
        _ => writeln!(out, "pub type {} = Option<{rust}>;", function.name),
    };
}

/// A function's type.
pub struct Signature {
    pub convention: String,
    pub returns: String,
    pub params: Vec<Param>,
}

/// The signature of an exported function, where the data has one.
pub fn signature(export: &Export) -> Option<Signature> {
    let text = export.signature.as_deref()?;
    let (head, rest) = text.split_once('(')?;
    let params = rest.strip_suffix(')')?;
    let returns = head.trim().strip_suffix(export.name.as_str())?.trim();
    Some(Signature {
        convention: export
            .calling_convention
            .clone()
            .unwrap_or_else(|| "system".to_owned()),
        returns: returns.to_owned(),
        params: split_params(params).into_iter().map(param).collect(),
    })
}

/// Splits at the commas outside parentheses.
fn split_params(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = text.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

/// `ULONG *lpcb` is a type and a name, `const void *` a type alone, `void (*f)(T t)` a callback.
fn param(text: &str) -> Param {
    let name_start = text
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map_or(0, |at| at + 1);
    let (ctype, name) = text.split_at(name_start);
    if text.contains('(') || name.is_empty() || ctype.is_empty() {
        return Param {
            name: None,
            ctype: text.to_owned(),
        };
    }
    Param {
        name: Some(name.to_owned()),
        ctype: ctype.trim().to_owned(),
    }
}

/// The Rust type of a function.
///
/// # Errors
/// The name of a type that nothing defines.
pub fn rust_signature(types: &Types, signature: &Signature) -> Result<String, String> {
    let abi = if signature.convention == "cdecl" {
        "C"
    } else {
        "system"
    };
    let mut params = Vec::new();
    for param in &signature.params {
        let rust = rust_param(types, &param.ctype)?;
        params.push(match &param.name {
            Some(name) => format!("{}: {rust}", ident(name)),
            None => rust,
        });
    }
    let returns = match signature.returns.as_str() {
        "void" => String::new(),
        returns => format!(" -> {}", types.try_rust(&CType::parse(returns))?),
    };
    Ok(format!(
        "unsafe extern \"{abi}\" fn({}){returns}",
        params.join(", ")
    ))
}

/// A parameter's type; `void (*name)(T t)` is the one form of callback written in place.
fn rust_param(types: &Types, text: &str) -> Result<String, String> {
    let Some((_, inner)) = text
        .strip_prefix("void (*")
        .and_then(|rest| rest.split_once(")("))
    else {
        return types.try_rust(&CType::parse(text));
    };
    let argument = param(inner.trim_end_matches(')'));
    let rust = types.try_rust(&CType::parse(&argument.ctype))?;
    Ok(format!("Option<unsafe extern \"C\" fn({rust})>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Signature {
        let export = Export {
            name: name.to_owned(),
            signature: Some(text.to_owned()),
            header: None,
            calling_convention: None,
            in_mapi32: true,
        };
        signature(&export).expect("a signature")
    }

    #[test]
    fn parameters_have_names_or_not() {
        let found = read(
            "F",
            "BOOL F(const void *, UINT, ULONG *lpcb, const MAPIUID *pUid)",
        );
        let params: Vec<(&str, Option<&str>)> = found
            .params
            .iter()
            .map(|p| (p.ctype.as_str(), p.name.as_deref()))
            .collect();
        let expected = [
            ("const void *", None),
            ("UINT", None),
            ("ULONG *", Some("lpcb")),
            ("const MAPIUID *", Some("pUid")),
        ];
        assert_eq!(params, expected);
        assert_eq!(found.returns, "BOOL");
    }

    #[test]
    fn a_callback_is_one_parameter() {
        let found = read(
            "F",
            "void F(LPMAPITABLE lptbl, void (*lpfn)(LPSPropTagArray ptaga, ULONG n))",
        );
        assert_eq!(found.params.len(), 2);
        assert!(read("F", "void F()").params.is_empty());
    }
}
