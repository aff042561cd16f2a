//! Aligned columns for a terminal.

/// A table: its header, a rule, its rows. The first column is aligned left, the others, which hold
/// numbers, right. Rows may be shorter than the header; what goes beyond it is left out.
///
/// ```
/// use rlhf::report::table;
/// let text = table(&["", "SFT", "PPO"], &[vec!["gold".into(), "0.81".into(), "0.94".into()]]);
/// assert_eq!(text, "       SFT   PPO\n────────────────\ngold  0.81  0.94\n");
/// ```
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..header.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let aligned: Vec<_> = (cells.iter().zip(&widths).enumerate())
            .map(|(i, (cell, &w))| if i == 0 { format!("{cell:<w$}") } else { format!("{cell:>w$}") })
            .collect();
        aligned.join("  ").trim_end().to_owned() + "\n"
    };
    let rule = "─".repeat(widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1)) + "\n";
    let body = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
    [line(header.to_vec()), rule].into_iter().chain(body).collect()
}
