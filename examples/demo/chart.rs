//! The picture of a run: operations, buffer and latency over time, with the outages shaded.
//!
//! Pure: series in, SVG out. It names generic fonts and needs nothing from outside; its background is its own, so that
//! it reads on a dark page too.

use std::fmt::{Display, Write};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 760.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 976.0;

const INK: &str = "#1f2933";
const FAINT: &str = "#6b7785";
const GRID: &str = "#e4e8ee";
const OURS: &str = "#1a5fb4";
const OURS_LIGHT: &str = "#8fbcf0";
const THEIRS: &str = "#e06c00";
const OUTAGE: &str = "#fdecea";
const KILLED: &str = "#c01c28";
const RESTARTED: &str = "#1e7b3a";

/// A point in time, in seconds, and a value; `None` where there is nothing to show.
pub type Series = Vec<(f64, Option<f64>)>;

/// Whom a text is about.
#[derive(Clone, Copy)]
pub enum Tone {
    Plain,
    Ours,
    Theirs,
}

/// Everything that is drawn.
pub struct Chart {
    pub title: String,
    /// Parts of one line, each in its tone.
    pub subtitle: Vec<(Tone, String)>,
    pub seconds: f64,
    /// A few words on what the beginning of an outage looks like.
    pub note: String,
    /// When the server was killed, and when it answered again.
    pub outages: Vec<(f64, f64)>,
    /// Writes a second that a reply acknowledged, and those that were accepted in any way.
    pub replied: Series,
    pub accepted: Series,
    /// Name and writes a second of the client to compare with.
    pub theirs: Option<(String, Series)>,
    pub buffered: Series,
    /// Messages a second that a subscriber received, and the gaps that it was told of.
    pub messages: Series,
    pub gaps: Vec<(f64, f64)>,
    pub median_us: Series,
    pub longest_us: Series,
}

/// A rectangle of the picture with its own scale.
struct Panel {
    top: f64,
    bottom: f64,
    seconds: f64,
    scale: Scale,
}

enum Scale {
    Linear { most: f64 },
    Logarithmic { least: f64, most: f64 },
}

impl Panel {
    fn x(&self, seconds: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * (seconds / self.seconds).clamp(0.0, 1.0)
    }

    fn y(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear { most } => value / most,
            Scale::Logarithmic { least, most } => (value.max(least) / least).ln() / (most / least).ln(),
        };
        self.bottom - (self.bottom - self.top) * share.clamp(0.0, 1.0)
    }

    /// The path through all points, broken where there is nothing.
    fn line(&self, series: &Series) -> String {
        let mut path = String::new();
        let mut pen_is_down = false;
        for (seconds, value) in series {
            if let Some(value) = value {
                let command = if pen_is_down { 'L' } else { 'M' };
                // Writing to a String cannot fail.
                let _ = write!(path, "{command}{:.1} {:.1}", self.x(*seconds), self.y(*value));
            }
            pen_is_down = value.is_some();
        }
        path
    }

    /// The area between two series, which have the same points in time.
    fn area(&self, upper: &Series, lower: Option<&Series>) -> String {
        let point = |(seconds, value): &(f64, Option<f64>)| {
            format!("{:.1} {:.1}", self.x(*seconds), self.y(value.unwrap_or_default()))
        };
        let mut points: Vec<String> = upper.iter().map(point).collect();
        match lower {
            Some(lower) => points.extend(lower.iter().rev().map(point)),
            None => {
                let ends = [upper.last(), upper.first()];
                points.extend(ends.into_iter().flatten().map(|(seconds, _)| point(&(*seconds, Some(0.0)))));
            }
        }
        format!("M{}Z", points.join("L"))
    }

    fn frame(&self, svg: &mut Svg, chart: &Chart, ticks: &[(f64, String)]) {
        for (from, to) in &chart.outages {
            let (x, width) = (self.x(*from), self.x(*to) - self.x(*from));
            svg.rectangle(x, self.top, width, self.bottom - self.top, OUTAGE);
        }
        for (value, label) in ticks {
            let y = self.y(*value);
            svg.stroke(&format!("M{LEFT} {y:.1}H{RIGHT}"), GRID, 1.0, "");
            svg.text(LEFT - 8.0, y + 4.0, "end", 12.0, FAINT, "", label);
        }
    }

    fn marks(&self, svg: &mut Svg, chart: &Chart) {
        for (from, to) in &chart.outages {
            for (at, colour) in [(from, KILLED), (to, RESTARTED)] {
                let path = format!("M{:.1} {:.1}V{:.1}", self.x(*at), self.top, self.bottom);
                svg.stroke(&path, colour, 1.2, "stroke-dasharray='4 3'");
            }
        }
        svg.stroke(&format!("M{LEFT} {:.1}H{RIGHT}", self.bottom), FAINT, 1.0, "");
    }
}

