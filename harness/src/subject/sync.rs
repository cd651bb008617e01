//! `crisp-sync` itself, its pure machine.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use crisp_sync::machine::{self, Machine, Parts};
use crisp_sync::{BaseUrl, Change, Config, Credentials, Quota, Settings, Website};

use super::{
    Abilities, About, Action, Client, DeclaredTiming, Event, Held, How, Moment, ReportedStatus,
    RequestId, Setup, Subject,
};
use crate::scenario::{self, SaveEnd, Standing};

/// Makes the decisions of one machine; the reference's, or some that are wrong in one point.
pub type MakeParts = fn(&Config) -> Parts;

/// Changes the configuration of one machine.
pub type Configure = fn(&mut Config);

/// The client `crisp-sync`, or one that differs from it in its parts.
#[derive(Debug, Clone)]
pub struct Sync {
    name: String,
    parts: MakeParts,
    configure: Configure,
}

impl Sync {
    /// The client as it is shipped.
    #[must_use]
    pub fn reference() -> Self {
        Self { name: "crisp-sync".to_owned(), parts: Parts::reference, configure: |_| {} }
    }

    /// A client with other decisions, for the zoo.
    #[must_use]
    pub fn with(name: impl Into<String>, parts: MakeParts, configure: Configure) -> Self {
        Self { name: name.into(), parts, configure }
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
        (self.configure)(&mut config);
        config
    }
}

impl Client for Sync {
    fn about(&self, options: &scenario::Client) -> About {
        let config = self.config(options, Credentials::new("", ""));
        About {
            name: self.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            abilities: Abilities { saves: true, tokens: true, status: true, waits: true },
            declared: DeclaredTiming {
                poll_every: config.poll_every,
                longest_poll: match config.quota {
                    Quota::Unlimited => config.poll_every,
                    Quota::Known(_) | Quota::Assumed(_) => config.longest_poll,
                },
                overlap: config.overlap,
                request_timeout: config.request_timeout,
                first_retry: config.retry.base,
                retry_cap: config.retry.cap,
                refused_cap: config.refused.cap,
                throttled_cap: config.throttled.cap,
                longest_retry_after: config.longest_retry_after,
                relist_every: Some(config.relist_every),
            },
        }
    }

    fn start(&self, setup: &Setup, now: Moment) -> Box<dyn Subject> {
        let config = self.config_for(setup);
        let parts = (self.parts)(&config);
        Box::new(Running { machine: Machine::new(config, parts, moment(now)) })
    }
}

/// One machine as a [`Subject`].
#[derive(Debug)]
pub struct Running {
    /// The machine itself.
    pub machine: Machine,
}

impl Running {
    /// Hands the machine an event of its own.
    pub fn tell(&mut self, now: Moment, event: machine::Event, actions: &mut Vec<Action>) {
        for action in self.machine.handle(moment(now), event) {
            translate(action, actions);
        }
    }
}

impl Subject for Running {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        let event = match event {
            Event::Tick => machine::Event::Tick,
            Event::Answer(RequestId(id), response) => {
                machine::Event::Answer { id: machine::RequestId(id), response }
            }
            Event::Failed(RequestId(id)) => machine::Event::Failed {
                id: machine::RequestId(id),
                failure: machine::Failure::Broken,
            },
            Event::Save { ticket, website, settings, how } => {
                let Ok(settings) = Settings::from_json(&settings) else {
                    return;
                };
                machine::Event::Save {
                    ticket: machine::Ticket(ticket),
                    website: theirs(website),
                    settings,
                    how: match how {
                        How::Put => machine::How::Put,
                        How::Patch => machine::How::Patch,
                    },
                }
            }
        };
        self.tell(now, event, actions);
    }

    fn next_wake(&self) -> Option<Duration> {
        self.machine.next_wake()
    }

    fn status(&self, now: Moment) -> Option<ReportedStatus> {
        use machine::Freshness;
        let (standing, age) = match self.machine.freshness(moment(now)) {
            Freshness::Loading => (Standing::Loading, None),
            Freshness::Fresh { age } => (Standing::Fresh, Some(age)),
            Freshness::Stale { age } => (Standing::Stale, age),
        };
        Some(ReportedStatus { standing, age })
    }
}

fn translate(action: machine::Action, actions: &mut Vec<Action>) {
    match action {
        machine::Action::Send { id, request, .. } => {
            actions.push(Action::Send(RequestId(id.0), request));
        }
        machine::Action::Abandon { id } => actions.push(Action::Abandon(RequestId(id.0))),
        machine::Action::Changed(changes) => actions.extend(changes.iter().map(shown)),
        machine::Action::Ready => actions.push(Action::Ready),
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

fn shown(change: &Change) -> Action {
    let held = match change {
        Change::Added { new } | Change::Updated { new, .. } => Some(held(new)),
        Change::Removed { .. } => None,
    };
    Action::Shows(ours(change.website()), held)
}

fn held(website: &Website) -> Held {
    Held {
        settings: website.settings.as_json().to_owned(),
        token: website.token.as_deref().map(str::to_owned),
    }
}

fn moment(now: Moment) -> machine::Moment {
    machine::Moment { elapsed: now.elapsed, wall: now.wall }
}

fn ours(id: crisp_sync::WebsiteId) -> WebsiteId {
    uuid::Uuid::from_bytes(*id.as_bytes()).into()
}

fn theirs(id: WebsiteId) -> crisp_sync::WebsiteId {
    crisp_sync::WebsiteId::from_bytes(*id.as_uuid().as_bytes())
}
