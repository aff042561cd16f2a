//! One token for each byte.

use super::Tokenizer;
use alloc::string::String;
use alloc::vec::Vec;

/// Ids 0 to 255 are the bytes of UTF-8, 256 ends a text. Needs no file.
///
/// ```
/// use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
/// assert_eq!(Bytes.encode("é!"), [0xc3, 0xa9, 0x21]);
/// assert_eq!(Bytes.decode(&[0xc3, 0xa9, 0x21, 256]), "é!");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bytes;

impl Bytes {
    /// The token that ends a text.
    pub const EOS: u32 = 256;
}

impl Tokenizer for Bytes {
    fn vocabulary(&self) -> usize {
        257
    }

    fn eos(&self) -> Option<u32> {
        Some(Self::EOS)
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        text.bytes().map(u32::from).collect()
    }

    fn decode(&self, ids: &[u32]) -> String {
        let mut bytes = Vec::with_capacity(ids.len());
        for &id in ids {
            match u8::try_from(id) {
                Ok(byte) => bytes.push(byte),
                Err(_) if id == Self::EOS => {}
                Err(_) => bytes.extend_from_slice("\u{fffd}".as_bytes()),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_text_is_shown_as_such() {
        assert_eq!(Bytes.decode(&[0xff, 65, 9999, 256]), "\u{fffd}A\u{fffd}");
    }

    proptest! {
        #[test]
        fn texts_come_back(text in any::<String>()) {
            prop_assert_eq!(Bytes.decode(&Bytes.encode(&text)), text);
        }
    }
}
