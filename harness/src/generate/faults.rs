//! What goes wrong: every effect there is, by operation and occurrence, or in a span of time.
//!
//! Never by the number of a request among all: such a fault means something else as soon as
//! anything before it is taken away, and nothing can be shrunk.

use std::num::NonZeroU64;
use std::time::Duration;

use crisp_mock_server::fault::{
    Delay, Effect, Fault, FaultPlan, Occurrence, Rate, Side, Target, Throttle, Window,
};
use crisp_mock_server::form::Span;
use crisp_mock_server::operation::Operation;
use http::StatusCode;

use super::Case;
use super::dice::Dice;
use super::{steps, times};

/// The statuses that a fault answers with.
const STATUSES: [u16; 12] = [500, 500, 502, 503, 504, 400, 401, 403, 404, 408, 410, 301];

/// The faults of a case.
pub(super) fn faults(dice: &mut Dice<'_>, case: &Case) -> FaultPlan {
    let allowed: Vec<_> =
        case.swarm.effects().filter(|key| *key != "clock" || case.swarm.clocks).collect();
    if allowed.is_empty() {
        return FaultPlan::default();
    }
    let count = dice.between(1, 4);
    let faults = (0..count).filter_map(|_| {
        let key = dice.one(&allowed);
        fault(dice, case, key)
    });
    faults.collect::<Vec<_>>().into()
}

fn fault(dice: &mut Dice<'_>, case: &Case, key: &str) -> Option<Fault> {
    let mut fault = unaimed(dice, key)?;
    if let Effect::Clock(_) = fault.effect {
        fault.window = Some(window(dice, case));
        return Some(fault);
    }
    let lies = fault.effect.alters_a_list();
    if dice.once_in(5) && !lies {
        fault.window = Some(window(dice, case));
        if dice.coin() || is_not_found(&fault.effect) {
            fault.at = Some(Target::all(operation(dice, case, &fault.effect)));
        }
        return Some(seeded(dice, fault));
    }
    let operation = operation(dice, case, &fault.effect);
    let page = page(dice, case, operation, &fault.effect);
    let most = match (operation, page) {
        (Operation::Since, _) => 6,
        (Operation::List, Some(_)) => 2,
        (Operation::List, None) => 5,
        _ => 3,
    };
    let first = dice.between(1, most);
    // A list that lies twice in the same way is believed by every client.
    let last = first + if lies || dice.coin() { 0 } else { dice.roll(3) };
    let occurrence = Occurrence::Range { first, last: Some(last) };
    fault.at = Some(Target { operation, page, occurrence });
    Some(seeded(dice, fault))
}

/// What is drawn by chance needs a seed of its own.
fn seeded(dice: &mut Dice<'_>, mut fault: Fault) -> Fault {
    if let Effect::Delay(Delay::Uniform { .. }) = fault.effect {
        fault.seed = Some(dice.roll(1000));
    }
    fault
}

fn window(dice: &mut Dice<'_>, case: &Case) -> Window {
    let (from, until) = times::span(dice, case);
    Window { from, until: Some(until) }
}

/// An operation that the effect can meet, and that this case makes somebody ask.
fn operation(dice: &mut Dice<'_>, case: &Case, effect: &Effect) -> Operation {
    let lists = [Operation::List, Operation::Since, Operation::Since];
    match effect {
        Effect::RepeatPage(_) => return Operation::List,
        Effect::EmptyPage(_) | Effect::ShortPage(_) => return dice.one(&lists),
        _ => {}
    }
    let reads_only = matches!(effect, Effect::Stale(_));
    if is_not_found(effect) {
        // Anywhere else it would be an honest answer: see the envelope.
        return Operation::Since;
    }
    match dice.roll(8) {
        0 | 1 if case.swarm.saves => Operation::GetSettings,
        2 | 3 if case.puts && !reads_only => Operation::SaveSettings,
        4 if case.patches && !reads_only => Operation::UpdateSettings,
        _ => dice.one(&lists),
    }
}

fn is_not_found(effect: &Effect) -> bool {
    *effect == Effect::Status(StatusCode::NOT_FOUND)
}

fn page(dice: &mut Dice<'_>, case: &Case, operation: Operation, effect: &Effect) -> Option<u32> {
    if operation != Operation::List || dice.once_in(3) {
        return None;
    }
    let least = if matches!(effect, Effect::RepeatPage(_)) { 2 } else { 1 };
    // The empty page after the last counts.
    let most = u64::from(case.pages + 1);
    let page = (least <= most).then(|| dice.between(least, most))?;
    u32::try_from(page).ok()
}

/// A fault with this effect and its details, aimed at nothing yet.
fn unaimed(dice: &mut Dice<'_>, key: &str) -> Option<Fault> {
    let seconds = Duration::from_secs;
    let mut retry_after = None;
    let mut asks = |dice: &mut Dice<'_>| {
        let asked = dice.coin();
        retry_after = asked.then(|| seconds(dice.one(&[5, 20, 120])));
    };
    let effect = match key {
        "status" if dice.once_in(6) => {
            asks(dice);
            // The one status beside 429 with which a server asks to be left alone.
            Effect::Status(StatusCode::SERVICE_UNAVAILABLE)
        }
        "status" => Effect::Status(StatusCode::from_u16(dice.one(&STATUSES)).ok()?),
        "throttle" => {
            let status = dice.one(&[Throttle::TooManyRequests, Throttle::EnhanceYourCalm]);
            asks(dice);
            Effect::Throttle(status)
        }
        "stale" => Effect::Stale(seconds(dice.one(&[2, 5, 30]))),
        // Within the envelope, or somewhere among the items.
        "cut_body" => {
            let most = dice.one(&[120, 1_200]);
            Effect::CutBody(dice.roll(most))
        }
        "delay" => Effect::Delay(delay(dice)),
        "drip" => Effect::Drip(Rate(NonZeroU64::new(dice.one(&[50, 300, 2_000]))?)),
        "clock" => return Some(clock(dice)),
        // The other effects have no value.
        switch => serde_json::from_value(serde_json::json!({ switch: true })).ok()?,
    };
    Some(Fault { retry_after, ..Fault::unaimed(effect) })
}

fn delay(dice: &mut Dice<'_>) -> Delay {
    if dice.once_in(5) {
        return Delay::Uniform { uniform: [1, 20].map(|s| Span(Duration::from_secs(s))) };
    }
    Delay::Fixed(Duration::from_millis(
        dice.one(&[200, 1_000, 5_000, 15_000, 29_990, 45_000, 90_000]),
    ))
}

fn clock(dice: &mut Dice<'_>) -> Fault {
    let millis = dice.one(&steps::SHIFTS);
    if dice.coin() {
        // What is written at a time that has passed already is never asked for: see the envelope.
        let skew = Some(millis.max(-30_000));
        Fault { skew, ..Fault::unaimed(Effect::Clock(Side::Server)) }
    } else {
        Fault { step: Some(millis), ..Fault::unaimed(Effect::Clock(Side::Client)) }
    }
}
