//! From text to a profile. The text may come from anywhere: every error names its line.

use std::ops::Range;
use std::path::Path;

use mapi_types::{Error, ErrorCode, MapiUid, PropTag, Property, Result};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::content::{Profile, Section, SectionKind};
use super::super::name::ProfileName;
use super::super::props::{PropSet, is_secure};
use super::super::secret::Secrets;
use super::value::{decode, unhex};
use super::{FORMAT, KINDS};

/// Reads the text of a profile; `path` is its name in errors.
///
/// # Errors
/// MAPI_E_CORRUPT_DATA with file and line, MAPI_E_VERSION if a newer program wrote it.
pub fn read_profile(text: &str, path: &Path) -> Result<Profile> {
    let source = Source { text, path };
    let table = source.parse()?;
    let root = Fields::new(source, table.get_ref(), table.span());
    root.only(&["format", "name", "deleted", "rename_to", "section"])?;
    root.version()?;
    let name = root.name("name")?.ok_or_else(|| root.missing("name"))?;
    let mut profile = Profile {
        name,
        sections: Vec::new(),
        deleted: root.flag("deleted")?,
        rename_to: root.name("rename_to")?,
    };
    for fields in root.tables("section")? {
        let section = read_section(&fields)?;
        if profile.section(&section.uid).is_some() {
            return Err(fields.wrong("uid", "there is a section with this uid already"));
        }
        profile.sections.push(section);
    }
    Ok(profile)
}

fn read_section(fields: &Fields<'_, '_>) -> Result<Section> {
    fields.only(&["uid", "kind", "deleted", "props"])?;
    let kind = match fields.text("kind")? {
        None => SectionKind::Other,
        Some(kind) => KINDS
            .iter()
            .find(|(_, name)| *name == kind)
            .map(|(kind, _)| *kind)
            .ok_or_else(|| fields.wrong("kind", "this is no kind of section"))?,
    };
    Ok(Section {
        uid: fields.uid()?,
        kind,
        deleted: fields.flag("deleted")?,
        props: fields.props(false)?,
    })
}

/// Reads the text of secure properties.
///
/// # Errors
/// As [`read_profile`]. No value is in the text of an error.
pub fn read_secrets(text: &str, path: &Path) -> Result<Secrets> {
    let source = Source { text, path };
    let table = source.parse()?;
    let root = Fields::new(source, table.get_ref(), table.span());
    root.only(&["format", "section"])?;
    root.version()?;
    let mut secrets = Secrets::default();
    for fields in root.tables("section")? {
        fields.only(&["uid", "props"])?;
        let uid = fields.uid()?;
        for prop in fields.props(true)?.iter() {
            secrets.set(&uid, prop.clone());
        }
    }
    Ok(secrets)
}

#[derive(Clone, Copy)]
struct Source<'t> {
    text: &'t str,
    path: &'t Path,
}

impl<'t> Source<'t> {
    fn parse(self) -> Result<Spanned<DeTable<'t>>> {
        DeTable::parse(self.text)
            .map_err(|e| self.corrupt(&e.span().unwrap_or_default(), e.message()))
    }

    fn corrupt(self, span: &Range<usize>, text: &str) -> Error {
        self.error(ErrorCode::CORRUPT_DATA, span, text)
    }

    fn error(self, code: ErrorCode, span: &Range<usize>, text: &str) -> Error {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        Error::system(code).context(format!("{}:{line}: {text}", self.path.display()))
    }
}

/// A table of the file.
struct Fields<'t, 'v> {
    source: Source<'t>,
    table: &'v DeTable<'t>,
    span: Range<usize>,
}

impl<'t, 'v> Fields<'t, 'v> {
    fn new(source: Source<'t>, table: &'v DeTable<'t>, span: Range<usize>) -> Self {
        Self {
            source,
            table,
            span,
        }
    }

