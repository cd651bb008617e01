//! The packages of a release, made once for each state of their sources and of the program.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use crate::install::{in_place, repository, said};
use crate::want::{Missing, program};

/// The program that cargo built.
pub const CRISP_MOCK: &str = env!("CARGO_BIN_EXE_crisp-mock");
/// What this machine is called in packages. Packages of others cannot be tried here.
pub const PLATFORM: &str = "linux-x64";

/// A folder with the npm packages and the wheel for this machine: those of a release that
/// `CRISP_MOCK_DIST` names (`packaging/check` does), else those made here.
///
/// # Errors
///
/// [`Missing`] without Python or npm, and on a platform other than [`PLATFORM`].
pub fn dist() -> Result<PathBuf, Missing> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Missing::new(PLATFORM, "the packages that are tried are those for it"));
    }
    if let Some(released) = std::env::var_os("CRISP_MOCK_DIST") {
        return Ok(released.into());
    }
    let (python, _) = (program("python3")?, program("npm")?);
    let lock = repository("packaging/project.py");
    in_place("packages", &lock, &fingerprint(), |folder| {
        let script = |name: &str| {
            let mut command = Command::new(&python);
            command.arg("-B").arg(repository("packaging").join(name));
            command
        };
        // What a debugger needs is most of a program for tests.
        let small = folder.join("crisp-mock");
        let stripped = Command::new("strip").arg("-o").arg(&small).arg(CRISP_MOCK).status();
        if !stripped.is_ok_and(|status| status.success()) {
            std::fs::copy(CRISP_MOCK, &small)
                .map_err(|error| Missing::new(CRISP_MOCK, error.to_string()))?;
        }
        let extras = folder.join("extras");
        said(script("extras.py").arg(&small).arg(&extras), "packaging/extras.py")?;
        for name in ["npm.py", "wheel.py"] {
            let mut pack = script(name);
            pack.arg("--extras").arg(&extras).arg("--out").arg(folder);
            pack.arg(format!("{PLATFORM}={}", small.display()));
            said(&mut pack, name)?;
        }
        Ok(())
    })
}

/// Changes with the program and with every file that goes into a package.
fn fingerprint() -> String {
    let mut hasher = DefaultHasher::new();
    let built = std::fs::metadata(CRISP_MOCK).expect("cargo built it");
    let since = built.modified().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    (built.len(), since).hash(&mut hasher);
    let mut folders = ["packaging", "clients"].map(repository).to_vec();
    let mut files = vec![repository("Cargo.toml")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of this repository").flatten() {
            let path = entry.path();
            match path.is_dir() {
                true if !path.ends_with("__pycache__") => folders.push(path),
                true => {}
                false => files.push(path),
            }
        }
    }
    files.sort();
    for file in files {
        (&file, std::fs::read(&file).expect("a file of this repository")).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// The only file in a folder whose name starts and ends so.
pub fn file(folder: &Path, start: &str, end: &str) -> PathBuf {
    let files = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let mut found = files.filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(start) && name.ends_with(end)
    });
    let one = found.next().unwrap_or_else(|| panic!("no {start}*{end} in {}", folder.display()));
    assert_eq!(found.next(), None, "there are several {start}*{end}");
    one
}

/// A command without what the machine's environment says to the program or to its packages.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CRISP_", "npm_config_", "PYTEST_"].iter().any(|start| text.starts_with(start)) {
            command.env_remove(&name);
        }
    }
    // Python writes no caches beside the sources; loopback is reached without a proxy.
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("NO_PROXY", "127.0.0.1,localhost");
    command
}

/// How a command ended, and what it said on both streams.
pub fn ended(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().expect("the command is there");
    let said = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (status.code(), said.join("\n"))
}

/// What a command said that has to succeed.
pub fn passes(command: &mut Command) -> String {
    let (code, said) = ended(command);
    assert_eq!(code, Some(0), "{said}");
    said
}
