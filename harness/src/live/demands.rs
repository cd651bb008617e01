//! What is demanded in real time: what samples and a busy machine could explain is left out and named.

use std::collections::HashMap;
use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use serde_json::{Map, Value};

use crate::history::{AllowedStaleness, History};
use crate::judge::{self, Demand, Finding};
use crate::oracle::{Breach, Rule, Verdict};
use crate::peer::{Greeting, Launcher};
use crate::scenario::{Checkpoint, Client, Deed, Expect, Holds, SaveEnd, Scenario, Setting};
use crate::subject::{Abilities, About, DeclaredTiming};
use crate::world::Run;

use super::Tempo;

/// So many polls may pass until the cache is right.
const POLLS: u32 = 20;
/// What the machine may take for itself.
const TOLERANCE: Duration = Duration::from_secs(2);

/// A wait that doubles with each failure does not get longer in the seconds that a scenario takes.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Oracles that real time cannot judge, each with the reason.
pub(super) const UNJUDGED: [(Rule, &str); 5] = [
    (Rule::HonestStatus, TIME),
    (Rule::Pacing, TIME),
    (Rule::Cost, TIME),
    (Rule::Atomic, "samples do not show which answer changed the cache"),
    (Rule::Quiet, TIME),
];
const SHAPE: &str = "how often another client reads is its own affair; `cost` judges the sum";
const TIME: &str = "in real time the machine's own delays would be judged";

/// How a client has to behave in real time, in the scenario's own time: within 20 polls and
/// 2 s everything is right again, and a client that says that it waits longer may do so.
pub(super) fn real_time(greeting: &Greeting, tempo: Tempo) -> DeclaredTiming {
    let withheld = tempo.withheld();
    let timeout = greeting.timeout.unwrap_or_default().min(withheld);
    let waits = timeout + greeting.backoff_max.unwrap_or_default().min(LONGEST_WAIT);
    // The 20 polls have room for as many as an answer is withheld for.
    let longer = tempo.in_scenario(waits.saturating_sub(withheld));
    DeclaredTiming {
        poll_every: tempo.stands_for(),
        longest_poll: tempo.in_scenario(tempo.poll() * POLLS + TOLERANCE),
        // After a failure of any kind; without one there is no longer wait.
        refused_cap: longer,
        longest_retry_after: Duration::MAX,
        relist_every: greeting.relist.map(|relist| tempo.in_scenario(relist)),
        ..DeclaredTiming::default()
    }
}

/// What a client says of itself, with the timing that it is held to.
pub(super) fn about(greeting: &Greeting, declared: DeclaredTiming) -> About {
    About {
        name: greeting.name.clone(),
        version: greeting.version.clone(),
        abilities: Abilities {
            saves: greeting.capabilities.save,
            own_page: greeting.capabilities.own_page,
            tokens: greeting.capabilities.tokens,
            status: greeting.capabilities.status,
            waits: false,
            listens: false, // its sockets are not seen in real time
        },
        declared,
    }
}

/// What the server hides, in the scenario's own time: lags are the scenario's, the lives of caches
/// are not.
pub(super) fn staleness(staleness: AllowedStaleness, tempo: Tempo) -> AllowedStaleness {
    AllowedStaleness { cache: tempo.in_scenario(staleness.cache), ..staleness }
}

/// How a client whose clock is moved by hand has to behave. What it does not say of its waits has
/// 20 polls together. It may do as the scenario wants it set up, or as it says of itself.
pub(super) fn by_hand(
    greeting: &Greeting,
    options: &Client,
    poll_every: Duration,
) -> DeclaredTiming {
    let unsaid = poll_every * (POLLS / 2);
    let backoff = greeting.backoff_max.unwrap_or(unsaid);
    let timeout = greeting.timeout.max(options.request_timeout);
    // What a scenario sets says nothing of a client that does not take it over.
    let takes = greeting.takes.contains(&Setting::RelistEvery);
    let unsaid_relist = (greeting.relist.is_none() && !takes).then_some(AN_HOUR);
    let relists = [greeting.relist, options.relist_every, unsaid_relist];
    DeclaredTiming {
        poll_every,
        longest_poll: poll_every,
        overlap: greeting.overlap.unwrap_or(OVERLAP),
        request_timeout: timeout.unwrap_or(unsaid),
        retry_cap: backoff,
        refused_cap: backoff,
        throttled_cap: backoff,
        longest_retry_after: AN_HOUR,
        relist_every: relists.into_iter().flatten().min(),
        leeway: true,
        ..DeclaredTiming::default()
    }
}

