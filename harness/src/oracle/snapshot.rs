//! O2: the cache equals what the server held at one instant.
//!
//! Websites that the client saves to, reads alone, or hears of by an event are left out for a while:
//! what it learns then is about one website at a time.

use std::time::Duration;

use crisp_mock_server::operation::Operation;

use super::{Breach, MISSING, Oracle, time};
use crate::history::{Event, History, Quality, RequestIndex, Site, What, same};

type Span = (Duration, Duration);

/// A website of which the client learnt alone.
#[derive(Debug, Clone, Copy)]
struct LeftOut {
    site: Site,
    since: Duration,
    until: Duration,
}

/// A step that shows no one instant. A client that puts an answer in place and reads alone what it
/// doubts asks for that right after the step, at the same moment: then it is no breach. Where it
/// doubts several websites it may ask for one after another, and before the first of them for its
/// account, whose answer names the plugin.
struct Torn {
    breach: Breach,
    asked: Asked,
    /// The breach counts after this, whatever is asked.
    until: Duration,
}

/// How far the client is with what it asks after such a step.
#[derive(PartialEq, Eq)]
enum Asked {
    /// It has done the step at this moment, and asks at the same moment or not at all.
    Now(Duration),
    /// This request is under way.
    For(RequestIndex),
    /// It was handed the answer at this moment, and shows what that says, or asks for the next.
    Told(Duration),
    /// The last one failed: it will be asked again.
    Again,
}

#[derive(Default)]
pub(super) struct Snapshot {
    left_out: Vec<LeftOut>,
    torn: Option<Torn>,
    /// When the last differential was sent that was good and has been dealt with.
    heard: Option<Duration>,
    possible: Vec<Span>,
    scratch: Vec<Span>,
    narrowed: Vec<Span>,
}

impl Oracle for Snapshot {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        if let Some(torn) = self.torn.take_if(|torn| torn.is_over(history, event)) {
            return Some(torn.breach);
        }
        match event.what {
            What::Sent(index) => {
                let request = &history.requests[index as usize];
                if let Some(site) = request.site {
                    self.leave_out(history, site, event.at);
                    if self.torn.is_some() && self.check(history, event.at).is_none() {
                        self.torn = None;
                    }
                }
                None
            }
            What::EventArriving(notice) => {
                let site = history.notices.get(notice as usize)?.site;
                self.leave_out(history, site, event.at);
                None
            }
            What::SaveOrdered(save) | What::SaveEnded(save, _) => {
                let site = history.saves.get(save as usize)?.site;
                self.leave_out(history, site, event.at);
                None
            }
            What::Handled(index) => {
                let request = &history.requests[index as usize];
                if request.operation == Operation::Since && request.quality == Quality::Good {
                    self.heard = Some(request.sent);
                }
                None
            }
            What::Step | What::Ready if history.ready.is_some() && can_judge(history) => {
                let before = self.torn.take();
                let begins = || (Asked::Now(event.at), event.at + alone(history));
                let (asked, until) = before.map_or_else(begins, |torn| (torn.asked, torn.until));
                self.torn =
                    self.check(history, event.at).map(|breach| Torn { breach, asked, until });
                None
            }
            _ => None,
        }
    }

    fn unjudged(&self, history: &History) -> Option<String> {
        let why = if history.lied {
            "the server left something out of an answer"
        } else if history.server_clock_moved {
            "the server's clock was moved"
        } else if history.staleness.longest() > Duration::ZERO {
            "the server's answers lag behind one another"
        } else {
            return None;
        };
        Some(why.to_owned())
    }
}

fn can_judge(history: &History) -> bool {
    !history.lied && !history.server_clock_moved && history.staleness.longest().is_zero()
}

/// For how long what a client learns of a website alone may be newer than the rest.
fn alone(history: &History) -> Duration {
    let declared = &history.declared;
    declared.overlap * 2 + declared.request_timeout + declared.rarest_poll() * 2
}

impl Torn {
    /// Whether the event shows that nothing is asked any more that would end it.
    fn is_over(&mut self, history: &History, event: &Event) -> bool {
        match event.what {
            _ if event.at > self.until => return true,
            What::Sent(index) if self.may_ask(event.at) => {
                let request = &history.requests[index as usize];
                if matches!(request.operation, Operation::Account | Operation::GetSettings) {
                    self.asked = Asked::For(index);
                }
            }
            What::Arriving(index) if self.asked == Asked::For(index) => {
                let quality = history.requests[index as usize].quality;
                let told = matches!(quality, Quality::Good | Quality::Denied);
                self.asked = if told { Asked::Told(event.at) } else { Asked::Again };
            }
            What::Abandoned(index) if self.asked == Asked::For(index) => self.asked = Asked::Again,
            What::Shows { .. } | What::Step if !matches!(self.asked, Asked::Now(_)) => {}
            _ => return self.answered().is_some(),
        }
        self.answered().is_some_and(|at| at < event.at)
    }

