//! Values of a shape.

use std::cell::OnceCell;

use rand::RngExt;
use serde_json::{Map, Value};

use super::chance::{Source, Stream, one_in, pick};
use super::pattern::Piece;
use super::shape::{ArrayShape, ObjectShape, Shape};
use super::text::Meaning;
use super::website::{Website, website, word};

/// Makes the settings of one website.
pub(super) struct Maker {
    source: Source,
    /// Made when a text first speaks of it
    website: OnceCell<Website>,
    /// Values in all, so that arrays of arrays of arrays end
    left: u32,
}

/// Values in the settings of one website.
const MOST_VALUES: u32 = 10_000;
/// One optional member in so many is left out.
const LEFT_OUT: u32 = 8;

impl Maker {
    pub fn new(source: Source) -> Self {
        Self { source, website: OnceCell::new(), left: MOST_VALUES }
    }

    pub fn value(&mut self, shape: &Shape, stream: Stream) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        let mut chance = self.source.open(stream);
        match shape {
            Shape::Fixed(values) => pick(&mut chance, values).cloned(),
            Shape::Usual { values, otherwise } => match otherwise {
                // What the author wrote need not fit; a later attempt does without.
                Some(otherwise) if self.source.attempt > 0 || one_in(&mut chance, 2) => {
                    self.value(otherwise, stream.item(0))
                }
                _ => pick(&mut chance, values).cloned(),
            },
            Shape::Either(shapes) => self.value(pick(&mut chance, shapes)?, stream.item(0)),
            Shape::OrNull(_) if one_in(&mut chance, 6) => Some(Value::Null),
            Shape::OrNull(some) => self.value(some, stream.item(0)),
            Shape::Null => Some(Value::Null),
            Shape::Boolean => Some(Value::Bool(one_in(&mut chance, 2))),
            Shape::Number(number) => number.value(&mut chance),
            Shape::Text { meaning, pattern, least, most } => {
                self.text(*meaning, pattern.as_ref(), (*least, *most), stream).map(Value::String)
            }
            Shape::Array(array) => self.array(array, stream),
            Shape::Object(object) => self.object(object, stream),
        }
    }

    fn text(
        &self,
        meaning: Meaning,
        pattern: Option<&Piece>,
        (least, most): (u64, u64),
        stream: Stream,
    ) -> Option<String> {
        let mut chance = self.source.open(stream);
        if let Some(pattern) = pattern {
            return pattern.text(least, most, &mut chance);
        }
        let website = self.website.get_or_init(|| website(self.source.seed, self.source.number));
        let mut text = meaning.text(website, &mut chance);
        let mut length = text.chars().count() as u64;
        while length < least {
            let more = word(&mut chance);
            text.push_str(if meaning == Meaning::Message { " " } else { "-" });
            text.push_str(more);
            length += 1 + more.len() as u64;
        }
        if length > most {
            text = text.chars().take(usize::try_from(most).ok()?).collect();
        }
        Some(text)
    }

    fn array(&mut self, array: &ArrayShape, stream: Stream) -> Option<Value> {
        let mut chance = self.source.open(stream);
        let head = array.head.len() as u64;
        let usual = array.least.max(head).max(1);
        let most = array.most.min(usual + 2).max(array.least);
        let wanted = chance.random_range(array.least.max(usual.min(most))..=most);
        let mut items: Vec<Value> = Vec::new();
        // Equal items are made again a few times.
        for index in 0..wanted.saturating_mul(2).saturating_add(8) {
            let place = items.len() as u64;
            if place >= wanted {
                break;
            }
            let shape = array.head.get(items.len()).or(array.rest.as_ref());
            let item = shape.and_then(|shape| self.value(shape, stream.item(index + 1)));
            let Some(item) = item else {
                break;
            };
            if !array.unique || !items.contains(&item) {
                items.push(item);
            }
        }
        (items.len() as u64 >= array.least).then_some(Value::Array(items))
    }

    fn object(&mut self, object: &ObjectShape, stream: Stream) -> Option<Value> {
        let mut chance = self.source.open(stream);
        let mut map = Map::new();
        let lean = self.source.attempt == 2;
        let required = object.members.iter().filter(|member| member.required).count() as u64;
        let room = object.most.checked_sub(required)?;
        let (mut taken, mut optional) = (0, object.members.len() as u64 - required);
        for member in &object.members {
            if !member.required {
                optional -= 1;
                // Never so lean that an object stays empty or too small without need.
                let needed = required + taken + optional < object.least.max(1);
                let dropped = lean || one_in(&mut chance, LEFT_OUT);
                if taken >= room || (dropped && !needed) {
                    continue;
                }
            }
            match self.value(&member.shape, stream.member(&member.name)) {
                Some(value) => {
                    map.insert(member.name.clone(), value);
                    taken += u64::from(!member.required);
                }
                None if member.required => return None,
                None => {}
            }
        }
        self.more(object, &mut map, stream);
        (map.len() as u64 >= object.least).then_some(Value::Object(map))
    }

    /// Members with names of their own.
    fn more(&mut self, object: &ObjectShape, map: &mut Map<String, Value>, stream: Stream) {
        let Some((names, shape)) = &object.more else {
            return;
        };
        let wanted = object.least.max(1).min(object.most);
        for index in 0..wanted.saturating_mul(4) {
            if map.len() as u64 >= wanted {
                break;
            }
            let stream = stream.item(index + 1);
            let name = names.text(1, 200, &mut self.source.open(stream));
            let Some((name, value)) = name.zip(self.value(shape, stream.item(0))) else {
                break;
            };
            map.entry(name).or_insert(value);
        }
    }
}
