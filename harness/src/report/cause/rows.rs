//! What a failure can look like: a row for each way that is known, with the hazard that it is.

use super::Hazard;

const fn row(number: &'static str, what: &'static str, instead: &'static str) -> Hazard {
    Hazard { number, what, instead }
}

// The date that a poll asks from.

pub(super) const AFTER_THE_LOAD: Hazard = row(
    "C1",
    "the cursor was taken after the load",
    "Take it before the first page, and poll once after the last.",
);
pub(super) const AFTER_THE_ANSWER: Hazard = row(
    "C2",
    "the cursor was taken after the answer",
    "Take it before the request, minus an overlap.",
);
pub(super) const OWN_CLOCK: Hazard = row(
    "C3",
    "the cursor follows a clock that is not the server's, and asks from the future",
    "Keep the cursor in server time, from the Date of the answers.",
);
pub(super) const CLOCK_STEPPED: Hazard = row(
    "C5",
    "a clock was set, and the cursor followed it",
    "Take the cursor from the Date of each answer anew; a difference that was measured once does not last.",
);
pub(super) const AT_THE_EDGE: Hazard = row(
    "C6",
    "the change lies at the very edge of two polls",
    "Subtract an overlap from every cursor.",
);
pub(super) const VISIBLE_LATER: Hazard = row(
    "C7",
    "the change became visible after the poll that should have told it",
    "Look back further than answers lag: subtract an overlap from every cursor.",
);
pub(super) const OUT_OF_A_CACHE: Hazard = row(
    "C8",
    "an answer out of a cache was taken for the present",
    "Bloom-Status: HIT may be old: let it not move the cursor.",
);
pub(super) const LOCAL_TIME: Hazard = row(
    "C9",
    "the dates are whole hours ahead: local time, written as though it were UTC",
    "Write every date in UTC, with a Z.",
);
pub(super) const CALENDAR: Hazard = row(
    "C9",
    "the dates are days ahead: they are written by a calendar that is wrong on this day",
    "Let a library write the date, in UTC, from one moment: no arithmetic on days, months or years.",
);
pub(super) const FORGOTTEN: Hazard = row(
    "C10",
    "the server no longer told what had changed so long ago",
    "After a gap that is longer than the server remembers, list everything again.",
);
pub(super) const NEVER_POLLS: Hazard = row(
    "C13",
    "it never asks the differential: the cache stays as it was loaded",
    "After the load ask for what changed since, again and again.",
);

pub(super) const RARE_POLLS: Hazard = row(
    "C14",
    "polls became rare while nothing changed",
    "Poll at the same interval on a quiet day: one differential costs one request, whatever it brings.",
);

// Loading.

pub(super) const PAGES_SHIFTED: Hazard = row(
    "P1",
    "the pages shifted while they were read",
    "After the load ask the differential over its whole window, and list again if it shows that websites came or went.",
);
pub(super) const NO_FIRST_PAGE: Hazard = row(
    "P3",
    "the first page was never read",
    "Pages count from 1: raise the page number after the call.",
);
pub(super) const ONE_PAGE: Hazard =
    row("P4", "not all pages were read", "Read pages from the first on until an empty one.");
pub(super) const SAME_PAGE: Hazard = row(
    "P4",
    "the same page was read again and again: its number is never raised",
    "Raise the page number after each page, until one is empty.",
);
pub(super) const MISSING_PAGE: Hazard = row(
    "P4",
    "the 404 past the last page was taken for a failure",
    "A page that is missing behind one that is there ends the list, as an empty page does.",
);
pub(super) const FAILED_PAGE: Hazard = row(
    "P5",
    "a failed page was taken for the end of the list",
    "Tell failed from empty: retry the page, and publish nothing half.",
);
pub(super) const EMPTY_PAGE: Hazard = row(
    "P6",
    "an empty page before the end was taken for the end",
    "Ask an empty page once more before you take it for the end.",
);
pub(super) const SHORT_PAGE: Hazard = row(
    "P6",
    "a page that was not empty was taken for the last one",
    "How many websites a page has is promised nowhere: read on until a page is empty.",
);
pub(super) const DROPPED_BY_A_LIST: Hazard = row(
    "P6",
    "a website dropped that was never removed",
    "Remove only what a difference, or two full lists, say is gone.",
);
pub(super) const EMPTY_DIFFERENCE: Hazard = row(
    "P7",
    "a difference without items was taken for a set without websites",
    "No changes means that nothing changed: leave the cache alone.",
);
pub(super) const ITEM_LOST: Hazard = row(
    "P8",
    "an item of the list was not taken in",
    "One item that is odd must not cost its website, nor the others.",
);
pub(super) const CONFIGURED_ONLY: Hazard = row(
    "P9",
    "`filter_configured=1` leaves out websites that have saved nothing yet",
    "Send `filter_configured=0`, spelt out: unconfigured websites have tokens, too.",
);
pub(super) const MERGED_LIST: Hazard = row(
    "P10",
    "a fresh list was put over the old cache, and what it no longer lists lives on",
    "Let a full list replace the cache.",
);
pub(super) const RESURRECTED: Hazard = row(
    "P10",
    "a website that left comes back from an older answer",
    "Let a full list replace the cache, and number the answers.",
);
pub(super) const BEFORE_THE_LOAD: Hazard = row(
    "P11",
    "it says that it is ready before the list is whole",
    "Collect all pages aside, show them in one step, and say ready then.",
);

