//! One isolated world with everything around it: clock, credentials, faults, journal.
//!
//! A [`Space`] is still pure. It takes the time outside as an argument and turns one HTTP request
//! into a [`Delivery`]: what the client is to see, and when. A socket carries that out; virtual
//! time schedules it. Both go through [`Space::handle`], so both see the same decisions.

mod dump;
mod entry;
mod hooks;
mod identity;
mod populate;
mod sockets;
mod target;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Version};

use crate::api::{
    self, Accounts, Input, Pages, Plugin, ReadCache, Reading, Refused, RequestContext,
    SocketAddress,
};
use crate::clock::{Clock, Mode, Moment, Stamp};
use crate::engine::{Outbox, World};
use crate::fault::{ArmedFaults, Carry, Delivery, Outcome, RequestFacts};
use crate::hooks::Queue;
use crate::journal::Journal;
use crate::operation::Operation;
use crate::options::Blueprint;
use crate::quirks::DateHeader;
use crate::rtm::{self, HandshakeRefusal, Sockets};
use crate::space::entry::{Carried, entry, stamp};
pub use crate::space::identity::Identity;
use crate::space::target::{BASE, Found, Target};

/// The name of the space that credentials of no other space lead to.
pub const DEFAULT: &str = "default";

/// The time outside, on the caller's own scales.
#[derive(Debug, Clone, Copy)]
pub struct Outside {
    /// Monotonic time since some point that never changes.
    pub elapsed: Duration,
    /// Wall time.
    pub wall: Stamp,
}

/// What a request led to.
#[derive(Debug)]
pub struct Handled {
    /// Its number in the journal.
    pub seq: u64,
    /// What it asked for.
    pub operation: Operation,
    /// When it arrived, on the world's elapsed time.
    pub arrived: Duration,
    /// What the client is to see.
    pub delivery: Delivery,
    /// The socket that a handshake opened: its frames follow the answer
    /// ([`Space::socket`]), and it has to be closed ([`Space::close_socket`]).
    pub socket: Option<String>,
}

/// One isolated world with everything around it.
#[derive(Debug, Clone)]
pub struct Space {
    name: Arc<str>,
    blueprint: Arc<Blueprint>,
    /// The websites and their settings.
    pub world: World,
    /// What time it is there.
    pub clock: Clock,
    /// The faults that are armed.
    pub faults: ArmedFaults,
    /// What was asked.
    pub journal: Journal,
    /// The sockets of the RTM API that are open.
    pub sockets: Sockets,
    /// The deliveries of its web hooks.
    pub hooks: Queue,
    plugin: Plugin,
    accounts: Accounts,
    cache: ReadCache,
    pages: Pages,
    public_url: Arc<str>,
    /// What follows the paths of sockets to name this space.
    socket_path: String,
    portless: Option<Arc<str>>,
    /// What could not be done at the start, for people to read.
    pub warnings: Vec<String>,
}

impl Space {
    /// Starts a world.
    #[must_use]
    pub fn start(
        name: &str,
        blueprint: Arc<Blueprint>,
        public_url: &str,
        outside: Outside,
    ) -> Self {
        Self::start_as(&Identity::of(name), name, blueprint, public_url, outside)
    }

    /// The same for a space whose identity was derived before.
    #[must_use]
    pub fn start_as(
        identity: &Identity,
        name: &str,
        blueprint: Arc<Blueprint>,
        public_url: &str,
        outside: Outside,
    ) -> Self {
        let wall = wall_at_start(&blueprint, outside);
        Self::begin(identity, name.into(), blueprint, public_url.into(), outside.elapsed, wall)
    }

    /// Serves sockets on port 80 of this host, too: the only port that Go's client can dial.
    #[must_use]
    pub fn with_portless(mut self, host: Option<Arc<str>>) -> Self {
        self.portless = host;
        self
    }

