//! Faults whose parts are well spelt and yet can never meet a request together.

use http::Method;

use super::effect::{Delay, Effect, STALE_AT_MOST, Side};
use super::plan::Fault;
use crate::document::shortened;
use crate::duration;
use crate::operation::Operation;

/// The key to blame (none for the whole fault), what is wrong, and what to write instead.
type Contradiction = (Option<&'static str>, String, String);

/// Everything in a fault that contradicts something else in it.
pub(super) fn contradictions(fault: &Fault) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let mut add = |key: Option<&'static str>, message: &str, hint: &str| {
        found.push((key, message.to_owned(), hint.to_owned()));
    };
    details(fault, &mut add);
    if let Effect::Clock(side) = fault.effect {
        clock(fault, side, &mut add);
    } else if fault.at.is_none() && fault.window.is_none() {
        add(
            None,
            "nothing says what this fault is aimed at",
            "add `at: since#2`, or `window: \"20s..\"` for every operation in a span of time",
        );
    }
    chance(fault, &mut add);
    if let Some(operation) = fault.at.map(|target| target.operation) {
        target(fault, operation, &mut add);
    }
    lie(fault, &mut add);
    events(fault, &mut add);
    found
}

type Add<'a> = dyn FnMut(Option<&'static str>, &str, &str) + 'a;

/// Keys that say more about an effect, without one that they could belong to.
fn details(fault: &Fault, add: &mut Add<'_>) {
    let answers = matches!(fault.effect, Effect::Status(_) | Effect::Throttle(_));
    let clock = matches!(fault.effect, Effect::Clock(_));
    let details = [
        ("reason", fault.reason.is_some(), matches!(fault.effect, Effect::Status(_)), "status"),
        ("retry_after", fault.retry_after.is_some(), answers, "status` or `throttle"),
        (
            "retry_after_as",
            fault.retry_after_as.is_some(),
            fault.retry_after.is_some(),
            "retry_after",
        ),
        ("skew", fault.skew.is_some(), clock, "clock"),
        ("step", fault.step.is_some(), clock, "clock"),
    ];
    for (key, _, _, owner) in details.into_iter().filter(|(_, given, owned, _)| *given && !owned) {
        add(
            Some(key),
            &format!("`{key}` says more about `{owner}`, which is missing"),
            &format!("add `{owner}`, or remove `{key}`"),
        );
    }
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if let Some(reason) = &fault.reason
        && (reason.is_empty() || !reason.bytes().all(plain))
    {
        let message = format!("`{}` does not look like a reason of the API", shortened(reason));
        add(Some("reason"), &message, "lower case with underscores: `internal_error`");
    }
}

fn clock(fault: &Fault, side: Side, add: &mut Add<'_>) {
    let (wanted, given, stray) = match side {
        Side::Server => ("skew", fault.skew, fault.step.map(|_| "step")),
        Side::Client => ("step", fault.step, fault.skew.map(|_| "skew")),
    };
    if let Some(stray) = stray {
        let message = format!("`{stray}` is for the other clock");
        add(Some(stray), &message, &format!("here it is `{wanted}: -60s`"));
    } else if given.is_none() {
        let message = format!("this clock fault says nothing: `{wanted}` is missing");
        add(Some("clock"), &message, &format!("add `{wanted}: -60s`"));
    }
    if fault.window.is_none() {
        add(Some("clock"), "when does this clock go wrong?", "add `window: \"20s..\"`");
    }
    let limits = [
        ("at", fault.at.is_some()),
        ("website", fault.website.is_some()),
        ("method", fault.method.is_some()),
        ("times", fault.times.is_some()),
        ("chance", fault.chance.is_some()),
    ];
    for (key, _) in limits.into_iter().filter(|(_, present)| *present) {
        add(
            Some(key),
            &format!("a clock goes wrong for all requests, so it has no `{key}`"),
            "a clock fault has `window`, `clock` and `skew` (server) or `step` (client)",
        );
    }
}

fn chance(fault: &Fault, add: &mut Add<'_>) {
    let draws =
        fault.chance.is_some() || matches!(fault.effect, Effect::Delay(Delay::Uniform { .. }));
    if fault.chance.is_some() && fault.seed.is_none() {
        add(
            Some("chance"),
            "a chance needs a seed, so that it can be met again",
            "add `seed: 1`, or any other number",
        );
    }
    if let Effect::Delay(Delay::Uniform { uniform: [least, most] }) = fault.effect
        && most <= least
    {
        add(
            Some("delay"),
            "the bounds of this delay leave no room between them",
            "the smaller one comes first; `delay: 5s` is always the same",
        );
    }
    if fault.seed.is_some() && !draws {
        add(
            Some("seed"),
            "nothing in this fault is drawn by chance",
            "remove the seed, or add `chance: 0.2`",
        );
    }
}

