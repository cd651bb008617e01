//! What a probe has seen of a client, and what that says of how it is set up.

use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::journal::Entry;
use crisp_mock_server::operation::Operation;

use crate::candidate::Untried;

/// So long after its first request a client is looked at.
const WINDOW: Duration = Duration::from_millis(4_500);
/// A client whose requests are all refused is looked at for so long.
const REFUSED: Duration = Duration::from_secs(2);
/// So many pauses near the poll interval show that it was taken over.
const POLLS: u32 = 2;
/// How many times faster than it was told a client has to poll.
const TOO_FAST: u32 = 4;

/// What there is in place of a cache.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Cache {
    /// Nothing is known of it, or it is loading.
    #[default]
    Loading,
    /// It was read.
    Shown,
    /// Something else stands where it should be read.
    Misplaced(String),
}

/// What a probe says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Saying {
    /// There is more to be seen.
    GoOn,
    /// Nothing is wrong, or nothing that can be told from outside in this time.
    Fine,
    /// It asked nothing in all this time.
    Unasked(Duration),
    /// The client is set up wrongly.
    Wrong(Untried),
}

/// What was seen so far. Times are the emulator's.
#[derive(Debug)]
pub(super) struct Sight {
    poll: Duration,
    /// Within this time a client has to ask something.
    patience: Duration,
    began: Duration,
    pub(super) cache: Cache,
    requests: u64,
    let_in: bool,
    refused: Option<Refused>,
    first: Option<Duration>,
    last: Duration,
    differentials: Rounds,
    lists: Rounds,
}

/// The first request that was refused.
#[derive(Debug)]
struct Refused {
    request: String,
    status: Option<u16>,
    why: String,
}

/// Requests that come again and again.
#[derive(Debug, Default)]
struct Rounds {
    count: u32,
    last: Option<Duration>,
    /// How often so much time lay between two of them that it is a pause.
    pauses: u32,
    shortest: Duration,
    /// How many pauses were near the poll interval.
    near: u32,
}

impl Sight {
    pub(super) fn new(poll: Duration, patience: Duration, began: Duration) -> Self {
        Self {
            poll,
            patience,
            began,
            cache: Cache::default(),
            requests: 0,
            let_in: false,
            refused: None,
            first: None,
            last: Duration::ZERO,
            differentials: Rounds::default(),
            lists: Rounds::default(),
        }
    }

    /// Takes a request in; they come in their order.
    pub(super) fn see(&mut self, entry: &Entry) {
        let at = Duration::from_millis(entry.elapsed_ms);
        let is_refused = entry.status.is_none_or(|status| status >= 400);
        if is_refused {
            self.refused.get_or_insert_with(|| Refused {
                request: format!("{} {}", entry.method, entry.path),
                status: entry.status,
                why: entry.explanation.clone().unwrap_or_default(),
            });
        }
        self.let_in |= !is_refused;
        let (poll, slow) = (self.poll, self.slow());
        match entry.operation {
            Operation::Since => {
                let before = self.differentials.last.or(self.first.map(|_| self.last));
                self.differentials.add(at, before, poll, slow);
            }
            Operation::List if entry.path.trim_end_matches('/').ends_with("/1") => {
                self.lists.add(at, self.lists.last, poll, slow);
            }
            _ => {}
        }
        self.requests += 1;
        self.first.get_or_insert(at);
        self.last = at;
    }

    /// What there is to be said at this time. `late` is whether the machine's own timers were, so
    /// that no time that was measured says anything of the client.
    pub(super) fn say(&self, now: Duration, late: bool) -> Saying {
        let Some(first) = self.first else {
            return self.unasked(now.saturating_sub(self.began), late);
        };
        let looked = now.saturating_sub(first);
        if let (false, Some(refused)) = (self.let_in, &self.refused) {
            let over = looked > REFUSED;
            return if over { Saying::Wrong(refused.told(self.requests)) } else { Saying::GoOn };
        }
        if self.cache == Cache::Shown && self.rounds().near >= POLLS {
            return Saying::Fine;
        }
        if looked <= WINDOW {
            return Saying::GoOn;
        }
        let wrong = if late { None } else { self.wrong(now, looked) };
        wrong.map_or(Saying::Fine, Saying::Wrong)
    }

    /// What there is to be said of a client that has ended.
    pub(super) fn at_its_end(&self) -> Saying {
        match &self.refused {
            Some(refused) if !self.let_in => Saying::Wrong(refused.told(self.requests)),
            _ => Saying::Fine,
        }
    }