/// How often a client that does not say so may list everything again: as the hazards' page recommends.
const AN_HOUR: Duration = Duration::from_secs(3_600);

/// What the hazards' page recommends, for a client that does not say how far back its polls look.
const OVERLAP: Duration = Duration::from_secs(120);

/// Which setting the verdict on this scenario rests on, of those that the client does not take over.
pub(super) fn missing(scenario: &Scenario, greeting: &Greeting) -> Option<String> {
    let needs = scenario.rests_on();
    let setting = needs.iter().find(|setting| !greeting.takes.contains(setting))?;
    Some(format!(
        "it rests on `{setting}`, which this client does not take over (`takes` in its `hello`)"
    ))
}

/// Whether settings are all that changes in a scenario, and a view shows none of the changes: a
/// cache that never changes would pass. What made-up settings are is not known; they count as none.
pub(super) fn hides_all(
    scenario: &Scenario,
    view: &dyn Fn(Option<&str>) -> Option<String>,
) -> bool {
    let seen = |settings: &Value| view(Some(&settings.to_string()));
    let mut held: HashMap<WebsiteId, Value> = scenario.start.websites.iter().cloned().collect();
    let (mut changes, mut hidden) = (0_u32, 0_u32);
    for step in &scenario.when {
        let (websites, merges) = match &step.deed {
            Deed::Save(websites) | Deed::ClientSave(websites) => (websites, false),
            Deed::ClientUpdate(websites) => (websites, true),
            // An install or uninstall is seen under any view.
            Deed::Install(_) | Deed::Uninstall(_) => return false,
            _ => continue,
        };
        for (id, settings) in websites {
            let before = held.entry(*id).or_insert_with(|| Value::Object(Map::new()));
            let mut after = settings.clone();
            if let (true, Value::Object(old), Value::Object(new)) = (merges, &*before, settings) {
                let merged = old.iter().chain(new);
                after = merged.map(|(name, value)| (name.clone(), value.clone())).collect();
            }
            changes += u32::from(*before != after);
            hidden += u32::from(*before != after && seen(before) == seen(&after));
            *before = after;
        }
    }
    changes > 0 && hidden == changes
}

/// The scenario with what it expects as the client's view shows it.
pub(super) fn seen(scenario: &Scenario, launcher: &dyn Launcher) -> Scenario {
    let hides = launcher.view(None).is_none();
    let bare = |settings: &Value| settings.as_object().is_some_and(Map::is_empty);
    let seen = |websites: &[(WebsiteId, Value)]| {
        let seen = websites.iter().filter_map(|(id, settings)| {
            let text = settings.to_string();
            let text = launcher.view((!bare(settings)).then_some(text.as_str()))?;
            Some((*id, serde_json::from_str(&text).ok()?))
        });
        seen.collect::<Vec<_>>()
    };
    let mut scenario = scenario.clone();
    let expect = &mut scenario.expect;
    expect.never_seen = seen(&expect.never_seen);
    let holds = |holds: &Holds| match holds {
        // Emptied or never configured: a view that hides the one may show the other.
        Holds::Settings(websites)
            if hides && websites.iter().any(|(_, settings)| bare(settings)) =>
        {
            None
        }
        Holds::Settings(websites) => Some(Holds::Settings(seen(websites))),
        Holds::Websites(_) if hides => None,
        Holds::Websites(_) => Some(holds.clone()),
    };
    expect.websites = expect.websites.as_ref().and_then(holds);
    let checkpoints = expect.checkpoints.iter().filter_map(|checkpoint| {
        Some(Checkpoint { at: checkpoint.at, websites: holds(&checkpoint.websites)? })
    });
    expect.checkpoints = checkpoints.collect();
    scenario
}

/// The scenario as it is judged in real time: as the client's view shows it, with times that can
/// be held.
pub(super) fn judged(
    scenario: &Scenario,
    launcher: &dyn Launcher,
    history: &History,
    longest_asked: Duration,
) -> Scenario {
    let bound = history.bound() + longest_asked;
    let mut judged = forbearing(scenario, launcher, bound, history.own_page);
    judged.expect.status = None;
    judged
}