fn target(fault: &Fault, operation: Operation, add: &mut Add<'_>) {
    if fault.website.is_some() && !operation.names_a_website() {
        add(
            Some("website"),
            &format!("a `{operation}` request is about no single website"),
            "aim at `get_settings`, `save_settings` or `update_settings`, or remove `website`",
        );
    }
    let methods = operation.methods();
    if let Some(method) = &fault.method
        && !methods.is_empty()
        && !methods.contains(method)
    {
        let names: Vec<_> = methods.iter().map(Method::as_str).collect();
        add(
            Some("method"),
            &format!("`{operation}` is never asked with {method}"),
            &format!("it is asked with {}", names.join(" or ")),
        );
    }
}

/// Sockets, events on their way and requests go wrong in different ways.
fn events(fault: &Fault, add: &mut Add<'_>) {
    let operation = fault.at.map(|target| target.operation);
    let (effect, key) = (&fault.effect, fault.effect.key());
    let blamed = if operation.is_some() { "at" } else { key };
    let unfit = match operation {
        Some(Operation::RtmEvent) => (!effect.fits_socket_events()).then_some((
            "an event on a socket has none",
            "write `drop`, `duplicate`, `delay`, `hold_order`, `kick`, `close` or `reset`",
        )),
        Some(Operation::Hook) => (!effect.fits_hooks()).then_some((
            "a hook is a request to the plugin",
            "write `drop`, `duplicate`, `delay`, `hold_order`, `bad_signature`, `old_timestamp` or \
             `other_website`",
        )),
        _ => {
            if effect.is_forgery() {
                add(
                    Some(blamed),
                    &format!("`{key}` is for deliveries of hooks"),
                    "add `at: hook#1`",
                );
            } else if effect.is_for_events() {
                let hint = "add `at: hook#1` or `at: rtm_event#1`";
                add(Some(blamed), &format!("`{key}` is for events"), hint);
            } else if effect.is_for_sockets() && operation != Some(Operation::Rtm) {
                add(Some(blamed), &format!("`{key}` is for sockets"), "add `at: rtm#1`");
            }
            return;
        }
    };
    if let Some((why, hint)) = unfit {
        add(Some(key), &format!("`{key}` is for answers, and {why}"), hint);
    }
    if fault.method.is_some() {
        let what = match operation {
            Some(Operation::Hook) => "every hook is a POST",
            _ => "an event on a socket has no method",
        };
        add(Some("method"), what, "remove `method`");
    }
}

fn lie(fault: &Fault, add: &mut Add<'_>) {
    let operation = fault.at.map(|target| target.operation);
    let key = fault.effect.key();
    match &fault.effect {
        Effect::Stale(age) => stale(fault, *age, add),
        Effect::EmptyPage(_) | Effect::ShortPage(_)
            if operation.is_some_and(|o| !matches!(o, Operation::List | Operation::Since)) =>
        {
            add(
                Some("at"),
                &format!("`{key}` is for list answers"),
                "aim at `list`, `list/2` or `since`",
            );
        }
        Effect::RepeatPage(_) => {
            if operation.is_some_and(|operation| operation != Operation::List) {
                add(Some("at"), "only pages can be repeated", "aim at `list` or `list/2`");
            } else if fault.at.and_then(|target| target.page) == Some(1) {
                add(Some("at"), "no page comes before page 1", "aim at `list/2` or later");
            }
        }
        _ => {}
    }
}

fn stale(fault: &Fault, age: std::time::Duration, add: &mut Add<'_>) {
    if age > STALE_AT_MOST {
        let most = duration::format(STALE_AT_MOST);
        add(
            Some("stale"),
            &format!("a stale answer reaches back {most} at most"),
            &format!("write `stale: {most}` or less"),
        );
    }
    let reads = [Method::GET, Method::HEAD];
    let by_operation = fault.at.map(|target| target.operation.methods());
    let only_writes = by_operation.is_some_and(|methods| {
        !methods.is_empty() && !methods.iter().any(|method| reads.contains(method))
    });
    if only_writes {
        add(Some("at"), "only a read can be stale", "aim at `get_settings`, `list` or `since`");
    } else if fault.method.as_ref().is_some_and(|method| !reads.contains(method)) {
        add(Some("method"), "only a read can be stale", "`method: GET`, or none");
    }
}
