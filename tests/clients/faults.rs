//! How the official clients react to each fault: what `docs/faults.md` says of them is measured
//! here, all faults at the same time, each in a world of its own.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::emulator::{World, http};
use crate::official::{Bench, Official, claims_of_every_client};

claims_of_every_client!(each_fault_is_met_as_the_documentation_says);

const DOCUMENT: &str = include_str!("../../docs/faults.md");

/// How much later than it says a client may be, for slow machines.
const SLACK: Duration = Duration::from_secs(30);

/// One fault, and what the table says about it.
struct Claim {
    fault: String,
    /// What a client does, without the time it takes.
    reaction: String,
    /// How long it takes at the least, where that is said.
    after: Option<Duration>,
}

/// What the table says about a client: a claim for each fault of each row.
fn claims(official: Official) -> Vec<Claim> {
    let (_, table) = DOCUMENT
        .split_once("| Fault | Node 11 | Node 10 | Python |")
        .expect("the table has these columns");
    let column = match official {
        Official::Node11 => 1,
        Official::Node10 => 2,
        Official::Python => 3,
    };
    let rows = table.lines().skip(2);
    let rows = rows.take_while(|row| row.starts_with('|'));
    let claims = rows.flat_map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let (reaction, after) = match cells[column].split_once(" after ") {
            Some((reaction, after)) => (reaction, Some(seconds(after))),
            None => (cells[column], None),
        };
        let faults = cells[0].split('`').skip(1).step_by(2);
        let claim = move |fault: &str| Claim {
            fault: fault.to_owned(),
            reaction: reaction.to_owned(),
            after,
        };
        faults.map(claim).collect::<Vec<_>>()
    });
    claims.collect()
}

fn seconds(text: &str) -> Duration {
    let number = text.strip_suffix(" s").and_then(|text| text.parse().ok());
    Duration::from_secs(number.unwrap_or_else(|| panic!("`{text}` is no time")))
}

/// The operation that a fault is tried with: a page, or a save for those that lose something.
fn operation(fault: &str) -> &'static str {
    if fault.starts_with("lose") { "save_settings" } else { "list" }
}

/// A fresh world with this fault in it.
async fn world_with(beside: &World, fault: &str) -> Value {
    let effect = if fault.contains(':') { fault.to_owned() } else { format!("{fault}: true") };
    let fault = format!("{{ at: {}, {effect} }}", operation(fault));
    let fault: Value = serde_saphyr::from_str(&fault).expect("a row names a fault");
    let options = json!({"websites": 3, "page_size": 2, "faults": [fault]});
    let spaces = format!("{}/_mock/spaces", beside.fact("url"));
    let answer = http().post(spaces).json(&options).send().await;
    let mut world: Value = answer.expect("it answers").json().await.expect("in JSON");
    let control = world["control_url"].as_str();
    let control = control.unwrap_or_else(|| panic!("{fault}: {world}"));
    let website = http().get(format!("{control}/websites/w1")).send().await;
    let mut website: Value = website.expect("it answers").json().await.expect("in JSON");
    world["website"] = website["website_id"].take();
    world
}

/// The call that is made in that world.
fn call(official: Official, world: &Value, fault: &str) -> Value {
    let python = official == Official::Python;
    let (name, args) = match operation(fault) {
        "list" if python => ("list_all_connect_websites", json!([2, 0])),
        "list" => ("listAllConnectWebsites", json!([2, false, false])),
        _ => {
            let name =
                if python { "save_subscription_settings" } else { "saveSubscriptionSettings" };
            let saved = json!({"message": "Hi"});
            (name, json!([world["website"], world["plugin_id"], saved]))
        }
    };
    json!({
        "call": name, "args": args, "identifier": world["identifier"], "key": world["key"],
    })
}

async fn journal(world: &Value, fault: &str) -> Vec<Value> {
    let control = world["control_url"].as_str().expect("a world has a control URL");
    let url = format!("{control}/requests?operation={}", operation(fault));
    let answer = http().request(Method::GET, url).send().await;
    let mut journal: Value = answer.expect("it answers").json().await.expect("in JSON");
    serde_json::from_value(journal["requests"].take()).expect("the journal is a list")
}

/// What was measured, in the words of the table.
fn told(official: Official, fault: &str, answer: &Value, journal: &[Value]) -> String {
    let end = match (&answer["returned"], &answer["rejected"]) {
        (Value::Null, Value::Null) => "**returns `None`**".to_owned(),
        (Value::Array(_), _) => "returns the list".to_owned(),
        (Value::Null, rejected) => refused(official, rejected),
        (other, _) => format!("**returns `{other}`**"),
    };
    let tries = match journal.len() {
        1 => String::new(),
        tries => format!("{tries} requests, then "),
    };
    let saved = journal.iter().filter(|request| request["carried_out"] == true);
    let saved = match (operation(fault), saved.count()) {
        ("list", _) => "",
        (_, 0) => "; nothing is saved",
        (_, 1) => "; it is saved",
        _ => "; **it is saved each time**",
    };
    format!("{tries}{end}{saved}")
}

fn refused(official: Official, rejected: &Value) -> String {
    if let Some(thrown) = rejected["thrown"].as_str() {
        return format!("raises `{thrown}`");
    }
    let (code, reason) = (&rejected["code"], rejected["message"].as_str().unwrap_or("?"));
    let verb = match official {
        Official::Python => "raises `RouteError`:",
        Official::Node10 | Official::Node11 => "rejects:",
    };
    let data = &rejected["data"];
    let cause = data["message"].as_str().unwrap_or_default();
    let cause = match cause.strip_prefix("Got request error: ") {
        Some(cause) => format!(" ({cause})"),
        None => String::new(),
    };
    format!("{verb} {code} `{reason}`{cause}")
}

async fn each_fault_is_met_as_the_documentation_says(official: Official) {
    let Some(mut bench) = Bench::start(official, json!({"websites": 0})).await else {
        return;
    };
    let claims = claims(official);
    assert!(claims.len() > 20, "the table has a row for every fault");
    let mut worlds = Vec::new();
    for claim in &claims {
        worlds.push(world_with(&bench.world, &claim.fault).await);
    }
    let calls = claims.iter().zip(&worlds);
    let calls: Vec<_> = calls.map(|(claim, world)| call(official, world, &claim.fault)).collect();
    let answers = bench.at_once(&calls).await;
    let mut wrong = Vec::new();
    for ((claim, world), answer) in claims.iter().zip(&worlds).zip(&answers) {
        let journal = journal(world, &claim.fault).await;
        let measured = told(official, &claim.fault, answer, &journal);
        let took = Duration::from_secs_f64(answer["ms"].as_f64().expect("a time") / 1_000.0);
        // Timers of the clients may be a little early.
        let least = claim.after.unwrap_or_default().mul_f64(0.98);
        let in_time = least <= took && took <= least + SLACK;
        if measured != claim.reaction || !in_time {
            wrong.push(format!("`{}`: {measured} after {took:?}", claim.fault));
        }
    }
    assert!(wrong.is_empty(), "measured instead:\n{}", wrong.join("\n"));
}
