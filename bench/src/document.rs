//! The measured table in docs/PERFORMANCE.md, between its markers.

use crate::machine::Machine;
use crate::plan::Plan;
use crate::{Result, row, table};

const BEGIN: &str = "<!-- measured: begin (bench/run --write-docs) -->";
const END: &str = "<!-- measured: end -->";

/// Replaces what is between the markers by the figures of the last whole run.
pub fn write(plan: &Plan) -> Result<()> {
    let path = plan.root.join("docs/PERFORMANCE.md");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let measured = measured(&Machine::read(plan)?, &row::read(plan)?);
    let text = between_markers(&text, &measured).ok_or(format!("{}: the markers are missing", path.display()))?;
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("written: {}", path.display());
    Ok(())
}

fn between_markers(text: &str, measured: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{measured}\n{END}{after}"))
}

fn measured(machine: &Machine, rows: &[row::Row]) -> String {
    let versions: Vec<String> = machine.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let caution = if machine.is_busy() {
        format!(" Others were using {:.0} % of the machine, and the figures are rough.", machine.used_by_others * 100.0)
    } else {
        String::new()
    };
    let notes: String = rows
        .iter()
        .filter(|row| !row.note.is_empty() || row.failure.is_some())
        .map(|row| {
            let said = row.failure.as_deref().unwrap_or(&row.note);
            format!("* {}, against {}, {}: {said}\n", row.name, row.against, row.placement)
        })
        .collect();
    format!(
        "{}, on {}, {} cores, {}; {} rounds of {} s a side.{caution}\n{}.\n\n{}\n{notes}",
        machine.date,
        machine.processor,
        machine.cores,
        machine.kernel,
        machine.rounds,
        machine.seconds,
        versions.join(", "),
        table::as_markdown(rows),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let text = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        assert_eq!(between_markers(&text, "new\n"), Some(format!("a\n{BEGIN}\n\nnew\n\n{END}\nb\n")));
        assert_eq!(between_markers("a", "new"), None);
    }
}
