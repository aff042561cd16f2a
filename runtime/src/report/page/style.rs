//! The style sheet, and the policy that allows it and nothing else.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

/// The content of `<style>`.
pub(super) const STYLE: &str = include_str!("style.css");

/// The content security policy: no script, no font, no picture, no frame, no address; of styles the one
/// with this hash, which leaves out style attributes.
pub(super) fn policy() -> String {
    let hash = Base64::encode_string(&Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}
