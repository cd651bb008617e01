//! Replaying scenario files: what `crisp-mock replay` does.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use crisp_mock_server::document::{MOST_BYTES, utf8};
use crisp_mock_server::duration;

use crate::candidate::{Candidate, Untried};
use crate::parallel::in_order;
use crate::report::{RunEvent, ScenarioReport};
use crate::runner::{self, Outcome};
use crate::unfired;
use crate::world::Prepared;
use crate::zoo;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Judged and passed.
    Passed = 0,
    /// Judged and failed.
    Failed = 1,
    /// Bad usage, or a bad file.
    BadFile = 2,
    /// Nothing was judged.
    NothingJudged = 3,
    /// The environment failed.
    Environment = 4,
}

/// Why nothing could be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file or folder cannot be read.
    #[error("{path}: {source}; check the name, and that it can be read")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// There is no scenario in what was named.
    #[error("there is no scenario (*.yaml) in {0}")]
    Empty(String),
    /// Files have mistakes: all of them.
    #[error("{0}")]
    Invalid(String),
    /// The client could not be tried.
    #[error(transparent)]
    Untried(#[from] Untried),
}

impl ReplayError {
    /// The exit code that follows.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Untried(_) => ExitCode::Environment,
            Self::Unreadable { .. } | Self::Empty(_) | Self::Invalid(_) => ExitCode::BadFile,
        }
    }
}

/// Replays files, and all files in folders, against a client; `tell` hears what happens.
///
/// # Errors
///
/// [`ReplayError`] before anything is run: a file that cannot be used means that none is. Later
/// only [`ReplayError::Untried`].
///
/// # Examples
///
/// ```
/// use crisp_harness::candidate::ClientChoice;
/// use crisp_harness::replay::replay;
///
/// let client = ClientChoice::Sync.candidate();
/// let error = replay(&["no/such/folder".into()], &client, &mut |_| {}).unwrap_err();
/// assert!(error.to_string().starts_with("no/such/folder: "));
/// ```
pub fn replay(
    paths: &[PathBuf],
    candidate: &Candidate,
    tell: &mut dyn FnMut(&RunEvent),
) -> Result<ExitCode, ReplayError> {
    replay_files(&load(paths)?, candidate, tell).map_err(ReplayError::from)
}

/// Replays scenarios that have been read; `tell` hears what happens.
///
/// # Errors
///
/// [`Untried`] when the client could not be tried.
pub fn replay_files(
    scenarios: &[(String, Prepared)],
    candidate: &Candidate,
    tell: &mut dyn FnMut(&RunEvent),
) -> Result<ExitCode, Untried> {
    tell(&RunEvent::RunStarted {
        judged: candidate.judged.clone(),
        scenarios: scenarios.len(),
        pace: {
            let all: Vec<_> = scenarios.iter().map(|(_, prepared)| prepared).collect();
            candidate.trial.pace(&all)
        },
    });
    candidate.trial.probe()?;
    let (mut passed, mut failed, mut not_judged) = (0, 0, 0);
    let (mut slow, mut suspect) = (0, 0);
    let trial = &*candidate.trial;
    let judge = |(_, prepared): &(String, Prepared)| trial.judge(prepared);
    let ended = in_order(trial.at_a_time(), scenarios, &judge, &mut |index, judged| {
        let (file, prepared) = &scenarios[index];
        let name = prepared.scenario.name.clone();
        tell(&RunEvent::ScenarioStarted { index, file: file.clone(), name });
        let judged = unfired::unless_nothing_happened(judged?);
        match judged.outcome() {
            Outcome::Passed => passed += 1,
            Outcome::Failed => failed += 1,
            Outcome::NotJudged => not_judged += 1,
        }
        slow += usize::from(judged.was_too_slow());
        let convicted = judged.outcome() == Outcome::Failed && !candidate.is_reference;
        let fair = convicted.then(|| runner::is_fair(prepared));
        let report = ScenarioReport::of(&judged, index, file, &candidate.options, fair);
        suspect += usize::from(report.suspect);
        tell(&RunEvent::ScenarioFinished(Box::new(report)));
        Ok::<_, Untried>(())
    });
    let code = match (failed, passed) {
        _ if ended.is_err() => ExitCode::Environment,
        (1.., _) => ExitCode::Failed,
        (0, 0) => ExitCode::NothingJudged,
        _ if is_too_slow(slow as u64, scenarios.len() as u64) => ExitCode::NothingJudged,
        _ => ExitCode::Passed,
    };
    // What was judged stays, also where the rest could not be.
    if ended.is_ok() || passed + failed + not_judged > 0 {
        let exit_code = code as u8;
        tell(&RunEvent::RunFinished { passed, failed, not_judged, slow, suspect, exit_code });
    }
    ended?;
    Ok(code)
}

/// So few scenarios that a slow machine, or what lies outside of them, kept from being judged say nothing of the others.
const FEW: u64 = 2;

/// Whether so many of these scenarios were not judged on account of a slow machine that the rest
/// is no verdict: more than a tenth of them.
pub(crate) fn is_too_slow(slow: u64, of: u64) -> bool {
    slow > FEW && slow * 10 > of
}

/// Reads and prepares all scenarios under these paths.
///
/// # Errors
///
/// [`ReplayError`], with the mistakes of all files.
pub fn load(paths: &[PathBuf]) -> Result<Vec<(String, Prepared)>, ReplayError> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files, &mut Err)?;
    }
    if files.is_empty() {
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(ReplayError::Empty(names.join(", ")));
    }
    let (mut prepared, mut mistakes) = (Vec::new(), Vec::new());
    for path in files {
        match read_one(&path) {
            Ok(scenario) => prepared.push((path.display().to_string(), scenario)),
            Err(ReplayError::Invalid(report)) => mistakes.push(report),
            Err(error) => return Err(error),
        }
    }
    if mistakes.is_empty() { Ok(prepared) } else { Err(ReplayError::Invalid(mistakes.join("\n"))) }
}

