//! The mistakes that a test harness can have this client make, to show that its oracles notice.
//!
//! Without the feature `mistakes`, which only `crisp-harness` turns on, [`Mistakes`] has no size and
//! [`Mistakes::has`] is the constant `false`: the compiler drops every branch that asks it. What
//! each mistake does is said once, in the harness's table `harness/src/zoo/table.rs`.

/// One mistake. The harness's table says what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[rustfmt::skip]
#[doc(hidden)]
#[cfg_attr(not(feature = "mistakes"), expect(dead_code, reason = "some are not even asked about"))]
pub enum Mistake {
    // The cursor.
    CursorMovesOnFailure, CursorAfterTheAnswer, LocalClock, OffsetMeasuredOnce, NoOverlap,
    OneSecondLater, LocalTimeAsUtc, DropsChangesDuringLoad, NoRelistAfterOutage,
    // The list.
    StopsAtAShortPage, OnePageOnly, WrongFirstPage, NoDriftCheck, DriftCheckTooEarly, HalfAList,
    RelistMerges, LoadsConfiguredOnly, PublishesPageByPage, ReadyBeforeLoad,
    // The differential.
    SwallowsRemovals, DropsUnknownUpdates, IgnoresKnownAdditions, KeepsTheOldToken, MergesSettings,
    HalfAppliedAnswer, GarbageIsNoNews, ErrorEnvelopeIsData, EmptyClearsTheCache, RemovalsLast,
    FirstEntryWins, PoisonedByOneEntry, PollsConfiguredOnly, ItemByItem,
    // Own saves, and the order of answers.
    PollOverwritesOwnSave, TimeoutIsSuccess, RepeatsSavesBlindly, NoRollBack, LateSaveAnswerWins,
    RelistOverwritesOwnSave, ArrivalOrder, SavesPartsWhole,
    // Waits, intervals, status.
    StopsOnRefusal, NoBackoff, IgnoresRetryAfter, BackoffWithoutCap, BackoffNeverResets,
    OnceASecond, OneRequestPerWebsite, PollsTooOften, ResyncLoop, AlwaysFresh,
    // What settings hold.
    DropsProtoKeys, ComposesCharacters, CutsLongTexts, EscapesMarkup, OneKindOfLineEnd,
    RewritesDates, FlattensDeepValues, LargeObjectsAreEmpty, SplitsCharacters, ComparesMembersOnly,
    ToldOnceIsEnough,
    // How many there are.
    FirstTwentyItems, KeepsFiftyWebsites, ReadsTenPages,
    // How long it goes on.
    BackoffOverflows, PollsSeldomWhenIdle, EntriesExpire, GivesUp,
    // Words of an answer, and dates.
    RetryAfterDatesUnread, RetryAfterNonsenseIsForever, RetryAfterWithoutItsPoint,
    NoonPlusTwelve, NoLeapDay, WeekYear, SummerTime, TornMidnight, MonthOffByOne,
    // Answers that come when their request was given up.
    LatePollCounts, LateReadingCounts, LateSaveCounts,
    // Events.
    EventAsData, NoPollAfterReconnect, NoRebind,
}

/// The mistake that a machine makes, if any.
#[cfg(feature = "mistakes")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mistakes(pub(crate) Option<Mistake>);

#[cfg(feature = "mistakes")]
impl Mistakes {
    pub(crate) const NONE: Self = Self(None);

    pub(crate) fn has(self, mistake: Mistake) -> bool {
        self.0 == Some(mistake)
    }
}

/// The mistakes of the client that plugins use: none.
#[cfg(not(feature = "mistakes"))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mistakes;

#[cfg(not(feature = "mistakes"))]
impl Mistakes {
    pub(crate) const NONE: Self = Self;

    pub(crate) const fn has(self, _: Mistake) -> bool {
        false
    }
}

#[cfg(not(feature = "mistakes"))]
const _: () = assert!(size_of::<Mistakes>() == 0);

/// Without the feature there is no such name.
///
/// ```compile_fail
/// use crisp_sync::Mistake;
/// ```
#[cfg(all(doctest, not(feature = "mistakes")))]
struct NotNameable;
