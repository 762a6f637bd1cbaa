//! Names of profiles, and the names of their files.

use std::fmt;

use mapi_types::{Error, ErrorCode, Result};
use sha2::{Digest, Sha256};

/// The name of a profile: 1 to 64 characters (UTF-16 units, so that it fits the buffers of clients), no blanks at either
/// end, no control characters. Two names that differ only in case name the same profile.
#[derive(Clone, PartialEq, Eq)]
pub struct ProfileName(String);

/// cchProfileNameMax.
const MAX_UNITS: usize = 64;

/// Longer stems are cut and get a hash, because file systems take 255 bytes.
const MAX_STEM_BYTES: usize = 180;

impl ProfileName {
    /// Checks a name.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER, with the rule that it breaks.
    pub fn new(name: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Err(Error::caller(ErrorCode::INVALID_PARAMETER).context(format!(
                "'{}' is no profile name: {why}",
                name.escape_debug()
            )))
        };
        if name.is_empty() {
            return refuse("it is empty");
        }
        if name.encode_utf16().count() > MAX_UNITS {
            return refuse("it has more than 64 characters");
        }
        if name.starts_with(char::is_whitespace) || name.ends_with(char::is_whitespace) {
            return refuse("it begins or ends with a blank");
        }
        if name.contains(char::is_control) {
            return refuse("it has a control character in it");
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of its files, without extension: lower case; letters and digits of any language and a few signs stand for
    /// themselves, everything else is `%` and two hexadecimal digits for each byte of UTF-8. So no two profiles share a
    /// file on any file system, and no name leads out of the folder.
    #[must_use]
    pub fn file_stem(&self) -> String {
        let lower: String = self.0.chars().flat_map(char::to_lowercase).collect();
        let device = is_device(&lower);
        let mut stem = String::new();
        for (at, c) in lower.char_indices() {
            let plain = c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '@' | '+' | ',');
            if plain && !(device && at == 0) || (c == '.' && at > 0) {
                stem.push(c);
            } else {
                let mut utf8 = [0; 4];
                for byte in c.encode_utf8(&mut utf8).bytes() {
                    stem += &format!("%{byte:02x}");
                }
            }
        }
        if stem.len() > MAX_STEM_BYTES {
            let cut = stem.floor_char_boundary(MAX_STEM_BYTES - 20);
            stem.truncate(cut);
            // `~` stands in no other stem.
            stem.push('~');
            for byte in &Sha256::digest(lower.as_bytes())[..8] {
                stem += &format!("{byte:02x}");
            }
        }
        stem
    }

    /// Whether both name the same profile.
    #[must_use]
    pub fn same_profile(&self, other: &Self) -> bool {
        self.file_stem() == other.file_stem()
    }
}

/// Windows reserves these, with any extension.
fn is_device(lower: &str) -> bool {
    let base = lower.split('.').next().unwrap_or_default().trim_end();
    let numbered = |stem: &str| {
        base.strip_prefix(stem)
            .is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
    };
    matches!(base, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stem(name: &str) -> String {
        ProfileName::new(name).unwrap().file_stem()
    }

    #[test]
    fn names_have_rules() {
        for good in [
            "a",
            "My Profile",
            "Größe_1",
            "日本語",
            "../../etc",
            "a.b",
            &"x".repeat(64),
        ] {
            assert!(ProfileName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            " a",
            "a\u{a0}",
            "a\nb",
            "\0",
            &"x".repeat(65),
            &"𝄞".repeat(33),
        ] {
            let error = ProfileName::new(bad).unwrap_err();
            assert_eq!(error.code(), ErrorCode::INVALID_PARAMETER, "{bad}");
        }
    }

    #[test]
    fn stems_are_readable_and_safe() {
        assert_eq!(stem("My Profile"), "my profile");
        assert_eq!(stem("Größe_1"), "größe_1");
        assert_eq!(stem("../../etc"), "%2e.%2f..%2fetc");
        assert_eq!(stem("CON"), "%63on");
        assert_eq!(stem("com1.mail"), "%63om1.mail");
        assert_eq!(stem("a/b\\c:d%"), "a%2fb%5cc%3ad%25");
        assert_eq!(stem("WORK"), stem("work"));
        // Decomposed and composed letters are different names, on macOS too.
        assert_ne!(stem("é"), stem("e\u{301}"));
    }

    proptest! {
        #[test]
        fn no_two_names_share_a_file(a in "\\PC{1,64}", b in "\\PC{1,64}") {
            let names = (ProfileName::new(&a), ProfileName::new(&b));
            if let (Ok(a), Ok(b)) = names {
                let stems = (a.file_stem(), b.file_stem());
                prop_assert!(stems.0.len() <= MAX_STEM_BYTES);
                prop_assert!(!stems.0.contains(['/', '\\', ':', '\0']) && !stems.0.starts_with('.'));
                let lower = |n: &ProfileName| n.0.chars().flat_map(char::to_lowercase).collect::<String>();
                prop_assert_eq!(lower(&a) == lower(&b), stems.0 == stems.1);
            }
        }
    }
}
