//! What a scenario found out, and how it is shown. Used by every scenario.

use std::fmt::Write as _;

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// Our figure with its unit.
    pub ours: String,
    /// Whom it is compared with, and that one's figure.
    pub theirs: String,
    /// Ours over theirs; empty when there is no opponent.
    pub ratio: String,
    /// What must be reached.
    pub required: String,
    /// Whether it is.
    pub met: bool,
    /// How it was measured and what bounds it.
    pub bound: String,
}

/// The rows as a Markdown table.
pub fn table(figures: &[Figure]) -> String {
    let mut out = String::from(
        "| what | ours | against | ratio | at least | met |\n|---|---|---|---|---|---|\n",
    );
    for row in figures {
        let met = if row.met { "yes" } else { "**no**" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {met} |",
            row.what, row.ours, row.theirs, row.ratio, row.required
        );
    }
    out
}

/// The middle of the values; 0 when there are none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The least and the greatest of ratios: `0.81 and 0.86 ×`.
pub fn spread(ratios: &[f64]) -> String {
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = ratios.iter().copied().fold(0.0, f64::max);
    format!("{least:.2} and {}", times(greatest))
}

/// The value below which `part` of `whole` of the sorted values lie; 0 when there are none.
pub fn percentile(sorted: &[f64], part: usize, whole: usize) -> f64 {
    let rank = (sorted.len() * part).div_ceil(whole).max(1) - 1;
    sorted.get(rank).copied().unwrap_or_default()
}

/// `12 345`: whole, with thin groups.
pub fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// `0.83 ×`.
pub fn times(ratio: f64) -> String {
    format!("{ratio:.2} ×")
}
