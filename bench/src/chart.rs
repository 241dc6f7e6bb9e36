//! The chart: a line per row, its ratio on a logarithmic axis, and the goal.
//!
//! To the right of the line at 1 we are ahead. A dot is a ratio, the band behind it the middle half of the rounds, the
//! upright stroke the goal: a dot on its right has reached it, whatever the colours look like. Rows without a goal are
//! hollow.

use std::fmt::Write as _;

use crate::machine::Machine;
use crate::row::Row;
use crate::table;

const WIDTH: f64 = 1040.0;
const LEFT: f64 = 392.0;
const RIGHT: f64 = 880.0;
const TOP: f64 = 142.0;
const STEP: f64 = 27.0;
const GAP: f64 = 34.0;

const INK: &str = "#1f2933";
const SOFT: &str = "#6b7785";
const GRID: &str = "#e6eaee";
const AHEAD: &str = "#0f766e";
const BEHIND: &str = "#c2410c";
const PLAIN: &str = "#64748b";

/// Parts of the chart: a heading and which rows it is over, by their ids.
const PARTS: &[(&str, &[&str])] = &[
    ("One thread", &["get-", "pipeline", "submit"]),
    ("Threads that share one client", &["threads-", "mutex-"]),
    ("Over TLS", &["tls-"]),
    ("C++, against redis-plus-plus", &["cpp-redispp-"]),
    ("C++, against hiredis", &["cpp-hiredis-"]),
    ("Subscriptions", &["subscribe"]),
    ("Decoding", &["decode-"]),
    ("Large values", &["big-"]),
    ("Outages, and none", &["drain", "buffered-", "recovery", "failover", "idle-", "frozen"]),
];

/// What is further ahead is drawn here; its figure says how far.
const FARTHEST: f64 = 32.0;

/// A logarithmic axis.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    /// From a power of two to another, with all of the rows between.
    fn over(rows: &[&Row]) -> Self {
        let values = || rows.iter().flat_map(|row| [row.ratio, row.goal]).flatten();
        let low = values().fold(0.5, f64::min);
        let high = values().fold(2.0, f64::max).min(FARTHEST / 1.05);
        Axis { low: (low / 1.05).log2().floor().exp2(), high: (high * 1.05).log2().ceil().exp2() }
    }

    fn x(&self, ratio: f64) -> f64 {
        let share = (ratio / self.low).log2() / (self.high / self.low).log2();
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + '_ {
        let first = self.low.log2() as i32;
        let last = self.high.log2() as i32;
        (first..=last).map(|power| f64::from(power).exp2())
    }
}

pub fn svg(rows: &[Row], machine: &Machine) -> String {
    let is_of = |row: &Row, ids: &[&str]| ids.iter().any(|id| row.id.starts_with(id));
    let shown = || rows.iter().filter(|row| row.ratio.is_some());
    let others = shown().filter(|row| !PARTS.iter().any(|(_, ids)| is_of(row, ids))).collect();
    let parts: Vec<(&str, Vec<&Row>)> = PARTS
        .iter()
        .map(|(heading, ids)| (*heading, shown().filter(|row| is_of(row, ids)).collect()))
        .chain([("Others", others)])
        .filter(|(_, rows): &(&str, Vec<&Row>)| !rows.is_empty())
        .collect();
    let all: Vec<&Row> = parts.iter().flat_map(|(_, rows)| rows.iter().copied()).collect();
    let axis = Axis::over(&all);
    let bottom = TOP + all.len() as f64 * STEP + parts.len() as f64 * GAP;
    let mut text = String::new();
    head(&mut text, machine, bottom + 74.0);
    grid(&mut text, &axis, bottom);
    let mut y = TOP;
    for (heading, rows) in &parts {
        y += GAP;
        label(&mut text, 32.0, y - 8.0, "start", 13.0, INK, 600, heading);
        for row in rows {
            line(&mut text, &axis, row, y + STEP / 2.0);
            y += STEP;
        }
    }
    legend(&mut text, bottom + 44.0);
    text.push_str("</svg>\n");
    text
}

fn head(text: &mut String, machine: &Machine, height: f64) {
    let _ = write!(
        text,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="Inter, 'Segoe UI', Helvetica, 'DejaVu Sans', Arial, sans-serif">
<rect width="{WIDTH}" height="{height}" rx="10" fill="#ffffff"/>
"##
    );
    label(text, 32.0, 46.0, "start", 22.0, INK, 700, "How many times as good as the alternative");
    let first = format!("{}, {} cores, {}", machine.processor, machine.cores, machine.kernel);
    let version =
        |name: &str| machine.versions.iter().find(|(other, _)| other == name).map(|(_, version)| version.clone());
    let second = format!(
        "hiredis {},{} redis crate {}, redis-server {}. Medians of {} rounds by turns. Right of 1 is better.",
        version("hiredis").unwrap_or_default(),
        version("redis-plus-plus").map(|version| format!(" redis-plus-plus {version},")).unwrap_or_default(),
        version("redis (crate)").unwrap_or_default(),
        version("redis-server").unwrap_or_default(),
        machine.rounds,
    );
    let first = if machine.is_busy() { format!("{first}. The machine was busy: figures are rough.") } else { first };
    label(text, 32.0, 72.0, "start", 13.0, SOFT, 400, &first);
    label(text, 32.0, 92.0, "start", 13.0, SOFT, 400, &second);
}

