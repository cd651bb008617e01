//! The routes as Crisp has them, without a socket: one request in, one answer out.
//!
//! [`answer`] runs the checks in the order a request meets them (route, edge, credentials, tier,
//! cache, quota) and then the route's own function. Everything a refusal knows about its cause
//! goes into its explanation, which the journal shows.

mod access;
mod cache;
mod connect;
mod date;
mod envelope;
mod input;
mod item;
mod pages;
mod plugin;
mod route;
mod settings;
mod subscription;
mod turned_away;

use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderName, Method, Response};

pub use access::{Account, Accounts, Tier, Unknown, identifier_of};
pub use cache::ReadCache;
pub use connect::{RESCUE_PATH, SOCKET_PATH, sockets_at};
pub use envelope::{Answer, Refused};
pub use input::{Input, Params, Unread};
pub use pages::Pages;
pub use plugin::Plugin;
pub use route::{Match, ROUTES, Route, nearest_route, route};
pub use turned_away::{TurnedAway, Unsent};

use crate::clock::Moment;
use crate::engine::World;
use crate::quirks::{
    DateHeader, DevelopmentToken, GetCache, MissingTier, Quirks, RefusedCount, RetryAfter,
    UnknownAgent,
};

/// Names the tier of a request (docs/wire.md#tiers).
const TIER: HeaderName = HeaderName::from_static("x-crisp-tier");

/// What a route's function works with.
pub struct Call<'a> {
    /// The world that the credentials chose.
    pub world: &'a mut World,
    /// The plugin that the world is about.
    pub plugin: &'a Plugin,
    /// Pages of the list as they were last written.
    pub pages: &'a mut Pages,
    /// The address under which the server is reached.
    pub public_url: &'a str,
    /// Where the sockets of the space open.
    pub sockets: SocketAddress<'a>,
    /// When.
    pub now: Moment,
    /// The elapsed time to read as of, when a fault makes the answer stale.
    pub as_of: Option<Duration>,
    /// As whom.
    pub tier: Tier,
    /// Up to which number websites are trusted, when the token is a development one.
    pub trusted: Option<u32>,
    /// With what.
    pub input: &'a Input<'a>,
}

/// Where the sockets of a space open, besides what its public address says.
#[derive(Debug, Clone, Copy, Default)]
pub struct SocketAddress<'a> {
    /// What follows the path that all spaces have: nothing, or a name and a slash.
    pub below: &'a str,
    /// The host whose port 80 the Go client can dial, if there is one.
    pub portless: Option<&'a str>,
}

/// What outlives a request and belongs to one space.
pub struct RequestContext<'a> {
    /// The world.
    pub world: &'a mut World,
    /// The plugin that the world is about.
    pub plugin: &'a Plugin,
    /// Who may ask.
    pub accounts: &'a Accounts,
    /// Answers to earlier reads.
    pub cache: &'a mut ReadCache,
    /// Pages of the list as they were last written.
    pub pages: &'a mut Pages,
    /// The address under which the server is reached.
    pub public_url: &'a str,
    /// Where the sockets of the space open.
    pub sockets: SocketAddress<'a>,
}

/// How an answer is read from the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As the world is.
    Honest,
    /// As the world was at this elapsed time: a fault makes the answer stale.
    AsOf(Duration),
    /// As the world is, but for another page than was asked: a fault changed the parameters.
    OtherPage,
}

impl Reading {
    fn as_of(self) -> Option<Duration> {
        match self {
            Self::AsOf(elapsed) => Some(elapsed),
            Self::Honest | Self::OtherPage => None,
        }
    }
}

