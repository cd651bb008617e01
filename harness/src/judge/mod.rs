//! The judge: all oracles and the scenario's own expectations over one run.

mod checkpoint;

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;

use crate::history::{Event, History, State, Track, What};
use crate::oracle::{self, Breach, Oracle, Rule, Verdict};
use crate::scenario::{Expect, Holds, Scenario};
use crate::subject::Abilities;
use crate::words::{SaveEnd, Standing};
use crate::world::{Run, Witness};

/// All oracles at work on one run.
pub struct Judge<'a> {
    scenario: &'a Scenario,
    /// In the order of [`Rule::ALL`].
    oracles: [Box<dyn Oracle>; Rule::ALL.len()],
    breaches: [Option<Box<Breach>>; Rule::ALL.len()],
    /// Oracles that cannot judge this kind of run, each with the reason.
    barred: &'static [(Rule, &'static str)],
    seen: Option<Breach>,
}

/// What was found about one demand.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which demand: an oracle, or what the scenario expects.
    pub demand: Demand,
    /// What was found.
    pub verdict: Verdict,
}

/// Something that is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Of every client.
    Oracle(Rule),
    /// By this scenario, under this key of `expect`.
    Expect(&'static str),
}

impl Demand {
    /// The name as scenarios write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Oracle(rule) => rule.name(),
            Self::Expect(key) => key,
        }
    }

    /// How grave a breach is; 0 is gravest.
    #[must_use]
    pub fn harm(self) -> u8 {
        match self {
            Self::Oracle(rule) => rule.harm(),
            Self::Expect(_) => 1,
        }
    }
}

impl<'a> Judge<'a> {
    /// A judge for one run of this scenario.
    #[must_use]
    pub fn new(scenario: &'a Scenario, abilities: Abilities) -> Self {
        let oracles = Rule::ALL.map(|rule| oracle::oracle(rule, &scenario.expect, abilities));
        Self { scenario, oracles, breaches: Default::default(), barred: &[], seen: None }
    }

    /// Keeps oracles from judging, each for a reason.
    #[must_use]
    pub fn barring(mut self, barred: &'static [(Rule, &'static str)]) -> Self {
        self.barred = barred;
        self
    }

    /// The findings, oracles first.
    #[must_use]
    pub fn findings(self, run: &Run) -> Vec<Finding> {
        let mut findings = Vec::with_capacity(self.oracles.len() + 4);
        let off = &self.scenario.expect.off;
        let oracles = Rule::ALL.into_iter().zip(&self.oracles);
        for ((rule, oracle), breach) in oracles.zip(self.breaches) {
            let switched = off.iter().find(|(other, _)| *other == rule);
            let barred = self.barred.iter().find(|(other, _)| *other == rule);
            let verdict = match (switched, breach) {
                _ if let Some((_, why)) = barred => Verdict::NotJudged((*why).to_owned()),
                (Some((_, reason)), _) => Verdict::NotJudged(format!("switched off: {reason}")),
                (None, Some(breach)) => Verdict::Fail(breach),
                (None, None) => match oracle.unjudged(&run.history) {
                    Some(why) => Verdict::NotJudged(why),
                    None => Verdict::Pass,
                },
            };
            findings.push(Finding { demand: Demand::Oracle(rule), verdict });
        }
        expectations(&self.scenario.expect, run, self.seen, &mut findings);
        findings
    }
}

impl Witness for Judge<'_> {
    fn see(&mut self, history: &History, event: &Event) {
        for (oracle, breach) in self.oracles.iter_mut().zip(&mut self.breaches) {
            if breach.is_none() {
                *breach = oracle.see(history, event).map(Box::new);
            }
        }
        if let What::Shows { site, state: Some(state) } = event.what
            && self.seen.is_none()
            && !self.scenario.expect.never_seen.is_empty()
        {
            let id = history.sites[site as usize];
            let text = history.values.text(state.settings);
            let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
            let forbidden = &self.scenario.expect.never_seen;
            if forbidden.iter().any(|(other, settings)| *other == id && *settings == value) {
                self.seen = Some(Breach {
                    at: event.at,
                    site: Some(site),
                    word: "showed what must not be seen",
                    fact: format!("{} must never be seen with these settings.", id.short()),
                    but: format!("The cache showed them at {} ms.", event.at.as_millis()),
                    got: Some(text.to_owned()),
                    ..Breach::default()
                });
            }
        }
    }
}

/// What the scenario expects beside what the oracles demand: one finding for each key that it has.
fn expectations(expect: &Expect, run: &Run, seen: Option<Breach>, findings: &mut Vec<Finding>) {
    let history = &run.history;
    let never_seen = (!expect.never_seen.is_empty())
        .then(|| seen.map_or(Verdict::Pass, |breach| Verdict::Fail(Box::new(breach))));
    let verdicts = [
        ("ready_within", expect.ready_within.map(|within| ready_within(within, history))),
        ("websites", expect.websites.as_ref().map(|holds| websites(holds, history))),
        ("checkpoints", checkpoint::all(&expect.checkpoints, history)),
        ("requests", requests(&expect.requests, history)),
        ("requests_per_hour", expect.requests_per_hour.map(|most| per_hour(most, history))),
        ("never_seen", never_seen),
        ("status", expect.status.map(|status| status_at_end(status, history))),
        ("saves", expect.saves.as_ref().map(|ends| saves(ends, run))),
    ];
    for (key, verdict) in verdicts {
        let verdict = match verdict {
            None => continue,
            // What the scenario expects is what comes of those saves.
            Some(Verdict::Fail(_)) if run.unable => not_saving(),
            Some(verdict) => verdict,
        };
        findings.push(Finding { demand: Demand::Expect(key), verdict });
    }
}

