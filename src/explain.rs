//! `crisp-mock explain`: a hazard that a report names, and what to write instead.
//!
//! What a hazard is, and what a correct client does, stands in `docs/hazards.md`; how it comes about,
//! and the code, in a file of `docs/explain/` that is about several of them. Both are inside the
//! program.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use crisp_mock_server::nearest::nearest;

use crate::failure::Failure;
use crate::terminal;

const HAZARDS: &str = include_str!("../docs/hazards.md");
const TOPICS: [&str; 10] = [
    include_str!("../docs/explain/apply.md"),
    include_str!("../docs/explain/cursor.md"),
    include_str!("../docs/explain/events.md"),
    include_str!("../docs/explain/filter.md"),
    include_str!("../docs/explain/gaps.md"),
    include_str!("../docs/explain/load.md"),
    include_str!("../docs/explain/loop.md"),
    include_str!("../docs/explain/order.md"),
    include_str!("../docs/explain/saves.md"),
    include_str!("../docs/explain/waits.md"),
];
const LANGUAGES: [&str; 3] = ["Node", "Python", "Go"];

/// What is to be explained.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// A hazard, such as C3; without one they are listed
    #[arg(value_name = "HAZARD")]
    pub hazard: Option<String>,
}

/// Explains one, or lists all.
pub fn run(arguments: &ExplainArguments) -> Result<ExitCode, Failure> {
    match &arguments.hazard {
        None => terminal::print(&list()),
        Some(given) => terminal::print(&explained(given)?),
    }
    Ok(ExitCode::SUCCESS)
}

/// One row of `docs/hazards.md`.
struct Hazard {
    number: &'static str,
    what: &'static str,
    instead: &'static str,
}

fn hazards() -> impl Iterator<Item = Hazard> {
    HAZARDS.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| <a id=\"")?.split(" | ");
        let (_, number) = cells.next()?.split_once("</a>")?;
        Some(Hazard { number, what: cells.next()?, instead: cells.next()? })
    })
}

fn list() -> String {
    let mut out = String::new();
    for hazard in hazards() {
        let _ = writeln!(out, "  {:<4}{}", hazard.number, hazard.what);
    }
    out.push_str(
        "\ncrisp-mock explain C3 explains one, with what to write in Node, Python and Go.\n",
    );
    out
}

/// The part of a topic that stands under a heading.
fn section<'a>(topic: &'a str, heading: &str) -> Option<&'a str> {
    let mut sections = topic.split("\n## ").skip(1);
    sections.find_map(|section| section.strip_prefix(heading)?.strip_prefix('\n'))
}

fn explained(given: &str) -> Result<String, Failure> {
    let wanted = given.trim().to_uppercase();
    let Some(hazard) = hazards().find(|hazard| hazard.number == wanted) else {
        return Err(unknown(given, &wanted));
    };
    let mut out = format!("{} {}\n\n", hazard.number, hazard.what);
    paragraph(&mut out, &format!("Instead: {}", hazard.instead));
    let topic = TOPICS.iter().find(|topic| section(topic, hazard.number).is_some());
    if let Some(topic) = topic {
        out.push_str("\nHow it comes about\n");
        for line in section(topic, hazard.number).unwrap_or_default().trim().lines() {
            let _ = writeln!(out, "  - {line}");
        }
        let about = topic.split("\n## ").next().and_then(|head| head.split_once("\n\n"));
        out.push('\n');
        paragraph(&mut out, about.map_or("", |(_, about)| about));
        for language in LANGUAGES {
            let _ = writeln!(out, "\n{language}\n");
            let code = section(topic, language).unwrap_or_default().lines();
            for line in code.filter(|line| !line.starts_with("```") && !line.is_empty()) {
                let _ = writeln!(out, "    {line}");
            }
        }
    }
    Ok(out)
}

fn paragraph(out: &mut String, text: &str) {
    let _ = writeln!(out, "{}", textwrap(text, 78));
}