/// The text of the picture.
struct Svg(String);

impl Svg {
    fn put(&mut self, element: &dyn Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{element}");
    }

    fn rectangle(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str) {
        self.put(&format_args!("<rect x='{x:.1}' y='{y:.1}' width='{width:.1}' height='{height:.1}' fill='{fill}'/>"));
    }

    fn stroke(&mut self, path: &str, colour: &str, width: f64, more: &str) {
        self.put(&format_args!("<path d='{path}' fill='none' stroke='{colour}' stroke-width='{width}' {more}/>"));
    }

    fn fill(&mut self, path: &str, colour: &str, opacity: f64) {
        self.put(&format_args!("<path d='{path}' fill='{colour}' fill-opacity='{opacity}'/>"));
    }

    #[allow(clippy::too_many_arguments, reason = "each is an attribute of the element")]
    fn text(&mut self, x: f64, y: f64, anchor: &str, size: f64, colour: &str, more: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        self.put(&format_args!(
            "<text x='{x:.1}' y='{y:.1}' text-anchor='{anchor}' font-size='{size}' fill='{colour}' {more}>{text}</text>"
        ));
    }

    fn subtitle(&mut self, parts: &[(Tone, String)]) {
        let spans = parts.iter().map(|(tone, text)| match tone {
            Tone::Plain => text.clone(),
            Tone::Ours => format!("<tspan fill='{OURS}' font-weight='600'>{text}</tspan>"),
            Tone::Theirs => format!("<tspan fill='{THEIRS}' font-weight='600'>{text}</tspan>"),
        });
        let spans: String = spans.collect();
        self.put(&format_args!(
            "<text x='24' y='62' font-size='14' fill='{FAINT}' xml:space='preserve'>{spans}</text>"
        ));
    }

    /// The name of a panel at its left, and what its colours mean at its right.
    fn heading(&mut self, y: f64, title: &str, legend: &[(&str, Swatch)]) {
        self.text(LEFT, y, "start", 14.0, INK, "font-weight='600'", title);
        // The fonts differ from reader to reader; this is wide enough for the widest of them.
        let width = |name: &str| 30.0 + name.chars().count() as f64 * 7.6;
        let gaps = 18.0 * legend.len().saturating_sub(1) as f64;
        let mut x = RIGHT - gaps - legend.iter().map(|(name, _)| width(name)).sum::<f64>();
        for (name, swatch) in legend {
            match swatch {
                Swatch::Line(colour, more) => self.stroke(&format!("M{x:.1} {:.1}h23", y - 4.5), colour, 2.4, more),
                Swatch::Area(colour, opacity) => {
                    self.fill(&format!("M{x:.1} {:.1}h23v11h-23z", y - 10.0), colour, *opacity);
                }
            }
            self.text(x + 30.0, y, "start", 12.5, INK, "", name);
            x += width(name) + 18.0;
        }
    }
}