    fn get(&self, key: &str) -> Option<&'v Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    /// An error at the value of a key.
    fn wrong(&self, key: &str, text: &str) -> Error {
        let span = self.get(key).map_or(self.span.clone(), Spanned::span);
        self.source.corrupt(&span, &format!("{key}: {text}"))
    }

    fn missing(&self, key: &str) -> Error {
        self.source
            .corrupt(&self.span, &format!("the key '{key}' is missing"))
    }

    /// Refuses keys that mean nothing: most are misspelt.
    fn only(&self, keys: &[&str]) -> Result<()> {
        let known = |key: &str| keys.contains(&key);
        match self.table.keys().find(|k| !known(k.get_ref())) {
            None => Ok(()),
            Some(key) => {
                let text = format!("the key '{}' means nothing here", key.get_ref());
                Err(self.source.corrupt(&key.span(), &text))
            }
        }
    }

    fn version(&self) -> Result<()> {
        let format = self.get("format").ok_or_else(|| self.missing("format"))?;
        let number = format.get_ref().as_integer();
        let number = number.and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        match number {
            Some(FORMAT) => Ok(()),
            Some(n) if n > FORMAT => {
                let text = format!("format {n} is newer than this program, which knows {FORMAT}");
                Err(self.source.error(ErrorCode::VERSION, &format.span(), &text))
            }
            _ => Err(self.wrong("format", "there is no such format")),
        }
    }

    fn text(&self, key: &str) -> Result<Option<&'v str>> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => {
                let text = value.get_ref().as_str();
                text.map(Some)
                    .ok_or_else(|| self.wrong(key, "a string is expected"))
            }
        }
    }

    fn name(&self, key: &str) -> Result<Option<ProfileName>> {
        let text = self.text(key)?;
        text.map(|t| ProfileName::new(t).map_err(|e| self.wrong(key, e.text())))
            .transpose()
    }

    fn flag(&self, key: &str) -> Result<bool> {
        match self.get(key) {
            None => Ok(false),
            Some(value) => value
                .get_ref()
                .as_bool()
                .ok_or_else(|| self.wrong(key, "true or false is expected")),
        }
    }

    fn uid(&self) -> Result<MapiUid> {
        let text = self.text("uid")?.ok_or_else(|| self.missing("uid"))?;
        let bytes = unhex(text).and_then(|b| b.try_into().ok());
        bytes
            .map(MapiUid)
            .ok_or_else(|| self.wrong("uid", "32 hexadecimal digits are expected"))
    }

    fn tables(&self, key: &str) -> Result<Vec<Fields<'t, 'v>>> {
        let Some(value) = self.get(key) else {
            return Ok(Vec::new());
        };
        let expected = || self.wrong(key, "sections are expected, each begun with [[section]]");
        let array = value.get_ref().as_array().ok_or_else(expected)?;
        let fields = array.iter().map(|item| {
            let table = item.get_ref().as_table().ok_or_else(expected)?;
            Ok(Fields::new(self.source, table, item.span()))
        });
        fields.collect()
    }

    /// The properties of a section: all secure ones, or none.
    fn props(&self, secure: bool) -> Result<PropSet> {
        let mut props = PropSet::default();
        let Some(value) = self.get("props") else {
            return Ok(props);
        };
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong("props", "properties are expected"))?;
        for (key, value) in table {
            let refuse = |text: &str| {
                let text = format!("{}: {text}", key.get_ref());
                self.source.corrupt(&key.span(), &text)
            };
            let tag: PropTag = key
                .get_ref()
                .parse()
                .map_err(|_| refuse("this is neither the name of a property nor a tag"))?;
            if is_secure(tag) != secure {
                return Err(refuse(if secure {
                    "this is no secure property"
                } else {
                    "secure properties have no place in this file"
                }));
            }
            if props.get(tag).is_some() {
                return Err(refuse("there is a value for this property already"));
            }
            let value = decode(tag.ptype(), value.get_ref()).map_err(|e| refuse(&e))?;
            props.set(Property { tag, value });
        }
        Ok(props)
    }
}