    /// Back to the state at the start: websites, clock, faults and journal. Sockets stay open, and the
    /// numbers of events go on, so that none takes a new event for one that it has read.
    pub fn reset(&mut self, outside: Outside) {
        let wall = match self.clock.mode() {
            Mode::Manual => self.clock.wall_at_start(),
            Mode::Real => wall_at_start(&self.blueprint, outside),
        };
        let (name, blueprint) = (Arc::clone(&self.name), Arc::clone(&self.blueprint));
        let outbox = Outbox::following(&self.world.outbox);
        let mut sockets = std::mem::take(&mut self.sockets);
        sockets.follow_a_reset(outbox.last_seq());
        let portless = self.portless.take();
        let (identity, url) = (Identity::of(&name), Arc::clone(&self.public_url));
        *self = Self::begin(&identity, name, blueprint, url, outside.elapsed, wall)
            .with_portless(portless);
        self.hooks.begin_after(outbox.last_seq());
        self.world.outbox = outbox;
        self.sockets = sockets;
    }

    fn begin(
        identity: &Identity,
        name: Arc<str>,
        blueprint: Arc<Blueprint>,
        public_url: Arc<str>,
        elapsed: Duration,
        wall: Stamp,
    ) -> Self {
        let options = &blueprint.options;
        let plugin = identity.plugin(options);
        let mut world = World::new(
            blueprint.seed,
            plugin.id,
            blueprint.schema.clone(),
            blueprint.quirks.clone(),
            blueprint.quota(),
        );
        let warnings = match &blueprint.state {
            Some(state) => {
                state.fill(&mut world, wall);
                Vec::new()
            }
            None => populate::populate(&mut world, &blueprint, wall),
        };
        Self {
            world,
            clock: Clock::new(blueprint.clock(), wall, elapsed),
            faults: ArmedFaults::new(&blueprint.faults, Arc::clone(&name)),
            journal: Journal::default(),
            sockets: Sockets::default(),
            hooks: hooks::queue(&blueprint, &plugin),
            accounts: identity.accounts(options),
            plugin,
            cache: ReadCache::default(),
            pages: Pages::default(),
            public_url,
            socket_path: if *name == *DEFAULT { String::new() } else { format!("{name}/") },
            portless: None,
            warnings,
            name,
            blueprint,
        }
    }

    /// The space's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who may ask.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The plugin that the world is about.
    #[must_use]
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// What `socket.app` of discovery is, of a server at this address.
    #[must_use]
    pub fn rtm_url(&self, url: &str) -> String {
        format!("{}{}{}", api::sockets_at(url), api::SOCKET_PATH, self.socket_path)
    }

    /// The options that it was started with.
    #[must_use]
    pub fn blueprint(&self) -> &Blueprint {
        &self.blueprint
    }

    /// The moment in this world: its clock, with the skew of quirk `clock-offset` and of faults.
    #[must_use]
    pub fn now(&self, outside: Duration) -> Moment {
        let moment = self.clock.now(outside);
        let quirk = self.world.quirks.clock_offset.millis;
        let fault = self.faults.server_skew(moment.elapsed).unwrap_or_default();
        Moment { wall: Stamp(moment.wall.0.saturating_add(quirk).saturating_add(fault)), ..moment }
    }

    /// Something was written by another way than the API; a cache that writes bust is emptied.
    pub fn written_from_outside(&mut self) {
        if matches!(self.world.quirks.get_cache, crate::quirks::GetCache::Busted(_)) {
            self.cache.clear();
        }
    }

    /// Handles one request of the REST API: routes it, lets the faults decide, carries it out if
    /// they let it, and writes it into the journal.
    pub fn handle(&mut self, outside: Duration, request: &Request<Bytes>) -> Handled {
        let now = self.now(outside);
        let mut target = Target::of(request, &self.blueprint.stubs);
        if matches!(target.found, Found::Socket(_)) && !self.sockets.has_room() {
            target.found = Found::NoSocket(HandshakeRefusal::FULL);
        }
        let decision = self.faults.decide(&RequestFacts {
            operation: target.operation,
            page: target.page,
            website: target.website,
            method: request.method(),
            elapsed: now.elapsed,
        });
        let mut carried = Carried::default();
        let mut delivery = decision.deliver(now, |carry| {
            let response = match &target.found {
                Found::Socket(engine) => {
                    let spoilt = sockets::spoilt(&decision);
                    carried.socket = Some(self.open_socket(*engine, outside, now, spoilt));
                    rtm::switching()
                }
                _ => self.carry_out(request, &target, now, carry, &mut carried),
            };
            carried.refused = response.status().as_u16() >= 400;
            response
        });
        if request.version() == Version::HTTP_2 {
            // Its connection is closed without an answer: none could be read.
            delivery.outcome = Outcome::Close;
        }
        if carried.socket.is_some() && !switches(&delivery.outcome) {
            // A fault lost the answer: no frame can follow.
            carried.socket.take().and_then(|sid| self.sockets.remove(&sid));
        }
        let socket = carried.socket.clone();
        let seq = self.journal.next_seq();
        let dated = self.world.quirks.date_header == DateHeader::Sent;
        stamp(&mut delivery.outcome, seq, dated.then_some(now));
        self.journal.push(entry(seq, request, &target, now, &decision, &delivery, carried));
        self.take_in_events(now);
        Handled { seq, operation: target.operation, arrived: now.elapsed, delivery, socket }
    }

