//! What has to hold, whatever happened.

use std::collections::BTreeMap;
use std::time::Duration;

use crisp_sync::machine::SaveOutcome;
use crisp_sync::{Change, WebsiteId};
use serde_json::Value;

use crate::case::{Case, Deed};
use crate::history::{Order, Seen};
use crate::truth::Held;
use crate::world::{World, ms, secs};

/// Lets a case happen and judges it.
pub fn judge(case: &Case) -> Result<World, String> {
    let mut world = World::of(case);
    let verdict = play(&mut world);
    match verdict {
        Ok(()) => Ok(world),
        Err(verdict) => Err(format!("{verdict}\n{}", world.story())),
    }
}

fn play(world: &mut World) -> Result<(), String> {
    let last = world.case.deeds.iter().map(|(at, _)| *at).max().unwrap_or(0);
    world.run(ms(last));
    come_to_rest(world);
    converged(world)?;
    // A change after all that is seen too: nothing has stopped for good.
    let before = world.sent.len();
    let start = world.now;
    let probe = serde_json::json!({"v": 999_999});
    let website = world.space.world.directory().installed().first().and_then(|w| w.id.number());
    world.deed(match website {
        Some(number) => Deed::Operator(number, probe),
        None => Deed::Install(1, Some(probe)),
    });
    let rest = world.config.poll_every * 6;
    world.run(start + rest);
    if world.disturbed > start + ms(1) {
        come_to_rest(world);
    }
    converged(world).map_err(|problem| format!("a change in calm weather: {problem}"))?;
    if world.disturbed <= start + ms(1) && world.case.relist == 3600 && world.lies == 0 {
        let sent = world.sent.len() - before;
        if sent > 9 + 3 * usize::from(world.case.quirk("get-cache").is_some()) {
            return Err(format!("no rest: {sent} requests in 6 poll intervals"));
        }
    }
    never_backwards(world)?;
    saves(world)?;
    if let Some(request) = &world.broke_silence {
        return Err(format!("silence was asked for, and it sent {request}"));
    }
    busiest_minute(world)
}

/// The bound counts from the last disturbance, and waiting may meet another one.
fn come_to_rest(world: &mut World) {
    loop {
        let until = world.disturbed + bound(world);
        if world.now >= until {
            return;
        }
        world.run(until);
    }
}

/// Within this time after the last disturbance the cache equals the truth.
fn bound(world: &World) -> Duration {
    let config = &world.config;
    let websites = world.truth.of.len() as u32;
    let round = world.case.up() + world.case.down();
    let passes = 3 * (websites + 4) * round;
    let waits = config.throttled.cap.max(config.refused.cap);
    // A clock that was wrong and right again before any poll could show it, and lists that lie
    // and do not say so, are what the hourly list is for.
    let lies = if world.lies > 0 || !world.wrong_clocks.is_empty() {
        2 * config.relist_every
    } else {
        Duration::ZERO
    };
    config.convergence_bound() + waits + passes + lies
}

fn converged(world: &World) -> Result<(), String> {
    let Some(machine) = &world.machine else {
        return Err("the client is not there".into());
    };
    let snapshot = machine.snapshot();
    let truth: BTreeMap<_, _> = world.truth.now().collect();
    if !machine.is_ready() {
        return Err("not converged: not even ready".into());
    }
    for (id, held) in &truth {
        let Some(website) = snapshot.websites.get(id) else {
            return Err(format!("lost update: {id} is missing"));
        };
        let shown = Held::by_client(website);
        if shown.settings != held.settings {
            return Err(format!(
                "lost update: {id} shows {} and not {}",
                shown.settings, held.settings
            ));
        }
        if shown.token != held.token {
            return Err(format!("lost update: {id} has another token"));
        }
        if shown.price != held.price && world.case.quirk("plan-change").is_none() {
            return Err(format!(
                "lost update: {id} pays {:?} and not {:?}",
                shown.price, held.price
            ));
        }
    }
    match snapshot.websites.iter().find(|website| !truth.contains_key(&website.id)) {
        Some(website) => Err(format!("came back from the dead: {}", website.id)),
        None => Ok(()),
    }
}

/// Settings and token are judged apart: a save's answer tells nothing about the token.
fn never_backwards(world: &World) -> Result<(), String> {
    one_part(world, true, |held| held.settings.clone())?;
    one_part(world, false, |held| held.token.clone().into())
}