    /// A client may start slowly, unless its cache is there already.
    fn unasked(&self, waited: Duration, late: bool) -> Saying {
        let patience = match self.cache {
            Cache::Shown => self.patience.min(WINDOW),
            _ => self.patience,
        };
        match waited > patience {
            true if late => Saying::Fine,
            true => Saying::Unasked(patience),
            false => Saying::GoOn,
        }
    }

    fn wrong(&self, now: Duration, looked: Duration) -> Option<Untried> {
        let silent = now.saturating_sub(self.last);
        let is_idle = silent > (self.poll * 4).max(Duration::from_secs(3));
        let (poll, requests) = (self.poll.as_millis(), times(self.requests));
        match &self.cache {
            Cache::Misplaced(what) if is_idle || self.differentials.count > 0 => {
                return Some(untried(
                    format!("the cache cannot be read, though the plugin asked {requests}: {what}"),
                    "`--read` is the address at which the plugin shows its cache: 503 while it \
                     loads, then 200 with {\"<website_id>\": settings}",
                ));
            }
            Cache::Misplaced(_) | Cache::Loading => return None,
            Cache::Shown => {}
        }
        let told = format!("although CRISP_POLL_MS tells it to poll every {poll} ms");
        if is_idle {
            let silent = short(silent);
            return Some(untried(
                format!("it asked {requests}, then nothing for {silent}, {told}"),
                "take the poll interval from CRISP_POLL_MS, in milliseconds; if it is taken from \
                 there, look why its loop ends",
            ));
        }
        let rounds = self.rounds();
        if rounds.pauses >= POLLS && rounds.near == 0 {
            let every = short(rounds.shortest);
            return Some(untried(
                format!("it polls every {every}, {told}"),
                "take the poll interval from CRISP_POLL_MS, in milliseconds",
            ));
        }
        if self.poll * (rounds.count / TOO_FAST) > looked && rounds.near == 0 {
            let (polls, looked) = (times(rounds.count.into()), short(looked));
            return Some(untried(
                format!("it polled {polls} in {looked}, {told}"),
                "take the poll interval from CRISP_POLL_MS: it is a number of milliseconds",
            ));
        }
        None
    }

    /// A client polls with the differential, or by listing everything.
    fn rounds(&self) -> &Rounds {
        if self.differentials.count > 0 { &self.differentials } else { &self.lists }
    }

    /// Longer than this no pause is near the poll interval, on the slowest machine.
    fn slow(&self) -> Duration {
        (self.poll * 5).max(self.poll + Duration::from_secs(1))
    }
}

impl Rounds {
    fn add(&mut self, at: Duration, before: Option<Duration>, poll: Duration, slow: Duration) {
        self.count += 1;
        self.last = Some(at);
        let Some(pause) = before.map(|before| at.saturating_sub(before)) else { return };
        // Shorter ones lie between requests that belong together.
        if pause < poll / TOO_FAST {
            return;
        }
        self.shortest = if self.pauses == 0 { pause } else { self.shortest.min(pause) };
        self.pauses += 1;
        self.near += u32::from(pause <= slow);
    }
}

impl Refused {
    fn told(&self, requests: u64) -> Untried {
        let Self { request, status, why } = self;
        let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let hint = match self.status {
            Some(401 | 403) => {
                "take the credentials from CRISP_IDENTIFIER and CRISP_KEY, with the tier `plugin`"
            }
            _ => {
                "take the address from CRISP_REST_HOST, below which all paths begin with /v1/; \
                 CRISP_REST_URL has both"
            }
        };
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        let problem = match requests {
            1 => format!("its only request, `{request}`, was answered with {status}{why}"),
            _ => format!(
                "all its {requests} requests were refused, the first, `{request}`, with {status}{why}"
            ),
        };
        untried(problem, hint)
    }
}

pub(super) fn untried(problem: String, hint: &str) -> Untried {
    let hint = format!("{hint}; nothing was judged");
    Untried {
        problem: format!("the client is not set up to be judged: {problem}"),
        hint: Some(hint),
    }
}

fn times(number: u64) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        number => format!("{number} times"),
    }
}

/// A time to the tenth of a second.
pub(super) fn short(time: Duration) -> String {
    let tenths = u64::try_from(time.as_millis()).unwrap_or(u64::MAX) / 100;
    duration::format(Duration::from_millis(tenths * 100))
}