/// Breaks a text into lines of at most so many characters.
fn textwrap(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().filter(|line| {
            line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width
        });
        match last {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

fn unknown(given: &str, wanted: &str) -> Failure {
    let shown: String = given.chars().take(60).collect();
    let hint = match nearest(wanted, hazards().map(|hazard| hazard.number)) {
        Some(near) => format!("did you mean {near}? `crisp-mock explain` lists them"),
        None => "`crisp-mock explain` lists them".to_owned(),
    };
    Failure::usage(format!("there is no hazard `{shown}`"), hint)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;

    #[test]
    fn every_hazard_is_explained_in_one_topic_with_three_lines_and_three_languages() {
        assert!(hazards().count() >= 72);
        for hazard in hazards() {
            let number = hazard.number;
            let topics = TOPICS.iter().filter(|topic| section(topic, number).is_some());
            let topics: Vec<_> = topics.collect();
            assert_eq!(topics.len(), 1, "{number}");
            let lines = section(topics[0], number).unwrap().trim().lines();
            assert_eq!(lines.count(), 3, "{number}");
            let text = explained(&number.to_lowercase()).unwrap();
            for language in LANGUAGES {
                let code = section(topics[0], language).unwrap();
                assert!(code.lines().count() > 6, "{number}: {language}");
                assert!(text.contains(code.lines().nth(1).unwrap()), "{number}: {language}");
            }
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(100) || hazard.what.len() > 90, "{number}: {widest:?}");
        }
    }

    #[test]
    fn every_section_of_a_topic_is_a_hazard_or_a_language() {
        for topic in TOPICS {
            for title in topic.split("\n## ").skip(1).filter_map(|part| part.lines().next()) {
                let known = hazards().any(|hazard| hazard.number == title);
                assert!(known || LANGUAGES.contains(&title), "{title}");
            }
        }
    }

    #[test]
    fn an_unknown_hazard_gets_the_nearest_one() {
        let told = explained("C3.").unwrap_err().to_string();
        assert!(told.contains("there is no hazard `C3.`"), "{told}");
        assert!(told.contains("did you mean C3? `crisp-mock explain` lists them"), "{told}");
    }

    /// The code of all topics in one language, with the number of its topic.
    fn code(language: &str) -> impl Iterator<Item = (usize, String)> {
        TOPICS.iter().enumerate().map(move |(index, topic)| {
            let section = section(topic, language).unwrap();
            let code = section.split("```").nth(1).unwrap();
            (index, code.split_once('\n').unwrap().1.to_owned())
        })
    }

    /// Each sample is a file that the command has nothing to say about.
    #[track_caller]
    fn parses(language: &str, ending: &str, command: impl Fn(&Path) -> Command) {
        let folder = tempfile::tempdir().unwrap();
        for (index, code) in code(language) {
            let file = folder.path().join(format!("sample{index}.{ending}"));
            std::fs::write(&file, &code).unwrap();
            let Ok(run) = command(&file).output() else {
                assert!(std::env::var_os("CI").is_none(), "nothing here reads {language}");
                eprintln!("nothing here reads {language}: its samples are not looked at");
                return;
            };
            let said = [run.stdout, run.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(run.status.success() && said.is_empty(), "{said}\n{code}");
        }
    }

    #[test]
    fn the_samples_for_node_parse() {
        parses("Node", "js", |file| {
            let mut node = Command::new("node");
            node.arg("--check").arg(file);
            node
        });
    }

    #[test]
    fn the_samples_for_python_parse() {
        parses("Python", "py", |file| {
            let mut python = Command::new("python3");
            python.args(["-m", "py_compile"]).arg(file);
            python
        });
    }

    #[test]
    fn the_samples_for_go_parse_and_are_formatted() {
        // Samples are parts of a program, which it takes from stdin alone.
        parses("Go", "go", |file| {
            let mut gofmt = Command::new("gofmt");
            gofmt.arg("-d").stdin(std::fs::File::open(file).unwrap());
            gofmt
        });
    }
}
