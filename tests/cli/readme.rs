//! The README's commands, run as they stand there.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Ended, Serving, program};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What the README has a person type, and the text that it shows next.
struct Typed {
    words: Vec<String>,
    shown: Option<String>,
}

/// The blocks of a page, each with its language.
fn blocks(page: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let inside = text.split("```").skip(1).step_by(2);
    inside
        .map(|block| block.split_once('\n').unwrap())
        .map(|(language, block)| (language.to_owned(), block.to_owned()))
        .collect()
}

/// The words of a line for the shell: quotes go, and so does a comment.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted) = (Vec::new(), false);
    for piece in line.split_inclusive([' ', '"']) {
        let text = piece.trim_end_matches(['"', ' ']);
        match words.last_mut() {
            _ if !quoted && text.starts_with('#') => break,
            Some(word) if quoted => *word = format!("{word}{}", piece.trim_end_matches('"')),
            _ if !text.is_empty() => words.push(text.to_owned()),
            _ if piece == "\"" => words.push(String::new()),
            _ => {}
        }
        quoted ^= piece.ends_with('"');
    }
    words
}

fn typed(page: &str) -> Vec<Typed> {
    let blocks = blocks(page);
    let mut all = Vec::new();
    for (index, (language, block)) in blocks.iter().enumerate() {
        if language != "console" {
            continue;
        }
        for line in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let mut words = words(line);
            if words.join(" ").starts_with("cargo run --release -- ") {
                words.splice(..4, ["crisp-mock".to_owned()]);
            }
            let shown = blocks.get(index + 1).filter(|next| next.0 == "text");
            let shown = shown.map(|next| next.1.clone());
            all.push(Typed { words, shown });
        }
    }
    all
}

/// Where a command has the files that it names.
fn folder_of(words: &[String]) -> PathBuf {
    if words.iter().any(|word| word == "schema.json") {
        return root().join("examples/node-plugin");
    }
    root().to_owned()
}

/// The program with what a line of the README says to it.
fn told(words: &[String]) -> Command {
    let mut command = program();
    command.current_dir(folder_of(words)).args(&words[1..]);
    command
}

/// Every line up to `…` is in the output, in this order; what moves from run to run is not compared.
fn shows(output: &str, shown: &str) {
    let mut rest = output;
    for line in shown.lines().filter(|line| line.trim() != "…") {
        let Some(at) = rest.find(line) else {
            panic!("`{line}` is not shown by\n{output}");
        };
        rest = &rest[at + line.len()..];
    }
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let server = Serving::start(&[]);
    let mut tried = 0;
    for Typed { words, shown } in typed("README.md") {
        if words[0] != "crisp-mock" {
            continue;
        }
        tried += 1;
        let line = words.join(" ");
        match words[1].as_str() {
            "serve" => {
                let mut command = told(&words);
                Serving::spawn(command.env("CRISP_MOCK_LISTEN", "127.0.0.1:0"));
            }
            "ctl" => {
                let mut command = told(&words);
                let ended = Ended::of(command.env("CRISP_MOCK_URL", server.url()));
                assert_eq!(ended.code, Some(0), "{line}: {}", ended.shown());
            }
            "exec" => {
                let end = words.iter().position(|word| word == "--").unwrap();
                let command = [&words[..=end], &["true".to_owned()]].concat();
                let ended = Ended::of(&mut told(&command));
                // `true` asks nothing, which `--fail-on idle` finds.
                assert_eq!(ended.code, Some(1), "{line}: {}", ended.shown());
            }
            "replay" if words.iter().any(|word| word == "guide") => {
                let ended = Ended::of(&mut told(&words));
                assert_eq!(ended.code, Some(1), "{line}: {}", ended.shown());
                shows(&ended.stdout, &shown.unwrap());
            }
            "check" if words.iter().any(|word| word == "guide") => {
                let folder = tempfile::tempdir().unwrap();
                let mut command = told(&words);
                let ended = Ended::of(command.current_dir(folder.path()));
                assert_eq!(ended.code, Some(1), "{line}: {}", ended.shown());
                // What is found first changes with the generator; that it is found does not.
                let shown = shown.unwrap();
                shows(&ended.stdout, shown.lines().next().unwrap());
                shows(&ended.stdout, "FAIL    lost update");
            }
            "validate" => {
                let ended = Ended::of(&mut told(&words));
                assert_eq!(ended.code, Some(0), "{line}: {}", ended.shown());
            }
            // What runs long or needs a plugin is only parsed.
            _ => {
                let ended = Ended::of(told(&words).arg("--help"));
                assert_eq!(ended.code, Some(0), "{line}: {}", ended.shown());
            }
        }
    }
    assert!(tried >= 10, "only {tried} commands were found");
}

#[test]
fn the_commands_of_the_page_on_ci_are_understood() {
    for Typed { mut words, .. } in typed("docs/ci.md") {
        if words[0] != "crisp-mock" {
            continue;
        }
        words.insert(2, "--help".to_owned());
        let ended = Ended::of(&mut told(&words));
        assert_eq!(ended.code, Some(0), "{}: {}", words.join(" "), ended.shown());
    }
}

#[test]
fn every_page_that_the_documentation_names_is_there() {
    for page in ["README.md", "docs/README.md", "docs/ci.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let folder = root().join(page).parent().unwrap().to_owned();
        for link in text.split("](").skip(1) {
            let link = link.split([')', '#']).next().unwrap();
            if !link.is_empty() && !link.contains("://") {
                assert!(folder.join(link).exists(), "{page}: {link} is not there");
            }
        }
    }
}

#[test]
fn words_are_parted_as_a_shell_does() {
    assert_eq!(
        words("crisp-mock ctl fault \"since #2\" status=503  # a comment"),
        ["crisp-mock", "ctl", "fault", "since #2", "status=503"]
    );
}
