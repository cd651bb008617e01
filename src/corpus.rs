//! The scenarios of this repository, inside the program: `replay` and `check` have them wherever it is
//! installed, under `builtin/`.

use std::path::{Component, Path};

use crate::failure::Failure;

/// The name of each file, and what is in it.
pub const CORPUS: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/corpus.rs"));

/// Whether a path names scenarios inside the program.
pub fn is_inside(path: &Path) -> bool {
    path.components().next() == Some(Component::Normal("builtin".as_ref())) && !path.exists()
}

/// The scenarios under a path inside the program; all of them under `builtin`.
///
/// # Errors
///
/// [`Failure::Usage`] when there are none, with the folders that there are.
pub fn inside(path: &Path) -> Result<Vec<(&'static str, &'static str)>, Failure> {
    let found: Vec<_> =
        CORPUS.iter().filter(|(name, _)| Path::new(name).starts_with(path)).copied().collect();
    if found.is_empty() {
        let message = format!("there is no scenario {} inside the program", path.display());
        return Err(Failure::usage(message, format!("choose one of {}", folders().join(", "))));
    }
    Ok(found)
}

/// The folders inside the program, in their order.
fn folders() -> Vec<String> {
    let mut folders: Vec<_> =
        CORPUS.iter().filter_map(|(name, _)| Some(name.rsplit_once('/')?.0.to_owned())).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_a_file_and_all_of_them_are_found_and_what_is_not_there_is_told() {
        let of = |path: &str| inside(Path::new(path)).map(|found| found.len());
        assert_eq!(of("builtin").unwrap(), CORPUS.len());
        assert_eq!(of("builtin/guide").unwrap(), 17);
        assert_eq!(of("builtin/guide/a-failed-page.yaml").unwrap(), 1);
        let told = of("builtin/outage").unwrap_err().to_string();
        assert!(told.contains("no scenario builtin/outage inside"), "{told}");
        assert!(told.contains("builtin/outages"), "{told}");
    }
}