enum Swatch {
    Line(&'static str, &'static str),
    Area(&'static str, f64),
}

const THEIR_DASHES: &str = "stroke-dasharray='6 3'";

impl Chart {
    pub fn svg(&self) -> String {
        let mut svg = Svg(String::new());
        svg.put(&format_args!(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' height='{HEIGHT}' \
             font-family='system-ui, -apple-system, \"Segoe UI\", Helvetica, Arial, sans-serif' role='img'>"
        ));
        svg.put(&format_args!("<title>{}</title>", self.title));
        svg.put(&format_args!("<rect width='{WIDTH}' height='{HEIGHT}' rx='8' fill='#ffffff'/>"));
        svg.text(24.0, 38.0, "start", 21.0, INK, "font-weight='700'", &self.title);
        svg.subtitle(&self.subtitle);
        self.operations(&mut svg);
        self.buffer(&mut svg);
        self.latency(&mut svg);
        let last = self.subscriber(&mut svg);
        self.time_axis(&mut svg, &last);
        svg.put(&"</svg>");
        svg.0
    }

    fn operations(&self, svg: &mut Svg) {
        let theirs = self.theirs.iter().flat_map(|(_, series)| series);
        let most = self.accepted.iter().chain(theirs).filter_map(|(_, value)| *value).fold(0.0, f64::max);
        let step = round_step(most * 1.25 / 5.0);
        let panel = self.panel(116.0, 286.0, Scale::Linear { most: (most * 1.25).max(step) });
        let mut legend = vec![
            ("answered by the server", Swatch::Area(OURS, 0.75)),
            ("accepted into the buffer", Swatch::Area(OURS_LIGHT, 0.75)),
        ];
        if let Some((name, _)) = &self.theirs {
            legend.push((name, Swatch::Line(THEIRS, THEIR_DASHES)));
        }
        svg.heading(panel.top - 14.0, "Writes per second", &legend);
        panel.frame(svg, self, &linear_ticks(step, most * 1.25));
        svg.fill(&panel.area(&self.accepted, Some(&self.replied)), OURS_LIGHT, 0.75);
        svg.fill(&panel.area(&self.replied, None), OURS, 0.75);
        svg.stroke(&panel.line(&self.accepted), OURS, 1.6, "stroke-linejoin='round'");
        if let Some((_, series)) = &self.theirs {
            let more = format!("{THEIR_DASHES} stroke-linejoin='round'");
            svg.stroke(&panel.line(series), "#ffffff", 3.6, "stroke-opacity='0.7' stroke-linejoin='round'");
            svg.stroke(&panel.line(series), THEIRS, 2.0, &more);
        }
        panel.marks(svg, self);
        for (from, to) in &self.outages {
            let bold = "font-weight='600'";
            svg.text(panel.x(*from) + 5.0, panel.top + 14.0, "start", 12.5, KILLED, bold, "killed");
            svg.text(panel.x(*to) + 5.0, panel.top + 14.0, "start", 12.5, RESTARTED, bold, "restarted");
            svg.text(panel.x(*from) + 5.0, panel.top + 30.0, "start", 11.5, FAINT, "", &self.note);
        }
    }

    fn buffer(&self, svg: &mut Svg) {
        let most = self.buffered.iter().filter_map(|(_, value)| *value).fold(1.0, f64::max);
        let step = round_step(most * 1.1 / 4.0);
        let panel = self.panel(338.0, 418.0, Scale::Linear { most: most * 1.1 });
        svg.heading(panel.top - 14.0, "Writes waiting in the buffer", &[]);
        panel.frame(svg, self, &linear_ticks(step, most * 1.1));
        svg.fill(&panel.area(&self.buffered, None), OURS_LIGHT, 0.55);
        svg.stroke(&panel.line(&self.buffered), OURS, 1.8, "stroke-linejoin='round'");
        panel.marks(svg, self);
    }

