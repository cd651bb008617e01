//! `crisp-sync` itself, its pure machine.

use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::id::WebsiteId;
use crisp_sync::machine::{self, Machine};
use crisp_sync::{
    BaseUrl, Change, Config, Credentials, Listening, Mistake, Quota, Settings, Website,
};
use http::Response;

use super::{
    Abilities, About, Action, Client, DeclaredTiming, Event, Held, How, Moment, ReportedStatus,
    RequestId, Setup, SocketAction, SocketEvent, Subject,
};
use crate::scenario::{self, SaveEnd, Standing};

/// The client `crisp-sync`, or one that makes a mistake.
#[derive(Debug, Clone)]
pub struct Sync {
    name: &'static str,
    mistake: Option<Mistake>,
    listens: bool,
}

/// Mistakes that only a client which listens can make.
const ABOUT_EVENTS: [Mistake; 3] =
    [Mistake::EventAsData, Mistake::NoPollAfterReconnect, Mistake::NoRebind];

impl Sync {
    /// The client as it is shipped.
    #[must_use]
    pub fn reference() -> Self {
        Self { name: "crisp-sync", mistake: None, listens: false }
    }

    /// The same that listens to the RTM API.
    #[must_use]
    pub fn listening() -> Self {
        Self { name: "crisp-sync, listening", mistake: None, listens: true }
    }

    /// A client with a mistake, for the zoo.
    pub(crate) fn with(name: &'static str, mistake: Mistake) -> Self {
        Self { name, mistake: Some(mistake), listens: ABOUT_EVENTS.contains(&mistake) }
    }

    /// Whether it listens to the RTM API.
    pub(crate) fn listens(&self) -> bool {
        self.listens
    }

    /// The configuration of the machine that a scenario's client runs with.
    #[must_use]
    pub fn config_for(&self, setup: &Setup) -> Config {
        let credentials = Credentials::new(&*setup.identifier, &*setup.key);
        let mut config = self.config(&setup.client, credentials);
        if let Ok(base) = BaseUrl::new(&setup.base) {
            config.base = base;
        }
        config
    }

    fn config(&self, options: &scenario::Client, credentials: Credentials) -> Config {
        let mut config = Config::new(credentials);
        // Without a quota in the scenario nothing is to be stretched by one.
        config.quota = options.quota.map_or(Quota::Unlimited, Quota::Known);
        config.seed = options.seed.unwrap_or(0);
        let set = |field: &mut Duration, option: Option<Duration>| {
            if let Some(value) = option {
                *field = value;
            }
        };
        set(&mut config.poll_every, options.poll_every);
        set(&mut config.overlap, options.overlap);
        set(&mut config.relist_every, options.relist_every);
        set(&mut config.longest_gap, options.longest_gap);
        set(&mut config.request_timeout, options.request_timeout);
        config.listening = self.listens.then(Listening::default);
        match self.mistake {
            Some(mistake) => config.with_mistake(mistake),
            None => config,
        }
    }
}

impl Client for Sync {
    fn about(&self, options: &scenario::Client) -> About {
        let config = self.config(options, Credentials::new("", ""));
        About {
            name: self.name.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            abilities: Abilities {
                saves: true,
                own_page: false,
                tokens: true,
                status: true,
                // A client that asks once a second through an outage does not say so.
                waits: self.mistake != Some(Mistake::OnceASecond),
                listens: self.listens,
            },
            declared: DeclaredTiming {
                poll_every: config.poll_every,
                longest_poll: match config.quota {
                    Quota::Unlimited => config.poll_every,
                    Quota::Known(_) | Quota::Assumed(_) => config.longest_poll,
                },
                while_listening: config.listening.map_or(Duration::ZERO, |it| it.poll_every),
                overlap: config.overlap,
                request_timeout: config.request_timeout,
                first_retry: config.retry.base,
                retry_cap: config.retry.cap,
                refused_cap: config.refused.cap,
                throttled_cap: config.throttled.cap,
                longest_retry_after: config.longest_retry_after,
                relist_every: Some(config.relist_every),
                leeway: false,
            },
        }
    }

    fn start(&self, setup: &Setup, now: Moment) -> Box<dyn Subject> {
        let machine = Machine::new(self.config_for(setup), moment(now));
        Box::new(Running { machine, mistake: self.mistake, socket: None })
    }
}

/// One machine as a [`Subject`].
#[derive(Debug)]
pub struct Running {
    /// The machine itself.
    pub machine: Machine,
    mistake: Option<Mistake>,
    /// The machine's name for the socket that it opened last.
    socket: Option<machine::SocketId>,
}

impl From<Machine> for Running {
    fn from(machine: Machine) -> Self {
        Self { machine, mistake: None, socket: None }
    }
}

impl Running {
    /// Hands the machine an event of its own.
    pub fn tell(&mut self, now: Moment, event: machine::Event, actions: &mut Vec<Action>) {
        for action in self.machine.handle(moment(now), event) {
            if let machine::Action::Socket { id, action } = action {
                self.socket = Some(id);
                actions.push(Action::Socket(on_socket(action)));
                continue;
            }
            translate(action, self.mistake == Some(Mistake::ItemByItem), actions);
        }
    }
}

