//! Where a value is, in JavaScript's notation.

use crate::document::member;

/// A step from a value into another; the whole has none. It lives as long as the call that took
/// it, so that a path costs nothing until it is told.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    outer: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Whole,
    /// A property that the schema names
    Named(&'a str),
    /// A property that was met
    Met(&'a str),
    Item(usize),
}

impl<'a> Path<'a> {
    pub const WHOLE: Path<'static> = Path { outer: None, step: Step::Whole };

    pub fn named(&'a self, name: &'a str) -> Path<'a> {
        Path { outer: Some(self), step: Step::Named(name) }
    }

    pub fn met(&'a self, name: &'a str) -> Path<'a> {
        Path { outer: Some(self), step: Step::Met(name) }
    }

    pub fn item(&'a self, index: usize) -> Path<'a> {
        Path { outer: Some(self), step: Step::Item(index) }
    }

    fn steps(&self) -> Vec<Step<'a>> {
        let mut steps = vec![self.step];
        let mut outer = self.outer;
        while let Some(path) = outer {
            steps.push(path.step);
            outer = path.outer;
        }
        steps.reverse();
        steps
    }

    /// `.a`, `['my-key']`, `[0]` one after the other.
    pub fn told(&self) -> String {
        let mut told = String::new();
        for step in self.steps() {
            match step {
                Step::Whole => {}
                Step::Named(name) => told.push_str(&property(name)),
                Step::Met(name) => told.push_str(&format!("['{name}']")),
                Step::Item(index) => told.push_str(&format!("[{index}]")),
            }
        }
        told
    }

    /// As a JSON pointer.
    pub fn pointer(&self) -> String {
        self.steps().into_iter().fold(String::new(), |pointer, step| match step {
            Step::Whole => pointer,
            Step::Named(name) | Step::Met(name) => member(&pointer, name),
            Step::Item(index) => format!("{pointer}/{index}"),
        })
    }
}

/// A property that a schema names: `.a` or `['my-key']`.
pub(super) fn property(name: &str) -> String {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '$' | '_'));
    let goes_on = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'$' | b'_'));
    if starts && goes_on { format!(".{name}") } else { format!("['{}']", escaped(name)) }
}

/// As it would stand between quotes in a program.
fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{c}' => out.push_str("\\f"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out
}
