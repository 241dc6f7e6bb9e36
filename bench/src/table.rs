//! The results as text: for a terminal and for Markdown.

use crate::row::Row;

/// Aligned columns.
pub fn as_text(rows: &[Row]) -> String {
    let head = ["", "where", "ours", "theirs", "unit", "ratio", "goal", "spread", ""].map(String::from);
    let mut lines = vec![head];
    lines.extend(rows.iter().map(|row| {
        let verdict = match (&row.failure, row.reached) {
            (Some(failure), _) => failure.lines().next().unwrap_or("failed").to_owned(),
            (None, Some(true)) => "reached".into(),
            (None, Some(false)) => "MISSED".into(),
            (None, None) => String::new(),
        };
        let note = if row.note.is_empty() { String::new() } else { format!("  ({})", row.note) };
        [
            format!("{}, against {}", row.name, row.against),
            row.placement.to_string(),
            figure(row.ours),
            figure(row.theirs),
            row.unit.clone(),
            ratio(row.ratio),
            ratio(row.goal),
            spread(row),
            verdict + &note,
        ]
    }));
    let widths: Vec<usize> =
        (0..9).map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default()).collect();
    let line = |line: &[String; 9]| {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            2 | 3 | 5 | 6 => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A Markdown table.
pub fn as_markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| work | against | client on | ours | theirs | unit | ratio | goal | middle half of the rounds |\n\
         |---|---|---|--:|--:|---|--:|--:|---|\n",
    );
    for row in rows {
        let outcome = match (&row.failure, row.reached) {
            (Some(_), _) => "not measured".into(),
            (None, Some(false)) => format!("**{}**", ratio(row.ratio)),
            (None, _) => ratio(row.ratio),
        };
        let cells = [
            row.name.clone(),
            row.against.clone(),
            row.placement.to_string(),
            figure(row.ours),
            figure(row.theirs),
            row.unit.clone(),
            outcome,
            ratio(row.goal),
            spread(row),
        ];
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}

/// Three digits, and thousands apart.
pub fn figure(value: Option<f64>) -> String {
    let Some(value) = value else { return "–".into() };
    match value.abs() {
        0.0 => "0".into(),
        size if size < 0.995 => format!("{value:.3}"),
        size if size < 9.95 => format!("{value:.2}"),
        size if size < 99.5 => format!("{value:.1}"),
        _ => thousands(value.round() as i64),
    }
}

fn thousands(value: i64) -> String {
    let digits = value.abs().to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    format!("{}{}", if value < 0 { "-" } else { "" }, groups.join(" "))
}

pub fn ratio(value: Option<f64>) -> String {
    value.map_or("–".into(), |value| if value < 99.5 { format!("{value:.2}") } else { figure(Some(value)) })
}

fn spread(row: &Row) -> String {
    row.spread.map_or(String::new(), |[low, high]| format!("{} to {}", ratio(Some(low)), ratio(Some(high))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_thousands_apart() {
        let text = |value| figure(Some(value));
        assert_eq!([text(0.0), text(0.1234), text(1.234), text(12.34)], ["0", "0.123", "1.23", "12.3"]);
        assert_eq!([text(123.4), text(1234.0), text(-1234567.0)], ["123", "1 234", "-1 234 567"]);
        assert_eq!(figure(None), "–");
    }
}
