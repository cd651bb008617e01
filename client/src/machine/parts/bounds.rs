//! How much a set may hold: each answer is limited by itself, and here their sum.

use std::fmt;

use crate::website::Size;
use crate::{Config, Website, Websites};

/// A differential may name so many websites even where the bound is smaller: repeats of the same
/// ones are in the nature of differentials.
const LEAST_NAMES: usize = 10_000;

/// The bounds as configured. What is held already is never too much, however it came there: a
/// bound that was lowered, or own saves, do not keep the cache from following what does not grow it.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    websites: usize,
    bytes: usize,
}

/// What was over which bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excess {
    /// So many websites and this bound.
    Websites(usize, usize),
    /// So many bytes of text and this bound.
    Bytes(usize, usize),
    /// So many websites are named beside the set, and this bound.
    Names(usize, usize),
}

impl Bounds {
    pub(crate) fn new(config: &Config) -> Self {
        Self { websites: config.most_websites, bytes: config.most_bytes }
    }

    /// Whether a set that is to take the place of the one held is over a bound.
    pub(crate) fn excess(&self, held: &Websites, next: Size) -> Option<Excess> {
        let Size { websites, bytes } = held.size();
        if next.websites > self.websites.max(websites) {
            return Some(Excess::Websites(next.websites, self.websites));
        }
        (next.bytes > self.bytes.max(bytes)).then_some(Excess::Bytes(next.bytes, self.bytes))
    }

    /// Whether the set would be over a bound with this website as it is now.
    pub(crate) fn excess_with(&self, held: &Websites, website: &Website) -> Option<Excess> {
        let Size { websites, bytes } = held.size();
        let known = held.get(&website.id);
        let before = known.map_or(0, |known| known.text_bytes());
        let websites = websites + usize::from(known.is_none());
        self.excess(held, Size { websites, bytes: bytes - before + website.text_bytes() })
    }

    /// Whether so many websites may be named beside the set: those that a differential tells of,
    /// and what is remembered of earlier ones.
    pub(crate) fn excess_names(&self, names: usize) -> Option<Excess> {
        let most = self.websites.max(LEAST_NAMES).saturating_mul(4);
        (names > most).then_some(Excess::Names(names, most))
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Websites(count, bound) => write!(
                f,
                "{count} websites so far are more than the bound of {bound} (`Config::most_websites`)"
            )?,
            Self::Bytes(count, bound) => write!(
                f,
                "{count} bytes of settings, tokens and plans so far are more than the bound of \
                 {bound} (`Config::most_bytes`)"
            )?,
            Self::Names(count, bound) => write!(
                f,
                "{count} websites named in differentials are more than {bound}, four times the \
                 bound `Config::most_websites`"
            )?,
        }
        f.write_str(
            "; nothing of it is used, the cache stays as it is and asks again later: raise the \
             bound if that much is right, else see what answers in the API's place",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Credentials, Settings, WebsiteId};

    fn website(number: u128, text: usize) -> Website {
        Website {
            id: WebsiteId::from_number(number),
            token: None,
            settings: Settings::from_json(&format!("\"{}\"", "x".repeat(text - 2))).unwrap(),
            price: None,
            plan: None,
        }
    }

    fn set(count: u128) -> Websites {
        (1..=count).map(|number| website(number, 10)).collect()
    }

    fn bounds(websites: usize, bytes: usize) -> Bounds {
        let mut config = Config::new(Credentials::new("id", "key"));
        (config.most_websites, config.most_bytes) = (websites, bytes);
        Bounds::new(&config)
    }

    #[test]
    fn a_set_at_the_bound_is_taken_and_one_website_or_byte_more_is_not() {
        let empty = Websites::default();
        assert_eq!(bounds(3, 30).excess(&empty, set(3).size()), None);
        let websites = bounds(3, 90).excess(&empty, set(4).size());
        assert_eq!(websites, Some(Excess::Websites(4, 3)));
        let bytes = bounds(9, 29).excess(&empty, set(3).size());
        assert_eq!(bytes, Some(Excess::Bytes(30, 29)));
    }

    #[test]
    fn a_set_over_a_lowered_bound_may_stay_and_shrink_and_not_grow() {
        let bounds = bounds(2, 20);
        assert_eq!(bounds.excess(&set(4), set(4).size()), None);
        assert_eq!(bounds.excess(&set(4), set(3).size()), None);
        assert_eq!(bounds.excess(&set(4), set(5).size()), Some(Excess::Websites(5, 2)));
    }

    #[test]
    fn one_website_counts_in_place_of_what_it_was() {
        let (set, bounds) = (set(3), bounds(3, 30));
        assert_eq!(bounds.excess_with(&set, &website(3, 10)), None);
        assert_eq!(bounds.excess_with(&set, &website(3, 11)), Some(Excess::Bytes(31, 30)));
        assert_eq!(bounds.excess_with(&set, &website(4, 2)), Some(Excess::Websites(4, 3)));
    }

    #[test]
    fn every_excess_names_its_bound_and_what_to_change() {
        for (excess, name) in [
            (Excess::Websites(4, 3), "`Config::most_websites`"),
            (Excess::Bytes(4, 3), "`Config::most_bytes`"),
            (Excess::Names(4, 3), "`Config::most_websites`"),
        ] {
            let words = excess.to_string();
            assert!(words.contains(name) && words.contains("raise the bound"), "{words}");
        }
    }
}