// Applying what an answer says.

pub(super) const NOT_APPLIED: Hazard = row(
    "A1",
    "a difference that named the website was not applied",
    "`added` and `updated` mean the same: this is now its whole state.",
);
pub(super) const ADDED_IGNORED: Hazard = row(
    "A2",
    "`added` for a website that is known was not applied",
    "`added` replaces all of it, token included: it may have left and come back.",
);
pub(super) const OLD_TOKEN: Hazard = row(
    "A2",
    "a website that came back kept its old token",
    "`added` for a known website replaces all of it, token included.",
);
pub(super) const MERGED_SETTINGS: Hazard = row(
    "A2",
    "settings merged instead of replaced",
    "An item is the whole state of a website: replace, token included.",
);
pub(super) const SEVERAL_ENTRIES: Hazard = row(
    "A4",
    "one answer has several entries of the website, and not the last one counted",
    "Apply the entries in the order in which they stand.",
);
pub(super) const ARRIVAL_ORDER: Hazard = row(
    "A7",
    "answers applied in the order of arrival",
    "One poll in flight at a time; drop an answer that is older than the last applied.",
);
pub(super) const OUTLIVED: Hazard = row(
    "A7",
    "an answer was applied that came after its request had been given up",
    "Cancel what you give up, or number what you send and drop what is older than the last applied.",
);
pub(super) const LATE_SAVE: Hazard = row(
    "A7",
    "the answer to a save was applied over something newer",
    "Number what you send, and drop what is older than the last applied; read the website when in doubt.",
);
pub(super) const HALF_APPLIED: Hazard =
    row("A8", "a part of an answer was applied", "Validate all, apply all to a copy, then swap.");
pub(super) const HALF_READ: Hazard = row(
    "A8",
    "an answer that cannot be read was applied in part",
    "Validate all, apply all to a copy, then swap.",
);
pub(super) const REMOVAL_IGNORED: Hazard = row(
    "A10",
    "a `removed` was not applied",
    "Remove the website, and read nothing of the item but its id.",
);
pub(super) const NO_SETTINGS: Hazard = row(
    "A11",
    "an item whose settings are null, empty or absent was not applied",
    "All three mean: unconfigured. Keep the website, without settings.",
);
pub(super) const EMPTIED: Hazard = row(
    "A12",
    "`filter_configured=1` hides a website whose settings were emptied",
    "Poll with `filter_configured=0`, spelt out.",
);
pub(super) const STEP_BY_STEP: Hazard = row(
    "A13",
    "the changes of one answer were shown one after the other",
    "Apply all of an answer to a copy, and swap it in one step.",
);
pub(super) const ALTERED: Hazard = row(
    "A15",
    "settings were altered on their way into the cache",
    "Keep the settings as they came: nothing trimmed, cut, parsed as a date or read as another encoding.",
);
pub(super) const TAKEN_FOR_THE_LIST: Hazard = row(
    "A16",
    "a difference was taken for the whole list: what it does not name was dropped",
    "A difference names what changed, and nothing else. Only `removed` removes.",
);

pub(super) const EVICTED: Hazard = row(
    "A17",
    "the store itself dropped a website, for its age or because there were too many",
    "Keep every website until `removed`, or whole lists, say that it is gone: no time to live, no limit that is not told.",
);

// Own writes.

