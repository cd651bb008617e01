//! Calls that are held until something is there.

use std::time::Duration;

use crate::control::ControlState;
use crate::control::error::ControlError;
use crate::duration;
use crate::spaces::SharedSpace;

/// The longest that a call is held.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// For how long a call that is asked to `wait` is held; not at all where it is not asked to.
pub(super) fn patience(wait: Option<&str>) -> Result<Duration, ControlError> {
    let Some(text) = wait else {
        return Ok(Duration::ZERO);
    };
    let wait = duration::parse(text)
        .map_err(|error| ControlError::bad_request(error.to_string(), "send `wait=5s`"))?;
    Ok(wait.min(LONGEST_WAIT))
}

/// What `find` finds, now or after a change of the space within the time; none when it finds nothing
/// by then, or the server stops. The time is the caller's own patience, so it is real under any clock.
pub(super) async fn found<T>(
    state: &ControlState,
    cell: &SharedSpace,
    wait: Duration,
    find: impl Fn() -> Option<T>,
) -> Option<T> {
    let mut changes = cell.changes();
    let first = async {
        loop {
            changes.borrow_and_update();
            match find() {
                Some(found) => return Some(found),
                None => changes.changed().await.ok()?,
            }
        }
    };
    let patient = tokio::time::timeout(wait, first);
    state.stopping.clone().or_stopped(patient).await?.ok()?
}
