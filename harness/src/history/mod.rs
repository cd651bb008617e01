//! Everything that happened in one run, in order.
//!
//! Oracles and reports read a [`History`] and know nothing else: not the client, not the emulator,
//! not the clock. The same scenario, client and seed make the same history, byte for byte;
//! [`History::fingerprint`] is a hash of it.

mod event;
mod notice;
mod request;
mod staleness;
mod timing;
mod track;
mod values;

use std::collections::HashMap;
use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use foldhash::fast::FixedState;
use sha2::{Digest, Sha256};

pub use event::{By, Event, NoticeIndex, RequestIndex, Site, SocketState, State, What};
pub use notice::Notice;
pub use request::{Quality, Request};
pub use staleness::AllowedStaleness;
pub use timing::Timing;
pub use track::{Track, Version, same};
pub use values::{Val, Values};

use crate::subject::DeclaredTiming;
use crate::words::{How, SaveEnd, Side};

/// So many differentials may be refused for what they ask after the last change or fault; whatever a
/// client goes on asking then, nothing is wrong any more but that.
const PATIENCE: u32 = 12;

/// Room for what happens in most runs.
const USUAL_EVENTS: usize = 256;
const USUAL_REQUESTS: usize = 64;

/// One order to save.
#[derive(Debug, Clone)]
pub struct Save {
    /// Where.
    pub site: Site,
    /// Replace or merge.
    pub how: How,
    /// What.
    pub settings: Val,
    /// When it was ordered.
    pub ordered: Duration,
    /// How the client says that it ended.
    pub end: Option<SaveEnd>,
    /// In which life of the client, counted from its restarts.
    pub life: u32,
    /// Its requests.
    pub attempts: Vec<RequestIndex>,
}

/// Everything that happened in one run.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The websites that were heard of.
    pub sites: Vec<WebsiteId>,
    /// What the server held of each, and what the cache shows.
    pub tracks: Vec<Track>,
    /// The requests, in the order of sending.
    pub requests: Vec<Request>,
    /// The orders to save, in the order of orders.
    pub saves: Vec<Save>,
    /// The events that were for the client's socket, in the order of their happening.
    pub notices: Vec<Notice>,
    /// The values.
    pub values: Values,
    /// How the client says that it behaves.
    pub declared: DeclaredTiming,
    /// How stale an answer may be because of the server's quirks.
    pub staleness: AllowedStaleness,
    /// Whether the client saves by a page of its own, which may send more than it is given.
    pub own_page: bool,
    /// How often the client was started anew.
    pub life: u32,
    /// When the client was started last.
    pub born: Duration,
    /// When it became ready in this life.
    pub ready: Option<Duration>,
    /// The last moment at which something changed, went wrong, or was still on its way.
    pub disturbed: Duration,
    /// How many websites the cache shows differently from the truth.
    pub differing: usize,
    /// When the cache became equal to the truth, while it is.
    pub agreed_from: Option<Duration>,
    /// Whether some answer was a refusal that only a person can mend.
    pub refused: bool,
    /// Whether some answer said that there were too many requests.
    pub throttled: bool,
    /// The longest silence that any answer asked for.
    pub longest_asked: Duration,
    /// So many differentials were refused without a fault, for what they asked, since anything else
    /// disturbed the client.
    pub own_refusals: u32,
    /// Whether the server's wall clock was moved.
    pub server_clock_moved: bool,
    /// Whether a change happened while the client's socket was live, and no event told of it in time:
    /// it has to wait for a poll.
    pub unheard: bool,
    /// Whether the client's socket is authenticated, as far as the client knows.
    pub is_live: bool,
    /// Whether it was ended, and the client may not know it yet.
    is_cut: bool,
    /// A website that came while the socket was live, until its event is there, too.
    came: Option<(Duration, Site)>,
    /// Whether a list answer lied without a mark.
    pub lied: bool,
    /// Since when it was calm, if the run was ended for that: the cache equalled the server over several polls, with
    /// nothing left to happen.
    pub calm_from: Option<Duration>,
    /// How these times relate to a clock on a wall.
    pub timing: Timing,
    by_id: HashMap<WebsiteId, Site, FixedState>,
}

impl History {
    /// The history of a run that has not begun.
    #[must_use]
    pub fn new(declared: DeclaredTiming, staleness: AllowedStaleness) -> Self {
        let (events, requests) =
            (Vec::with_capacity(USUAL_EVENTS), Vec::with_capacity(USUAL_REQUESTS));
        Self { declared, staleness, events, requests, ..Self::default() }
    }

