//! `plugin/connect/*`: what a plugin asks about itself and its websites (docs/wire.md#pages,
//! docs/wire.md#differential).

use http::header::USER_AGENT;
use serde_json::json;

use crate::api::envelope::{Answer, Refused};
use crate::api::pages::Asked;
use crate::api::{Call, date, item};
use crate::clock::Stamp;
use crate::engine::{Filter, Listed, Page};
use crate::quirks::{FutureDate, Horizon, OddDate, Reason};

/// `account`: the plugin's own id.
pub(super) fn account(call: &mut Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::new(200, "resolved", json!({"plugin_id": call.plugin.id}).to_string()))
}

/// `session`: the credentials are valid, as access was checked before.
pub(super) fn session(_: &mut Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::new(200, "resolved", "{}".to_owned()))
}

/// `websites/all`: one page of the websites that installed the plugin.
pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let configured_only = call.input.flag("filter_configured");
    let include_plan = call.input.flag("include_plan");
    let page = page_of(call.input.param("page"))?;
    let filter = Filter { configured_only, trusted: call.trusted };
    let asked = Asked { page, filter, include_plan };
    let version = call.world.list_version().filter(|_| call.as_of.is_none());
    if let Some(kept) = version.and_then(|version| call.pages.get(version, asked)) {
        return Ok(kept);
    }
    match call.world.list(call.now, page, filter, call.as_of) {
        Listed::NotFound => Err(Refused::new(404, "not_found").explain(
            "there is no such page (quirks page-zero and past-the-end): read from page 1 on \
                 until there is none, or an empty one"
                .to_owned(),
        )),
        Listed::Items(websites) => {
            let quirks = &call.world.quirks;
            let data = item::page(websites.iter().map(AsRef::as_ref), include_plan, quirks);
            let mut answer = Answer::new(quirks.list_status.code(), "listed", data);
            if let Some(version) = version {
                call.pages.keep(version, asked, &mut answer);
            }
            Ok(answer)
        }
    }
}

fn page_of(segment: Option<&str>) -> Result<Page, Refused> {
    let Some(text) = segment else {
        return Ok(Page::Absent);
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        let message = format!("page_number has to be a number from 1, and is `{}`", excerpt(text));
        let refused = Refused::invalid(400, &Reason::default(), "params", &message);
        return Err(refused.explain(format!("{message}: the first is websites/all/1")));
    }
    // A number too large for 32 bits is past every end.
    Ok(Page::Number(text.parse().unwrap_or(u32::MAX)))
}

/// `websites/since`: what changed since a date.
pub(super) fn since(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let configured_only = call.input.flag("filter_configured");
    let include_plan = call.input.flag("include_plan");
    let text = call.input.query("date_since").map(str::to_owned);
    let since = asked_date(text.as_deref(), call)?;
    let filter = Filter { configured_only, trusted: call.trusted };
    let items = match since {
        Some(since) => call.world.since(call.now, since, filter, call.as_of),
        None => Vec::new(),
    };
    let quirks = &call.world.quirks;
    let data = item::difference(&items, include_plan, quirks);
    Ok(Answer::new(quirks.since_status.code(), "listed", data))
}

/// The date to answer for; none when the answer is empty whatever happened.
fn asked_date(text: Option<&str>, call: &Call<'_>) -> Result<Option<Stamp>, Refused> {
    let quirks = &call.world.quirks;
    let now = call.now.wall;
    let asked = match text.filter(|text| !text.is_empty()) {
        None => odd(quirks.missing_date, now, || {
            let advice = "send ?date_since=2026-01-31T09:00:00.000Z";
            ("date_since is missing".to_owned(), advice)
        })?,
        Some(text) => match date::parse(text) {
            Some(stamp) => Some(stamp),
            None => odd(quirks.malformed_date, now, || {
                let message = format!(
                    "date_since has to be like 2026-01-31T09:00:00.000Z, and is `{}`",
                    excerpt(text)
                );
                (message, date::advice(text))
            })?,
        },
    };
    let Some(asked) = asked else { return Ok(None) };
    if asked > now {
        return match quirks.future_date {
            FutureDate::Empty => Ok(None),
            FutureDate::Refused => {
                Err(invalid(&format!("date_since lies in the future: it is {now} here")))
            }
        };
    }
    match quirks.horizon {
        Horizon::Refuse(reach) if asked < now.minus(reach) => {
            Err(invalid(&format!("date_since is older than {} (quirk horizon)", now.minus(reach))))
        }
        Horizon::Partial(reach) => Ok(Some(asked.max(now.minus(reach)))),
        _ => Ok(Some(asked)),
    }
}

fn odd(
    quirk: OddDate,
    now: Stamp,
    message: impl FnOnce() -> (String, &'static str),
) -> Result<Option<Stamp>, Refused> {
    match quirk {
        OddDate::Refused => {
            let (message, advice) = message();
            // The client is told what is wrong, the journal what to do about it.
            Err(invalid(&message).explain(format!("{message}: {advice}")))
        }
        OddDate::Epoch => Ok(Some(Stamp(i64::MIN))),
        OddDate::Now => Ok(Some(now)),
        OddDate::Empty => Ok(None),
    }
}

fn invalid(message: &str) -> Refused {
    Refused::invalid(400, &Reason::default(), "query", message)
}

fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The path of `socket.app`; the name of a space and a slash follow for all but the default one.
pub const SOCKET_PATH: &str = "/p/68/";

/// The path of `rescue.socket.app`, as [`SOCKET_PATH`].
pub const RESCUE_PATH: &str = "/p/69/";

/// The Go client dials port 80 or 443, whatever port the address has.
const GO: &str = "go-crisp-api/";

/// The address of sockets on the server that calls itself so, without a path: `ws://127.0.0.1:8420`.
#[must_use]
pub fn sockets_at(public_url: &str) -> String {
    let authority = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    let scheme = if public_url.starts_with("https:") { "wss" } else { "ws" };
    format!("{scheme}://{}", authority.trim_end_matches('/'))
}

/// `endpoints`: where the RTM API is; addresses of this server, never real ones.
pub(super) fn endpoints(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let go = call.input.header(USER_AGENT).is_some_and(|agent| agent.starts_with(GO));
    let base = match call.sockets.portless.filter(|_| go) {
        Some(host) => format!("ws://{host}"),
        None => sockets_at(call.public_url),
    };
    let below = call.sockets.below;
    let address = |path: &str| json!({"app": format!("{base}{path}{below}")});
    let data = json!({"socket": address(SOCKET_PATH), "rescue": {"socket": address(RESCUE_PATH)}});
    Ok(Answer::new(200, "resolved", data.to_string()))
}
