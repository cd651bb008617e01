//! The reference client under circumstances that the scenario language has no words for, with its
//! cache open to a second opinion.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use crisp_harness::scenario;
use crisp_harness::subject::{
    About, Action, Client, Event, Held, Moment, ReportedStatus, RequestId, Running, Setup, Subject,
    Sync,
};
use crisp_harness::words::{LATENCY, SaveEnd};
use crisp_mock_server::id::derive_uuid;
use crisp_sync::Config;
use crisp_sync::machine::{self, Machine, Snapshot, WarmStart};
use http::Request;

/// Circumstances of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Circumstances {
    /// Whether the plugin's id is configured; otherwise the first save asks for it.
    pub knows_plugin: bool,
    /// Whether a restarted client remembers its set and its cursor.
    pub warm: bool,
    /// How long the client is away when it is restarted.
    pub away: Duration,
    /// How long a request is on its way before the server sees it.
    pub uplink: Duration,
    /// From when to when no connection can be opened.
    pub outage: Option<(Duration, Duration)>,
    /// The plugin asks for a poll at once at every n-th alarm; never when n is 0.
    pub polls_at_once: u32,
    /// From here on the client gets no answer any more, which is wrong.
    pub deaf_from: Option<Duration>,
}

impl Circumstances {
    fn is_cut_off(&self, now: Duration) -> bool {
        self.outage.is_some_and(|(from, until)| (from..until).contains(&now))
    }
}

/// `crisp-sync` under these circumstances.
pub struct Reference {
    circumstances: Circumstances,
    configure: fn(&mut Config),
    open: Arc<Mutex<Open>>,
}

/// What a client shows, and what it can go on from after a restart.
#[derive(Debug, Default)]
struct Open {
    lives: u32,
    ready: bool,
    snapshot: Option<Arc<Snapshot>>,
    remembered: Option<WarmStart>,
}

impl Reference {
    pub fn new(circumstances: Circumstances) -> Self {
        Self { circumstances, configure: |_| {}, open: Arc::default() }
    }

    pub fn configured(self, configure: fn(&mut Config)) -> Self {
        Self { configure, ..self }
    }

    /// The set that its cache serves at the end; none before the first one is complete.
    pub fn shown(&self) -> Option<Arc<Snapshot>> {
        let open = self.open.lock().unwrap();
        open.snapshot.clone().filter(|_| open.ready)
    }
}

impl Client for Reference {
    fn about(&self, options: &scenario::Client) -> About {
        Sync::reference().about(options)
    }

    fn start(&self, setup: &Setup, now: Moment) -> Box<dyn Subject> {
        let mut config = Sync::reference().config_for(setup);
        config.include_plan = true;
        if self.circumstances.knows_plugin {
            let plugin = derive_uuid(&["plugin", "scenario"]);
            config.plugin_id = Some(plugin.to_string().parse().unwrap());
        }
        (self.configure)(&mut config);
        let mut open = self.open.lock().unwrap();
        let away = if open.lives > 0 { self.circumstances.away } else { Duration::ZERO };
        open.lives += 1;
        (open.ready, open.snapshot) = (false, None);
        Box::new(Life {
            circumstances: self.circumstances,
            config,
            remembered: open.remembered.take().filter(|_| self.circumstances.warm),
            begins: now.elapsed + away,
            running: None,
            alarms: 0,
            uplink: VecDeque::new(),
            unconnected: VecDeque::new(),
            open: Arc::clone(&self.open),
        })
    }
}

/// The client from one restart to the next.
struct Life {
    circumstances: Circumstances,
    config: Config,
    remembered: Option<WarmStart>,
    begins: Duration,
    running: Option<Running>,
    alarms: u32,
    /// Requests that have not reached the server, and whether they were given up meanwhile.
    uplink: VecDeque<(Duration, RequestId, Request<Bytes>, bool)>,
    /// Requests for which no connection could be opened, and when the client hears of it.
    unconnected: VecDeque<(Duration, RequestId)>,
    open: Arc<Mutex<Open>>,
}