    /// The place of a website; a new one if it was never heard of.
    pub fn site(&mut self, id: WebsiteId) -> Site {
        if let Some(site) = self.by_id.get(&id) {
            return *site;
        }
        let site = Site::try_from(self.sites.len()).unwrap_or(Site::MAX);
        self.sites.push(id);
        self.tracks.push(Track::default());
        self.by_id.insert(id, site);
        site
    }

    /// The website's name as people write it.
    #[must_use]
    pub fn name(&self, site: Site) -> String {
        self.sites.get(site as usize).map_or_else(String::new, |id| id.short())
    }

    /// The time of the last event.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.events.last().map_or(Duration::ZERO, |event| event.at)
    }

    /// The track of a website.
    #[must_use]
    pub fn track(&self, site: Site) -> &Track {
        &self.tracks[site as usize]
    }

    /// Adds an event and all that follows from it.
    pub fn push(&mut self, at: Duration, what: What) -> Event {
        let event = Event { at, what };
        self.follow(event);
        self.events.push(event);
        event
    }

    /// The history as it was at a time.
    #[must_use]
    pub fn until(&self, at: Duration) -> Self {
        let mut past = Self {
            sites: self.sites.clone(),
            tracks: vec![Track::default(); self.tracks.len()],
            requests: self.requests.iter().take_while(|it| it.sent <= at).cloned().collect(),
            saves: self.saves.clone(),
            notices: self.notices.clone(),
            values: self.values.clone(),
            timing: self.timing,
            by_id: self.by_id.clone(),
            ..Self::new(self.declared, self.staleness)
        };
        for event in self.events.iter().take_while(|event| event.at <= at) {
            past.push(event.at, event.what);
        }
        past
    }

    fn follow(&mut self, event: Event) {
        let at = event.at;
        self.listen(event);
        match event.what {
            What::Truth { site, state, by } => {
                if by != By::Start && self.tracks[site as usize].versions.is_empty() {
                    // It was not there before; that is a version too.
                    let (from, state, by) = (Duration::ZERO, None, By::Start);
                    self.tracks[site as usize].versions.push(Version { from, state, by });
                }
                let version = Version { from: at, state, by };
                self.change(site, |track| track.versions.push(version));
                if by != By::Start {
                    self.disturb(at);
                }
            }
            What::Shows { site, state } => self.change(site, |track| track.shown = state),
            What::Arriving(index) | What::Abandoned(index) => self.ended(index, at),
            What::Sent(index) => {
                let request = &self.requests[index as usize];
                if request.is_handshake() {
                    return; // how it fares says nothing of the polls
                }
                self.lied |= request.quality == Quality::Lie;
                self.longest_asked =
                    self.longest_asked.max(request.retry_after.unwrap_or_default());
                let status = request.status.filter(|_| request.quality != Quality::Denied);
                match status {
                    Some(429 | 420) => self.throttled = true,
                    Some(status @ 300..500) if status != 408 => self.refused = true,
                    _ => {}
                }
            }
            What::Ready => {
                self.ready.get_or_insert(at);
            }
            What::SaveEnded(save, end) => {
                self.disturb(at);
                if let Some(save) = self.saves.get_mut(save as usize) {
                    save.end.get_or_insert(end);
                }
            }
            What::Restart => {
                for site in 0..self.tracks.len() {
                    self.change(site as Site, |track| track.shown = None);
                }
                (self.life, self.born, self.ready) = (self.life + 1, at, None);
                self.disturb(at);
            }
            What::Clock { side, .. } | What::ClockWindow(side) => {
                self.server_clock_moved |= side == Side::Server;
                self.disturb(at);
            }
            What::Quiet | What::SaveOrdered(_) | What::Kicked => {
                self.disturb(at);
            }
            What::EventArriving(index) => {
                let notice = self.notices.get_mut(index as usize);
                let late = notice.is_some_and(|notice| {
                    notice.arrived.get_or_insert(at);
                    notice.fault.is_some()
                });
                if late {
                    self.disturb(at);
                }
            }
            What::Socket(SocketState::Closed { by_client }) => {
                // A client that gives up a socket on which no heartbeat comes is not at fault.
                let mut shaken = self.requests.iter().rev().filter(|it| it.is_handshake());
                if !by_client || shaken.next().is_some_and(Request::met_fault) {
                    self.disturb(at);
                }
            }
            What::Socket(_) | What::EventSent(_) => {}
            What::Handled(_) | What::Step | What::Status { .. } | What::Idle(_) | What::End => {}
        }
        match (self.differing, self.agreed_from) {
            (0, None) => self.agreed_from = Some(at),
            (1.., Some(_)) => self.agreed_from = None,
            _ => {}
        }
    }

    /// Follows the client's socket.
    fn listen(&mut self, event: Event) {
        if self.came.is_some_and(|(came, _)| came < event.at) {
            (self.unheard, self.came) = (true, None);
        }
        match event.what {
            What::Socket(SocketState::Live) => (self.is_live, self.is_cut) = (true, false),
            What::Socket(SocketState::Bound) => {}
            What::Socket(_) | What::Restart => self.is_live = false,
            What::Kicked => self.is_cut = true,
            What::Truth { site, state: Some(_), by: By::Operator }
                if self.is_live && !self.is_cut =>
            {
                let before = self.tracks[site as usize].truth();
                if before.is_none() {
                    self.came = Some((event.at, site));
                }
            }
            What::EventSent(index) => {
                let Some(notice) = self.notices.get(index as usize) else { return };
                self.unheard |= matches!(notice.fault, Some("drop" | "delay" | "hold_order"));
                self.came = self.came.filter(|(_, site)| *site != notice.site);
            }
            // No event tells of it.
            What::Clock { .. } | What::ClockWindow(_) => self.unheard = true,
            _ => {}
        }
    }

    fn ended(&mut self, index: RequestIndex, at: Duration) {
        let Some(request) = self.requests.get_mut(index as usize) else {
            return;
        };
        request.ended = Some(at);
        if request.operation == Operation::Since && request.is_own_refusal() {
            self.own_refusals += 1;
            if self.own_refusals <= PATIENCE {
                self.disturbed = self.disturbed.max(at);
            }
            return; // after that nothing more comes of it, however long it is watched
        }
        // A cache that always stands in front is no event.
        let honest = matches!(request.quality, Quality::Good | Quality::Denied | Quality::Stale);
        if request.met_fault() || !honest {
            self.disturb(at);
        }
    }

    /// A change or a trouble after which the client has some time to be right.
    fn disturb(&mut self, at: Duration) {
        self.disturbed = self.disturbed.max(at);
        self.own_refusals = 0;
    }

    /// Whether the client asks again and again what the server refuses for good, so that there is
    /// nothing to wait for.
    #[must_use]
    pub fn refuses_itself(&self) -> bool {
        self.own_refusals > PATIENCE
    }

    /// Changes a track and keeps the count of differing websites right.
    fn change(&mut self, site: Site, change: impl FnOnce(&mut Track)) {
        let Some(track) = self.tracks.get_mut(site as usize) else {
            return;
        };
        let before = track.agrees();
        change(track);
        match (before, track.agrees()) {
            (true, false) => self.differing += 1,
            (false, true) => self.differing -= 1,
            _ => {}
        }
    }

    /// Within this time after the last disturbance the cache has to equal the server: a poll's
    /// interval (the rare one of a client that listens only where an event did not tell), its overlap,
    /// one request, the longest wait after the troubles that there were, and what the server itself hides.
    #[must_use]
    pub fn bound(&self) -> Duration {
        let declared = &self.declared;
        let rare = if self.unheard { declared.while_listening } else { Duration::ZERO };
        let polls = declared.longest_poll.max(rare);
        self.silence(polls) + declared.overlap + self.staleness.longest()
    }

    /// For so long a client that follows its own rules may ask nothing.
    #[must_use]
    pub fn longest_silence(&self) -> Duration {
        let declared = &self.declared;
        self.silence(declared.rarest_poll())
    }

    fn silence(&self, polls: Duration) -> Duration {
        let declared = &self.declared;
        let refused = if self.refused { declared.refused_cap } else { Duration::ZERO };
        let throttled = if self.throttled { declared.throttled_cap } else { Duration::ZERO };
        let asked = self.longest_asked.min(declared.longest_retry_after);
        let wait = declared.retry_cap.max(refused).max(throttled).max(asked);
        polls + declared.request_timeout + wait
    }

    /// A hash of everything that happened: equal for equal runs, on any machine.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for event in &self.events {
            hash.update(format!("{:?}\n", event).as_bytes());
        }
        for request in &self.requests {
            let body = request.body.as_deref().unwrap_or_default();
            let Request { sent, ended, quality, status, faults, .. } = request;
            let (spot, since) = (request.spot(), request.asks_from());
            let line =
                format!("{spot} {sent:?} {ended:?} {quality:?} {status:?} {since:?} {faults:?}\n");
            hash.update(line.as_bytes());
            hash.update(body);
        }
        for site in &self.sites {
            hash.update(site.as_uuid().as_bytes());
        }
        hex::encode(&hash.finalize()[..8])
    }
}
