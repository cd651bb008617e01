//! The archives, and where `cargo binstall` looks for them and for the program inside.

use serde_json::Value;

use crate::dist::{command, passes};
use crate::install::repository;
use crate::want::{or_skip, program};

/// Every platform of packaging/project.py: its name, its target and the ending of its program.
const PLATFORMS: &str = "import json, project; print(json.dumps([[one.name, one.target, \
                         one.program.removeprefix('crisp-mock')] for one in project.PLATFORMS.values()]))";

/// What `[package.metadata.binstall]` and the members that its templates speak of say.
const METADATA: &str = "import json, project, tomllib; \
                        manifest = tomllib.loads((project.ROOT / 'Cargo.toml').read_text()); \
                        print(json.dumps([manifest['package']['metadata']['binstall'], \
                        manifest['workspace']['package']]))";

#[test]
fn cargo_binstall_finds_the_archive_of_every_platform_and_the_program_in_it() {
    let Some(python) = or_skip(program("python3")) else {
        return;
    };
    let asked = |code: &str| -> Value {
        let mut python = command(&python);
        python.env("PYTHONPATH", repository("packaging")).args(["-c", code]);
        serde_json::from_str(&passes(&mut python)).expect("JSON")
    };
    let platforms: Vec<[String; 3]> =
        serde_json::from_value(asked(PLATFORMS)).expect("three texts each");
    assert!(platforms.len() >= 5, "{platforms:?}");
    let metadata = asked(METADATA);
    let (binstall, package) = (&metadata[0], &metadata[1]);
    assert_eq!(binstall["pkg-fmt"], "tgz");

    let work = tempfile::tempdir().expect("a folder");
    let (extras, out) = (work.path().join("extras"), work.path().join("out"));
    for folder in [extras.join("man"), out.clone()] {
        std::fs::create_dir_all(folder).expect("a folder");
    }
    let stand_in = work.path().join("program");
    std::fs::write(&stand_in, "a program").expect("a file");
    let mut pack = command(&python);
    pack.arg("-B").arg(repository("packaging/archive.py"));
    pack.arg("--extras").arg(&extras).arg("--out").arg(&out);
    pack.args(platforms.iter().map(|[name, ..]| format!("{name}={}", stand_in.display())));
    passes(&mut pack);

    for [name, target, ending] in &platforms {
        let filled = |template: &Value| {
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            let known = [
                ("repo", text(&package["repository"])),
                ("version", text(&package["version"])),
                ("target", target.clone()),
                ("bin", "crisp-mock".to_owned()),
                ("binary-ext", ending.clone()),
            ];
            let filled = known.iter().fold(text(template), |template, (name, value)| {
                template.replace(&format!("{{ {name} }}"), value)
            });
            assert!(!filled.contains('{'), "cargo binstall knows nothing of a part of {filled}");
            filled
        };
        let url = filled(&binstall["pkg-url"]);
        let file = out.join(url.rsplit('/').next().expect("a name"));
        let mut list = command("tar");
        let members = passes(list.arg("-tzf").arg(&file));
        let wanted = filled(&binstall["bin-dir"]);
        assert!(members.lines().any(|one| one == wanted), "{name}: {wanted} is not in {members}");
    }
}
