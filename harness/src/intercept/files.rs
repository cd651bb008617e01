//! Files that the processes of a plugin read, in a folder that goes with this.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;

use tempfile::{Builder, NamedTempFile};

use super::folder::Folder;
use super::variables::{Places, Route, variables};

/// The preloads: where each lies in the folder, and what is in it.
const PRELOADS: [(&str, &str); 4] = [
    ("node/redirect.cjs", include_str!("../../intercept/node/redirect.cjs")),
    ("python/sitecustomize.py", include_str!("../../intercept/python/sitecustomize.py")),
    ("python/crisp_redirect.py", include_str!("../../intercept/python/crisp_redirect.py")),
    ("ruby/crisp_redirect.rb", include_str!("../../intercept/ruby/crisp_redirect.rb")),
];

/// Why a file is not there.
#[derive(Debug, thiserror::Error)]
#[error("a file for the plugin's processes cannot be written into {}: {problem}", folder.display())]
pub struct NotWritten {
    folder: PathBuf,
    problem: io::Error,
}

/// The folder.
#[derive(Debug)]
pub(super) struct Files {
    /// Certificates alone: no key is ever written. Goes before its folder.
    roots: NamedTempFile,
    folder: Folder,
}

impl Files {
    /// Writes all of them; only their owner can read the folder and the certificates.
    ///
    /// # Errors
    ///
    /// [`NotWritten`] when the folder for temporary files takes none.
    pub(super) fn write(roots: &str) -> Result<Self, NotWritten> {
        write(roots).map_err(|problem| NotWritten { folder: std::env::temp_dir(), problem })
    }

    /// The variables that lead to them.
    pub(super) fn variables(
        &self,
        proxy: SocketAddr,
        emulator: SocketAddr,
        route: Route,
        present: &dyn Fn(&str) -> Option<OsString>,
    ) -> Vec<(&'static str, OsString)> {
        let folder = self.folder.path();
        let places = Places {
            roots: self.roots.path(),
            node: &folder.join("node/redirect.cjs"),
            python: &folder.join("python"),
            ruby: &folder.join("ruby"),
            php: &folder.join("php"),
        };
        variables(proxy, emulator, &places, route, present)
    }
}

fn write(roots: &str) -> io::Result<Files> {
    let folder = Folder::make(&std::env::temp_dir())?;
    for name in ["node", "python", "ruby", "php"] {
        std::fs::create_dir(folder.path().join(name))?;
    }
    for (name, text) in PRELOADS {
        std::fs::write(folder.path().join(name), text)?;
    }
    // Made with mode 0600.
    let mut file = Builder::new().prefix("roots-").suffix(".pem").tempfile_in(folder.path())?;
    file.write_all(roots.as_bytes())?;
    file.flush()?;
    let path = file.path().display().to_string().replace('"', "");
    let php = format!("openssl.cafile = \"{path}\"\ncurl.cainfo = \"{path}\"\n");
    std::fs::write(folder.path().join("php/crisp-mock.ini"), php)?;
    Ok(Files { roots: file, folder })
}
