//! What was measured, beside its budget.

use std::fmt;

/// A budget, and on which side of it a figure should lie.
#[derive(Debug, Clone, Copy)]
pub enum Budget {
    AtLeast(f64),
    AtMost(f64),
    /// Nothing is promised; the figure explains another.
    None,
}

impl Budget {
    fn verdict(self, measured: f64) -> &'static str {
        match self {
            Self::AtLeast(least) if measured >= least => "ok",
            Self::AtMost(most) if measured <= most => "ok",
            Self::None => "",
            _ => "OVER",
        }
    }
}

/// Rows in the order in which they were measured.
#[derive(Default)]
pub struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    /// Adds a figure with its unit, and shows it at once: the whole run takes a while.
    pub fn add(&mut self, what: impl Into<String>, measured: f64, unit: &str, budget: Budget) {
        let limit = match budget {
            Budget::AtLeast(least) => format!(">= {}", figure(least, unit)),
            Budget::AtMost(most) => format!("<= {}", figure(most, unit)),
            Budget::None => String::new(),
        };
        let row = [what.into(), figure(measured, unit), limit, budget.verdict(measured).to_owned()];
        println!("  {}: {} {}", row[0], row[1], row[3]);
        self.rows.push(row);
    }
}

fn figure(value: f64, unit: &str) -> String {
    let digits = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["what", "measured", "budget", ""].map(str::to_owned);
        let rows = || std::iter::once(&head).chain(&self.rows);
        let width = |column: usize| rows().map(|row| row[column].len()).max().unwrap_or(0);
        let [what, measured, budget] = [width(0), width(1), width(2)];
        writeln!(out)?;
        for [a, b, c, d] in rows() {
            let line = format!("{a:what$}  {b:>measured$}  {c:>budget$}  {d}");
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
