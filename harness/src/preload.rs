//! Variables by which Node, Python and Ruby load files before a program: what stands in them already is kept,
//! so that several preloads live together.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The preload comes first: what the plugin requires itself is to see the clock that is moved.
pub(crate) fn node_options(preload: &Path, present: Option<OsString>) -> OsString {
    let path = preload.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
    before(&format!("--require \"{path}\""), present)
}

/// An option before those that a variable has.
pub(crate) fn before(option: &str, present: Option<OsString>) -> OsString {
    let mut options = OsString::from(option);
    if let Some(present) = present.filter(|present| !present.is_empty()) {
        options.push(" ");
        options.push(present);
    }
    options
}

/// A folder in which Python, or Ruby, looks before all others.
pub(crate) fn searched_first(preload: &Path, present: Option<OsString>) -> OsString {
    let present = present.unwrap_or_default();
    let others = std::env::split_paths(&present).filter(|path| path.as_os_str() != OsStr::new(""));
    let all: Vec<PathBuf> = std::iter::once(preload.to_owned()).chain(others).collect();
    // A path with a separator in its name cannot be told apart from two.
    std::env::join_paths(all).unwrap_or_else(|_| preload.as_os_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_environment_is_kept_behind_the_preload() {
        let options =
            node_options(Path::new("/a b/index.cjs"), Some("--enable-source-maps".into()));
        assert_eq!(options, "--require \"/a b/index.cjs\" --enable-source-maps");
        assert_eq!(node_options(Path::new("/x"), Some(OsString::new())), "--require \"/x\"");
        let path = searched_first(Path::new("/x"), Some("/y:/z".into()));
        assert_eq!(path, if cfg!(windows) { "/x;/y:/z" } else { "/x:/y:/z" });
        assert_eq!(searched_first(Path::new("/x"), None), "/x");
    }
}
