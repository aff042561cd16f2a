//! Which prompts are held out.

use super::transcript::{ASSISTANT, HUMAN};

/// How many letters and digits of a prompt count.
const COUNTED: usize = 64;

/// Whether a prompt belongs to the held-out part, about `fraction` of all prompts (0 to 1).
///
/// It depends on the prompt's first 64 letters and digits in lower case alone: one prompt lands on
/// one side in every data set, whatever its spelling, and whatever else there is.
pub fn held_out(prompt: &str, fraction: f64) -> bool {
    let text = prompt.strip_prefix(HUMAN).unwrap_or(prompt);
    let text = text.strip_suffix(ASSISTANT).unwrap_or(text);
    let letters = text.chars().filter(|c| c.is_alphanumeric()).take(COUNTED);
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in letters.flat_map(char::to_lowercase).flat_map(|c| u32::from(c).to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    // FNV-1a's high bits are weak for short texts; murmur3's finaliser spreads the low ones.
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    ((hash ^ (hash >> 33)) >> 11) as f64 / (1u64 << 53) as f64 <= fraction && fraction > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_and_what_follows_do_not_matter() {
        let long = "a".repeat(64);
        for (a, b) in [
            ("Why is it so?", "\n\nHuman: why IS it -- so\n\nAssistant:"),
            (long.as_str(), &format!("{long}, and more")),
        ] {
            for fraction in [0.1, 0.3, 0.5, 0.7, 0.9] {
                assert_eq!(held_out(a, fraction), held_out(b, fraction));
            }
        }
    }

    #[test]
    fn the_fraction_is_kept() {
        let part = |fraction| (0..10_000).filter(|i| held_out(&format!("Prompt {i}"), fraction)).count();
        assert!((900..1100).contains(&part(0.1)), "{}", part(0.1));
        assert!((4800..5200).contains(&part(0.5)), "{}", part(0.5));
        assert_eq!((part(0.0), part(1.0)), (0, 10_000));
    }

    #[test]
    fn sides_keep_across_versions() {
        let sides: Vec<bool> = (0..8).map(|i| held_out(&format!("Prompt {i}"), 0.5)).collect();
        assert_eq!(sides, [true, false, true, false, true, false, true, true]);
    }
}
