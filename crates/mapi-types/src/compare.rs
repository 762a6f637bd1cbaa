//! The order of values: what tables sort by and RELOP_ compares with.

use std::cmp::Ordering;

use crate::{PropType, PropValue, UnicodeString};

/// Text as the order of values sees it: each character in lower case. Two texts are equal in [`PropValue::compare`] if and only
/// if their folded forms are equal, and ordered as the bytes of these: what an index over a text column may store.
#[must_use]
pub fn fold_case(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.chars().flat_map(char::to_lowercase).collect()
    }
}

impl PropValue {
    /// The order of two values of one type, as tables sort and RELOP compares them: text without regard to case and of either
    /// width, negative zero equal to zero, lists as tuples (the first difference decides, then the length).
    /// `None` if the types differ.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        use PropValue as V;
        Some(match (self, other) {
            (V::Null, V::Null) | (V::Object, V::Object) => Ordering::Equal,
            (V::I2(a), V::I2(b)) => a.cmp(b),
            (V::Long(a), V::Long(b)) => a.cmp(b),
            (V::R4(a), V::R4(b)) => cmp_float(f64::from(*a), f64::from(*b)),
            (V::Double(a), V::Double(b)) | (V::AppTime(a), V::AppTime(b)) => cmp_float(*a, *b),
            (V::Currency(a), V::Currency(b)) | (V::I8(a), V::I8(b)) => a.cmp(b),
            (V::Error(a), V::Error(b)) => a.cmp(b),
            (V::Boolean(a), V::Boolean(b)) => a.cmp(b),
            (V::String8(_) | V::Unicode(_), V::String8(_) | V::Unicode(_)) => cmp_text(
                &self.as_str().unwrap_or_default(),
                &other.as_str().unwrap_or_default(),
            ),
            (V::SysTime(a), V::SysTime(b)) => a.cmp(b),
            (V::Clsid(a), V::Clsid(b)) => a.cmp(b),
            (V::Binary(a), V::Binary(b)) => a.cmp(b),
            _ => return compare_lists(self, other),
        })
    }

    /// A total order over values of any type: [`PropValue::compare`] where the types agree, else the order of the types. What
    /// a table sorts by whose column holds what it should not.
    #[must_use]
    pub fn compare_any(&self, other: &Self) -> Ordering {
        let class = |value: &Self| match value.ptype() {
            PropType::STRING8 => PropType::UNICODE,
            PropType::MV_STRING8 => PropType::MV_UNICODE,
            ptype => ptype,
        };
        self.compare(other)
            .unwrap_or_else(|| class(self).cmp(&class(other)))
    }
}

impl PropValue {
    /// A number ordered as the values of one type are, as far as it reaches: if it is smaller, so is the value; if it is equal, only
    /// [`PropValue::compare`] can tell. Sorting by it first saves most comparisons their memory accesses.
    ///
    /// `skip` is a number of leading ASCII bytes that all values to be sorted have in common but for case; see
    /// [`PropValue::common_ascii`]. It is without effect unless they are text.
    #[must_use]
    pub fn order_prefix(&self, skip: usize) -> u64 {
        const SIGN: u64 = 1 << 63;
        let signed = |n: i64| n.cast_unsigned() ^ SIGN;
        let float = |n: f64| match (n + 0.0).to_bits() {
            bits if bits & SIGN == 0 => bits | SIGN,
            bits => !bits,
        };
        match self {
            Self::I2(n) => signed(i64::from(*n)),
            Self::Long(n) => signed(i64::from(*n)),
            Self::Currency(n) | Self::I8(n) => signed(*n),
            Self::R4(n) => float(f64::from(*n)),
            Self::Double(n) | Self::AppTime(n) => float(*n),
            Self::Boolean(b) => u64::from(*b),
            Self::SysTime(time) => time.0,
            Self::Error(code) => u64::from(code.0),
            Self::Binary(bytes) => first_bytes(bytes.iter().copied()),
            Self::Clsid(guid) => first_bytes(guid.0.into_iter()),
            Self::Unicode(text) => text_prefix(&text.to_str(), skip),
            Self::String8(bytes) => text_prefix(&String::from_utf8_lossy(bytes), skip),
            _ => 0,
        }
    }
}

impl PropValue {
    /// How many leading bytes of two texts are ASCII and equal but for case, `most` at the most. 0 if one is not text.
    #[must_use]
    pub fn common_ascii(&self, other: &Self, most: usize) -> usize {
        let (Some(a), Some(b)) = (self.as_str(), other.as_str()) else {
            return 0;
        };
        let same = |(x, y): &(u8, u8)| x.is_ascii() && x.eq_ignore_ascii_case(y);
        a.bytes().zip(b.bytes()).take(most).take_while(same).count()
    }
}

