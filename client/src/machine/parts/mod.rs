//! **Unstable.** The decisions of the machine, each one small trait that can be replaced alone.
//!
//! A plugin uses [`Parts::reference`]. The other use is to show that the reference's decisions
//! are needed: a client with one of them taken wrongly is made by replacing one part, and a test
//! harness has to convict it. Nothing here is covered by semantic versioning.
//!
//! | Part | Decides | Reference |
//! |---|---|---|
//! | [`Cursor`] | from when the next poll asks | [`ServerCursor`] |
//! | [`Load`] | how pages become a set, when it is believed | [`CarefulLoad`] |
//! | [`Difference`] | what a differential says and does | [`WholeStates`] |
//! | [`OwnWrites`] | own saves against what the API says | [`SettledWrites`] |
//! | [`Backoff`] | waits after failures, `Retry-After` | [`Jittered`] |
//! | [`Pacing`] | intervals and the daily quota | [`WithinQuota`] |
//! | [`Flight`] | what may be under way at once | [`OneAtATime`] |
//!
//! # Where each known mistake goes
//!
//! The mistakes are numbered as in the project's research (M01 to M46). *Everything else* of the
//! part stays as in the reference; wrap it and override one method.
//!
//! | # | Mistake | How to make it |
//! |---|---|---|
//! | M01 | moves the cursor on failure | [`Cursor::failed`] advances |
//! | M02 | takes `now` after the response | [`Cursor::behind`]: `received`, not `sent` |
//! | M03 | uses the local clock | [`Cursor::behind`]: `sent.wall` |
//! | M04 | local clock jumps | as M03, with a client clock fault |
//! | M05 | no overlap | [`Cursor::behind`]: the date itself (not `config.overlap = 0`, which also narrows the check of the load) |
//! | M06 | adds one second | [`Cursor::behind`]: date + 1 s |
//! | M07 | local time sent as UTC | [`Cursor::behind`]: the reference's + the offset |
//! | M08 | stops at a short page | [`Load::after_page`]: `End` when `items < 20` |
//! | M09 | reads one page only | [`Load::after_page`]: always `End` |
//! | M10 | starts at the wrong page | [`Load::first_page`] is 2 |
//! | M11 | swallows `removed` | [`Difference::apply`] leaves those items out |
//! | M12 | drops `updated` for an unknown id | [`Difference::apply`], with [`Draft::get`] |
//! | M13 | ignores `added` for a known id | [`Difference::apply`] |
//! | M14 | keeps the old token | [`Difference::apply`] puts the known token back |
//! | M15 | merges settings | [`Difference::apply`] |
//! | M16 | drops changes during the load | [`Load::verifies`] is false |
//! | M17 | no check for drift | [`Load::drifted`] is false |
//! | M18 | checks for drift once, too early | [`Load::drifted`] is false when `later` |
//! | M19 | ready with half a list | [`Load::after_failure`] is `End` |
//! | M20 | re-list merges | [`Load::keeps_unlisted`] |
//! | M21 | half-applies a batch that fails to parse | [`Difference::read`]: the items before the cut *and* a problem |
//! | M22 | parse error read as no changes | [`Difference::read`]: no items, no problem |
//! | M23 | `error: true` read as data | [`Difference::read`] |
//! | M24 | empty difference clears the cache | [`Difference::apply`] without items: [`Draft::ids`], [`Draft::remove`] |
//! | M25 | stops for good on 401/403/404 | [`Backoff::wait`] is `None` for [`Trouble::Refused`] |
//! | M26 | long outage without a re-list | [`Cursor::outlived`] and [`Cursor::jumped`] are false |
//! | M27 | applies removals last | [`Difference::apply`] sorts the items |
//! | M28 | first entry per website wins | [`Difference::apply`] |
//! | M29 | one odd entry poisons every poll | [`Difference::read`]: a problem when any settings are `{}` |
//! | M30 | loads configured websites only | [`Load::configured_only`] |
//! | M31 | polls configured only | [`Difference::configured_only`] |
//! | M32 | poll in flight overwrites own save | [`OwnWrites::judge`] is `Apply` for polls, [`Flight::may_send`] lets a save go beside a poll |
//! | M33 | save time-out taken as success | [`OwnWrites::unclear`] is `TakeAsDone` |
//! | M34 | repeats an unanswered save | [`OwnWrites::unclear`] is `SendAgain` (after the wait that [`Backoff::wait`] gives) |
//! | M35 | shows a save at once, no roll-back | [`OwnWrites::shows_before_answer`] |
//! | M36 | late save answer overwrites newer state | [`OwnWrites::writes_late`], [`Flight::may_send`] lets a poll go beside a save |
//! | M37 | re-list ignores own writes | [`OwnWrites::judge`] is `Apply` for pages. Provoke the re-list by `config.relist_every` or by removing a listed website soon after the load: an install does not force one here |
//! | M38 | overlapping polls in arrival order | [`Flight::may_send`] is true for `Since`, [`Flight::accepts`] always true; `config.request_timeout` above the delay of the scenario |
//! | M39 | retries without backoff | [`Backoff::wait`] is zero (or some milliseconds) |
//! | M40 | ignores `Retry-After` | [`Backoff::obeyed`] is zero; in one loop only: [`Backoff::silences`] is false for saves |
//! | M41 | backoff without a cap | [`Backoff::wait`], or `config.retry.cap` of a day |
//! | M42 | backoff never resets | [`Backoff::succeeded`] does nothing |
//! | M43 | one request per website and poll | [`Pacing::reads_after_poll`] is all of them |
//! | M44 | polls far too often | [`Pacing::poll_interval`], or `config.poll_every` |
//! | M45 | publishes page by page | [`Load::publishing`] is `PageByPage` |
//! | M46 | ready before the load | [`Load::ready_from_start`] |

mod backoff;
mod cursor;
mod difference;
mod flight;
mod load;
mod own_writes;
mod pacing;

pub use backoff::{Backoff, Jittered, Lane, Trouble};
pub use cursor::{Cursor, Exchange, ServerCursor};
pub use difference::{Difference, Draft, Reading, WholeStates};
pub use flight::{Flight, OneAtATime};
pub use load::{CarefulLoad, Evidence, Load, PageSeen, PageStep, Publishing};
pub use own_writes::{OwnWrites, SettledWrites, Source, Touch, Unclear};
pub use pacing::{Pacing, WithinQuota};

pub use crate::wire::{Item, ItemKind, Unreadable};

pub(crate) use cursor::later;

use crate::Config;

/// **Unstable.** One of each.
pub struct Parts {
    /// From when the next poll asks.
    pub cursor: Box<dyn Cursor>,
    /// How pages become a set.
    pub load: Box<dyn Load>,
    /// What a differential says and does.
    pub difference: Box<dyn Difference>,
    /// Own saves against what the API says.
    pub own_writes: Box<dyn OwnWrites>,
    /// Waits after failures.
    pub backoff: Box<dyn Backoff>,
    /// Intervals.
    pub pacing: Box<dyn Pacing>,
    /// What may be under way at once.
    pub flight: Box<dyn Flight>,
}

impl Parts {
    /// The decisions that survived.
    pub fn reference(config: &Config) -> Self {
        Self {
            cursor: Box::new(ServerCursor::new(config)),
            load: Box::new(CarefulLoad),
            difference: Box::new(WholeStates),
            own_writes: Box::new(SettledWrites::new(config)),
            backoff: Box::new(Jittered::new(config)),
            pacing: Box::new(WithinQuota::new(config)),
            flight: Box::new(OneAtATime),
        }
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}