/// The scenario as any client outside is judged: as its view shows it, and without what only the
/// shape of `crisp-sync` explains. Within `bound` the client is right by its own word. One with a page
/// of its own (`own_page`) saves by what calls it likes.
pub(super) fn forbearing(
    scenario: &Scenario,
    launcher: &dyn Launcher,
    bound: Duration,
    own_page: bool,
) -> Scenario {
    let longer = |time: Duration| time.max(bound);
    let is_save = |operation| {
        matches!(operation, Operation::SaveSettings | Operation::UpdateSettings) && !own_page
    };
    let mut judged = seen(scenario, launcher);
    let expect = std::mem::take(&mut judged.expect);
    let requests = expect.requests.iter().copied().filter(|(operation, _)| is_save(*operation));
    judged.expect = Expect {
        converged_within: expect.converged_within.map(longer),
        ready_within: expect.ready_within.map(longer),
        requests: requests.collect(),
        requests_per_hour: None,
        saves: None,
        ..expect
    };
    judged
}

/// Findings about what the judged scenario does not demand any more.
pub(super) fn left_out(scenario: &Scenario, judged: &Scenario) -> Vec<Finding> {
    let (before, after) = (&scenario.expect, &judged.expect);
    let fewer = before.requests.len() > after.requests.len();
    let left_out = [
        (
            "websites",
            before.websites.is_some() && after.websites.is_none(),
            "this view does not say which websites are to be there",
        ),
        (
            "checkpoints",
            before.checkpoints.len() > after.checkpoints.len(),
            "this view does not say which websites are to be there",
        ),
        ("requests", fewer && after.requests.is_empty(), SHAPE),
        ("requests_per_hour", before.requests_per_hour.is_some(), SHAPE),
        ("status", before.status.is_some() && after.status.is_none(), TIME),
    ];
    let left_out = left_out.into_iter().filter(|(_, left_out, _)| *left_out);
    let finding = |(key, _, why): (_, _, &str)| Finding {
        demand: Demand::Expect(key),
        verdict: Verdict::NotJudged(why.to_owned()),
    };
    left_out.map(finding).collect()
}

/// Takes back what is held against a client and only says that the steps of the scenario took
/// another order, or did not come about: they hang on requests, and another client sends others.
///
/// Gives why nothing is judged at all, where what is taken back is what the scenario is about.
pub(super) fn excuse(findings: &mut [Finding], judged: &Scenario, run: &Run) -> Option<String> {
    let history = &run.history;
    let silent = is_to_be_silent(history);
    let mut unjudged = None;
    for finding in &mut *findings {
        let Verdict::Fail(breach) = &finding.verdict else {
            continue;
        };
        let why = match (finding.demand, &judged.expect.websites) {
            (Demand::Expect(_), _) if !run.unreached.is_empty() => {
                Some("a step of the scenario waits for a request that this client did not send")
            }
            (Demand::Expect("websites"), Some(holds)) => {
                let (wanted, truth) = judge::truth(holds, history);
                (wanted != truth).then_some("the server did not come to hold that either")
            }
            (Demand::Expect("never_seen"), _) => was_true(breach, history)
                .then_some("the server held it for a while, and a poll came just then"),
            (
                Demand::Oracle(Rule::Converged | Rule::Liveness)
                | Demand::Expect("websites" | "checkpoints" | "converged_within"),
                _,
            ) if silent => {
                unjudged = Some(SILENT.to_owned());
                Some(SILENT)
            }
            _ => None,
        };
        if let Some(why) = why {
            finding.verdict = Verdict::NotJudged(why.to_owned());
        }
    }
    let fails = |finding: &Finding| matches!(finding.verdict, Verdict::Fail(_));
    unjudged.filter(|_| !findings.iter().any(fails))
}

const SILENT: &str = "the server asked it to be silent until after the end of the run";

/// Whether the run ended while a client obeyed a `Retry-After` that is longer than the run has room for: it
/// has asked nothing since it was told so.
fn is_to_be_silent(history: &History) -> bool {
    let last = history.requests.iter().rev().find(|request| request.is_question());
    let told = last.filter(|request| request.life == history.life);
    let told = told.and_then(|request| Some((request.ended?, request.retry_after?)));
    told.is_some_and(|(ended, asked)| {
        asked > history.declared.longest_retry_after && ended.saturating_add(asked) > history.now()
    })
}

