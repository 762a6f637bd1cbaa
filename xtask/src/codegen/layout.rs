//! `tests/layout.rs` of mapi-sys: what the compiler made of the types, against the data.

use super::structs::{nested_name, rust_field_name};
use super::{GENERATED, hex, ident};
use crate::facts::{Facts, Field};
use std::fmt::Write;

/// `crates/mapi-sys/tests/layout.rs`.
pub fn write(facts: &Facts) -> String {
    let mut out = GENERATED.to_owned();
    out += PREAMBLE;
    structs(&mut out, facts);
    slots(&mut out, facts);
    constants(&mut out, facts);
    out
}

const PREAMBLE: &str = "\
//! Sizes, alignments, offsets, slots and values, as the Windows headers have them.

use mapi_sys::*;
use std::mem::{align_of, offset_of, size_of};

/// Compares a number with what it is for 64-bit and for 32-bit Windows pointers.
#[track_caller]
fn check(what: &str, found: usize, wide: usize, narrow: usize) {
    let expected = if cfg!(target_pointer_width = \"64\") { wide } else { narrow };
    assert_eq!(found, expected, \"{what}\");
}

/// The slot of a field of a vtable.
fn slot(offset: usize) -> usize {
    offset / size_of::<usize>()
}

";

fn structs(out: &mut String, facts: &Facts) {
    out.push_str("#[test]\nfn structs_have_their_size_alignment_and_offsets() {\n");
    for s in &facts.structs.structs {
        let name = &s.name;
        let _ = writeln!(
            out,
            "check(\"size of {name}\", size_of::<{name}>(), {}, {});",
            s.size, s.size_x86
        );
        let _ = writeln!(
            out,
            "check(\"align of {name}\", align_of::<{name}>(), {}, {});",
            s.align, s.align_x86
        );
        fields(out, name, &s.fields);
    }
    out.push_str("}\n\n");
}

fn fields(out: &mut String, outer: &str, list: &[Field]) {
    for field in list {
        let name = rust_field_name(field);
        let rust = ident(name);
        let Field {
            offset, offset_x86, ..
        } = field;
        let _ = writeln!(
            out,
            "check(\"{outer}.{name}\", offset_of!({outer}, {rust}), {offset}, {offset_x86});"
        );
        if !field.fields.is_empty() {
            fields(out, &nested_name(outer, field), &field.fields);
        }
    }
}

fn slots(out: &mut String, facts: &Facts) {
    out.push_str("#[test]\nfn methods_have_their_slots() {\n");
    for interface in &facts.interfaces.interfaces {
        let name = &interface.name;
        let vtbl = format!("{name}Vtbl");
        let count = interface.methods.len();
        let _ = writeln!(
            out,
            "assert_eq!(slot(size_of::<{vtbl}>()), {count}, \"{name}\");"
        );
        let _ = writeln!(
            out,
            "assert_eq!({name}::METHODS.len(), {count}, \"{name}\");"
        );
        for method in interface.own_methods(facts) {
            let (method, slot) = (&method.name, method.slot);
            let _ = writeln!(
                out,
                "assert_eq!(slot(offset_of!({vtbl}, {method})), {slot}, \"{name}::{method}\");"
            );
            let _ = writeln!(
                out,
                "assert_eq!({name}::METHODS[{slot}], \"{method}\", \"{name}\");"
            );
        }
    }
    out.push_str("}\n\n");
}

/// Every seventh constant: enough to notice a shift, small enough to read.
fn constants(out: &mut String, facts: &Facts) {
    out.push_str("#[test]\nfn constants_have_their_values() {\n");
    for (_, list) in facts.distinct_constants() {
        for constant in list.iter().step_by(7) {
            let name = &constant.name;
            let found = match constant.kind.as_str() {
                "hresult" => format!("{name}.cast_unsigned()"),
                _ if name == "hrSuccess" => format!("{name}.cast_unsigned()"),
                _ if name.starts_with("BOOKMARK_") => continue,
                _ => name.clone(),
            };
            let _ = writeln!(
                out,
                "assert_eq!({found}, {}, \"{name}\");",
                hex(constant.value())
            );
        }
    }
    out.push_str("}\n");
}