    fn latency(&self, svg: &mut Svg) {
        let values = || self.median_us.iter().chain(&self.longest_us).filter_map(|(_, value)| *value);
        let least = 10_f64.powf(values().fold(1e3, f64::min).max(1.0).log10().floor());
        let most = 10_f64.powf(values().fold(1e4, f64::max).log10().ceil());
        let panel = self.panel(470.0, 588.0, Scale::Logarithmic { least, most });
        let legend = [("slowest in 50 ms", Swatch::Line(OURS_LIGHT, "")), ("median", Swatch::Line(OURS, ""))];
        svg.heading(panel.top - 14.0, "Time of a call through resilient-redis, logarithmic", &legend);
        let decades = (0..).map(|power| least * 10_f64.powi(power)).take_while(|value| *value <= most * 1.01);
        let ticks: Vec<(f64, String)> = decades.map(|value| (value, duration(value))).collect();
        panel.frame(svg, self, &ticks);
        svg.stroke(&panel.line(&self.longest_us), OURS_LIGHT, 1.5, "stroke-linejoin='round'");
        svg.stroke(&panel.line(&self.median_us), OURS, 1.7, "stroke-linejoin='round'");
        panel.marks(svg, self);
    }

    fn subscriber(&self, svg: &mut Svg) -> Panel {
        let most = self.messages.iter().filter_map(|(_, value)| *value).fold(1.0, f64::max) * 1.15;
        let panel = self.panel(640.0, 708.0, Scale::Linear { most });
        let legend = [("received", Swatch::Area(OURS, 0.75)), ("told: nothing came", Swatch::Line(KILLED, ""))];
        svg.heading(panel.top - 14.0, "Messages per second at a subscriber", &legend);
        panel.frame(svg, self, &linear_ticks(round_step(most / 3.0), most));
        svg.fill(&panel.area(&self.messages, None), OURS, 0.75);
        for (from, to) in &self.gaps {
            let path = format!("M{:.1} {:.1}H{:.1}", panel.x(*from), panel.bottom - 6.0, panel.x(*to));
            svg.stroke(&path, KILLED, 4.0, "");
        }
        panel.marks(svg, self);
        panel
    }

    fn time_axis(&self, svg: &mut Svg, last: &Panel) {
        let step = if self.seconds > 12.0 { 2_u32 } else { 1 };
        let mut second = 0_u32;
        while f64::from(second) <= self.seconds {
            let x = last.x(f64::from(second));
            svg.stroke(&format!("M{x:.1} {:.1}v5", last.bottom), FAINT, 1.0, "");
            svg.text(x, last.bottom + 19.0, "middle", 12.0, FAINT, "", &second.to_string());
            second += step;
        }
        svg.text((LEFT + RIGHT) / 2.0, last.bottom + 39.0, "middle", 12.5, INK, "", "seconds");
    }

    fn panel(&self, top: f64, bottom: f64, scale: Scale) -> Panel {
        Panel { top, bottom, seconds: self.seconds, scale }
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50, … that is not below.
fn round_step(at_least: f64) -> f64 {
    let magnitude = 10_f64.powf(at_least.max(1.0).log10().floor());
    [1.0, 2.0, 5.0]
        .map(|factor| factor * magnitude)
        .into_iter()
        .find(|step| *step >= at_least)
        .unwrap_or(10.0 * magnitude)
}

fn linear_ticks(step: f64, most: f64) -> Vec<(f64, String)> {
    let values = (0..).map(|count| f64::from(count) * step).take_while(|value| *value <= most);
    values.map(|value| (value, with_thousands(value as u64))).collect()
}

fn duration(us: f64) -> String {
    match us {
        us if us < 1e3 => format!("{us:.0} µs"),
        us if us < 1e6 => format!("{:.0} ms", us / 1e3),
        us => format!("{:.0} s", us / 1e6),
    }
}

/// 12034 as 12,034.
pub fn with_thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(with_thousands(0), "0");
        assert_eq!(with_thousands(999), "999");
        assert_eq!(with_thousands(12_034), "12,034");
        assert_eq!(with_thousands(1_000_000), "1,000,000");
        assert_eq!(duration(10.0), "10 µs");
        assert_eq!(duration(100_000.0), "100 ms");
        assert_eq!([0.5, 1.0, 3.0, 20.0, 700.0].map(round_step), [1.0, 1.0, 5.0, 20.0, 1000.0]);
    }
}
