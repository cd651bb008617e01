//! Whether a plugin has read what an earlier scenario left on disc: a cache or a date of another world, for
//! which it cannot be convicted.
//!
//! Of the files below the folder where the plugin is started, those are watched (inotify) that were there when
//! its scenario began. One that is read, and was written since the judging began, is such a one. A file that is
//! only written, as a log is, is none, and neither is one that is only read, as sources are. What lies elsewhere
//! or is mapped into memory is not seen.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

/// The most folders that are looked into, the nearest first.
const MOST_FOLDERS: usize = 128;
/// The most files that are known by name.
const MOST_FILES: usize = 4_096;

/// Names of folders of installed packages, and of folders and endings of files that tools write and read again: what is
/// in them follows from the sources, is a log, which an editor shows, or was written by this program.
const OF_TOOLS: &str = "\
    .angular .cache .git .hg .idea .mypy_cache .next .nuxt .nyc_output .parcel-cache .pnpm-store .pytest_cache .ruff_cache \
    .svelte-kit .swc .tox .turbo .vite .vscode .yarn __pycache__ build coverage crisp-mock-failures dist node_modules target \
    .log .pyc .tsbuildinfo";

/// The plugins of one command, one after another and side by side.
#[derive(Debug)]
pub(super) struct Watchers {
    root: PathBuf,
    /// Since when it is judged.
    since: SystemTime,
    /// What watches nothing now: closing one takes the system ten milliseconds.
    idle: Mutex<Vec<OwnedFd>>,
}

impl Watchers {
    /// For plugins that are started in this folder, and judged since then by the clock of files.
    pub(super) fn new(root: PathBuf, since: SystemTime) -> Self {
        Self { root, since, idle: Mutex::default() }
    }

    /// Watches the files that were there before a scenario began. None: the system watches no more.
    pub(super) fn watch(self: &Arc<Self>, began: SystemTime) -> Option<LeftBehind> {
        let idle = self.idle.lock().pop();
        let watcher = match idle {
            Some(watcher) => watcher,
            None => inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?,
        };
        let mut left = LeftBehind {
            of: Arc::clone(self),
            watcher: Some(watcher),
            folders: HashMap::new(),
            earlier: HashMap::new(),
        };
        left.look_around(began);
        Some(left)
    }

    /// Whether it was written since the judging began.
    fn is_written(&self, file: &Metadata) -> bool {
        file.modified().is_ok_and(|at| at >= self.since)
    }
}

/// The files of earlier scenarios, as one plugin finds them.
#[derive(Debug)]
pub(super) struct LeftBehind {
    of: Arc<Watchers>,
    /// Taken when this goes.
    watcher: Option<OwnedFd>,
    /// By the number of its watch.
    folders: HashMap<i32, PathBuf>,
    /// Whether it had been written since the judging began.
    earlier: HashMap<PathBuf, bool>,
}

impl LeftBehind {
    fn look_around(&mut self, began: SystemTime) {
        let Some(watcher) = &self.watcher else { return };
        let mut folders = vec![self.of.root.clone()];
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            next += 1;
            let flags = WatchFlags::ACCESS | WatchFlags::ONLYDIR | WatchFlags::DONT_FOLLOW;
            let Ok(watch) = inotify::add_watch(watcher, &folder, flags) else { continue };
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
                if kind.is_dir() {
                    if folders.len() < MOST_FOLDERS && !is_of_tools(&path) {
                        folders.push(path);
                    }
                } else if self.earlier.len() < MOST_FILES
                    && !is_of_tools(&path)
                    && let Ok(file) = fs::metadata(&path)
                    && file.modified().is_ok_and(|at| at < began)
                {
                    self.earlier.insert(path, self.of.is_written(&file));
                }
            }
            self.folders.insert(watch, folder);
        }
    }

    /// A file of an earlier scenario that was read, by its path from the plugin's folder.
    pub(super) fn read(&self) -> Option<PathBuf> {
        let mut found = None;
        let mut buffer = [MaybeUninit::uninit(); 16 << 10];
        let mut events = Reader::new(self.watcher.as_ref()?, &mut buffer);
        while let Ok(event) = events.next() {
            let Some(folder) = self.folders.get(&event.wd()) else { continue };
            let (Some(name), true) =
                (event.file_name(), event.events().contains(ReadFlags::ACCESS))
            else {
                continue;
            };
            let path = folder.join(OsStr::from_bytes(name.to_bytes()));
            let Some(was_written) = self.earlier.get(&path) else { continue };
            // One that is gone by now was written before, or is no state.
            if *was_written || fs::metadata(&path).is_ok_and(|file| self.of.is_written(&file)) {
                found.get_or_insert(path);
            }
        }
        found.map(|path| path.strip_prefix(&self.of.root).map(Path::to_owned).unwrap_or(path))
    }

    /// Why a failure of the plugin says nothing of it.
    pub(super) fn doubt(&self) -> Option<String> {
        let file = self.read()?;
        Some(format!(
            "the plugin read `{}`, which holds what another scenario left: let it keep such files in the folder that \
             CRISP_MOCK_FOLDER names (in --run: {{folder}}), a new one for each scenario",
            file.display()
        ))
    }
}

