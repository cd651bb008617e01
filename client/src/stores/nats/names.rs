//! What everything is called on the server.

use std::fmt::Write as _;

/// The streams, subjects and keys of one plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// The stream of the log, and the subject of its messages.
    pub(super) log: String,
    pub(super) log_subject: String,
    /// Where the server says that the log has grown.
    pub(super) appended: String,
    /// The stream of the bucket, and what the subjects of its keys begin with.
    pub(super) bucket: String,
    pub(super) keys: String,
}

impl Names {
    /// Those of the plugin of this name.
    pub(super) fn new(name: &str) -> Self {
        let name = word(name);
        Self {
            log: format!("crisp-{name}-log"),
            log_subject: format!("crisp.{name}.log"),
            appended: format!("crisp.{name}.appended"),
            bucket: format!("KV_crisp-{name}"),
            keys: format!("$KV.crisp-{name}."),
        }
    }

    pub(super) fn key(&self, key: &str) -> String {
        format!("{}{key}", self.keys)
    }

    /// The key of a website, by its identifier; `*`: all of them.
    pub(super) fn website(&self, id: &str) -> String {
        format!("{}website.{id}", self.keys)
    }
}

/// The name as one word of a subject and of a bucket: letters, digits and `-` stay, every other byte is `_` and its
/// hexadecimal digits, so that no two names become one.
fn word(name: &str) -> String {
    let mut word = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            word.push(char::from(byte));
        } else {
            // Writing into a text does not fail.
            let _ = write!(word, "_{byte:02x}");
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_word_and_no_two_become_one() {
        let plain = "60645df2-58f7-422f-9a94-dbdd5c02d487";
        assert_eq!(Names::new(plain).bucket, format!("KV_crisp-{plain}"));
        let names = ["a.b", "a_b", "a b", "a*", "a>", "a_2eb", "é"];
        let words: std::collections::BTreeSet<_> = names.iter().map(|name| word(name)).collect();
        assert_eq!(words.len(), names.len());
        assert!(words.iter().all(|word| !word.contains(['.', ' ', '*', '>'])), "{words:?}");
    }
}