/// Answers a request that was matched to a route.
///
/// # Errors
///
/// [`Refused`] with status, reason and explanation.
pub fn answer(
    context: &mut RequestContext<'_>,
    route: &Route,
    input: &Input<'_>,
    now: Moment,
    reading: Reading,
) -> Result<Answer, Refused> {
    let quirks = &context.world.quirks;
    check_edge(context.world.edge.admits(now, quirks.edge_limit.0), quirks, now)?;
    check_agent(input, quirks)?;
    let (tier, trusted) = match authorize(context.accounts, route, input, quirks) {
        Ok((tier, true)) => (tier, quirks.development_token.0),
        Ok((tier, false)) => (tier, None),
        Err(refused) => {
            charge_restricted(context, input, &refused, now);
            return Err(refused);
        }
    };
    // A fault's lie comes from the world itself and is not to be told twice.
    let cached = quirks.get_cache != GetCache::Off && reading == Reading::Honest;
    let key = cached.then(|| cache::key(input));
    if let Some(key) = key.as_ref().filter(|_| route.is_read())
        && let Some(hit) = context.cache.get(key, now.elapsed)
    {
        return Ok(cache::unless_known(hit, input));
    }
    let reset = quirks.quota_reset;
    // The quota is the plugin's, whichever of its tokens asks (docs/wire.md#quota).
    let limited = tier == Tier::Plugin;
    let at_most = trusted.map(|_| DevelopmentToken::QUOTA);
    if limited && !context.world.quota.allows(now.wall, reset, at_most) {
        return Err(quota_spent(context.world, now, at_most));
    }
    input.route();
    let mut call = Call {
        world: context.world,
        plugin: context.plugin,
        pages: context.pages,
        public_url: context.public_url,
        sockets: context.sockets,
        now,
        as_of: reading.as_of(),
        tier,
        trusted,
        input,
    };
    let result = (route.answer)(&mut call);
    let counts = context.world.quirks.refused_count == RefusedCount::ExceptUnauthorized;
    if limited && (result.is_ok() || counts) {
        context.world.quota.spend(now.wall, reset);
    }
    let mut answer = result?;
    if let Some(key) = key {
        context.cache.keep(
            key,
            route.is_read(),
            &mut answer,
            now.elapsed,
            context.world.quirks.get_cache,
        );
    }
    Ok(cache::unless_known(answer, input))
}

/// Whether nothing in the head of a request refuses it, as [`answer`] would: its agent, its credentials, and
/// the length and the type of its body.
#[must_use]
pub fn wants_body(accounts: &Accounts, quirks: &Quirks, route: &Route, input: &Input<'_>) -> bool {
    check_agent(input, quirks).is_ok()
        && authorize(accounts, route, input, quirks).is_ok()
        && (!route.reads_body() || input.check_body(quirks.body_limit).is_ok())
}

/// Turns the outcome of [`answer`] into a response, with the headers that every answer has.
#[must_use]
pub fn respond(
    outcome: Result<Answer, Refused>,
    method: &Method,
    now: Moment,
    date: DateHeader,
) -> Response<Bytes> {
    let answer = outcome.unwrap_or_else(Refused::into_answer);
    answer.into_response(method, now, date)
}

/// A refusal for the tier counts as any other, if it was the plugin that asked.
fn charge_restricted(
    context: &mut RequestContext<'_>,
    input: &Input<'_>,
    refused: &Refused,
    now: Moment,
) {
    let quirks = &context.world.quirks;
    let restricted = refused.reason() == "restricted_route_tier" && refused.status() != 401;
    let counts = quirks.refused_count == RefusedCount::ExceptUnauthorized;
    let by_plugin = |account: &Account| account.tier == Tier::Plugin;
    if restricted && counts && context.accounts.find(input).is_ok_and(by_plugin) {
        let reset = quirks.quota_reset;
        context.world.quota.spend(now.wall, reset);
    }
}

fn check_edge(admitted: bool, quirks: &Quirks, now: Moment) -> Result<(), Refused> {
    if admitted {
        return Ok(());
    }
    let limit = quirks.edge_limit;
    let refused = Refused::throttled(
        quirks.edge_status.code(),
        format!("the edge lets {limit} through (quirk edge-limit): wait for the next second"),
    );
    Err(with_retry_after(refused, quirks, now, Duration::from_secs(1)))
}