impl Drop for LeftBehind {
    fn drop(&mut self) {
        let Some(watcher) = self.watcher.take() else { return };
        for watch in self.folders.keys() {
            // One whose folder is gone has ended.
            let _ = inotify::remove_watch(&watcher, *watch);
        }
        let mut buffer = [MaybeUninit::uninit(); 16 << 10];
        let mut events = Reader::new(&watcher, &mut buffer);
        while events.next().is_ok() {}
        self.of.idle.lock().push(watcher);
    }
}

/// Whether a folder or a file is one of those that tools write, or a virtual environment of Python.
fn is_of_tools(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let ending = path.extension().and_then(OsStr::to_str).map(|ending| format!(".{ending}"));
    let is_known = |known: &str| known == name || ending.as_deref() == Some(known);
    OF_TOOLS.split_whitespace().any(is_known) || path.join("pyvenv.cfg").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::time::Duration;

    /// What a plugin read of the files that an earlier scenario wrote, and of those from before the judging.
    fn found(earlier: &[&str], plugin: impl Fn(&Path)) -> Option<PathBuf> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let now = fs::metadata(root).and_then(|root| root.modified()).unwrap();
        let ago = |seconds| now - Duration::from_secs(seconds);
        let before = ["index.js", "state.json"].map(|name| (name, ago(60)));
        for (name, at) in before.into_iter().chain(earlier.iter().map(|name| (*name, ago(20)))) {
            writes(root, name);
            let file = fs::File::options().write(true).open(root.join(name)).unwrap();
            file.set_modified(at).unwrap();
        }
        let watchers = Arc::new(Watchers::new(root.to_owned(), ago(30)));
        let left = watchers.watch(ago(10)).unwrap();
        plugin(root);
        let read = left.read();
        drop(left);
        assert_eq!(watchers.watch(ago(10)).unwrap().read(), None, "the next reads for itself");
        assert_eq!(watchers.idle.lock().len(), 1, "it is kept");
        read
    }

    fn reads(root: &Path, name: &str) {
        fs::read(root.join(name)).unwrap();
    }

    fn writes(root: &Path, name: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "{\"since\":1}").unwrap();
    }

    #[test]
    fn what_an_earlier_scenario_wrote_and_this_one_read_is_found() {
        let found = found(&["data/cache.json"], |root| reads(root, "data/cache.json"));
        assert_eq!(found, Some("data/cache.json".into()));
        let is_taken = |root: &Path| {
            reads(root, "data/cache.json");
            fs::remove_file(root.join("data/cache.json")).unwrap();
        };
        assert_eq!(self::found(&["data/cache.json"], is_taken), Some("data/cache.json".into()));
    }

    #[test]
    fn what_was_there_before_the_judging_is_state_once_it_is_written() {
        let is_kept = |root: &Path| {
            reads(root, "index.js");
            reads(root, "state.json");
            writes(root, "state.json");
        };
        assert_eq!(found(&[], is_kept), Some("state.json".into()));
        let is_replaced = |root: &Path| {
            reads(root, "state.json");
            writes(root, "new");
            fs::rename(root.join("new"), root.join("state.json")).unwrap();
        };
        assert_eq!(found(&[], is_replaced), Some("state.json".into()));
    }

    #[test]
    fn sources_logs_and_what_the_plugin_itself_made_are_not() {
        let plugin = |root: &Path| {
            reads(root, "index.js");
            writes(root, "plugin.log");
            writes(root, "own.json");
            reads(root, "own.json");
        };
        assert_eq!(found(&["plugin.log"], plugin), None);
        for of_tools in
            ["dist/index.js", "node_modules/left/index.js", ".next/cache.json", "out.log"]
        {
            assert_eq!(found(&[of_tools], |root| reads(root, of_tools)), None);
        }
    }
}