fn was_true(breach: &Breach, history: &History) -> bool {
    let (Some(site), Some(seen)) = (breach.site, breach.got.as_deref()) else {
        return false;
    };
    let held = history.track(site).versions.iter();
    let mut held = held.filter_map(|version| version.state);
    held.any(|state| history.values.text(state.settings) == seen)
}

/// How saves ended. Time-outs decide what a client can know, so that it does not know is never
/// held against it; that it knows the contrary is.
pub(super) fn saves(wanted: &[SaveEnd], history: &History) -> Finding {
    let contrary = wanted.iter().zip(&history.saves).find(|(wanted, save)| {
        matches!(
            (wanted, save.end),
            (SaveEnd::Done, Some(SaveEnd::Refused)) | (SaveEnd::Refused, Some(SaveEnd::Done))
        )
    });
    let verdict = contrary.map_or(Verdict::Pass, |(wanted, save)| {
        let got = save.end.map_or_else(String::new, |end| end.to_string());
        let wanted = wanted.to_string();
        Verdict::Fail(Box::new(Breach {
            at: history.now(),
            site: Some(save.site),
            word: "saves ended otherwise",
            fact: format!("The scenario expects the save to be {wanted}."),
            but: format!("The client says that it was {got}."),
            expected: Some(wanted),
            got: Some(got),
        }))
    });
    Finding { demand: Demand::Expect("saves"), verdict }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::View;

    fn hides(view: &str, scenario: &str) -> bool {
        let view = View::parse("view.yaml", view).unwrap();
        let scenario = Scenario::parse("a.yaml", &format!("name: a view\n{scenario}")).unwrap();
        hides_all(&scenario, &|settings| view.of(settings))
    }

    #[test]
    fn a_view_that_shows_none_of_the_changes_leaves_nothing_to_judge() {
        const SAVE: &str = "start: { websites: { w1: { message: old, color: red } } }
when: [ { at: 60s, save: { w1: { message: new, color: red } } } ]";
        assert!(hides("keys: []", SAVE));
        assert!(hides("keys: [color]", SAVE));
        assert!(hides("value: color", SAVE));
        assert!(!hides("keys: [message]", SAVE));
        assert!(!hides("{}", SAVE));
        let same = "start: { websites: { w1: { message: old } } }
when: [ { at: 60s, save: { w1: { message: old } } } ]";
        assert!(!hides("{}", same), "no view hides a save that changes nothing");
        let update = "start: { websites: { w1: { message: old, color: red } } }
when: [ { at: 60s, client_update: { w1: { color: blue } } } ]";
        assert!(hides("keys: [message]", update));
        assert!(!hides("keys: [color]", update));
        // Made-up settings are followed by a save of which the view shows something.
        let made_up = "when: [ { at: 60s, save: { w1: { message: new } } } ]";
        assert!(!hides("keys: [message]", made_up));
        assert!(hides("keys: [color]", made_up));
    }

    #[test]
    fn who_comes_and_goes_is_seen_under_any_view() {
        for step in ["uninstall: w1", "install: w9"] {
            let steps = format!("when: [ {{ at: 60s, {step} }} ]");
            assert!(!hides("keys: []", &steps), "{step}");
        }
        assert!(!hides("keys: []", "server: { page_size: 1 }"));
    }

    #[test]
    fn a_client_that_says_nothing_of_its_lists_may_list_everything_each_hour() {
        const A_DAY: Duration = Duration::from_secs(86_400);
        let minute = Duration::from_secs(60);
        let rarely = Client { relist_every: Some(A_DAY), ..Client::default() };
        let silent = Greeting::default();
        assert_eq!(by_hand(&silent, &rarely, minute).relist_every, Some(AN_HOUR));
        let takes = Greeting { takes: vec![Setting::RelistEvery], ..silent.clone() };
        assert_eq!(by_hand(&takes, &rarely, minute).relist_every, Some(A_DAY));
        let says = Greeting { relist: Some(A_DAY), ..silent };
        assert_eq!(by_hand(&says, &Client::default(), minute).relist_every, Some(A_DAY));
    }
}