fn grid(text: &mut String, axis: &Axis, bottom: f64) {
    for tick in axis.ticks() {
        let x = axis.x(tick);
        let (colour, width) = if tick == 1.0 { (INK, 1.4) } else { (GRID, 1.0) };
        let _ = writeln!(
            text,
            r#"<line x1="{x:.1}" y1="{:.1}" x2="{x:.1}" y2="{bottom:.1}" stroke="{colour}" stroke-width="{width}"/>"#,
            TOP - 6.0
        );
        let name = if tick < 1.0 { format!("1/{}", (1.0 / tick).round()) } else { format!("{tick}") };
        label(text, x, TOP - 14.0, "middle", 12.0, SOFT, if tick == 1.0 { 700 } else { 400 }, &format!("{name} ×"));
    }
    label(text, 910.0, TOP - 14.0, "start", 12.0, SOFT, 400, "ratio");
    label(text, 966.0, TOP - 14.0, "start", 12.0, SOFT, 400, "goal");
}

fn line(text: &mut String, axis: &Axis, row: &Row, y: f64) {
    let (Some(ratio), colour) = (row.ratio, colour(row)) else { return };
    let x = axis.x(ratio);
    label(text, 32.0, y + 4.0, "start", 13.0, if row.goal.is_some() { INK } else { SOFT }, 400, &name(row));
    let _ = writeln!(
        text,
        r#"<line x1="{:.1}" y1="{y:.1}" x2="{x:.1}" y2="{y:.1}" stroke="{colour}" stroke-opacity="0.28" stroke-width="2"/>"#,
        axis.x(1.0)
    );
    if let Some([low, high]) = row.spread {
        let (low, high) = (axis.x(low), axis.x(high));
        let _ = writeln!(
            text,
            r#"<rect x="{low:.1}" y="{:.1}" width="{:.1}" height="9" rx="4.5" fill="{colour}" fill-opacity="0.25"/>"#,
            y - 4.5,
            (high - low).max(1.0)
        );
    }
    if let Some(goal) = row.goal {
        stroke(text, axis.x(goal), y);
        label(text, 966.0, y + 4.0, "start", 13.0, SOFT, 400, &table::ratio(Some(goal)));
    }
    let fill = if row.goal.is_some() { colour } else { "#ffffff" };
    let _ =
        writeln!(text, r#"<circle cx="{x:.1}" cy="{y:.1}" r="5" fill="{fill}" stroke="{colour}" stroke-width="1.8"/>"#);
    label(text, 910.0, y + 4.0, "start", 13.0, colour, 600, &table::ratio(Some(ratio)));
}

/// Where a goal is.
fn stroke(text: &mut String, x: f64, y: f64) {
    let _ =
        writeln!(text, r#"<rect x="{:.1}" y="{:.1}" width="3" height="17" rx="1.5" fill="{INK}"/>"#, x - 1.5, y - 8.5);
}

fn legend(text: &mut String, y: f64) {
    let mut x = 32.0;
    for (colour, fill, words) in [
        (AHEAD, AHEAD, "goal reached"),
        (BEHIND, BEHIND, "goal missed"),
        (PLAIN, "#ffffff", "for information, without a goal"),
    ] {
        let _ = writeln!(
            text,
            r#"<circle cx="{:.1}" cy="{:.1}" r="5" fill="{fill}" stroke="{colour}" stroke-width="1.8"/>"#,
            x + 5.0,
            y - 4.0
        );
        label(text, x + 17.0, y, "start", 12.0, SOFT, 400, words);
        x += 46.0 + 6.7 * words.chars().count() as f64;
    }
    stroke(text, x + 4.0, y - 4.0);
    label(text, x + 15.0, y, "start", 12.0, SOFT, 400, "goal");
    x += 72.0;
    let _ = writeln!(
        text,
        r#"<rect x="{x:.1}" y="{:.1}" width="26" height="9" rx="4.5" fill="{PLAIN}" fill-opacity="0.3"/>"#,
        y - 8.5
    );
    label(text, x + 34.0, y, "start", 12.0, SOFT, 400, "middle half of the rounds");
}

fn colour(row: &Row) -> &'static str {
    match row.reached {
        Some(true) => AHEAD,
        Some(false) => BEHIND,
        None => PLAIN,
    }
}

fn name(row: &Row) -> String {
    let place = if row.id.ends_with("-core") && !row.id.starts_with("decode") {
        format!(", {}", row.placement)
    } else {
        String::new()
    };
    let against = if row.id.contains("crate") { ", redis crate" } else { "" };
    let name = if row.id.starts_with("mutex") { "the same, redis crate in a mutex" } else { &row.name };
    // Their heading says it.
    let name = name.replace(", TLS", "").replace(", C++", "");
    format!("{name}{against}{place}")
}

#[allow(clippy::too_many_arguments, reason = "the attributes of one element")]
fn label(text: &mut String, x: f64, y: f64, anchor: &str, size: f64, colour: &str, weight: u32, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        text,
        r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" fill="{colour}">{words}</text>"#
    );
}
