//! The judge: all oracles and the scenario's own expectations over one run.

use std::time::Duration;

use crate::history::{Event, History, State, Track, What};
use crate::oracle::{self, Breach, Oracle, Rule, Verdict};
use crate::scenario::{Expect, Holds, Scenario};
use crate::subject::Abilities;
use crate::world::{Run, Witness};

/// All oracles at work on one run.
pub struct Judge<'a> {
    scenario: &'a Scenario,
    oracles: Vec<Box<dyn Oracle>>,
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
        let oracles = oracle::all(&scenario.expect, abilities);
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
        for (oracle, breach) in self.oracles.iter().zip(self.breaches) {
            let rule = oracle.rule();
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

fn expectations(expect: &Expect, run: &Run, seen: Option<Breach>, findings: &mut Vec<Finding>) {
    let mut add = |key: &'static str, verdict: Verdict| {
        let verdict = match verdict {
            // What the scenario expects is what comes of those saves.
            Verdict::Fail(_) if run.unable => {
                Verdict::NotJudged("this client does not save".to_owned())
            }
            verdict => verdict,
        };
        findings.push(Finding { demand: Demand::Expect(key), verdict });
    };
    let history = &run.history;
    let now = history.now();
    if let Some(within) = expect.ready_within {
        let late = history.ready.is_none_or(|ready| ready.saturating_sub(history.born) > within);
        let got = history.ready.map_or_else(|| "never".to_owned(), millis);
        add("ready_within", unequal(late, now, "not ready in time", &millis(within), &got));
    }
    if let Some(holds) = &expect.websites {
        let (wanted, got) = contents(holds, history);
        add("websites", unequal(wanted != got, now, "another cache", &wanted, &got));
    }
    if !expect.requests.is_empty() {
        let count =
            |operation| history.requests.iter().filter(|r| r.operation == operation).count();
        let list = |counts: &mut dyn Iterator<Item = String>| counts.collect::<Vec<_>>().join(", ");
        let wanted = list(&mut expect.requests.iter().map(|(op, n)| format!("{n} {op}")));
        let got = list(&mut expect.requests.iter().map(|(op, _)| format!("{} {op}", count(*op))));
        add("requests", unequal(wanted != got, now, "other requests", &wanted, &got));
    }
    if let Some(most) = expect.requests_per_hour {
        let (most, got) = (most, busiest_hour(history));
        let wanted = format!("at most {most} an hour");
        add(
            "requests_per_hour",
            unequal(got > most, now, "asked too much", &wanted, &got.to_string()),
        );
    }
    if !expect.never_seen.is_empty() {
        let verdict = seen.map_or(Verdict::Pass, |breach| Verdict::Fail(Box::new(breach)));
        add("never_seen", verdict);
    }
    if let Some(status) = expect.status {
        let last = history.events.iter().rev().find_map(|event| match event.what {
            What::Status { standing, .. } => Some(standing),
            _ => None,
        });
        add(
            "status",
            match last {
                None => Verdict::NotJudged("this client does not say how current it is".to_owned()),
                Some(last) => {
                    let (wanted, got) = (status.to_string(), last.to_string());
                    unequal(last != status, now, "another status", &wanted, &got)
                }
            },
        );
    }
    if let Some(saves) = &expect.saves {
        let ends: Vec<_> = history.saves.iter().map(|save| save.end).collect();
        let wanted = saves.iter().map(ToString::to_string).collect::<Vec<_>>();
        let got =
            ends.iter().map(|end| end.map_or_else(|| "open".to_owned(), |end| end.to_string()));
        let got = got.collect::<Vec<_>>();
        add(
            "saves",
            if run.about.abilities.saves {
                unequal(
                    wanted != got,
                    now,
                    "saves ended otherwise",
                    &wanted.join(", "),
                    &got.join(", "),
                )
            } else {
                Verdict::NotJudged("this client does not save".to_owned())
            },
        );
    }
}

fn unequal(unequal: bool, at: Duration, word: &'static str, wanted: &str, got: &str) -> Verdict {
    if !unequal {
        return Verdict::Pass;
    }
    Verdict::Fail(Box::new(Breach {
        at,
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

/// What is wanted in the cache, and what is in it, in the same words.
fn contents(holds: &Holds, history: &History) -> (String, String) {
    compared(holds, history, |track| track.shown)
}

/// What is wanted in the cache, and what the server holds, in the same words.
pub(crate) fn truth(holds: &Holds, history: &History) -> (String, String) {
    compared(holds, history, Track::truth)
}

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
                ids.iter()
                    .map(|id: &crisp_mock_server::id::WebsiteId| id.short())
                    .collect::<Vec<_>>()
                    .join(", ")
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
    let sent: Vec<_> = history.requests.iter().map(|request| request.sent).collect();
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
