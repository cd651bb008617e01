//! What goes wrong: every effect there is, by operation and occurrence, or in a span of time.
//!
//! Never by the number of a request among all: such a fault means something else as soon as
//! anything before it is taken away, and nothing can be shrunk.

use std::num::NonZeroU64;
use std::time::Duration;

use crisp_mock_server::fault::{
    Delay, Effect, Fault, FaultPlan, Occurrence, Rate, RetryAfterForm, Side, Target, Throttle,
    Window,
};
use crisp_mock_server::form::Span;
use crisp_mock_server::operation::Operation;
use http::StatusCode;

use super::Case;
use super::random::Random;
use super::{steps, times};

/// The statuses that a fault answers with.
const STATUSES: [u16; 12] = [500, 500, 502, 503, 504, 400, 401, 403, 404, 408, 410, 301];

/// The faults of a case.
pub(super) fn faults(random: &mut Random<'_>, case: &Case) -> FaultPlan {
    let allowed: Vec<_> =
        case.swarm.effects().filter(|key| *key != "clock" || case.swarm.clocks).collect();
    if allowed.is_empty() {
        return FaultPlan::default();
    }
    let count = random.between(1, 4);
    let faults = (0..count).filter_map(|_| {
        let key = random.one(&allowed);
        fault(random, case, key)
    });
    faults.collect::<Vec<_>>().into()
}

fn fault(random: &mut Random<'_>, case: &Case, key: &str) -> Option<Fault> {
    let mut fault = unaimed(random, key)?;
    if let Effect::Clock(_) = fault.effect {
        fault.window = Some(window(random, case));
        return Some(fault);
    }
    let lies = fault.effect.alters_a_list();
    if random.once_in(5) && !lies {
        fault.window = Some(window(random, case));
        if random.coin() || is_not_found(&fault.effect) {
            fault.at = Some(Target::all(operation(random, case, &fault.effect)));
        }
        return Some(seeded(random, fault));
    }
    let operation = operation(random, case, &fault.effect);
    let page = page(random, case, operation, &fault.effect);
    let most = match (operation, page) {
        (Operation::Since, _) => 6,
        (Operation::List, Some(_)) => 2,
        (Operation::List, None) => 5,
        _ => 3,
    };
    let first = random.between(1, most);
    // A list that lies twice in the same way is believed by every client.
    let last = first + if lies || random.coin() { 0 } else { random.below(3) };
    let occurrence = Occurrence::Range { first, last: Some(last) };
    fault.at = Some(Target { operation, page, occurrence });
    Some(seeded(random, fault))
}

/// What is drawn by chance needs a seed of its own.
fn seeded(random: &mut Random<'_>, mut fault: Fault) -> Fault {
    if let Effect::Delay(Delay::Uniform { .. }) = fault.effect {
        fault.seed = Some(random.below(1000));
    }
    fault
}

fn window(random: &mut Random<'_>, case: &Case) -> Window {
    let (from, until) = times::span(random, case);
    Window { from, until: Some(until) }
}

/// An operation that the effect can meet, and that a client sends in this case.
fn operation(random: &mut Random<'_>, case: &Case, effect: &Effect) -> Operation {
    let lists = [Operation::List, Operation::Since, Operation::Since];
    match effect {
        Effect::RepeatPage(_) => return Operation::List,
        Effect::EmptyPage(_) | Effect::ShortPage(_) => return random.one(&lists),
        _ => {}
    }
    let reads_only = matches!(effect, Effect::Stale(_));
    if is_not_found(effect) {
        // Anywhere else it would be an honest answer: see the envelope.
        return Operation::Since;
    }
    match random.below(8) {
        0 | 1 if case.swarm.saves => Operation::GetSettings,
        2 | 3 if case.puts && !reads_only => Operation::SaveSettings,
        4 if case.patches && !reads_only => Operation::UpdateSettings,
        _ => random.one(&lists),
    }
}

fn is_not_found(effect: &Effect) -> bool {
    *effect == Effect::Status(StatusCode::NOT_FOUND)
}

fn page(
    random: &mut Random<'_>,
    case: &Case,
    operation: Operation,
    effect: &Effect,
) -> Option<u32> {
    if operation != Operation::List || random.once_in(3) {
        return None;
    }
    let least = if matches!(effect, Effect::RepeatPage(_)) { 2 } else { 1 };
    // The empty page after the last counts.
    let most = u64::from(case.pages + 1);
    let page = (least <= most).then(|| random.between(least, most))?;
    u32::try_from(page).ok()
}

/// A fault with this effect and its details, aimed at nothing yet.
fn unaimed(random: &mut Random<'_>, key: &str) -> Option<Fault> {
    let seconds = Duration::from_secs;
    let mut retry_after = None;
    let mut asks = |random: &mut Random<'_>| {
        let asked = random.coin();
        retry_after = asked.then(|| seconds(random.one(&[5, 20, 120])));
    };
    let effect = match key {
        "status" if random.once_in(6) => {
            asks(random);
            // The one status beside 429 with which a server asks to be left alone.
            Effect::Status(StatusCode::SERVICE_UNAVAILABLE)
        }
        "status" => Effect::Status(StatusCode::from_u16(random.one(&STATUSES)).ok()?),
        "throttle" => {
            let status = random.one(&[Throttle::TooManyRequests, Throttle::EnhanceYourCalm]);
            asks(random);
            Effect::Throttle(status)
        }
        "stale" => Effect::Stale(seconds(random.one(&[2, 5, 30]))),
        // Within the envelope, or somewhere among the items.
        "cut_body" => {
            let most = random.one(&[120, 1_200]);
            Effect::CutBody(random.below(most))
        }
        "delay" => Effect::Delay(delay(random)),
        "drip" => Effect::Drip(Rate(NonZeroU64::new(random.one(&[50, 300, 2_000]))?)),
        "clock" => return Some(clock(random)),
        // The other effects have no value.
        switch => serde_json::from_value(serde_json::json!({ switch: true })).ok()?,
    };
    let retry_after_as = retry_after.and_then(|_| form(random));
    Some(Fault { retry_after, retry_after_as, ..Fault::unaimed(effect) })
}

/// How an answer writes for how long it asks to be left alone.
pub(super) fn form(random: &mut Random<'_>) -> Option<RetryAfterForm> {
    let forms = [RetryAfterForm::Date, RetryAfterForm::Fraction, RetryAfterForm::Nonsense];
    random.once_in(3).then(|| random.one(&forms))
}

fn delay(random: &mut Random<'_>) -> Delay {
    if random.once_in(5) {
        return Delay::Uniform { uniform: [1, 20].map(|s| Span(Duration::from_secs(s))) };
    }
    Delay::Fixed(Duration::from_millis(
        random.one(&[200, 1_000, 5_000, 15_000, 29_990, 45_000, 90_000]),
    ))
}

fn clock(random: &mut Random<'_>) -> Fault {
    let millis = random.one(&steps::SHIFTS);
    if random.coin() {
        // What is written at a time that has passed already is never asked for: see the envelope.
        let skew = Some(millis.max(-30_000));
        Fault { skew, ..Fault::unaimed(Effect::Clock(Side::Server)) }
    } else {
        Fault { step: Some(millis), ..Fault::unaimed(Effect::Clock(Side::Client)) }
    }
}