impl Life {
    /// Starts the machine when it is time to.
    fn begin(&mut self, now: Moment, actions: &mut Vec<Action>) {
        if self.running.is_some() || now.elapsed < self.begins {
            return;
        }
        let config = self.config.clone();
        let moment = machine::Moment { elapsed: now.elapsed, wall: now.wall };
        let machine = match self.remembered.take() {
            Some(remembered) => Machine::resume(config, moment, remembered),
            None => Machine::new(config, moment),
        };
        // A set that is remembered is served at once; the machine reports what differs from it.
        actions.extend(machine.snapshot().websites.iter().map(|website| {
            let held = Held {
                settings: website.settings.as_json().to_owned(),
                token: website.token.as_deref().map(str::to_owned),
            };
            Action::Shows(website.id.to_string().parse().unwrap(), Some(held))
        }));
        self.running = Some(Running::from(machine));
    }

    /// Requests reach the server late, also those that were given up on the way.
    fn arrive(&mut self, now: Moment, actions: &mut Vec<Action>) {
        while self.uplink.front().is_some_and(|(due, ..)| *due <= now.elapsed) {
            let Some((due, id, request, given_up)) = self.uplink.pop_front() else { return };
            if self.circumstances.is_cut_off(due) {
                self.unconnected.push_back((now.elapsed + LATENCY, id));
                continue;
            }
            actions.push(Action::Send(id, request));
            actions.extend(given_up.then_some(Action::Abandon(id)));
        }
    }

    fn carry_out(&mut self, now: Moment, action: Action, actions: &mut Vec<Action>) {
        match action {
            Action::Send(id, request) => {
                let due = now.elapsed + self.circumstances.uplink;
                self.uplink.push_back((due, id, request, false));
                self.arrive(now, actions);
            }
            Action::Abandon(id) => {
                match self.uplink.iter_mut().find(|(_, other, ..)| *other == id) {
                    Some((.., given_up)) => *given_up = true,
                    None => actions.push(Action::Abandon(id)),
                }
            }
            action => actions.push(action),
        }
    }
}

impl Subject for Life {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        self.begin(now, actions);
        self.arrive(now, actions);
        let event = match event {
            Event::Answer(id, _)
                if self.circumstances.deaf_from.is_some_and(|from| now.elapsed >= from) =>
            {
                Event::Failed(id)
            }
            event => event,
        };
        let Some(running) = &mut self.running else {
            if let Event::Save { ticket, .. } = event {
                actions.push(Action::SaveEnded(ticket, SaveEnd::Refused));
            }
            return;
        };
        let mut new = Vec::new();
        if let Event::Tick = event {
            self.alarms += 1;
            let every = self.circumstances.polls_at_once;
            if every > 0 && self.alarms.is_multiple_of(every) {
                running.tell(now, machine::Event::PollNow, &mut new);
            }
        }
        while let Some((_, id)) = self.unconnected.pop_front_if(|(due, _)| *due <= now.elapsed) {
            let (id, failure) = (machine::RequestId(id.0), machine::Failure::Connect);
            running.tell(now, machine::Event::Failed { id, failure }, &mut new);
        }
        running.handle(now, event, &mut new);
        let machine = &running.machine;
        let mut open = self.open.lock().unwrap();
        open.ready = machine.is_ready();
        open.snapshot = Some(Arc::clone(machine.snapshot()));
        open.remembered = machine.warm_start();
        drop(open);
        for action in new {
            self.carry_out(now, action, actions);
        }
    }

    fn next_wake(&self) -> Option<Duration> {
        let Some(running) = &self.running else { return Some(self.begins) };
        let arrives = self.uplink.front().map(|(due, ..)| *due);
        let fails = self.unconnected.front().map(|(due, _)| *due);
        [running.next_wake(), arrives, fails].into_iter().flatten().min()
    }

    fn status(&self, now: Moment) -> Option<ReportedStatus> {
        self.running.as_ref()?.status(now)
    }
}
