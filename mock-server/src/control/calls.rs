//! Every call of the control API. The router and the OpenAPI document are both made from this.

use serde_json::{Value, json};

use super::call::Call;
use super::described::{self, body, count};
use super::{
    clock, events, faults, health, hooks, info, openapi, page, ready, requests, reset, rtm, rules,
    spaces, state, websites,
};

/// The calls that every space has.
pub(super) fn of_a_space() -> Vec<Call> {
    [
        lifecycle(),
        installations(),
        journal(),
        told_events(),
        web_hooks(),
        sockets(),
        armed_faults(),
        rules_of_a_world(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The calls that the server has once.
pub(super) fn of_the_server() -> Vec<Call> {
    vec![
        Call::get("/ui", page::index, "The page for people, in a browser.").or(200, "HTML."),
        Call::get("/ui/{file}", page::file, "A file of the page.").or(200, "A script or a style."),
        Call::get("/spaces", spaces::list, "The names of all spaces.").answers(
            200,
            "The default one first.",
            object(),
        ),
        Call::post(
            "/spaces",
            spaces::make,
            "Makes a fresh isolated world. Options that are left out are the server's own, \
             credentials and faults excepted.",
        )
        .may_take(|| {
            body::<spaces::NewSpace>([
                ("expires", described::duration()),
                ("faults", described::faults()),
                ("quirks", component("QuirkSettings")),
                ("state", component("State")),
            ])
        })
        .answers(201, "The facts a fixture needs.", component("Info")),
        Call::delete("/spaces/{space}", spaces::remove, "Tears a space down.").answers(
            200,
            "Which one.",
            object(),
        ),
    ]
}

fn lifecycle() -> Vec<Call> {
    vec![
        Call::get("/health", health, "200 while alive.").answers(200, "Alive.", object()),
        Call::get("/ready", ready, "200 once seeded, 503 before.")
            .answers(200, "Ready.", object())
            .or(503, "Not yet."),
        Call::get("/openapi.json", openapi::show, "This document.").answers(
            200,
            "OpenAPI 3.1.",
            object(),
        ),
        Call::get("/info", info, "Where this space is reached, and with which credentials.")
            .answers(200, "The facts a fixture needs.", component("Info")),
        Call::post("/reset", reset, "Back to the state at the start: websites, journal, faults and clock.")
            .answers(200, "The facts, as before.", component("Info")),
        Call::get(
            "/state",
            state::show,
            "The world as a document, to start from later: websites, also those that left, clock, \
             quota, quirks, schema.",
        )
        .answers(200, "The dump.", component("State")),
        Call::put(
            "/state",
            state::put,
            "The world becomes the one of a dump. Journal, faults, credentials and the clock's mode \
             stay; a real clock is never set back. Refused when the version is unknown. A dump over \
             2 MiB comes in with `--state FILE`.",
        )
        .takes(|| component("State"))
        .answers(
            200,
            "How many websites have the plugin now.",
            with(json!({ "websites": { "type": "integer" } })),
        ),
    ]
}

fn installations() -> Vec<Call> {
    vec![
        Call::get("/websites", websites::list, "The truth: every website that has the plugin.")
            .query("search", text(), "Only those with this in an id, token, plan or made-up name.")
            .query("offset", count(), "Leave out so many, the oldest installations.")
            .query("limit", count(), "At most so many.")
            .answers(
                200,
                "By id; how many have the plugin in all, and whether there are more than these.",
                with(json!({
                    "websites": { "type": "object", "additionalProperties": component("Website") },
                    "installed": count(),
                    "has_more": { "type": "boolean" },
                })),
            ),
        Call::get(
            "/websites/{website}/history",
            websites::history,
            "What changed about a website, also one that left, and who changed it.",
        )
        .answers(200, "The newest 100 changes first.", with(json!({ "changes": list(object()) }))),
        Call::post("/websites", websites::install, "The plugin is installed on a website.")
            .may_take(|| body::<websites::Install>([("website_id", described::website())]))
            .answers(201, "The website, its `website_id` among the fields.", component("Website")),
        Call::get("/websites/{website}", websites::show, "One website.").answers(
            200,
            "The website.",
            component("Website"),
        ),
        Call::patch(
            "/websites/{website}",
            websites::change,
            "Its plan or the price it pays changes.",
        )
        .takes(|| body::<websites::Change>([]))
        .answers(200, "The website.", component("Website")),
        Call::delete(
            "/websites/{website}",
            websites::uninstall,
            "The plugin is uninstalled from it.",
        )
        .answers(200, "Which one.", object()),
        Call::put(
            "/websites/{website}/settings",
            websites::save,
            "An operator saves its settings from the dashboard; the schema is checked as in the API.",
        )
        .takes(|| json!({ "type": "object", "description": "The bare settings." }))
        .answers(200, "The website.", component("Website")),
    ]
}

fn journal() -> Vec<Call> {
    vec![
        Call::get("/requests", requests::list, "The journal of requests to the REST API.")
            .query("operation", described::operation(), "Only this operation.")
            .query("since_seq", count(), "Only entries with a greater number.")
            .query("before_seq", count(), "Only entries with a smaller number.")
            .query("method", text(), "Only this method.")
            .query("status", status(), "Only this status.")
            .query("website", described::website(), "Only about this website: a UUID or w7.")
            .query("path", text(), "Only paths that contain this.")
            .query("limit", count(), "At most so many, the newest.")
            .query(
                "wait",
                described::duration(),
                "Hold the call until an entry matches, at most so long (5s; never over 5m).",
            )
            .answers(200, "The entries that matched, oldest first.", component("Journal")),
        Call::get(
            "/requests/{request}",
            requests::show,
            "One entry, with headers and bodies of the newest 200.",
        )
        .answers(
            200,
            "The entry; the exchange is null when it is not kept any more.",
            with(json!({ "entry": object(), "exchange": { "type": ["object", "null"] } })),
        ),
        Call::delete("/requests", requests::clear, "Empties the journal; numbers go on.").answers(
            200,
            "How many there were.",
            object(),
        ),
    ]
}

fn told_events() -> Vec<Call> {
    vec![
        Call::get("/events", events::list, "The events that web hooks carry, the newest 1,000.")
            .answers(
                200,
                "Oldest first, each with its number.",
                with(json!({ "events": list(component("Event")), "last_seq": count() })),
            ),
        Call::post(
            "/events",
            events::emit,
            "Something happens at Crisp that the plugin is told of: an event of any name. Members of \
             `data` take the place of those that events of that name have.",
        )
        .takes(|| body::<events::Emission>([
            ("website_id", described::website()),
            ("event", described::event_name()),
        ]))
        .answers(201, "The event, with its number.", component("Event")),
    ]
}

fn sockets() -> Vec<Call> {
    vec![
        Call::get("/rtm", rtm::list, "The sockets of the RTM API that are open.")
            .query("live", count(), "With `wait`: how many are to be authenticated (1 without it).")
            .query(
                "wait",
                described::duration(),
                "Hold the call until exactly so many are, at most so long (5s; never over 5m).",
            )
            .answers(
                200,
                "In the order in which they were opened, and how many are authenticated.",
                with(json!({ "sockets": list(component("Socket")), "live": count() })),
            ),
        Call::delete("/rtm", rtm::kick_all, "Ends all sockets, as a network that fails.").answers(
            200,
            "How many.",
            with(json!({ "kicked": count() })),
        ),
        Call::delete("/rtm/{sid}", rtm::kick, "Ends one socket, as a network that fails.").answers(
            200,
            "Which one.",
            with(json!({ "kicked": count(), "sid": text() })),
        ),
    ]
}

fn web_hooks() -> Vec<Call> {
    let delivery = "/hooks/deliveries/{delivery}/redeliver";
    vec![
        Call::get(
            "/hooks",
            hooks::list,
            "Where events are delivered, and the secret of signatures.",
        )
        .answers(
            200,
            "The hooks.",
            with(json!({
                "hooks": list(object()), "secret": text(), "anywhere": { "type": "boolean" },
            })),
        ),
        Call::get("/hooks/deliveries", hooks::deliveries, "What became of each, the newest 1,000.")
            .query("since_id", count(), "Only deliveries with a greater number.")
            .query("event", text(), "Only of events with this name.")
            .query("website", described::website(), "Only about this website: a UUID or w7.")
            .query("state", described::delivery_state(), "Only those that stand so.")
            .query(
                "wait",
                described::duration(),
                "Hold the call until one matches, at most so long (5s; never over 5m).",
            )
            .answers(
                200,
                "Oldest first, with their attempts.",
                with(json!({ "deliveries": list(object()), "count": count(), "lost": count() })),
            ),
        Call::post(delivery, hooks::redeliver, "Makes one more attempt, with the same signature.")
            .answers(200, "Which one.", object()),
        Call::post("/hooks/resume", hooks::resume, "Switches suspended hooks on again.").answers(
            200,
            "How many there were.",
            with(json!({ "resumed": count() })),
        ),
    ]
}

fn armed_faults() -> Vec<Call> {
    vec![
        Call::get(
            "/faults",
            faults::list,
            "Every armed fault, how often it fired, and whether it never did.",
        )
        .answers(
            200,
            "In the order of the plan.",
            with(json!({ "faults": list(object()) })),
        ),
        Call::post("/faults", faults::add, "Arms one fault or a list of them (docs/faults.md).")
            .takes(described::faults)
            .answers(201, "Their ids.", with(json!({ "ids": list(count()) }))),
        Call::post("/faults/plan", faults::add_plan, "Arms the faults of a plan in YAML or JSON.")
            .takes(|| body::<rules::Written>([]))
            .answers(201, "Their ids.", with(json!({ "ids": list(count()) }))),
        Call::delete("/faults", faults::clear, "Disarms all faults.").answers(
            200,
            "How many.",
            object(),
        ),
        Call::delete("/faults/{fault}", faults::remove, "Disarms one fault.").answers(
            200,
            "Which one.",
            object(),
        ),
    ]
}

fn rules_of_a_world() -> Vec<Call> {
    vec![
        Call::get("/clock", clock::show, "What time it is in this world.").answers(
            200,
            "The time.",
            component("Clock"),
        ),
        Call::post("/clock", clock::step, "Moves the clock, one step at a time.")
            .takes(described::clock_step)
            .answers(200, "The time after it.", component("Clock")),
        Call::get("/schema", rules::schema, "The plugin's settings schema.").answers(
            200,
            "As it was given.",
            json!({ "type": ["object", "boolean"] }),
        ),
        Call::put(
            "/schema",
            rules::set_schema,
            "Replaces it; an invalid one is refused with an explanation.",
        )
        .takes(|| json!({ "type": ["object", "boolean"] }))
        .answers(200, "Warnings, if any.", object()),
        Call::post(
            "/schema/check",
            rules::check_schema,
            "Says whether a text is a valid schema, and what fits it. Nothing is replaced.",
        )
        .takes(|| body::<rules::Written>([]))
        .answers(
            200,
            "The verdict, with what is wrong and where; settings that fit.",
            with(json!({
                "valid": { "type": "boolean" }, "report": text(), "samples": list(object()),
            })),
        ),
        Call::get("/quirks/table", rules::quirk_table, "Every quirk with its question and reason.")
            .answers(
                200,
                "In the order of docs/quirks.md.",
                with(json!({ "quirks": list(object()) })),
            ),
        Call::get("/quirks", rules::quirks, "Every quirk with its value (docs/quirks.md).")
            .answers(200, "By name.", component("Quirks")),
        Call::put(
            "/quirks",
            rules::set_quirks,
            "Sets the quirks that the body names and leaves the others.",
        )
        .may_take(|| component("QuirkSettings"))
        .answers(200, "All of them.", component("Quirks")),
        Call::get("/quota", rules::quota, "The daily quota.").answers(
            200,
            "The quota.",
            component("Quota"),
        ),
        Call::put(
            "/quota",
            rules::set_quota,
            "Sets the limit (null: none), the requests that count as made, or both.",
        )
        .takes(|| body::<rules::SetQuota>([]))
        .answers(200, "The quota.", component("Quota")),
    ]
}

/// A schema of `components.json`.
fn component(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn object() -> Value {
    json!({ "type": "object" })
}

/// An object with these members among others.
fn with(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn status() -> Value {
    json!({ "type": "integer", "minimum": 100, "maximum": 599 })
}