pub(super) const OLDER_POLL: Hazard = row(
    "W1",
    "a poll that was sent before a save brings the old settings back",
    "After a save leave that website alone in answers to earlier requests, and read it.",
);
pub(super) const SAVE_UNDONE: Hazard = row(
    "W1",
    "an answer from before a save undoes it in the cache",
    "After a save leave that website alone in answers to earlier requests, and read it.",
);
pub(super) const SENT_AGAIN: Hazard = row(
    "W5",
    "a save of unknown outcome is sent again",
    "Read back before deciding; never send an old full object again.",
);
pub(super) const SENT_WHOLE: Hazard = row(
    "W3",
    "a partial save was sent whole, with what the cache had",
    "Send the members that are to change as PATCH; PUT replaces all of them.",
);
pub(super) const TAKEN_FOR_DONE: Hazard = row(
    "W5",
    "a save without an answer was taken for done",
    "No answer means that the outcome is unknown: read the website back, then show it.",
);
pub(super) const GUESSED_MERGE: Hazard = row(
    "W4",
    "what a PATCH made of the whole was guessed, and not read",
    "After a PATCH read the settings back: another writer may have changed other members, and how deep the merge goes is not documented.",
);
pub(super) const SHOWN_BEFORE: Hazard = row(
    "W7",
    "a save shown before the API confirmed it",
    "Change the cache only after success, and read back when the result is unclear.",
);

// Failures and the budget.

pub(super) const ALL_ALIKE: Hazard = row(
    "F1",
    "all errors treated alike",
    "Back off with jitter to a cap, reset after success, and let Retry-After silence every request.",
);
pub(super) const GAVE_UP: Hazard = row(
    "F1",
    "one refusal ended the loop",
    "Refusals pass: ask more seldom after 401, 403 and 404, and never stop.",
);
pub(super) const STOPPED_TRYING: Hazard = row(
    "F1",
    "after many failures in a row it stopped asking",
    "An outage of any length ends: go on asking at the longest wait, and never stop.",
);
pub(super) const WITHOUT_CAP: Hazard = row(
    "F1",
    "the waits grew without an end",
    "Double the waits up to a cap, such as a minute, and begin anew after an answer that is good.",
);
pub(super) const NO_BACK_OFF: Hazard = row(
    "F1",
    "it kept asking while everything failed, and the waits did not grow",
    "Back off with jitter to a cap, reset after success.",
);
pub(super) const TOO_DEAR: Hazard = row(
    "F2",
    "more requests than the quota can bear",
    "Poll with one differential for all websites, and list again rarely.",
);
pub(super) const MOVED_BY_A_FAILURE: Hazard = row(
    "F3",
    "the cursor moved although the poll had failed",
    "Move it only after an answer was wholly applied.",
);
pub(super) const ERROR_UNDER_200: Hazard = row(
    "F4",
    "an answer that says nothing was taken for one without changes, and the cursor moved",
    "Status 200 is not enough: `error` has to be false and `data` a list. Else the poll has failed.",
);
pub(super) const HUNG: Hazard = row(
    "F5",
    "a request without an answer ended the loop",
    "A deadline for each call, and the age of the last good poll as a metric.",
);
pub(super) const LOOP_ENDED: Hazard = row(
    "F7",
    "the loop ended: after this answer nothing was asked any more",
    "Catch what goes wrong in one turn, tell it, and take the next turn all the same.",
);
pub(super) const PROCESS_ENDED: Hazard = row(
    "F7",
    "an answer ended the process",
    "Catch what goes wrong in one turn of the loop, tell it, and take the next turn all the same.",
);
pub(super) const SAYS_FRESH: Hazard = row(
    "F12",
    "the cache says that it is fresh while nothing refreshes it",
    "Fresh is a matter of the last good poll: its age, and stale beyond two intervals.",
);

// Events.

pub(super) const NOT_HEARD: Hazard = row(
    "E1",
    "it happened while the socket was not open, or its event was lost, and no event is sent again",
    "After each `authenticated` ask the differential, from before the socket was lost (at first: from before the load).",
);
pub(super) const OLDER_EVENT: Hazard = row(
    "E2",
    "what an event carried was put over what a newer answer or event had brought",
    "Take an event as a hint to poll at once: what it carries is never data.",
);
pub(super) const EVENT_TWICE: Hazard = row(
    "E4",
    "an event that had arrived before was applied once more, over something newer",
    "Take an event as a hint to poll at once: what it carries is never data.",
);
pub(super) const NOT_BOUND: Hazard = row(
    "E7",
    "the website was installed after the socket was bound, so none of its events arrives",
    "Listen to `plugin:subscription:updated` and emit `socket:bind` for each install; poll after it.",
);