fn check_agent(input: &Input<'_>, quirks: &Quirks) -> Result<(), Refused> {
    if quirks.unknown_agent == UnknownAgent::Ignored {
        return Ok(());
    }
    let agent = input.header(USER_AGENT).unwrap_or_default();
    let official = ["node-crisp-api/", "go-crisp-api/", "python-crisp-api/", "ruby-crisp-api/"];
    if official.iter().any(|known| agent.starts_with(known)) {
        return Ok(());
    }
    Err(Refused::new(403, "not_allowed").explain(format!(
        "User-Agent `{agent}` is none of the official clients', and quirk unknown-agent is `refused`"
    )))
}

/// The tier of a request, and whether its token is the development one.
fn authorize(
    accounts: &Accounts,
    route: &Route,
    input: &Input<'_>,
    quirks: &Quirks,
) -> Result<(Tier, bool), Refused> {
    let session = route.operation == crate::operation::Operation::Session;
    let status = if session { quirks.session_refusal_status.code() } else { 401 };
    let refused = |why: String| Refused::new(status, "invalid_session").explain(why);
    let account = accounts.find(input).map_err(|why| refused(why.to_string()))?;
    let named = input.header(TIER);
    let tier = match named {
        None if quirks.missing_tier == MissingTier::Refused => {
            return Err(refused(
                "X-Crisp-Tier is missing (quirk missing-tier is `401`): send `plugin`".into(),
            ));
        }
        None => Tier::User,
        Some(name) => name.parse().map_err(|_| {
            refused(format!(
                "X-Crisp-Tier is `{name}`: send `plugin`, or `user` with the user's key"
            ))
        })?,
    };
    if !route.tiers.contains(&tier) {
        let missing =
            if named.is_none() { "X-Crisp-Tier is missing, so tier is user; " } else { "" };
        let open: Vec<_> = route.tiers.iter().map(|tier| tier.name()).collect();
        return Err(Refused::new(quirks.tier_refusal_status.code(), "restricted_route_tier")
            .explain(format!(
                "{missing}tier `{}` may not use this route, which is open to {}: send \
                     X-Crisp-Tier `{}` with that tier's key",
                tier.name(),
                open.join(" and "),
                open.join("` or `"),
            )));
    }
    if account.tier != tier {
        return Err(refused(format!(
            "the key belongs to tier `{tier}`, but X-Crisp-Tier {}: send `{tier}` there",
            named.map_or_else(
                || "is missing, which means `user`".to_owned(),
                |name| format!("is `{name}`")
            ),
            tier = account.tier.name(),
        )));
    }
    Ok((tier, accounts.is_development(account)))
}

fn quota_spent(world: &mut World, now: Moment, at_most: Option<u64>) -> Refused {
    let reset = world.quirks.quota_reset;
    let resets_at = world.quota.resets_at(now.wall, reset);
    world.quota.refuse();
    if world.quirks.refused_count == RefusedCount::ExceptUnauthorized {
        world.quota.spend(now.wall, reset);
    }
    let limit = world.quota.limit.into_iter().chain(at_most).min().unwrap_or_default();
    let wait = Duration::from_millis(resets_at.0.saturating_sub(now.wall.0).max(0).unsigned_abs());
    let refused = Refused::throttled(
        world.quirks.quota_status.code(),
        format!(
            "the daily quota of {limit} requests is spent until {resets_at}: ask less often, or \
             `crisp-mock ctl quota N` allows more"
        ),
    );
    with_retry_after(refused, &world.quirks, now, wait)
}

fn with_retry_after(refused: Refused, quirks: &Quirks, now: Moment, wait: Duration) -> Refused {
    let seconds = wait.as_millis().div_ceil(1_000);
    match quirks.retry_after {
        RetryAfter::Absent => refused,
        RetryAfter::Seconds => refused.header("retry-after", seconds.to_string()),
        RetryAfter::Date => refused.header("retry-after", now.wall.plus(wait).http_date()),
    }
}