/// The scenario files in a folder, in the order of their names, and what there cannot be read.
pub(crate) fn scenario_files(
    folder: &Path,
) -> Result<(Vec<PathBuf>, Vec<ReplayError>), ReplayError> {
    let (mut files, mut unreadable) = (Vec::new(), Vec::new());
    collect(folder, &mut files, &mut |error| {
        unreadable.push(error);
        Ok(())
    })?;
    Ok((files, unreadable))
}

/// Reads and prepares the scenario of one file, or says what is wrong with it.
pub(crate) fn read_one(path: &Path) -> Result<Prepared, ReplayError> {
    let file = path.display().to_string();
    let invalid = |report: String| ReplayError::Invalid(report);
    let bytes = read_bounded(path).map_err(|source| unreadable(path, source))?;
    let text = utf8(&file, bytes).map_err(|problem| invalid(problem.report))?;
    let scenario = zoo::parse(&file, &text).map_err(|problem| invalid(problem.to_string()))?;
    Prepared::new(scenario.into()).map_err(|problem| invalid(format!("{file}:1:1: {problem}\n")))
}

/// Reads a file, which may be a pipe, as far as a document may go.
///
/// # Errors
///
/// When it cannot be read, has more than [`MOST_BYTES`], or is a pipe from which nothing comes.
pub fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    read_within(path, PATIENCE)
}

/// A pipe from which nothing came for so long may have no writer at all.
const PATIENCE: Duration = Duration::from_secs(60);

fn read_within(path: &Path, patience: Duration) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if is_pipe(path) {
        let parts = parts_of(path.to_owned());
        loop {
            match parts.recv_timeout(patience) {
                Ok(part) => bytes.extend_from_slice(&part?),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let patience = duration::format(patience);
                    return Err(io::Error::other(format!(
                        "nothing came from this pipe for {patience}: does anything write to it?"
                    )));
                }
            }
        }
    } else {
        fs::File::open(path)?.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() > MOST_BYTES {
        return Err(io::Error::other(format!("it has more than {} MiB", MOST_BYTES >> 20)));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

/// What comes from a pipe, as far as a document may go. A thread waits for it, as long as it takes to
/// open it, too.
fn parts_of(path: PathBuf) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, parts) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let mut pipe = match fs::File::open(path) {
            Ok(pipe) => pipe.take(MOST_BYTES as u64 + 1),
            Err(error) => return sender.send(Err(error)),
        };
        let mut buffer = vec![0; 64 << 10];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(more) => sender.send(Ok(buffer[..more].to_vec()))?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return sender.send(Err(error)),
            }
        }
    });
    parts
}

/// The scenario files under a path, in the order of their names; `refuse` gets what lies in a folder
/// and cannot be read.
fn collect(
    folder: &Path,
    files: &mut Vec<PathBuf>,
    refuse: &mut dyn FnMut(ReplayError) -> Result<(), ReplayError>,
) -> Result<(), ReplayError> {
    let metadata = fs::metadata(folder).map_err(|source| unreadable(folder, source))?;
    if !metadata.is_dir() {
        files.push(folder.to_owned());
        return Ok(());
    }
    let entries = fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
    let mut inside = Vec::new();
    for entry in entries {
        inside.push(entry.map_err(|source| unreadable(folder, source))?.path());
    }
    inside.sort();
    for path in inside {
        let is_scenario = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
        if path.is_dir() {
            if !leads_back(&path, folder) {
                collect(&path, files, refuse).or_else(&mut *refuse)?;
            }
        } else if is_scenario {
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => files.push(path),
                // Reading a pipe would wait for a writer for ever.
                Ok(_) => refuse(unreadable(&path, io::Error::other("it is no regular file")))?,
                Err(source) => refuse(unreadable(&path, source))?,
            }
        }
    }
    Ok(())
}

/// Whether a folder inside another is a link to it, or to a folder around it.
fn leads_back(inner: &Path, outer: &Path) -> bool {
    match (inner.canonicalize(), outer.canonicalize()) {
        (Ok(inner), Ok(outer)) => outer.starts_with(inner),
        _ => false,
    }
}

fn unreadable(path: &Path, source: io::Error) -> ReplayError {
    ReplayError::Unreadable { path: path.display().to_string(), source }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn pipe() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo").success());
        (folder, pipe)
    }

    #[test]
    fn a_pipe_without_a_writer_is_given_up() {
        let (_folder, pipe) = pipe();
        let error = read_within(&pipe, Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("nothing came from this pipe for 50ms"), "{error}");
    }

    #[test]
    fn a_pipe_is_read_to_its_end_and_no_further_than_a_document_may_go() {
        let (_folder, pipe) = pipe();
        let write = |bytes: Vec<u8>| {
            let pipe = pipe.clone();
            std::thread::spawn(move || fs::write(pipe, bytes))
        };
        let writer = write(b"name: a\n".to_vec());
        assert_eq!(read_bounded(&pipe).unwrap(), b"name: a\n");
        writer.join().unwrap().unwrap();
        let writer = write(vec![b'x'; MOST_BYTES + (1 << 20)]);
        let error = read_bounded(&pipe).unwrap_err();
        assert!(error.to_string().contains("more than 16 MiB"), "{error}");
        // Its reader has gone.
        assert!(writer.join().unwrap().is_err());
    }
}
