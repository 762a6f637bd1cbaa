//! Values: constants, enumerations, identifiers.

use super::super::constants::{guid_parts, uid_bytes};
use super::super::tables::type_name;
use super::decl::Header;
use crate::facts::{Constant, Enum, Guid, Uid};
use std::fmt::Write;

impl Header<'_> {
    /// The constants of this file: enumerations, then macros.
    pub fn constants(&self) -> String {
        let mut out = String::new();
        for e in self
            .facts
            .structs
            .enums
            .iter()
            .filter(|e| self.sources.contains(&e.header.as_str()))
        {
            enumeration(&mut out, e);
        }
        for source in self.sources {
            let constants = self
                .facts
                .constants
                .headers
                .get(*source)
                .or_else(|| self.facts.sdk.get(*source));
            // MAPI_DIM may be set by the program; MAPIDefS.h has it.
            let macros = constants
                .into_iter()
                .flatten()
                .filter(|c| c.kind != "enum" && c.name != "MAPI_DIM");
            let mut text = String::new();
            macros.for_each(|constant| macro_of(&mut text, constant));
            // All of these are the SDK's own.
            let guarded = *source == "MAPINls.h";
            out += &if guarded {
                format!("#ifndef _WIN32\n{text}#endif\n")
            } else {
                text
            };
        }
        for uid in self
            .facts
            .constants
            .uids
            .iter()
            .filter(|u| self.sources.contains(&u.header.as_str()))
        {
            uid_macro(&mut out, uid);
        }
        out.push('\n');
        out
    }

    /// The identifiers of this file.
    pub fn guids(&self) -> String {
        let guids = self
            .facts
            .constants
            .guids
            .iter()
            .filter(|g| self.sources.contains(&g.header.as_str()));
        guids.map(guid).collect()
    }
}

fn enumeration(out: &mut String, e: &Enum) {
    let name = e.name.as_deref().unwrap_or_default();
    // The original headers tag two of them and name the types differently.
    let (tag, type_name) = match name {
        "tagSAVEOPTS" => (name, "SAVEOPTS"),
        "_tagMethods" => (name, "METHODS"),
        name => ("", name),
    };
    let keyword = if name.is_empty() {
        "enum"
    } else {
        "typedef enum"
    };
    let _ = writeln!(out, "{keyword} {tag} {{");
    for value in &e.values {
        let _ = writeln!(out, "    {} = {},", value.name, value.value);
    }
    // C++98 and C89 know no comma after the last value; nobody else minds its absence.
    let comma = out.rfind(',').expect("an enumeration has values");
    out.remove(comma);
    let _ = writeln!(out, "}} {type_name};\n");
}

fn macro_of(out: &mut String, constant: &Constant) {
    let Constant { name, kind, .. } = constant;
    let value = constant.value();
    if constant.depends_on_unicode() && kind != "prop_tag" {
        let wide = constant.value_unicode();
        let _ = writeln!(out, "#ifdef UNICODE\n#define {name} ((ULONG)0x{wide:08X})");
        let _ = writeln!(out, "#else\n#define {name} ((ULONG)0x{value:08X})\n#endif");
        return;
    }
    let text = match kind.as_str() {
        "hresult" => format!("((HRESULT)0x{value:08X})"),
        "prop_tag" => prop_tag(constant),
        _ if name == "hrSuccess" => "((HRESULT)0)".to_owned(),
        _ if name.starts_with("BOOKMARK_") => format!("((BOOKMARK){value})"),
        _ => format!("((ULONG)0x{value:08X})"),
    };
    let _ = writeln!(out, "#define {name} {text}");
}

fn prop_tag(constant: &Constant) -> String {
    let value = constant.value();
    let kind = match (constant.depends_on_unicode(), value & 0x1000) {
        (true, 0) => "PT_TSTRING".to_owned(),
        (true, _) => "PT_MV_TSTRING".to_owned(),
        (false, _) => type_name(value & 0xFFFF),
    };
    format!("PROP_TAG({kind}, 0x{:04X})", value >> 16)
}

/// A byte string: a string literal where the name promises a pointer, else an initializer.
fn uid_macro(out: &mut String, uid: &Uid) {
    let bytes = uid_bytes(&uid.bytes);
    let _ = if uid.name.starts_with("pb") {
        let text: String = bytes.iter().map(|b| format!("\\x{b:02X}")).collect();
        writeln!(out, "#define {} \"{text}\"", uid.name)
    } else {
        let list: Vec<String> = bytes.iter().map(|b| format!("0x{b:02X}")).collect();
        writeln!(out, "#define {} {{{}}}", uid.name, list.join(", "))
    };
}

fn guid(guid: &Guid) -> String {
    let parts = guid_parts(&guid.guid);
    let tail: Vec<String> = parts.tail.iter().map(|b| format!("0x{b:02X}")).collect();
    format!(
        "DEFINE_GUID({}, 0x{:08X}, 0x{:04X}, 0x{:04X}, {});\n",
        guid.name,
        parts.first,
        parts.second,
        parts.third,
        tail.join(", ")
    )
}
