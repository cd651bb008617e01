//! When a case begins: hours and days at which dates are written wrongly.

use crisp_mock_server::clock::Stamp;
use jiff::Timestamp;

use super::random::Random;

/// Midnight, noon, 29 February, the year's end, the hour at which clocks are set, summer, and a day
/// that no other month has. A minute or two before what matters, so that it comes while the client polls.
const MOMENTS: [&str; 12] = [
    "2026-06-30T23:58:30Z",
    "2026-03-31T11:58:30Z",
    "2028-02-28T23:58:30Z",
    "2028-02-29T11:57:00Z",
    "2028-02-29T23:58:30Z",
    "2024-12-29T23:58:30Z",
    "2026-12-31T23:58:30Z",
    "2027-01-31T12:10:00Z",
    "2026-03-29T00:58:30Z",
    "2026-10-25T00:58:30Z",
    "2026-07-15T10:00:00Z",
    "2025-12-30T15:20:00Z",
];

/// The date of one case of four; the others begin as every scenario does that says nothing.
pub(super) fn date(random: &mut Random<'_>) -> Option<Stamp> {
    let moment = random.once_in(4).then(|| random.one(&MOMENTS))?;
    moment.parse::<Timestamp>().ok().map(Stamp::from)
}