fn one_part(world: &World, settings: bool, part: fn(&Held) -> Value) -> Result<(), String> {
    let mut newest: BTreeMap<WebsiteId, usize> = BTreeMap::new();
    let mut was_ready = false;
    for (at, seen) in &world.seen {
        let at = at.as_secs_f64();
        match seen {
            Seen::Restart { warm: false } => newest.clear(),
            Seen::Restart { warm: true } => {}
            Seen::Ready(ids, doubtful) => {
                let missing = world
                    .truth
                    .of
                    .keys()
                    .find(|id| world.truth.was_always_there(**id) && !ids.contains(id));
                // With a lagging differential nobody can be ready at once and complete; the
                // status says `verified: false` then.
                let lags = world.case.quirk("since-lag").is_some();
                let judged = world.lies == 0 && !was_ready && !lags && !doubtful;
                if let Some(id) = missing.filter(|_| judged) {
                    return Err(format!("ready at {at} without {id}, which was there all along"));
                }
                was_ready = true;
            }
            Seen::Saved(ticket, shown) if settings => {
                let order = &world.orders[ticket];
                let Some(made) = order.made else {
                    if order.arrived == 0 {
                        return Err(format!("save {} is done and was never carried out", ticket.0));
                    }
                    continue;
                };
                let later = &world.truth.of[&order.website][made..];
                let held = |(_, state): &(_, Option<Held>)| state.as_ref().map(part) == *shown;
                // A website that is new to the cache shows when it has been read: a save's answer
                // has no token.
                let unknown = !newest.contains_key(&order.website);
                let gone = shown.is_none() && (world.called_gone || unknown);
                let patched = is_known_patch(world, order.website, shown.as_ref());
                if !gone && !patched && !later.iter().any(held) {
                    return Err(format!(
                        "save {} is done, and at {at} reads give {shown:?}",
                        ticket.0
                    ));
                }
            }
            Seen::Saved(..) => {}
            Seen::Change(change) => {
                if world.lies > 0 || !world.wrong_clocks.is_empty() {
                    continue;
                }
                let (id, state) = match change {
                    Change::Added { new } | Change::Updated { new, .. } => {
                        (new.id, Some(part(&Held::by_client(new))))
                    }
                    Change::Removed { old } => (old.id, None),
                };
                let from = newest.get(&id).copied().unwrap_or(0);
                let states = world.truth.of.get(&id).ok_or(format!("{id} never was"))?;
                let matches =
                    |(_, held): &(Duration, Option<Held>)| held.as_ref().map(part) == state;
                match states.iter().skip(from).position(matches) {
                    Some(later) => drop(newest.insert(id, from + later)),
                    None if settings && is_known_patch(world, id, state.as_ref()) => {}
                    None if states.iter().any(matches) => {
                        return Err(format!(
                            "went back in time: at {at} {id} is {state:?}\n{states:#?}"
                        ));
                    }
                    None => {
                        return Err(format!("never so: at {at} {id} is {state:?}\n{states:#?}"));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Whether this is a definite PATCH over what the cache knew. When its caller's patience ends
/// before the website could be read, that is all there is to show: each member was held, though
/// an operator may have changed another one meanwhile.
fn is_known_patch(world: &World, id: WebsiteId, state: Option<&Value>) -> bool {
    let Some(members) = state.and_then(Value::as_object) else {
        return false;
    };
    let states = &world.truth.of[&id];
    let held = |(name, value): (&String, &Value)| {
        let holds = |held: &Held| held.settings.get(name) == Some(value);
        states.iter().any(|(_, state)| state.as_ref().is_some_and(holds))
    };
    let patched = |order: &Order| {
        let done = order.website == id && order.patches && order.outcome == Some(SaveOutcome::Done);
        let ours = order.settings.as_object().unwrap();
        done && ours.keys().all(|name| members.contains_key(name))
    };
    world.orders.values().any(patched) && members.iter().all(held)
}

fn saves(world: &World) -> Result<(), String> {
    for (ticket, order) in &world.orders {
        let ticket = ticket.0;
        if order.arrived > 1 {
            return Err(format!("save {ticket} was sent {} times", order.arrived));
        }
        match &order.outcome {
            None if order.life == world.life() => return Err(format!("save {ticket} never ended")),
            Some(SaveOutcome::Refused(why)) if order.made.is_some() => {
                return Err(format!("save {ticket} counts as refused ({why}) and was carried out"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Not a flood in any minute: a list or two, the polls, what deeds need, and retries that slow
/// down.
fn busiest_minute(world: &World) -> Result<(), String> {
    let sent: Vec<_> = world.sent.iter().map(|(at, _)| *at).collect();
    let websites = world.truth.of.len();
    let budget = 40 + 4 * (websites + 3) + 6 * world.case.deeds.len();
    for (index, at) in sent.iter().enumerate() {
        let busy = sent[index..].iter().take_while(|other| **other < *at + secs(60)).count();
        if busy > budget {
            return Err(format!(
                "{busy} requests in the minute from {at:?}, and {budget} are enough"
            ));
        }
    }
    Ok(())
}
