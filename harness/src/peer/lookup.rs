//! Where a command is: the rules of the platform's own shell.
//!
//! Elsewhere than on Windows a name without a slash is looked for on PATH. On Windows the current
//! folder comes first (unless `NoDefaultCurrentDirectoryInExePath` is set), and a name may lack any
//! ending that PATHEXT lists: `npm` is `npm.cmd`. Starting a `.cmd` or `.bat` goes through
//! `cmd.exe`; the standard library quotes its arguments and refuses those that cannot be quoted.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Why a name means no program that can be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoProgram {
    /// There is nothing of that name.
    #[error("there is no command `{name}`: {searched}")]
    Nowhere {
        /// As it was written.
        name: String,
        /// Where it was looked for.
        searched: String,
    },
    /// There is something of that name that is no program.
    #[error("`{name}` cannot be run: {problem}")]
    NotRunnable {
        /// Where it is.
        name: String,
        /// Why not.
        problem: String,
    },
}

/// What PATHEXT is when it is not set.
const WINDOWS_ENDINGS: &str = ".COM;.EXE;.BAT;.CMD";

/// Where to look, and for what.
#[derive(Debug, Clone)]
pub struct Lookup {
    folders: Vec<PathBuf>,
    /// Endings that a name may lack; none where they mean nothing.
    endings: Option<Vec<String>>,
}

/// What stands at a path.
enum Found {
    Nothing,
    Runnable,
    Not(&'static str),
}

impl Lookup {
    /// As this machine's environment has it.
    #[must_use]
    pub fn here() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        if !cfg!(windows) {
            return Self::posix(&path);
        }
        let endings = std::env::var("PATHEXT").ok().filter(|text| !text.is_empty());
        let here_first = std::env::var_os("NoDefaultCurrentDirectoryInExePath").is_none();
        Self::windows(&path, endings.as_deref(), here_first)
    }

    fn posix(path: &OsStr) -> Self {
        Self {
            // An empty entry has always meant the current folder.
            folders: std::env::split_paths(path).collect(),
            endings: None,
        }
    }

    fn windows(path: &OsStr, endings: Option<&str>, here_first: bool) -> Self {
        let here = here_first.then(|| PathBuf::from("."));
        let listed = std::env::split_paths(path).filter(|folder| !folder.as_os_str().is_empty());
        let endings = endings.unwrap_or(WINDOWS_ENDINGS).split(';');
        Self {
            folders: here.into_iter().chain(listed).collect(),
            endings: Some(
                endings.filter(|ending| ending.starts_with('.')).map(str::to_owned).collect(),
            ),
        }
    }

    /// The program that a name means.
    ///
    /// # Errors
    ///
    /// [`NoProgram`], with where it was looked for.
    pub fn find(&self, name: &OsStr) -> Result<PathBuf, NoProgram> {
        let has_folder = Path::new(name).components().count() > 1
            || name.to_string_lossy().contains(std::path::is_separator);
        let shown = name.to_string_lossy().into_owned();
        let (folders, searched) = if has_folder {
            (vec![PathBuf::new()], "no file is there".to_owned())
        } else {
            let number = self.folders.len();
            let searched = format!("it is in none of the {number} folders on PATH");
            (self.folders.clone(), searched)
        };
        let mut refused = None;
        for folder in folders.iter().filter(|_| !name.is_empty()) {
            for path in self.candidates(&folder.join(name)) {
                match look(&path) {
                    Found::Runnable => return Ok(path),
                    Found::Not(problem) => {
                        refused.get_or_insert((path, problem));
                    }
                    Found::Nothing => {}
                }
            }
        }
        Err(match refused {
            Some((path, problem)) => NoProgram::NotRunnable {
                name: path.display().to_string(),
                problem: problem.to_owned(),
            },
            None => NoProgram::Nowhere { name: shown, searched },
        })
    }