    /// When it was last its turn to ask, if it still is.
    fn answered(&self) -> Option<Duration> {
        match self.asked {
            Asked::Now(at) | Asked::Told(at) => Some(at),
            Asked::For(_) | Asked::Again => None,
        }
    }

    fn may_ask(&self, now: Duration) -> bool {
        self.asked == Asked::Again || self.answered() == Some(now)
    }
}

impl Snapshot {
    fn leave_out(&mut self, history: &History, site: Site, at: Duration) {
        let until = at + alone(history);
        self.left_out.retain(|left| left.site != site);
        let since = at;
        self.left_out.push(LeftOut { site, since, until });
    }

    /// Whether what the client learnt of this website alone may still be newer than the rest: for
    /// a while, and until a differential has told of it. A list that went before may be put in
    /// place long after, when differentials failed.
    fn is_left_out(&self, site: Site, now: Duration) -> bool {
        let unheard = |since| self.heard.is_none_or(|heard| heard < since);
        let left = self.left_out.iter().find(|left| left.site == site);
        left.is_some_and(|left| left.until > now || unheard(left.since))
    }

    fn check(&mut self, history: &History, now: Duration) -> Option<Breach> {
        self.possible.clear();
        self.possible.push((Duration::ZERO, Duration::MAX));
        for site in 0..history.tracks.len() {
            let track = &history.tracks[site];
            let site = site as Site;
            if track.versions.len() <= 1 && track.agrees() {
                continue;
            }
            if self.is_left_out(site, now) {
                continue;
            }
            spans(history, site, &mut self.scratch);
            if self.scratch.is_empty() {
                if track.shown.is_some() {
                    continue; // a phantom
                }
                return Some(vanished(history, site, now));
            }
            intersect(&self.possible, &self.scratch, &mut self.narrowed);
            if self.narrowed.is_empty() {
                return Some(self.torn(history, site, now));
            }
            std::mem::swap(&mut self.possible, &mut self.narrowed);
        }
        None
    }

    fn torn(&mut self, history: &History, site: Site, now: Duration) -> Breach {
        let mine = self.scratch.clone();
        let mut theirs = Vec::new();
        let other = (0..site).find(|other| {
            spans(history, *other, &mut self.scratch);
            intersect(&mine, &self.scratch, &mut theirs);
            theirs.is_empty() && !self.scratch.is_empty()
        });
        let first = mine.first().copied().unwrap_or_default();
        let fact = format!("The cache shows {} as it was {}.", history.name(site), span(first));
        let but = match other {
            Some(other) => {
                spans(history, other, &mut self.scratch);
                let theirs = self.scratch.first().copied().unwrap_or_default();
                format!("It shows {} as it was {}.", history.name(other), span(theirs))
            }
            None => "At no such moment were all the others as it shows them.".to_owned(),
        };
        Breach { at: now, site: Some(site), word: "torn set", fact, but, ..Breach::default() }
    }
}

fn vanished(history: &History, site: Site, now: Duration) -> Breach {
    let name = history.name(site);
    Breach {
        at: now,
        site: Some(site),
        word: MISSING,
        fact: format!("{name} had the plugin all along."),
        but: format!("At {} the cache does not have it.", time(now)),
        ..Breach::default()
    }
}

/// When the server held what the cache shows of a website.
fn spans(history: &History, site: Site, spans: &mut Vec<Span>) {
    let track = history.track(site);
    spans.clear();
    for (index, version) in track.versions.iter().enumerate() {
        let until = track.until(index).unwrap_or(Duration::MAX);
        if same(track.shown, version.state) && version.from < until {
            spans.push((version.from, until));
        }
    }
}

fn intersect(some: &[Span], others: &[Span], out: &mut Vec<Span>) {
    out.clear();
    for (from, until) in some {
        for (other_from, other_until) in others {
            let (from, until) = (*from.max(other_from), *until.min(other_until));
            if from < until {
                out.push((from, until));
            }
        }
    }
}

fn span((from, until): Span) -> String {
    match (from, until) {
        (Duration::ZERO, until) => format!("before {}", time(until)),
        (from, Duration::MAX) => format!("from {} on", time(from)),
        (from, until) => format!("between {} and {}", time(from), time(until)),
    }
}