    /// Whether a request whose body is not here yet has to have it: not when its head is refused. Then
    /// [`Space::handle`] answers it with [`Unsent`](api::Unsent) in its extensions.
    #[must_use]
    pub fn wants_body(&self, request: &Request<Bytes>) -> bool {
        match Target::of(request, &self.blueprint.stubs).found {
            Found::Route(route, params) => {
                let input = Input::new(request, params.into());
                api::wants_body(&self.accounts, &self.world.quirks, route, &input)
            }
            Found::Stub(_) => true,
            Found::Socket(_) | Found::NoSocket(_) | Found::Refused(_) => false,
        }
    }

    fn carry_out(
        &mut self,
        request: &Request<Bytes>,
        target: &Target,
        now: Moment,
        carry: Carry,
        carried: &mut Carried,
    ) -> Response<Bytes> {
        let date = self.world.quirks.date_header;
        let (route, params) = match &target.found {
            Found::Route(route, params) => (*route, params.as_slice().into()),
            Found::Stub(stub) => {
                carried.explanation = Some(format!("answered by the stub `{}`", stub.stub));
                let below = request.uri().path().strip_prefix(BASE).unwrap_or_default();
                let data = stub.data(below, now.wall).to_string();
                let answer = api::Answer::stubbed(stub.stub.status(), stub.reason.clone(), data);
                return api::respond(Ok(answer), request.method(), now, date);
            }
            // The caller opens it.
            Found::Socket(_) => return rtm::switching(),
            Found::NoSocket(refusal) => {
                carried.explanation = Some(refusal.explanation.to_owned());
                return refusal.response();
            }
            Found::Refused(refused) => {
                carried.explanation = refused.explanation().map(str::to_owned);
                return api::respond(Err(refused.clone()), request.method(), now, date);
            }
        };
        let mut input = Input::new(request, params);
        let reading = match carry {
            Carry::AsAsked => Reading::Honest,
            Carry::AsOf(elapsed) => Reading::AsOf(elapsed),
            Carry::Page(page) => {
                input.params = vec![("page", page.to_string())].into();
                Reading::OtherPage
            }
        };
        let mut context = RequestContext {
            world: &mut self.world,
            plugin: &self.plugin,
            accounts: &self.accounts,
            cache: &mut self.cache,
            pages: &mut self.pages,
            public_url: &self.public_url,
            sockets: SocketAddress { below: &self.socket_path, portless: self.portless.as_deref() },
        };
        let outcome = api::answer(&mut context, route, &input, now, reading);
        carried.unread = input.unread();
        let refused = outcome.as_ref().err().and_then(Refused::explanation);
        carried.explanation = match (refused, input.misspelt()) {
            (Some(refused), Some(misspelt)) => Some(format!("{refused}; {misspelt}")),
            (refused, misspelt) => refused.map(str::to_owned).or(misspelt),
        };
        api::respond(outcome, request.method(), now, date)
    }
}

/// What the wall shows when a world starts.
fn wall_at_start(blueprint: &Blueprint, outside: Outside) -> Stamp {
    let dumped = blueprint.state.as_ref();
    blueprint.options.now.map_or_else(
        || dumped.map_or(outside.wall, |state| state.wall(blueprint.clock(), outside.wall)),
        Stamp::from,
    )
}

/// Whether the client sees the answer after which frames follow.
fn switches(outcome: &Outcome) -> bool {
    outcome
        .response()
        .is_some_and(|response| response.status() == http::StatusCode::SWITCHING_PROTOCOLS)
}
