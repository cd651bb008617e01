//! Room for the files that a runtime opens.

use std::io;

/// Looks whether a runtime can be started: where the process may open too few files, the library
/// would end it with a panic.
///
/// # Errors
///
/// What the system says.
///
/// # Examples
///
/// ```
/// crisp_harness::open_files::look().expect("room for a few files");
/// ```
pub fn look() -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::net::UnixStream;
        // A queue of events, its waker, a pair for signals and a copy of one of them: five, and one
        // for what is done with it.
        let pairs = [UnixStream::pair(), UnixStream::pair(), UnixStream::pair()];
        for pair in pairs {
            let _ = pair?;
        }
    }
    Ok(())
}
