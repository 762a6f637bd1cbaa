//! The properties of an attachment.

use mapi_types::{PropValue, Property, Result, tag};

use super::{Part, headers};
use crate::names::NameResolver;
use crate::parse::header::Header;
use crate::parse::mime::Mime;
use crate::tags::{
    ATT_MHTML_REF, PR_ATTACH_CHARSET, PR_ATTACH_CONTENT_LOCATION, PR_ATTACH_DISPOSITION,
    PR_ATTACH_FLAGS, PR_ATTACHMENT_HIDDEN,
};

/// PR_RENDERING_POSITION of an attachment that has none.
const NOWHERE: i32 = -1;

/// Fields that have properties of their own, or that export makes anew.
pub(super) const OWN: &[&str] = &[
    "content-type",
    "content-disposition",
    "content-transfer-encoding",
    "content-id",
    "content-location",
];

/// The properties of a part as attachment. File names are as the mail has them: whoever saves one makes it safe.
pub(super) fn props(
    part: &Part,
    method: i32,
    resolver: &dyn NameResolver,
) -> Result<Vec<Property>> {
    let Part {
        header,
        mime,
        place,
    } = part;
    let mut props = vec![
        Property::new(tag::PR_ATTACH_METHOD, method),
        Property::new(tag::PR_RENDERING_POSITION, NOWHERE),
        Property::new(tag::PR_ATTACH_MIME_TAG, mime.content_type.value.as_str()),
    ];
    if let Some(name) = mime.file_name() {
        let name = name.replace('\0', "");
        props.push(Property::new(tag::PR_DISPLAY_NAME, name.as_str()));
        props.push(Property::new(tag::PR_ATTACH_FILENAME, short_name(&name)));
        if let Some((_, extension)) = name.rsplit_once('.') {
            let extension = format!(".{extension}");
            props.push(Property::new(tag::PR_ATTACH_EXTENSION, extension));
        }
        props.push(Property::new(tag::PR_ATTACH_LONG_FILENAME, name));
    }
    let location = header.get("content-location").map(str::trim);
    if let Some(id) = &mime.content_id {
        props.push(Property::new(tag::PR_ATTACH_CONTENT_ID, id.as_str()));
    }
    if let Some(location) = location {
        props.push(Property::new(PR_ATTACH_CONTENT_LOCATION, location));
    }
    if let Some(disposition) = mime.disposition.as_ref().filter(|d| !d.value.is_empty()) {
        props.push(Property::new(
            PR_ATTACH_DISPOSITION,
            disposition.value.as_str(),
        ));
    }
    if let Some(charset) = mime.charset() {
        props.push(Property::new(PR_ATTACH_CHARSET, charset));
    }
    if place.related && (mime.content_id.is_some() || location.is_some()) {
        props.push(Property::new(PR_ATTACH_FLAGS, ATT_MHTML_REF));
        props.push(Property::new(PR_ATTACHMENT_HIDDEN, true));
    }
    props.extend(headers::named(kept(header, mime), resolver)?);
    Ok(props)
}

/// What only named properties can hold: unknown fields and parameters.
fn kept(header: &Header, mime: &Mime) -> Vec<(String, PropValue)> {
    let mut kept: Vec<(String, PropValue)> = Vec::new();
    for field in &header.fields {
        let known = OWN.contains(&field.name.as_str()) || kept.iter().any(|k| k.0 == field.name);
        if !known {
            let value = headers::readable(&field.value);
            kept.push((field.name.clone(), value.into()));
        }
    }
    let own = headers::params_but(&mime.content_type, &["boundary", "charset", "name"]);
    if own.contains(';') {
        kept.push(("content-type".to_owned(), own.into()));
    }
    kept
}

/// An 8.3 name for PR_ATTACH_FILENAME.
fn short_name(name: &str) -> String {
    let clean = |text: &str, length: usize| -> String {
        text.chars()
            .filter(|c| c.is_ascii_alphanumeric() || "_-~$".contains(*c))
            .take(length)
            .collect()
    };
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let (short, extension) = (clean(stem, 8), clean(extension, 3));
    let short = if short.is_empty() { "file" } else { &short };
    if extension.is_empty() {
        short.to_owned()
    } else {
        format!("{short}.{extension}")
    }
}
