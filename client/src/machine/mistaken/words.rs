//! Mistakes with the forms of `Retry-After`.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

use crate::mistake::{Mistake, Mistakes};

/// What a client with a mistake takes the header for, where it does not read it as it should.
pub(crate) fn wait_asked(mistakes: Mistakes, headers: &HeaderMap) -> Option<Option<Duration>> {
    let mistake = mistakes.0?;
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = text.parse::<f64>().is_ok();
    let is_date = text.ends_with("GMT");
    match mistake {
        Mistake::RetryAfterDatesUnread if is_date => Some(None),
        // No number: the timer is set to it, and never goes off.
        Mistake::RetryAfterNonsenseIsForever if !is_number && !is_date => Some(Some(Duration::MAX)),
        Mistake::RetryAfterWithoutItsPoint if is_number => {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            Some(digits.parse().ok().map(Duration::from_secs))
        }
        _ => None,
    }
}
