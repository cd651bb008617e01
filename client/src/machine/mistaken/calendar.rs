//! Mistakes of calendars and clocks: dates that are written wrongly at some hours, days or seasons.

use jiff::Timestamp;
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;

use crate::mistake::{Mistake, Mistakes};

/// The date that a client with a mistake writes in the place of this one; `now` is the time at which
/// it writes.
pub(crate) fn written(mistakes: Mistakes, date: Timestamp, now: Timestamp) -> Timestamp {
    let Some(mistake) = mistakes.0 else { return date };
    let civil = |moment: Timestamp| TimeZone::UTC.to_datetime(moment);
    let wrong = wrong(mistake, civil(date), civil(now));
    wrong.and_then(|wrong| TimeZone::UTC.to_timestamp(wrong).ok()).unwrap_or(date)
}

fn wrong(mistake: Mistake, right: DateTime, now: DateTime) -> Option<DateTime> {
    let hours = |hours: i64| right.checked_add(jiff::SignedDuration::from_hours(hours)).ok();
    match mistake {
        // 12 p.m. and twelve hours.
        Mistake::NoonPlusTwelve if right.hour() == 12 => hours(12),
        Mistake::NoLeapDay if (right.month(), right.day()) == (2, 29) => hours(24),
        Mistake::WeekYear => right.with().year(right.date().iso_week_date().year()).build().ok(),
        Mistake::SummerTime if is_summer(right) => hours(1),
        // The day of one clock, the hour of another.
        Mistake::TornMidnight => Some(now.date().to_datetime(right.time())),
        Mistake::MonthOffByOne => {
            let month = if right.month() == 1 { 12 } else { right.month() - 1 };
            right.with().day(right.day().min(28)).month(month).build().ok()
        }
        _ => None,
    }
}

/// Whether clocks in Europe are an hour ahead: from the last Sunday of March to that of October.
fn is_summer(moment: DateTime) -> bool {
    let change = |month| {
        let last = date(moment.year(), month, 31);
        let since_sunday = last.weekday().to_sunday_zero_offset();
        date(moment.year(), month, 31 - since_sunday).at(1, 0, 0, 0)
    };
    (change(3)..change(10)).contains(&moment)
}
