//! The help texts, as people read them.

use crate::program::run;

fn help(arguments: &[&str]) -> String {
    let ended = run(arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout
}

/// The subcommands that a help lists, in its order.
fn listed(help: &str) -> Vec<String> {
    let commands = help.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = commands.lines().take_while(|line| !line.is_empty());
    lines
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_command_says_what_it_can_do() {
    insta::assert_snapshot!(help(&["--help"]));
    insta::assert_snapshot!("all", help(&["--help-all"]));
}

/// New subcommands are found by themselves: each needs its snapshot.
#[test]
fn every_subcommand_shows_first_what_is_needed_and_everything_when_asked_for_all() {
    let commands = listed(&help(&["--help"]));
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        let mut shown = help(&[&command, "--help"]);
        for below in listed(&shown) {
            let text = help(&[&command, &below, "--help"]);
            shown.push_str(&format!("\n=== {command} {below} --help\n\n{text}"));
        }
        insta::assert_snapshot!(format!("{command}_help"), shown);
        let all = help(&[&command, "--help-all"]);
        insta::assert_snapshot!(format!("{command}_help_all"), all);
    }
}

#[test]
fn the_version_is_the_package_s() {
    let version = concat!("crisp-mock ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(help(&["--version"]), version);
}

#[test]
fn a_misspelt_option_is_bad_usage_and_named_with_its_neighbour() {
    let ended = run(&["serve", "--websits", "3"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("'--websites'"), "{}", ended.stderr);
}

#[test]
fn secrets_of_the_environment_are_not_shown() {
    let mut command = crate::program::program();
    command.env("CRISP_MOCK_CONTROL_TOKEN", "hunter2").args(["serve", "--help-all"]);
    let ended = crate::program::Ended::of(&mut command);
    assert!(!ended.stdout.contains("hunter2"));
}

#[test]
fn completions_exist_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(help(&["completions", shell]).contains("healthcheck"), "{shell}");
    }
}
