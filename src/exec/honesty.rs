//! `--fail-on`: conditions under which a run that succeeded proves nothing.

use clap::ValueEnum;

use super::summary::{Summary, counted};

/// A reason to turn success into failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// No request came.
    Idle,
    /// A request met no route.
    Unmatched,
    /// A request was refused because the daily quota was spent.
    Quota,
    /// An armed fault never fired.
    UnfiredFault,
    /// A forged, aged or foreign web hook was answered with 2xx.
    ForgedHook,
}

/// Which of the reasons hold, in words.
#[must_use]
pub fn reasons(fail_on: &[FailOn], summary: &Summary) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for one in fail_on {
        if let Some(why) = why(*one, summary).filter(|why| !reasons.contains(why)) {
            reasons.push(why);
        }
    }
    reasons
}

fn why(fail_on: FailOn, summary: &Summary) -> Option<String> {
    let usage = &summary.usage;
    match fail_on {
        FailOn::Idle => {
            (summary.total() == 0).then(|| format!("--fail-on idle: {}", summary.nothing_came()))
        }
        FailOn::Unmatched => summary.counts.unmatched.as_ref().map(|example| {
            let number = counted(summary.unmatched(), "request");
            format!("--fail-on unmatched: {number} met no route, the latest {example}")
        }),
        FailOn::Quota => (usage.refused > 0).then(|| {
            let number = counted(usage.refused, "request");
            format!("--fail-on quota: {number} refused because the daily quota was spent")
        }),
        FailOn::ForgedHook => usage.forged.as_ref().map(|(number, first)| {
            let number = counted(*number, "forged web hook");
            format!("--fail-on forged-hook: {number} answered with 2xx, first {first}")
        }),
        FailOn::UnfiredFault => usage.unfired.first().map(|first| {
            let number = usage.unfired.len() as u64 + usage.unfired_besides;
            let number = counted(number, "armed fault");
            let (fault, space) = (first.fault.to_value(), &first.space);
            format!("--fail-on unfired-fault: {number} never fired, first {fault} in space {space}")
        }),
    }
}
