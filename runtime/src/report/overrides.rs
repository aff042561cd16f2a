//! Changes of the recipe, for a person to read.

/// A line for each override: the setting, the recipe's value, the value here, the reason.
pub fn overrides(rows: Vec<[String; 4]>) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (setting, paper, here) = (width(0), width(1), width(2));
    let line = |row: &[String; 4]| {
        format!("  {:<setting$}  {:>paper$} → {:<here$}  {}\n", row[0], row[1], row[2], row[3])
    };
    let head = "Where this run leaves its recipe: setting, the recipe's value → the value here, and why\n";
    rows.iter().map(line).fold(head.to_string(), |out, line| out + &line)
}