/// The first eight bytes, in the order of bytes.
fn first_bytes(bytes: impl Iterator<Item = u8>) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(bytes).for_each(|(to, b)| *to = b);
    u64::from_be_bytes(first)
}

/// The first bytes of the folded text, without some ASCII ones.
fn text_prefix(text: &str, skip: usize) -> u64 {
    let text = text.get(skip..).unwrap_or_default();
    let head = text.as_bytes();
    let head = &head[..head.len().min(8)];
    if head.is_ascii() {
        return first_bytes(head.iter().map(u8::to_ascii_lowercase));
    }
    let folded: String = (text.chars().flat_map(char::to_lowercase))
        .take(8)
        .collect();
    first_bytes(folded.bytes())
}

fn compare_lists(a: &PropValue, b: &PropValue) -> Option<Ordering> {
    use PropValue as V;
    Some(match (a, b) {
        (V::MvI2(a), V::MvI2(b)) => a.cmp(b),
        (V::MvLong(a), V::MvLong(b)) => a.cmp(b),
        (V::MvR4(a), V::MvR4(b)) => cmp_list(a, b, |x, y| cmp_float(f64::from(*x), f64::from(*y))),
        (V::MvDouble(a), V::MvDouble(b)) | (V::MvAppTime(a), V::MvAppTime(b)) => {
            cmp_list(a, b, |x, y| cmp_float(*x, *y))
        }
        (V::MvCurrency(a), V::MvCurrency(b)) | (V::MvI8(a), V::MvI8(b)) => a.cmp(b),
        (V::MvSysTime(a), V::MvSysTime(b)) => a.cmp(b),
        (V::MvClsid(a), V::MvClsid(b)) => a.cmp(b),
        (V::MvBinary(a), V::MvBinary(b)) => a.cmp(b),
        (V::MvUnicode(a), V::MvUnicode(b)) => {
            cmp_list(a, b, |x, y| cmp_text(&x.to_str(), &y.to_str()))
        }
        (V::MvString8(a), V::MvString8(b)) => {
            let text = |bytes: &Vec<u8>| UnicodeString::from(&*String::from_utf8_lossy(bytes));
            cmp_list(a, b, |x, y| cmp_text(&text(x).to_str(), &text(y).to_str()))
        }
        (V::MvString8(_), V::MvUnicode(b)) => compare_lists(&widen(a), &V::MvUnicode(b.clone()))?,
        (V::MvUnicode(a), V::MvString8(_)) => compare_lists(&V::MvUnicode(a.clone()), &widen(b))?,
        _ => return None,
    })
}

/// PT_MV_STRING8 as PT_MV_UNICODE.
fn widen(value: &PropValue) -> PropValue {
    match value {
        PropValue::MvString8(list) => PropValue::MvUnicode(
            list.iter()
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned().into())
                .collect(),
        ),
        other => other.clone(),
    }
}