fn not_saving() -> Verdict {
    Verdict::NotJudged("this client does not save".to_owned())
}

fn ready_within(within: Duration, history: &History) -> Verdict {
    let late = history.ready.is_none_or(|ready| ready.saturating_sub(history.born) > within);
    let got = history.ready.map_or_else(|| "never".to_owned(), millis);
    unequal(late, history, "not ready in time", &millis(within), &got)
}

fn websites(holds: &Holds, history: &History) -> Verdict {
    let (wanted, got) = compared(holds, history, |track| track.shown);
    unequal(wanted != got, history, "another cache", &wanted, &got)
}

fn requests(wanted: &[(Operation, u64)], history: &History) -> Option<Verdict> {
    let list = |counts: &[(Operation, u64)]| {
        let counts = counts.iter().map(|(operation, count)| format!("{count} {operation}"));
        counts.collect::<Vec<_>>().join(", ")
    };
    let got = wanted.iter().map(|(operation, _)| {
        let of_it = history.requests.iter().filter(|request| request.operation == *operation);
        (*operation, of_it.count() as u64)
    });
    let got: Vec<_> = got.collect();
    let verdict = unequal(wanted != got, history, "other requests", &list(wanted), &list(&got));
    (!wanted.is_empty()).then_some(verdict)
}

fn per_hour(most: u64, history: &History) -> Verdict {
    let got = busiest_hour(history);
    let wanted = format!("at most {most} an hour");
    unequal(got > most, history, "asked too much", &wanted, &got.to_string())
}

fn status_at_end(wanted: Standing, history: &History) -> Verdict {
    let last = history.events.iter().rev().find_map(|event| match event.what {
        What::Status { standing, .. } => Some(standing),
        _ => None,
    });
    match last {
        None => Verdict::NotJudged("this client does not say how current it is".to_owned()),
        Some(last) => {
            let differ = last != wanted;
            let (wanted, got) = (wanted.to_string(), last.to_string());
            unequal(differ, history, "another status", &wanted, &got)
        }
    }
}

fn saves(wanted: &[SaveEnd], run: &Run) -> Verdict {
    if !run.about.abilities.saves {
        return not_saving();
    }
    let wanted: Vec<_> = wanted.iter().map(ToString::to_string).collect();
    let ends = run.history.saves.iter().map(|save| save.end);
    let got = ends.map(|end| end.map_or_else(|| "open".to_owned(), |end| end.to_string()));
    let got: Vec<_> = got.collect();
    let (word, differ) = ("saves ended otherwise", wanted != got);
    unequal(differ, &run.history, word, &wanted.join(", "), &got.join(", "))
}

fn unequal(
    unequal: bool,
    history: &History,
    word: &'static str,
    wanted: &str,
    got: &str,
) -> Verdict {
    if !unequal {
        return Verdict::Pass;
    }
    Verdict::Fail(Box::new(Breach {
        at: history.now(),
        word,
        fact: format!("The scenario expects {wanted}."),
        but: format!("It was {got}."),
        expected: Some(wanted.to_owned()),
        got: Some(got.to_owned()),
        site: None,
    }))
}

fn millis(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

/// What is wanted in the cache, and what the server holds, in the same words.
pub(crate) fn truth(holds: &Holds, history: &History) -> (String, String) {
    compared(holds, history, Track::truth)
}

/// What is wanted, and what there is, in the same words.
fn compared(
    holds: &Holds,
    history: &History,
    of: impl Fn(&Track) -> Option<State>,
) -> (String, String) {
    let mut got: Vec<_> = history
        .tracks
        .iter()
        .zip(&history.sites)
        .filter_map(|(track, id)| Some((*id, of(track)?)))
        .collect();
    got.sort_by_key(|(id, _)| (id.number(), *id));
    match holds {
        Holds::Websites(websites) => {
            let mut wanted = websites.clone();
            wanted.sort_by_key(|id| (id.number(), *id));
            let names = |ids: Vec<_>| {
                ids.iter().map(|id: &WebsiteId| id.short()).collect::<Vec<_>>().join(", ")
            };
            (names(wanted), names(got.iter().map(|(id, _)| *id).collect()))
        }
        Holds::Settings(websites) => {
            let mut values = history.values.clone();
            let mut wanted = websites.clone();
            wanted.sort_by_key(|(id, _)| (id.number(), *id));
            let wanted = wanted.iter().map(|(id, settings)| {
                let value = values.json(&settings.to_string());
                format!("{}: {}", id.short(), values.text(value))
            });
            let wanted = wanted.collect::<Vec<_>>().join(", ");
            let got = got.iter().map(|(id, state)| {
                format!("{}: {}", id.short(), history.values.text(state.settings))
            });
            (wanted, got.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The most requests in any hour; a shorter run counts in proportion, the first load aside.
fn busiest_hour(history: &History) -> u64 {
    const HOUR: Duration = Duration::from_secs(3600);
    let requests = history.requests.iter().filter(|request| !request.is_handshake());
    let sent: Vec<_> = requests.map(|request| request.sent).collect();
    let length = history.now();
    if length < HOUR {
        let ready = history.ready.unwrap_or_default();
        let steady = sent.iter().filter(|at| **at > ready).count() as f64;
        let share = length.saturating_sub(ready).as_secs_f64() / HOUR.as_secs_f64();
        return if share > 0.0 { (steady / share).round() as u64 } else { 0 };
    }
    let mut from = 0;
    let mut most = 0;
    for (index, at) in sent.iter().enumerate() {
        while *at - sent[from] >= HOUR {
            from += 1;
        }
        most = most.max(index - from + 1);
    }
    most as u64
}