    /// The files that a path may mean, in the order in which they are tried.
    fn candidates(&self, path: &Path) -> Vec<PathBuf> {
        let Some(endings) = &self.endings else {
            return vec![path.to_owned()];
        };
        let given = path.extension().map(|ending| format!(".{}", ending.to_string_lossy()));
        let is_whole = given
            .is_some_and(|given| endings.iter().any(|ending| ending.eq_ignore_ascii_case(&given)));
        let with = |ending: &String| {
            let mut whole = OsString::from(path);
            whole.push(ending);
            PathBuf::from(whole)
        };
        // A file without such an ending is no program there: beside `npm.cmd` lies an `npm` for
        // other platforms.
        let whole = is_whole.then(|| path.to_owned());
        whole.into_iter().chain(endings.iter().map(with)).collect()
    }
}

fn look(path: &Path) -> Found {
    let Ok(about) = std::fs::metadata(path) else {
        return Found::Nothing;
    };
    if about.is_dir() {
        return Found::Not("it is a folder");
    }
    if is_executable(&about) {
        Found::Runnable
    } else {
        Found::Not("it may not be executed: `chmod +x` lets it")
    }
}

#[cfg(unix)]
fn is_executable(about: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    true
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Two folders; files whose name starts with `x-` are executable.
    fn folders(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for folder in ["one", "two"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        for file in files {
            let path = root.path().join(file);
            std::fs::write(&path, "").unwrap();
            let mode = if file.contains("x-") { 0o755 } else { 0o644 };
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        root
    }

    fn path(root: &Path) -> OsString {
        std::env::join_paths([root.join("one"), root.join("two")]).unwrap()
    }

    fn found(lookup: &Lookup, root: &Path, name: &str) -> String {
        match lookup.find(OsStr::new(name)) {
            Ok(path) => path.strip_prefix(root).unwrap().display().to_string(),
            Err(NoProgram::NotRunnable { .. }) => "126".to_owned(),
            Err(NoProgram::Nowhere { .. }) => "127".to_owned(),
        }
    }

    #[test]
    fn the_first_executable_on_path_is_meant_and_a_plain_file_only_if_there_is_no_other() {
        let root = folders(&["one/x-a", "two/x-a", "one/b", "one/x-c"]);
        let lookup = Lookup::posix(&path(root.path()));
        assert_eq!(found(&lookup, root.path(), "x-a"), "one/x-a");
        assert_eq!(found(&lookup, root.path(), "x-c"), "one/x-c");
        assert_eq!(found(&lookup, root.path(), "b"), "126");
        assert_eq!(found(&lookup, root.path(), "d"), "127");
        assert_eq!(found(&lookup, root.path(), ""), "127");
        let here = root.path().join("two/x-a");
        assert_eq!(found(&lookup, root.path(), here.to_str().unwrap()), "two/x-a");
        assert_eq!(found(&lookup, root.path(), root.path().to_str().unwrap()), "126");
    }

    #[test]
    fn on_windows_npm_means_npm_cmd_and_not_the_shell_script_beside_it() {
        let root = folders(&["one/x-npm", "one/x-npm.CMD", "two/x-npm.EXE", "two/x-tool.js"]);
        let lookup = |endings| Lookup::windows(&path(root.path()), endings, false);
        let usual = lookup(Some(".COM;.EXE;.BAT;.CMD"));
        assert_eq!(found(&usual, root.path(), "x-npm"), "one/x-npm.CMD");
        assert_eq!(found(&usual, root.path(), "x-npm.EXE"), "two/x-npm.EXE");
        assert_eq!(found(&usual, root.path(), "x-tool"), "127");
        assert_eq!(found(&usual, root.path(), "x-tool.js"), "127");
        assert_eq!(found(&lookup(Some(".js;nonsense")), root.path(), "x-tool"), "two/x-tool.js");
        assert_eq!(found(&lookup(None), root.path(), "x-npm"), "one/x-npm.CMD");
    }

    #[test]
    fn on_windows_the_current_folder_comes_first_unless_the_machine_says_no() {
        let with = Lookup::windows(OsStr::new("one"), None, true);
        assert_eq!(with.folders, [Path::new("."), Path::new("one")]);
        let without = Lookup::windows(OsStr::new("one"), None, false);
        assert_eq!(without.folders, [Path::new("one")]);
    }
}
