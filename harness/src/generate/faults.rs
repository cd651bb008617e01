//! What goes wrong: every effect there is, by operation and occurrence, or in a span of time.
//!
//! Never by the number of a request among all: such a fault means something else as soon as
//! anything before it is taken away, and nothing can be shrunk.

use std::num::NonZeroU64;
use std::time::Duration;

use crisp_mock_server::fault::{
    Answer, ClockFault, Delay, Effect, Ending, Fault, FaultPlan, Occurrence, Rate, Target,
    Throttle, Window,
};
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
    let effect = effect(dice, key)?;
    if let Effect::Clock(_) = effect {
        return Some(Fault::during(window(dice, case), effect));
    }
    let lies = matches!(&effect, Effect::Answer(answer) if answer.alters_a_list());
    if dice.once_in(5) && !lies {
        let mut fault = Fault::during(window(dice, case), effect);
        if dice.coin() || is_not_found(&fault.effect) {
            fault.at = Some(Target::all(operation(dice, case, &fault.effect)));
        }
        return Some(seeded(dice, fault));
    }
    let operation = operation(dice, case, &effect);
    let page = page(dice, case, operation, &effect);
    let most = match (operation, page) {
        (Operation::Since, _) => 6,
        (Operation::List, Some(_)) => 2,
        (Operation::List, None) => 5,
        _ => 3,
    };
    let first = dice.between(1, most);
    // A lie that is told again is believed, by everybody.
    let last = first + if lies || dice.coin() { 0 } else { dice.roll(3) };
    let occurrence = Occurrence::Range { first, last: Some(last) };
    let target = Target { operation, page, occurrence };
    Some(seeded(dice, Fault::new(target, effect)))
}

/// What is drawn by chance needs a seed of its own.
fn seeded(dice: &mut Dice<'_>, mut fault: Fault) -> Fault {
    if let Effect::Delay(Delay::Uniform(..)) = fault.effect {
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
        Effect::Answer(Answer::RepeatPage) => return Operation::List,
        Effect::Answer(Answer::EmptyPage | Answer::ShortPage) => return dice.one(&lists),
        _ => {}
    }
    let reads_only = matches!(effect, Effect::Answer(Answer::Stale(_)));
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
    matches!(
        effect,
        Effect::Answer(Answer::Status { status, .. }) if *status == StatusCode::NOT_FOUND
    )
}

fn page(dice: &mut Dice<'_>, case: &Case, operation: Operation, effect: &Effect) -> Option<u32> {
    if operation != Operation::List || dice.once_in(3) {
        return None;
    }
    let least = if *effect == Effect::Answer(Answer::RepeatPage) { 2 } else { 1 };
    // The empty page after the last counts.
    let most = u64::from(case.pages + 1);
    let page = (least <= most).then(|| dice.between(least, most))?;
    u32::try_from(page).ok()
}

fn effect(dice: &mut Dice<'_>, key: &str) -> Option<Effect> {
    let seconds = Duration::from_secs;
    let asks = |dice: &mut Dice<'_>| {
        let asked = dice.coin();
        asked.then(|| seconds(dice.one(&[5, 20, 120])))
    };
    Some(match key {
        "status" if dice.once_in(6) => Effect::Answer(Answer::Status {
            // The one status beside 429 with which a server asks to be left alone.
            status: StatusCode::SERVICE_UNAVAILABLE,
            reason: None,
            retry_after: asks(dice),
        }),
        "status" => Effect::Answer(Answer::Status {
            status: StatusCode::from_u16(dice.one(&STATUSES)).ok()?,
            reason: None,
            retry_after: None,
        }),
        "throttle" => Effect::Answer(Answer::Throttle {
            status: dice.one(&[Throttle::TooManyRequests, Throttle::EnhanceYourCalm]),
            retry_after: asks(dice),
        }),
        "garbage" => Effect::Answer(Answer::Garbage),
        "html" => Effect::Answer(Answer::Html),
        "empty_body" => Effect::Answer(Answer::EmptyBody),
        "wrong_type" => Effect::Answer(Answer::WrongType),
        "error_envelope" => Effect::Answer(Answer::ErrorEnvelope),
        "missing_data" => Effect::Answer(Answer::MissingData),
        "null_data" => Effect::Answer(Answer::NullData),
        "stale" => Effect::Answer(Answer::Stale(seconds(dice.one(&[2, 5, 30])))),
        "empty_page" => Effect::Answer(Answer::EmptyPage),
        "short_page" => Effect::Answer(Answer::ShortPage),
        "repeat_page" => Effect::Answer(Answer::RepeatPage),
        // Within the envelope, or somewhere among the items.
        "cut_body" => {
            let most = dice.one(&[120, 1_200]);
            Effect::Ending(Ending::CutBody(dice.roll(most)))
        }
        "hang" => Effect::Ending(Ending::Hang),
        "reset" => Effect::Ending(Ending::Reset),
        "close" => Effect::Ending(Ending::Close),
        "lose_answer" => Effect::Ending(Ending::LoseAnswer),
        "lose_request" => Effect::Ending(Ending::LoseRequest),
        "delay" => Effect::Delay(delay(dice)),
        "drip" => Effect::Drip(Rate(NonZeroU64::new(dice.one(&[50, 300, 2_000]))?)),
        "hold_order" => Effect::HoldOrder,
        "clock" => Effect::Clock(clock(dice)),
        _ => return None,
    })
}

fn delay(dice: &mut Dice<'_>) -> Delay {
    if dice.once_in(5) {
        return Delay::Uniform(Duration::from_secs(1), Duration::from_secs(20));
    }
    Delay::Fixed(Duration::from_millis(
        dice.one(&[200, 1_000, 5_000, 15_000, 29_990, 45_000, 90_000]),
    ))
}

fn clock(dice: &mut Dice<'_>) -> ClockFault {
    let millis = dice.one(&steps::SHIFTS);
    if dice.coin() {
        ClockFault::Server {
            // What is written in a past that nobody saw is never asked for: see the envelope.
            skew_millis: millis.max(-30_000),
        }
    } else {
        ClockFault::Client { step_millis: millis }
    }
}
