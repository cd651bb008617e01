//! The help texts, as people read them.

use crate::program::run;

fn help(arguments: &[&str]) -> String {
    let ended = run(arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout
}

#[test]
fn the_command_says_what_it_can_do() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
fn serve_shows_first_what_a_plugin_author_needs() {
    insta::assert_snapshot!(help(&["serve", "--help"]));
}

#[test]
fn serve_shows_everything_when_asked_for_all() {
    insta::assert_snapshot!(help(&["serve", "--help-all"]));
}

#[test]
fn exec_says_what_the_command_sees_and_what_the_exit_codes_mean() {
    insta::assert_snapshot!(help(&["exec", "--help"]));
}

#[test]
fn validate_says_how_it_is_used() {
    insta::assert_snapshot!(help(&["validate", "--help"]));
}

#[test]
fn ctl_lists_its_calls() {
    insta::assert_snapshot!(help(&["ctl", "--help"]));
}

#[test]
fn ctl_fault_explains_its_words() {
    insta::assert_snapshot!(help(&["ctl", "fault", "--help"]));
}

#[test]
fn healthcheck_says_how_it_is_used() {
    insta::assert_snapshot!(help(&["healthcheck", "--help"]));
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
    command
        .env("CRISP_MOCK_CONTROL_TOKEN", "hunter2")
        .args(["serve", "--help-all"]);
    let ended = crate::program::Ended::of(&mut command);
    assert!(!ended.stdout.contains("hunter2"));
}

#[test]
fn completions_exist_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(
            help(&["completions", shell]).contains("healthcheck"),
            "{shell}"
        );
    }
}