impl Subject for Running {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        let event = match event {
            Event::Socket(event) => {
                let Some(id) = self.socket else { return };
                machine::Event::Socket { id, event: of_socket(event) }
            }
            event => {
                let Some(event) = event_of(event) else { return };
                event
            }
        };
        self.tell(now, event, actions);
    }

    fn broke_off(
        &mut self,
        now: Moment,
        id: RequestId,
        begun: Response<Bytes>,
        actions: &mut Vec<Action>,
    ) {
        if self.mistake == Some(Mistake::HalfAppliedAnswer) {
            self.handle(now, Event::Answer(id, begun), actions);
        }
    }

    fn resumed(&self, now: Moment, actions: &mut Vec<Action>) -> Option<Box<dyn Subject>> {
        let stored = self.machine.warm_start()?;
        let config = self.machine.config().clone();
        let machine = Machine::resume(config, moment(now), stored);
        actions.extend(
            machine
                .snapshot()
                .websites
                .iter()
                .map(|website| Action::Shows(ours(website.id), Some(held(website)))),
        );
        Some(Box::new(Self { machine, mistake: self.mistake, socket: None }))
    }

    fn next_wake(&self) -> Option<Duration> {
        self.machine.next_wake()
    }

    fn status(&self, now: Moment) -> Option<ReportedStatus> {
        Some(freshness_of(self.machine.freshness(moment(now))))
    }
}

/// The same event, as a machine takes it; none: it means nothing to one without a socket.
pub(super) fn event_of(event: Event) -> Option<machine::Event> {
    Some(match event {
        Event::Tick => machine::Event::Tick,
        Event::Answer(RequestId(id), response) => {
            machine::Event::Answer { id: machine::RequestId(id), response }
        }
        Event::Failed(RequestId(id)) => {
            machine::Event::Failed { id: machine::RequestId(id), failure: machine::Failure::Broken }
        }
        Event::Socket(_) => return None,
        Event::Save { ticket, website, settings, how, .. } => machine::Event::Save {
            ticket: machine::Ticket(ticket),
            website: theirs(website),
            settings: Settings::from_json(&settings).ok()?,
            how: match how {
                How::Put => machine::How::Put,
                How::Patch => machine::How::Patch,
            },
        },
    })
}

/// What a client says of its age.
pub(super) fn freshness_of(freshness: machine::Freshness) -> ReportedStatus {
    use machine::Freshness;
    let (standing, age) = match freshness {
        Freshness::Loading => (Standing::Loading, None),
        Freshness::Fresh { age } => (Standing::Fresh, Some(age)),
        Freshness::Stale { age } => (Standing::Stale, age),
    };
    ReportedStatus { standing, age }
}

/// Translates an action. Changes are one step for readers, unless they are published `apart`.
pub(super) fn translate(action: machine::Action, apart: bool, actions: &mut Vec<Action>) {
    match action {
        machine::Action::Send { id, request, .. } => {
            actions.push(Action::Send(RequestId(id.0), request));
        }
        machine::Action::Abandon { id } => actions.push(Action::Abandon(RequestId(id.0))),
        machine::Action::Changed(changes) => {
            for change in &changes {
                actions.push(shown(change));
                if apart {
                    // No request has this name: all it does is to end the step.
                    actions.push(Action::Abandon(RequestId(u64::MAX)));
                }
            }
        }
        machine::Action::Ready => actions.push(Action::Ready),
        // Translated where the name of the socket is kept.
        machine::Action::Socket { .. } => {}
        machine::Action::SaveEnded { ticket, outcome } => {
            let end = match outcome {
                machine::SaveOutcome::Done => SaveEnd::Done,
                machine::SaveOutcome::Refused(_) => SaveEnd::Refused,
                machine::SaveOutcome::Unknown { .. } => SaveEnd::Unknown,
            };
            actions.push(Action::SaveEnded(ticket.0, end));
        }
    }
}

fn on_socket(action: machine::SocketAction) -> SocketAction {
    match action {
        machine::SocketAction::Open { url } => SocketAction::Open(url),
        machine::SocketAction::Text(text) => SocketAction::Text(text),
        machine::SocketAction::Close => SocketAction::Close,
    }
}

fn of_socket(event: SocketEvent) -> machine::SocketEvent {
    let closed = |why: &str| machine::SocketEvent::Closed(why.to_owned());
    match event {
        SocketEvent::Opened => machine::SocketEvent::Opened,
        SocketEvent::Text(text) => machine::SocketEvent::Text(text),
        SocketEvent::Refused => closed("its handshake was refused"),
        SocketEvent::Closed { .. } => closed("the connection was lost"),
    }
}

fn shown(change: &Change) -> Action {
    let held = match change {
        Change::Added { new } | Change::Updated { new, .. } => Some(held(new)),
        Change::Removed { .. } => None,
    };
    Action::Shows(ours(change.website()), held)
}

pub(super) fn held(website: &Website) -> Held {
    Held {
        settings: website.settings.as_json().to_owned(),
        token: website.token.as_deref().map(str::to_owned),
    }
}

pub(super) fn moment(now: Moment) -> machine::Moment {
    machine::Moment { elapsed: now.elapsed, wall: now.wall }
}

pub(super) fn ours(id: crisp_sync::WebsiteId) -> WebsiteId {
    uuid::Uuid::from_bytes(*id.as_bytes()).into()
}

fn theirs(id: WebsiteId) -> crisp_sync::WebsiteId {
    crisp_sync::WebsiteId::from_bytes(*id.as_uuid().as_bytes())
}
