//! What a soak has seen already, so that each distinct failure is reported once.

use super::conviction::{Class, Conviction};

/// What a soak has seen already.
#[derive(Debug, Default)]
pub(super) struct Known {
    shapes: Vec<(Class, String)>,
    /// How often a kind was shrunk to nothing new, one after another.
    dry: Vec<(Class, u32)>,
}

impl Known {
    /// So many times in a row a kind may bring nothing new before it is left alone.
    const PATIENCE: u32 = 4;

    pub(super) fn is_worth_shrinking(&self, class: &Class) -> bool {
        let dry = self.dry.iter().find(|(other, _)| other == class);
        dry.is_none_or(|(_, times)| *times < Self::PATIENCE)
    }

    /// Whether a failure of this kind was reported.
    pub(super) fn has_met(&self, class: &Class) -> bool {
        self.shapes.iter().any(|(other, _)| class.covers(other))
    }

    pub(super) fn is_new(&mut self, conviction: &Conviction) -> bool {
        let seen = self
            .shapes
            .iter()
            .any(|(class, shape)| class.covers(&conviction.class) && *shape == conviction.shape);
        let place = self.dry.iter().position(|(class, _)| *class == conviction.class);
        match (seen, place) {
            (true, Some(place)) => self.dry[place].1 += 1,
            (true, None) => self.dry.push((conviction.class.clone(), 1)),
            (false, Some(place)) => self.dry[place].1 = 0,
            (false, None) => {}
        }
        if !seen {
            let class = conviction.class.clone();
            self.shapes.push((class, conviction.shape.clone()));
        }
        !seen
    }
}
