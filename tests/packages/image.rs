//! The image of a release: the one that `examples/ci/docker` builds from source, with the program of the
//! archive. What that one does is held by the tests of the examples; `packaging/check` builds this one where
//! a daemon runs, and runs the program in a root folder that holds nothing but it.

use crate::install::repository;

/// The instructions of the last stage of a Dockerfile, without its comments.
fn last_stage(file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository(file)).expect("a file of this repository");
    let text = text.replace("\\\n", "");
    let (_, stage) = text.rsplit_once("\nFROM ").expect("a stage");
    let lines = stage.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_image_of_a_release_is_that_of_the_example_with_the_program_of_the_archive() {
    let mut example = last_stage("examples/ci/docker/Dockerfile");
    let copied = example.iter_mut().find(|line| line.starts_with("COPY ")).expect("the program");
    assert_eq!(copied, "COPY --from=build /crisp-mock /crisp-mock");
    *copied = "COPY crisp-mock /crisp-mock".to_owned();
    let release = last_stage("packaging/Dockerfile");
    assert_eq!(release, example);
    assert_eq!(release[0], "scratch", "it holds one file");
}
