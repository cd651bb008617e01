//! How much work a check can take, so that no schema can make it stall.
//!
//! References make a schema larger than its text: twenty definitions that each point twice to the
//! next are a million schemas when unrolled, and a schema that points twice to itself doubles with
//! every level of the settings. What can be counted from the schema alone is refused when it is
//! read; where it depends on the settings, a [`Meter`] counts the steps before they are taken.

use serde_json::Value;

use super::keyword::Via;
use super::meter::{HARMLESS, Meter};
use super::outline::Outline;
use crate::document::Problem;

/// A schema that applies more schemas than this to one and the same value is refused.
const MOST_ON_ONE_VALUE: u64 = 10_000;
/// Schemas applied to a value may lead to others on that value so many times in a row. Each costs
/// stack, and the settings' depth multiplies it.
const LONGEST_CHAIN: u64 = 40;

/// What unrolling a graph gives.
#[derive(Clone, Copy)]
struct Unrolled {
    schemas: u64,
    longest: u64,
}

/// Unrolls what `follow` lets through, from every subschema; `Err` is one that leads to itself.
fn unroll(outline: &Outline<'_>, follow: impl Fn(&Via) -> bool) -> Result<Vec<Unrolled>, usize> {
    const OPEN: Unrolled = Unrolled { schemas: 0, longest: 0 };
    let mut known: Vec<Option<Unrolled>> = vec![None; outline.all.len()];
    for start in 0..outline.all.len() {
        // Depth first with an own stack: chains of references can be thousands long.
        let mut path = if known[start].is_none() { vec![(start, 0)] } else { Vec::new() };
        while let Some((index, at)) = path.pop() {
            let applies = &outline.all[index].applies;
            if at == 0 {
                known[index] = Some(OPEN);
            }
            if let Some((via, to)) = applies.get(at) {
                path.push((index, at + 1));
                match known[*to] {
                    _ if !follow(via) => {}
                    None => path.push((*to, 0)),
                    Some(Unrolled { schemas: 0, .. }) => return Err(*to),
                    Some(_) => {}
                }
                continue;
            }
            let weight = weight(outline.all[index].schema);
            let mut sum = Unrolled { schemas: 1, longest: 1 };
            for (_, to) in applies.iter().filter(|(via, _)| follow(via)) {
                let part = known[*to].unwrap_or(OPEN);
                sum.schemas = sum.schemas.saturating_add(part.schemas.saturating_mul(weight));
                sum.longest = sum.longest.max(part.longest + 1);
            }
            known[index] = Some(sum);
        }
    }
    Ok(known.into_iter().flatten().collect())
}

/// `unevaluatedProperties` and `unevaluatedItems` look at everything beside them a second time.
pub(super) fn weight(schema: &Value) -> u64 {
    let twice = ["unevaluatedProperties", "unevaluatedItems"];
    1 + u64::from(twice.iter().any(|keyword| schema.get(keyword).is_some()))
}

/// Refuses what is too much already; gives a meter for what the settings decide, and the longest
/// chain of schemas on one value.
pub(super) fn bound(outline: &Outline<'_>) -> Result<(Meter, usize), Problem> {
    let same = |via: &Via| *via == Via::Same;
    let on_one_value = unroll(outline, same).map_err(|index| {
        let message = "the schema leads back to itself without going deeper into the settings";
        Problem::value(&outline.all[index].pointer, message)
            .hint("a schema may refer to itself only from inside `properties` or `items`")
    })?;
    for (one, unrolled) in outline.all.iter().zip(&on_one_value) {
        let (schemas, longest) = (unrolled.schemas, unrolled.longest);
        let message = if schemas > MOST_ON_ONE_VALUE {
            format!("more than {MOST_ON_ONE_VALUE} schemas apply to one value, references counted")
        } else if longest > LONGEST_CHAIN {
            format!("a chain of more than {LONGEST_CHAIN} schemas applies to one value")
        } else {
            continue;
        };
        return Err(Problem::value(&one.pointer, message)
            .hint("checking settings would stall: point to each definition fewer times"));
    }
    let all = unroll(outline, |via| *via != Via::Definition);
    let few = all.is_ok_and(|all| all.iter().all(|one| one.schemas <= HARMLESS));
    let longest = on_one_value.iter().map(|one| one.longest).max().unwrap_or(1);
    let longest = usize::try_from(longest).unwrap_or(usize::MAX);
    Ok((Meter::of(outline, few), longest))
}