/// The order of the folded texts, without making them. Nearly all text is ASCII as far as it matters.
fn cmp_text(a: &str, b: &str) -> Ordering {
    let begin = common_prefix(a, b);
    let rest = a.as_bytes()[begin..].iter().zip(&b.as_bytes()[begin..]);
    for (at, (x, y)) in (begin..).zip(rest) {
        if !(x.is_ascii() && y.is_ascii()) {
            // Both are at the start of a character: all bytes since `begin` were ASCII.
            return fold_case(&a[at..]).cmp(&fold_case(&b[at..]));
        }
        let order = x.to_ascii_lowercase().cmp(&y.to_ascii_lowercase());
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// A number of bytes that are the same in both texts, whole characters, not always all of them.
fn common_prefix(a: &str, b: &str) -> usize {
    let words = a
        .as_bytes()
        .chunks_exact(8)
        .zip(b.as_bytes().chunks_exact(8));
    let mut same = words.take_while(|(x, y)| x == y).count() * 8;
    while !a.is_char_boundary(same) {
        same -= 1;
    }
    same
}

/// A total order of numbers in which the two zeroes are equal.
fn cmp_float(a: f64, b: f64) -> Ordering {
    (a + 0.0).total_cmp(&(b + 0.0))
}

fn cmp_list<T>(a: &[T], b: &[T], by: impl Fn(&T, &T) -> Ordering) -> Ordering {
    a.iter()
        .zip(b)
        .map(|(x, y)| by(x, y))
        .find(|o| o.is_ne())
        .unwrap_or_else(|| a.len().cmp(&b.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileTime;
    use proptest::prelude::*;

    fn text(s: &str) -> PropValue {
        PropValue::from(s)
    }

    #[test]
    fn text_compares_without_case_and_width() {
        assert_eq!(text("ABC").compare(&text("abc")), Some(Ordering::Equal));
        assert_eq!(
            PropValue::String8(b"abc".to_vec()).compare(&text("ABD")),
            Some(Ordering::Less)
        );
        assert_eq!(text("ÄB").compare(&text("äb")), Some(Ordering::Equal));
        assert_eq!(text("ab").compare(&text("abc")), Some(Ordering::Less));
        assert_eq!(text("Z").compare(&text("[")), Some(Ordering::Greater));
    }

    #[test]
    fn numbers_compare_as_numbers() {
        assert_eq!(
            PropValue::Double(0.0).compare(&PropValue::Double(-0.0)),
            Some(Ordering::Equal)
        );
        assert_eq!(
            PropValue::R4(-1.5).compare(&PropValue::R4(f32::NEG_INFINITY)),
            Some(Ordering::Greater)
        );
        assert_eq!(
            PropValue::SysTime(FileTime(2)).compare(&PropValue::SysTime(FileTime(10))),
            Some(Ordering::Less)
        );
        assert_eq!(PropValue::I2(1).compare(&PropValue::Long(1)), None);
    }

    #[test]
    fn lists_compare_as_tuples() {
        let list = |v: &[i32]| PropValue::MvLong(v.to_vec());
        assert_eq!(list(&[1, 2]).compare(&list(&[1, 3])), Some(Ordering::Less));
        assert_eq!(list(&[1, 2]).compare(&list(&[1])), Some(Ordering::Greater));
        let narrow = PropValue::MvString8(vec![b"A".to_vec()]);
        let wide = PropValue::MvUnicode(vec!["a".into()]);
        assert_eq!(narrow.compare(&wide), Some(Ordering::Equal));
        assert_eq!(wide.compare(&narrow), Some(Ordering::Equal));
    }

    fn any_value() -> impl Strategy<Value = PropValue> {
        prop_oneof![
            Just(PropValue::Null),
            any::<i32>().prop_map(PropValue::Long),
            any::<f64>().prop_map(PropValue::Double),
            ".{0,6}".prop_map(|s: String| PropValue::from(s)),
            "[a-cA-C]{0,3}".prop_map(|s: String| PropValue::String8(s.into_bytes())),
            prop::collection::vec("[a-bA-BäÄ]{0,2}", 0..3).prop_map(|v: Vec<String>| {
                PropValue::MvUnicode(v.into_iter().map(Into::into).collect())
            }),
        ]
    }

    proptest! {
        #[test]
        fn the_order_of_text_is_that_of_its_folded_form(a in ".{0,8}", b in ".{0,8}") {
            prop_assert_eq!(cmp_text(&a, &b), fold_case(&a).cmp(&fold_case(&b)));
        }

        #[test]
        fn the_prefix_is_ordered_as_the_values_are(
            (a, b) in prop_oneof![
                any::<(i64, i64)>().prop_map(|(a, b)| (PropValue::I8(a), PropValue::I8(b))),
                any::<(f64, f64)>().prop_map(|(a, b)| (PropValue::Double(a), PropValue::Double(b))),
                any::<(f32, f32)>().prop_map(|(a, b)| (PropValue::R4(a), PropValue::R4(b))),
                ("\\PC{0,9}", "\\PC{0,9}").prop_map(|(a, b)| (PropValue::from(a), PropValue::from(b))),
                ("[aAbBäÄ]{0,9}", "[aAbBäÄ]{0,9}")
                    .prop_map(|(a, b)| (PropValue::from(a), PropValue::String8(b.into_bytes()))),
                any::<(Vec<u8>, Vec<u8>)>()
                    .prop_map(|(a, b)| (PropValue::Binary(a), PropValue::Binary(b))),
            ],
        ) {
            for skip in [0, a.common_ascii(&b, usize::MAX)] {
                let prefixes = a.order_prefix(skip).cmp(&b.order_prefix(skip));
                prop_assert!(prefixes.is_eq() || Some(prefixes) == a.compare(&b));
            }
        }

        #[test]
        fn the_order_of_any_values_is_total(a in any_value(), b in any_value(), c in any_value()) {
            prop_assert_eq!(a.compare_any(&b), b.compare_any(&a).reverse());
            prop_assert_eq!(a.compare_any(&a), Ordering::Equal);
            if a.compare_any(&b).is_le() && b.compare_any(&c).is_le() {
                prop_assert!(a.compare_any(&c).is_le());
            }
        }
    }
}
