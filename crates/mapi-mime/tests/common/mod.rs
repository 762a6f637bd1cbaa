//! Helpers of the tests.
#![allow(dead_code, clippy::unwrap_used)] // each test uses some of these; a helper fails by panicking

use mapi_mime::{ExportOptions, ImportOptions, MapiMessage, MemoryNames, export, import};
use mapi_types::{PropTag, PropValue};

/// A message and the names of its named properties.
pub struct Imported {
    pub message: MapiMessage,
    pub names: MemoryNames,
}

pub fn imported(mail: impl AsRef<[u8]>) -> Imported {
    let names = MemoryNames::default();
    let mut message = MapiMessage::default();
    let options = ImportOptions::default();
    import(&mut mail.as_ref(), &names, &options, &mut message).unwrap();
    Imported { message, names }
}

impl Imported {
    pub fn text(&self, tag: PropTag) -> String {
        let value = self.message.get(tag);
        value
            .and_then(PropValue::as_str)
            .map_or_else(|| panic!("{tag} is no text"), |t| t.into_owned())
    }

    pub fn exported(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let options = ExportOptions::default();
        export(&self.message, &self.names, &options, &mut out).unwrap();
        out
    }

    pub fn exported_text(&self) -> String {
        String::from_utf8(self.exported()).unwrap()
    }
}
