//! Classes: `[a-z\d]`.

use super::Reader;
use crate::schema::ecma::Fault;
use crate::schema::ecma::class::Set;

impl Reader {
    pub(super) fn class(&mut self) -> Result<Set, Fault> {
        let negative = self.eat("^");
        let mut set = Set::default();
        loop {
            let Some(c) = self.next() else {
                return Err(Fault("has a `[` that is not closed"));
            };
            if c == ']' {
                return Ok(if negative { set.complement(self.alphabet) } else { set });
            }
            let from = self.item(c)?;
            let is_range = self.peek() == Some('-')
                && self.text.get(self.at + 1).is_some_and(|after| *after != ']');
            if !is_range {
                add(&mut set, from);
                continue;
            }
            self.at += 1;
            let Some(after) = self.next() else {
                return Err(Fault("has a `[` that is not closed"));
            };
            match (from, self.item(after)?) {
                (Item::One(from), Item::One(to)) if from > to => {
                    return Err(Fault("has a range of characters that is out of order"));
                }
                (Item::One(from), Item::One(to)) => set.add(from, to),
                (from, to) => {
                    set.add(u32::from('-'), u32::from('-'));
                    add(&mut set, from);
                    add(&mut set, to);
                }
            }
        }
    }

    fn item(&mut self, c: char) -> Result<Item, Fault> {
        if c != '\\' {
            return Ok(Item::One(self.alphabet.unit(c)));
        }
        let Some(c) = self.next() else {
            return Err(Fault("has a `[` that is not closed"));
        };
        if let Some(set) = Set::named(c, self.alphabet) {
            return Ok(Item::Many(set));
        }
        Ok(Item::One(match c {
            'b' => 0x08,
            'c' if !self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') => {
                self.at -= 1;
                u32::from('\\')
            }
            other => self.code(other),
        }))
    }
}

/// A character of a class, or several at once.
enum Item {
    One(u32),
    Many(Set),
}

fn add(set: &mut Set, item: Item) {
    match item {
        Item::One(code) => set.add(code, code),
        Item::Many(many) => set.join(many),
    }
}
