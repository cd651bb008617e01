//! Faults whose parts are well spelt and yet can never meet a request together.

use http::Method;

use super::effect::{Answer, Delay, Effect, STALE_AT_MOST};
use super::plan::Fault;
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
    if matches!(fault.effect, Effect::Clock(_)) {
        clock(fault, &mut add);
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
    found
}

type Add<'a> = dyn FnMut(Option<&'static str>, &str, &str) + 'a;

fn clock(fault: &Fault, add: &mut Add<'_>) {
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
            &format!("a clock goes wrong for everybody, so it has no `{key}`"),
            "a clock fault has `window`, `clock` and `skew` (server) or `step` (client)",
        );
    }
}

fn chance(fault: &Fault, add: &mut Add<'_>) {
    let draws = fault.chance.is_some() || matches!(fault.effect, Effect::Delay(Delay::Uniform(..)));
    if fault.chance.is_some() && fault.seed.is_none() {
        add(
            Some("chance"),
            "a chance needs a seed, so that it can be met again",
            "add `seed: 1`, or any other number",
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
    if fault.website.is_some() && !names_a_website(operation) {
        add(
            Some("website"),
            &format!("a `{operation}` request is about no single website"),
            "aim at `get_settings`, `save_settings` or `update_settings`, or remove `website`",
        );
    }
    let methods = methods(operation);
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

fn lie(fault: &Fault, add: &mut Add<'_>) {
    let Effect::Answer(answer) = &fault.effect else {
        return;
    };
    let operation = fault.at.map(|target| target.operation);
    let key = fault.effect.key();
    match answer {
        Answer::Stale(age) => stale(fault, *age, add),
        Answer::EmptyPage | Answer::ShortPage
            if operation.is_some_and(|o| !matches!(o, Operation::List | Operation::Since)) =>
        {
            add(
                Some("at"),
                &format!("`{key}` is for list answers"),
                "aim at `list`, `list/2` or `since`",
            );
        }
        Answer::RepeatPage => {
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
    let by_operation = fault.at.map(|target| methods(target.operation));
    let only_writes = by_operation.is_some_and(|methods| {
        !methods.is_empty() && !methods.iter().any(|method| reads.contains(method))
    });
    if only_writes {
        add(Some("at"), "only a read can be stale", "aim at `get_settings`, `list` or `since`");
    } else if fault.method.as_ref().is_some_and(|method| !reads.contains(method)) {
        add(Some("method"), "only a read can be stale", "`method: GET`, or none");
    }
}

/// Whether the route of an operation names a website.
fn names_a_website(operation: Operation) -> bool {
    !matches!(
        operation,
        Operation::Account
            | Operation::Session
            | Operation::List
            | Operation::Since
            | Operation::Endpoints
    )
}

/// The methods with which an operation is asked; none where any will do.
fn methods(operation: Operation) -> Vec<Method> {
    match operation {
        Operation::Session => vec![Method::HEAD],
        Operation::Account
        | Operation::List
        | Operation::Since
        | Operation::Endpoints
        | Operation::GetSettings
        | Operation::Provenance => vec![Method::GET, Method::HEAD],
        Operation::Subscription => {
            vec![Method::GET, Method::HEAD, Method::POST, Method::DELETE]
        }
        Operation::SaveSettings => vec![Method::PUT],
        Operation::UpdateSettings => vec![Method::PATCH],
        Operation::Usage => vec![Method::GET, Method::HEAD, Method::POST],
        Operation::Channel | Operation::Event => vec![Method::POST],
        Operation::Stub | Operation::Unmatched => Vec::new(),
    }
}
