//! The properties of a profile section.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use mapi_types::{ErrorCode, PropTag, PropType, PropValue, Property, UnicodeString};

/// Whether a property is secure: 0x67F0 to 0x67FF (iprofsectimapiprop.md). Such values are kept in a
/// [`SecretStore`](super::SecretStore), never in the profile's file, and are returned only when asked for by identifier.
#[must_use]
pub fn is_secure(tag: PropTag) -> bool {
    (0x67F0..=0x67FF).contains(&tag.id())
}

/// Properties by identifier: one value for each, whatever its type.
#[derive(Clone, PartialEq, Default)]
pub struct PropSet(BTreeMap<u16, Property>);

impl PropSet {
    /// The value of a property, whatever the type of `tag`.
    #[must_use]
    pub fn get(&self, tag: PropTag) -> Option<&PropValue> {
        self.0.get(&tag.id()).map(|p| &p.value)
    }

    /// The property as GetProps answers it: a string in the form that was asked for, PT_UNSPECIFIED as it is stored (a
    /// string as `unicode` says), PT_ERROR with MAPI_E_NOT_FOUND if there is none of that type.
    #[must_use]
    pub fn get_as(&self, tag: PropTag, unicode: bool) -> Property {
        let Some(stored) = self.0.get(&tag.id()) else {
            return Property::error(tag, ErrorCode::NOT_FOUND);
        };
        let wanted = match tag.ptype() {
            PropType::UNSPECIFIED => in_width(stored.tag.ptype(), unicode),
            ptype => ptype,
        };
        match in_type(&stored.value, wanted) {
            Some(value) => Property::new(tag, value),
            None => Property::error(tag, ErrorCode::NOT_FOUND),
        }
    }

    /// Sets a property; a former value of the same identifier goes, whatever its type.
    pub fn set(&mut self, prop: Property) {
        self.0.insert(prop.tag.id(), prop);
    }

    /// Sets a property.
    pub fn put(&mut self, tag: PropTag, value: impl Into<PropValue>) {
        self.set(Property::new(tag, value));
    }

    /// Removes a property by identifier; whether it was there.
    pub fn remove(&mut self, tag: PropTag) -> bool {
        self.0.remove(&tag.id()).is_some()
    }

    /// All properties, by identifier.
    pub fn iter(&self) -> impl Iterator<Item = &Property> {
        self.0.values()
    }

    /// The tags as GetPropList answers them: strings in the form that `unicode` says.
    pub fn tags(&self, unicode: bool) -> impl Iterator<Item = PropTag> {
        self.iter()
            .map(move |p| p.tag.with_type(in_width(p.tag.ptype(), unicode)))
    }

    /// How many properties there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of a string property.
    #[must_use]
    pub fn text(&self, tag: PropTag) -> Option<Cow<'_, str>> {
        self.get(tag)?.as_str()
    }

    /// The bits of a PT_LONG property; 0 if there is none.
    #[must_use]
    pub fn bits(&self, tag: PropTag) -> u32 {
        self.get(tag)
            .and_then(PropValue::as_long)
            .map_or(0, i32::cast_unsigned)
    }

    /// Sets the bits of a PT_LONG property.
    pub fn put_bits(&mut self, tag: PropTag, bits: u32) {
        self.put(tag, bits.cast_signed());
    }
}

impl FromIterator<Property> for PropSet {
    fn from_iter<I: IntoIterator<Item = Property>>(props: I) -> Self {
        let mut set = Self::default();
        props.into_iter().for_each(|p| set.set(p));
        set
    }
}

impl fmt::Debug for PropSet {
    /// Secure values are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.iter().map(|p| {
            let value: &dyn fmt::Debug = if is_secure(p.tag) {
                &"(secret)"
            } else {
                &p.value
            };
            (p.tag.to_string(), value)
        });
        f.debug_map().entries(shown).finish()
    }
}

/// The type of a string in the width that was asked for; other types stay.
fn in_width(ptype: PropType, unicode: bool) -> PropType {
    let list = ptype.0 & PropType::MV_FLAG;
    match (ptype.is_string(), unicode) {
        (false, _) => ptype,
        (true, true) => PropType(PropType::UNICODE.0 | list),
        (true, false) => PropType(PropType::STRING8.0 | list),
    }
}

/// The value in another width of string; 8-bit text is UTF-8. `None` if the types do not fit.
fn in_type(value: &PropValue, wanted: PropType) -> Option<PropValue> {
    use PropValue as V;
    let wide = |bytes: &Vec<u8>| UnicodeString::from(String::from_utf8_lossy(bytes).into_owned());
    let narrow = |text: &UnicodeString| text.to_str().into_owned().into_bytes();
    Some(match (value, wanted) {
        (value, wanted) if value.ptype() == wanted => value.clone(),
        (V::String8(bytes), PropType::UNICODE) => V::Unicode(wide(bytes)),
        (V::Unicode(text), PropType::STRING8) => V::String8(narrow(text)),
        (V::MvString8(list), PropType::MV_UNICODE) => V::MvUnicode(list.iter().map(wide).collect()),
        (V::MvUnicode(list), PropType::MV_STRING8) => {
            V::MvString8(list.iter().map(narrow).collect())
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mapi_types::tag;

    #[test]
    fn a_string_comes_in_the_width_that_was_asked_for() {
        let mut props = PropSet::default();
        props.put(tag::PR_DISPLAY_NAME, "Grün");
        let narrow = tag::PR_DISPLAY_NAME.with_type(PropType::STRING8);
        let open = tag::PR_DISPLAY_NAME.with_type(PropType::UNSPECIFIED);
        let bytes = PropValue::String8("Grün".as_bytes().to_vec());
        assert_eq!(props.get_as(narrow, true).value, bytes);
        assert_eq!(props.get_as(open, false).value, bytes);
        assert_eq!(props.get_as(open, true).value, PropValue::from("Grün"));
        assert_eq!(props.tags(false).collect::<Vec<_>>(), [narrow]);
        let wrong = tag::PR_DISPLAY_NAME.with_type(PropType::BINARY);
        let error = props.get_as(wrong, true);
        assert_eq!(error.value.as_error(), Some(ErrorCode::NOT_FOUND));
    }

    #[test]
    fn a_secure_value_is_not_shown() {
        let mut props = PropSet::default();
        props.put(PropTag::from_raw(0x67F0_001F), "hunter2");
        assert!(!format!("{props:?}").contains("hunter2"));
    }
}
