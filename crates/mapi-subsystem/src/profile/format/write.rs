//! From a profile to its text.

use std::fmt::Write;

use mapi_types::{MapiUid, hex};

use super::super::content::{Profile, Section, SectionKind};
use super::super::props::PropSet;
use super::super::secret::Secrets;
use super::value::{encode, quote};
use super::{FORMAT, KINDS};

/// The text of a profile. Secure properties are not in a [`Profile`], and none gets here.
#[must_use]
pub fn write_profile(profile: &Profile) -> String {
    let mut out = String::from(
        "# A MAPI profile. MAPI writes this file as a whole: what is changed by hand is kept, comments are not.\n",
    );
    let _ = writeln!(out, "format = {FORMAT}");
    let _ = writeln!(out, "name = {}", quote(profile.name.as_str()));
    if profile.deleted {
        out += "deleted = true\n";
    }
    if let Some(name) = &profile.rename_to {
        let _ = writeln!(out, "rename_to = {}", quote(name.as_str()));
    }
    for section in &profile.sections {
        write_section(&mut out, section);
    }
    out
}

fn write_section(out: &mut String, section: &Section) {
    head(out, &section.uid);
    if let Some(kind) = kind_name(section.kind) {
        let _ = writeln!(out, "kind = {}", quote(kind));
    }
    if section.deleted {
        *out += "deleted = true\n";
    }
    props(out, &section.props);
}

/// The text of the secure properties of a profile.
#[must_use]
pub fn write_secrets(secrets: &Secrets) -> String {
    let mut out = String::from("# Passwords of a MAPI profile: for the eyes of its owner only.\n");
    let _ = writeln!(out, "format = {FORMAT}");
    for (uid, set) in secrets.iter() {
        head(&mut out, uid);
        props(&mut out, set);
    }
    out
}

fn head(out: &mut String, uid: &MapiUid) {
    let _ = writeln!(out, "\n[[section]]\nuid = {}", quote(&hex::encode(&uid.0)));
}

fn props(out: &mut String, props: &PropSet) {
    if props.is_empty() {
        return;
    }
    *out += "[section.props]\n";
    for prop in props.iter() {
        let value = encode(prop.tag, &prop.value);
        // 0x6600 to 0x67FF mean something else to each provider: the names that some have do not fit the others.
        let _ = match prop.tag.id() {
            0x6600..=0x67FF => writeln!(out, "{:#010x} = {value}", prop.tag.raw()),
            _ => writeln!(out, "{} = {value}", prop.tag),
        };
    }
}

fn kind_name(kind: SectionKind) -> Option<&'static str> {
    KINDS
        .iter()
        .find(|(k, _)| *k == kind)
        .map(|(_, name)| *name)
}
