//! A first and a last line by which half a file is known for what it is.
//!
//! YAML that ends too early is often still YAML, and a scenario without its last steps is still a
//! scenario. So a kept failure begins with a comment that promises another at its end. A file that
//! does not begin that way promises nothing, and is read as it is.

use crisp_mock_server::document::{Invalid, Position, Problem};

const FIRST: &str = "# kept by crisp-mock; whole only with its last line";
const LAST: &str = "# end of this file";

/// A scenario's YAML between the two lines.
pub(crate) fn marked(yaml: &str) -> String {
    format!("{FIRST}\n{}\n{LAST}\n", yaml.trim_end())
}

/// Refuses a text that begins with the one line and does not end with the other.
pub(super) fn refuse_half(file: &str, text: &str) -> Result<(), Invalid> {
    let last = text.trim_end().lines().next_back().unwrap_or_default();
    if !text.starts_with(FIRST) || last == LAST {
        return Ok(());
    }
    let problem = Problem::value("", format!("the file ends here, without its last line `{LAST}`"))
        .hint(
            "a part of it is missing: let `crisp-mock check` find it again, or, if it is whole as it \
             is, remove its first line",
        );
    let line = text.trim_end().lines().count().max(1);
    Err(Invalid::at(file, text, Position { line, column: last.chars().count() + 1 }, problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn a_kept_scenario_that_is_cut_anywhere_is_refused() {
        let whole = marked("name: a save\nwhen:\n  - { at: 1s, save: { w1: { a: 1 } } }\n");
        Scenario::parse("a.yaml", &whole).unwrap();
        Scenario::parse("a.yaml", &whole.replace('\n', "\r\n")).unwrap();
        for length in 0..whole.trim_end().len() {
            assert!(Scenario::parse("a.yaml", &whole[..length]).is_err(), "{length}");
        }
        let told = Scenario::parse("a.yaml", &whole[..FIRST.len() + 14]).unwrap_err().to_string();
        assert!(told.starts_with("a.yaml:2:13: the file ends here"), "{told}");
    }

    #[test]
    fn a_scenario_that_promises_no_last_line_needs_none() {
        Scenario::parse("a.yaml", "# a remark\nname: a save\n").unwrap();
    }
}
