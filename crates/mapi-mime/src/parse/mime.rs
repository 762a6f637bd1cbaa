//! Content-Type, Content-Disposition and what they say about a part.

use super::header::Header;
use super::params;

/// A value with parameters: Content-Type or Content-Disposition.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct WithParams {
    /// In lower case: `text/plain`, `attachment`.
    pub value: String,
    /// Names in lower case; RFC 2231 and encoded words undone.
    pub params: Vec<(String, String)>,
}

impl WithParams {
    /// Reads a field's value.
    pub fn parse(text: &str) -> Self {
        let (value, rest) = text.split_once(';').unwrap_or((text, ""));
        Self {
            value: value.trim().to_ascii_lowercase(),
            params: params::parse(rest),
        }
    }

    /// A parameter; `None` if it is not there or empty.
    pub fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(n, _)| n == name)?;
        (!found.1.is_empty()).then_some(found.1.as_str())
    }
}

/// Whether a text is type/subtype.
pub(crate) fn is_type(text: &str) -> bool {
    let token = |part: &str| {
        let letter = |b: u8| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&b);
        !part.is_empty() && part.bytes().all(letter)
    };
    text.split_once('/')
        .is_some_and(|(main, sub)| token(main) && token(sub))
}

/// What the header of a part says about it.
#[derive(Clone, Debug)]
pub(crate) struct Mime {
    pub content_type: WithParams,
    pub disposition: Option<WithParams>,
    pub encoding: String,
    /// Content-ID without its angle brackets.
    pub content_id: Option<String>,
}

impl Mime {
    /// Reads the MIME fields of a header; `default` is the type where it names none.
    pub fn of(header: &Header, default: &str) -> Self {
        let mut content_type = header
            .get("content-type")
            .map_or_else(WithParams::default, WithParams::parse);
        if content_type.value.is_empty() {
            default.clone_into(&mut content_type.value);
        } else if !is_type(&content_type.value) {
            "text/plain".clone_into(&mut content_type.value);
        }
        let content_id = header.get("content-id").map(|id| {
            let id = id.trim();
            id.strip_prefix('<')
                .and_then(|id| id.strip_suffix('>'))
                .unwrap_or(id)
                .to_owned()
        });
        Self {
            content_type,
            disposition: header.get("content-disposition").map(WithParams::parse),
            encoding: header
                .get("content-transfer-encoding")
                .unwrap_or("")
                .to_ascii_lowercase(),
            content_id,
        }
    }

    /// The file name, from either field.
    pub fn file_name(&self) -> Option<&str> {
        self.disposition
            .as_ref()
            .and_then(|d| d.param("filename"))
            .or_else(|| self.content_type.param("name"))
    }

    /// Whether the part wants to be an attachment.
    pub fn is_attached(&self) -> bool {
        self.file_name().is_some()
            || self
                .disposition
                .as_ref()
                .is_some_and(|d| d.value == "attachment")
    }

    /// The character set named.
    pub fn charset(&self) -> Option<&str> {
        self.content_type.param("charset")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_in_all_their_spellings() {
        for raw in [
            "attachment; filename=\"na\u{ef}ve.txt\"",
            "Attachment ; filename*=utf-8''na%C3%AFve.txt",
            "attachment; filename*0*=utf-8''na%C3%AF; filename*1=ve.txt",
            "attachment; filename=\"=?utf-8?q?na=C3?= =?utf-8?q?=AFve.txt?=\"",
        ] {
            let read = WithParams::parse(raw);
            assert_eq!(read.value, "attachment", "{raw}");
            assert_eq!(read.param("filename"), Some("na\u{ef}ve.txt"), "{raw}");
        }
        let odd = WithParams::parse("multipart/mixed; boundary=\"a; b\"; x");
        assert_eq!(odd.param("boundary"), Some("a; b"));
        assert_eq!(WithParams::parse("").value, "");
    }
}
