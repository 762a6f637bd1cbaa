//! Bytes as hexadecimal text.
//!
//! ```
//! use mapi_types::hex;
//! assert_eq!(hex::encode(&[0x0F, 0xA0]), "0fa0");
//! assert_eq!(hex::decode(b"0FA0"), Some(vec![0x0F, 0xA0]));
//! assert_eq!(hex::decode(b"0FA"), None);
//! ```

/// Two lower-case digits for each byte.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n)]);
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(b & 0xF)])
        .collect()
}

/// The bytes that pairs of digits, in either case, stand for; `None` if there is anything else.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hexadecimal_comes_back(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(super::decode(super::encode(&bytes).as_bytes()), Some(bytes));
        }
    }
}
