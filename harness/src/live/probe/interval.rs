//! Whether a client whose clock is moved polls as often as it is told to, in a run in which nothing happens. No time
//! of the machine is in the answer.

use crisp_mock_server::operation::Operation;

use super::sight::{short, untried};
use crate::candidate::Untried;
use crate::history::History;

/// Fewer polls than this show no interval.
const ENOUGH: usize = 4;

/// Refuses a client that polls by an interval of its own that is shorter: it would be convicted of asking too much.
/// One of its pauses has to be three quarters of what it was told, at least: the rest may be chance.
///
/// # Errors
///
/// [`Untried`], with the longest pause.
pub(in crate::live) fn is_kept(history: &History) -> Result<(), Untried> {
    let told = history.declared.poll_every;
    let polls = |operation, page| {
        let requests = history.requests.iter();
        let rounds = requests.filter(move |it| (it.operation, it.page) == (operation, page));
        rounds.map(|request| request.sent).collect::<Vec<_>>()
    };
    let differentials = polls(Operation::Since, None);
    // A client polls with the differential, or by listing everything.
    let rounds = match differentials.len() {
        0 => polls(Operation::List, Some(1)),
        _ => differentials,
    };
    let pauses = rounds.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let longest = pauses.max().unwrap_or_default();
    if rounds.len() < ENOUGH || longest * 4 >= told * 3 {
        return Ok(());
    }
    let every = short(longest);
    let told = told.as_millis();
    Err(untried(
        format!("it polls every {every}, although CRISP_POLL_MS tells it to poll every {told} ms"),
        "take the poll interval from CRISP_POLL_MS, in milliseconds",
    ))
}
