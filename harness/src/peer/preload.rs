//! What is loaded into a plugin's processes so that their clocks can be moved: for Node by
//! `NODE_OPTIONS`, for Python by `PYTHONPATH`. The files lie inside this program.

use std::ffi::OsString;
use std::io;

use tempfile::TempDir;

use crate::preload::{node_options, searched_first};

/// A file of a preload: where it lies in the folder, and what is in it.
type File = (&'static str, &'static str);

macro_rules! files {
    ($($path:literal)*) => {
        [$(($path, include_str!(concat!("../../preload/", $path)))),*]
    };
}

const FILES: &[File] = &files![
    "node/activity.cjs"
    "node/caller.cjs"
    "node/chance.cjs"
    "node/channel.cjs"
    "node/clock.cjs"
    "node/codecs.cjs"
    "node/compilers.cjs"
    "node/dates.cjs"
    "node/exchange.cjs"
    "node/in_flight.cjs"
    "node/index.cjs"
    "node/mover.cjs"
    "node/offspring.cjs"
    "node/signals.cjs"
    "node/start.cjs"
    "node/timers.cjs"
    "python/sitecustomize.py"
    "python/crisp_clock/__init__.py"
    "python/crisp_clock/chance.py"
    "python/crisp_clock/channel.py"
    "python/crisp_clock/core.py"
    "python/crisp_clock/databases.py"
    "python/crisp_clock/dates.py"
    "python/crisp_clock/exchange.py"
    "python/crisp_clock/files.py"
    "python/crisp_clock/fork_server.py"
    "python/crisp_clock/locks.py"
    "python/crisp_clock/offspring.py"
    "python/crisp_clock/servers.py"
    "python/crisp_clock/signals.py"
    "python/crisp_clock/sockets.py"
    "python/crisp_clock/threads.py"
];

/// The preloads in a folder of their own, which goes when this goes.
#[derive(Debug)]
pub(super) struct Preload {
    folder: TempDir,
}

impl Preload {
    /// Writes them.
    pub(super) fn write() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("crisp-mock-preload-").tempdir()?;
        for (name, text) in FILES {
            let path = folder.path().join(name);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, text)?;
        }
        Ok(Self { folder })
    }

    /// The variables that have Node and Python load them; what `present` says is there already is kept.
    pub(super) fn variables(
        &self,
        present: &dyn Fn(&str) -> Option<OsString>,
    ) -> [(&'static str, OsString); 2] {
        let node = self.folder.path().join("node/index.cjs");
        let python = self.folder.path().join("python");
        [
            ("NODE_OPTIONS", node_options(&node, present("NODE_OPTIONS"))),
            ("PYTHONPATH", searched_first(&python, present("PYTHONPATH"))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_preloads_is_inside_the_program() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("preload");
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                let code = name.ends_with(".py") || name.ends_with(".cjs");
                if path.is_dir() {
                    folders.push(path);
                } else if code && !name.contains("tests/") {
                    found.push(name);
                }
            }
        }
        found.sort_unstable();
        let mut inside: Vec<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        inside.sort_unstable();
        assert_eq!(found, inside);
    }
}
