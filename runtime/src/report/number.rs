//! Numbers for people.

/// A number to three significant digits, without trailing zeros; a dash for what is no number.
///
/// ```
/// use rlhf::report::number;
/// assert_eq!([0.0, 12.0, 0.123456, -1234567.0, 0.000096].map(number), ["0", "12", "0.123", "-1.23e6", "9.6e-5"]);
/// assert_eq!(number(f64::NAN), "–");
/// ```
pub fn number(x: f64) -> String {
    let size = x.abs();
    if !x.is_finite() {
        "–".into()
    } else if size == 0.0 {
        "0".into()
    } else if (1e-3..1e6).contains(&size) {
        let before = size.log10().floor() as i32 + 1;
        let text = format!("{x:.*}", (3 - before).clamp(0, 5) as usize);
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
    } else {
        let text = format!("{x:.2e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'))
    }
}
