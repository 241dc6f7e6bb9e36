//! A row of the results, and the file that holds them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::plan::Plan;
use crate::statistics::{median, quartiles};

/// Where the client runs; the server always has the first processor for itself or shares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// On the server's processor: the work of both sides adds up, and little else disturbs.
    OneCore,
    /// On the others: as in production, with a processor that has to be woken up.
    OtherCores,
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Placement::OneCore => "one core",
            Placement::OtherCores => "other core",
        })
    }
}

/// A row. A ratio above 1 means that we are ahead.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    pub id: String,
    pub name: String,
    /// What `theirs` is: another client, or a limit.
    pub against: String,
    pub placement: Placement,
    pub ours: Option<f64>,
    pub theirs: Option<f64>,
    pub unit: String,
    pub ratio: Option<f64>,
    /// The least ratio that we want; none for rows that are for information.
    pub goal: Option<f64>,
    /// Quartiles of the rounds' ratios.
    pub spread: Option<[f64; 2]>,
    /// `None` when there is no goal.
    pub reached: Option<bool>,
    /// What else is worth knowing.
    pub note: String,
    /// Why it could not be measured.
    pub failure: Option<String>,
}

impl Row {
    pub fn new(id: &str, name: &str, against: &str, placement: Placement, unit: &str) -> Self {
        Row {
            id: id.into(),
            name: name.into(),
            against: against.into(),
            placement,
            unit: unit.into(),
            ours: None,
            theirs: None,
            ratio: None,
            goal: None,
            spread: None,
            reached: None,
            note: String::new(),
            failure: None,
        }
    }

    /// Fills in what the rounds brought, both sides of each in the row's unit.
    pub fn compare(mut self, rounds: &[(f64, f64)], better: Better, goal: Option<f64>) -> Self {
        let (ours, theirs): (Vec<f64>, Vec<f64>) = rounds.iter().copied().unzip();
        let ratios: Vec<f64> = rounds.iter().map(|&(ours, theirs)| better.ratio(ours, theirs)).collect();
        (self.ours, self.theirs) = (Some(median(&ours)), Some(median(&theirs)));
        self.spread = Some(quartiles(&ratios));
        self.judge(median(&ratios), goal);
        self
    }

    /// Fills in measurements of ours that have to stay below a limit.
    pub fn limit(mut self, ours: &[f64], limit: f64) -> Self {
        (self.ours, self.theirs) = (Some(median(ours)), Some(limit));
        let ratios: Vec<f64> = ours.iter().map(|&ours| limit / ours).collect();
        if ratios.iter().all(|ratio| ratio.is_finite() && *ratio > 0.0) {
            self.spread = Some(quartiles(&ratios));
            self.judge(limit / median(ours), Some(1.0));
        } else {
            self.reached = Some(median(ours) <= limit);
        }
        self
    }

    fn judge(&mut self, ratio: f64, goal: Option<f64>) {
        (self.ratio, self.goal) = (Some(ratio), goal);
        self.reached = goal.map(|goal| ratio >= goal);
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// The row, or the same row saying why there is no figure.
    pub fn or_failure(empty: Row, measured: Result<Row>) -> Row {
        measured.unwrap_or_else(|failure| Row { failure: Some(failure), ..empty })
    }
}

/// Which of two figures is the better one.
#[derive(Clone, Copy, Debug)]
pub enum Better {
    Higher,
    Lower,
}

impl Better {
    fn ratio(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Better::Higher => ours / theirs,
            Better::Lower => theirs / ours,
        }
    }
}

pub fn write(plan: &Plan, rows: &[Row]) -> Result<()> {
    let path = plan.output.join("summary.json");
    let text = serde_json::to_string_pretty(rows).map_err(|error| error.to_string())?;
    std::fs::write(&path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))
}

pub fn read(plan: &Plan) -> Result<Vec<Row>> {
    let path = plan.output.join("summary.json");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}
