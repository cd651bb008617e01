//! Writing a scenario as a person would: sections in blocks, facts on one line each.

use std::fmt::Write;
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::quirks::Profile;
use serde_json::Value;

use super::expect::{SAVE_ENDS, STANDINGS};
use super::{Client, Deed, Expect, Holds, Scenario, Server, Side, Start, Step};

/// A line longer than this is folded into a block.
const WIDEST: usize = 96;

pub(super) fn yaml(scenario: &Scenario) -> String {
    let mut out = format!("name: {}\n", plain(&scenario.name, false));
    if let Some(about) = &scenario.about {
        write_about(&mut out, about);
    }
    section(&mut out, "server", &server(&scenario.server));
    section(&mut out, "client", &client(&scenario.client));
    section(&mut out, "start", &start(&scenario.start));
    if !scenario.faults.faults.is_empty() {
        out.push_str("faults:\n");
        for fault in &scenario.faults.faults {
            let _ = writeln!(out, "  - {}", flow(&fault.to_value()));
        }
    }
    if !scenario.when.is_empty() {
        out.push_str("when:\n");
        scenario.when.iter().for_each(|step| write_step(&mut out, step));
    }
    section(&mut out, "expect", &expect(&scenario.expect));
    if !scenario.kills.is_empty() {
        let kills: Vec<_> = scenario.kills.iter().map(|name| plain(name, true)).collect();
        let by: Vec<_> = scenario.by.iter().map(|rule| rule.name()).collect();
        let _ = write!(out, "kills: [{}]\nby: [{}]\n", kills.join(", "), by.join(", "));
    }
    if let Some(found) = &scenario.found {
        let mut facts = vec![
            ("rule", plain(&found.rule, true)),
            ("client", plain(&found.client, true)),
            ("seed", found.seed.to_string()),
        ];
        facts.extend(found.quirk.as_ref().map(|quirk| ("quirk", plain(quirk, true))));
        section(&mut out, "found", &facts);
    }
    out
}

type Fact = (&'static str, String);

fn section(out: &mut String, name: &str, facts: &[Fact]) {
    if facts.is_empty() {
        return;
    }
    let inline: Vec<_> = facts.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let line = format!("{name}: {{ {} }}", inline.join(", "));
    if line.chars().count() <= WIDEST {
        let _ = writeln!(out, "{line}");
        return;
    }
    let _ = writeln!(out, "{name}:");
    for fact in inline {
        let _ = writeln!(out, "  {fact}");
    }
}

fn write_about(out: &mut String, about: &str) {
    let line = format!("about: {}", plain(about, false));
    if line.chars().count() <= WIDEST && !about.contains('\n') {
        let _ = writeln!(out, "{line}");
        return;
    }
    out.push_str("about: >-\n");
    let mut width = 0;
    for word in about.split_whitespace() {
        let long = word.chars().count();
        if width == 0 {
            let _ = write!(out, "  {word}");
            width = 2 + long;
        } else if width + 1 + long > WIDEST {
            let _ = write!(out, "\n  {word}");
            width = 2 + long;
        } else {
            let _ = write!(out, " {word}");
            width += 1 + long;
        }
    }
    out.push('\n');
}

fn server(server: &Server) -> Vec<Fact> {
    let mut facts = Vec::new();
    facts.extend(server.page_size.map(|size| ("page_size", size.to_string())));
    facts.extend(server.quota.map(|quota| ("quota", quota.to_string())));
    facts.extend(server.seed.map(|seed| ("seed", seed.to_string())));
    facts.extend(server.profile.map(|profile| ("profile", profile_name(profile).to_owned())));
    let quirks: Vec<_> = server
        .quirks
        .0
        .iter()
        .map(|(name, value)| format!("{name}: {}", plain(value, true)))
        .collect();
    if !quirks.is_empty() {
        facts.push(("quirks", format!("{{ {} }}", quirks.join(", "))));
    }
    facts.extend(server.schema.as_ref().map(|schema| ("schema", flow(schema))));
    facts
}

fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::Typical => "typical",
        Profile::Hostile => "hostile",
    }
}

fn client(client: &Client) -> Vec<Fact> {
    let mut facts = Vec::new();
    let times = [
        ("poll_every", client.poll_every),
        ("overlap", client.overlap),
        ("relist_every", client.relist_every),
        ("longest_gap", client.longest_gap),
        ("request_timeout", client.request_timeout),
    ];
    facts.extend(times.into_iter().filter_map(|(key, time)| Some((key, duration::format(time?)))));
    facts.extend(client.quota.map(|quota| ("quota", quota.to_string())));
    facts.extend(client.seed.map(|seed| ("seed", seed.to_string())));
    facts.extend(client.clock.map(|clock| ("clock", shift(clock))));
    facts
}

fn start(start: &Start) -> Vec<Fact> {
    let mut facts = Vec::new();
    if !start.websites.is_empty() {
        facts.push(("websites", settings(&start.websites)));
    }
    if !start.unconfigured.is_empty() {
        facts.push(("unconfigured", names(&start.unconfigured)));
    }
    facts.extend(start.generated.map(|generated| ("generated", generated.to_string())));
    facts
}

fn write_step(out: &mut String, step: &Step) {
    let text = step.anchor.to_string();
    let _ = writeln!(out, "  - {}: {}", step.anchor.key(), plain(&text, false));
    if let Some(wait) = step.wait {
        let _ = writeln!(out, "    wait: {}", duration::format(wait));
    }
    let (key, value) = match &step.deed {
        Deed::Save(websites) => ("save", settings(websites)),
        Deed::Install(websites) => ("install", installs(websites)),
        Deed::Uninstall(websites) => ("uninstall", one_or_all(websites)),
        Deed::Plan(plans) => {
            let plans: Vec<_> = plans
                .iter()
                .map(|(id, plan)| format!("{}: {}", id.short(), plain(plan, true)))
                .collect();
            ("plan", format!("{{ {} }}", plans.join(", ")))
        }
        Deed::ClientSave(websites) => ("client_save", settings(websites)),
        Deed::ClientUpdate(websites) => ("client_update", settings(websites)),
        Deed::Clock { side, millis } => {
            let side = if *side == Side::Server { "server" } else { "client" };
            ("clock", format!("{{ {side}: {} }}", shift(*millis)))
        }
        Deed::Restart => ("restart", "client".to_owned()),
        Deed::Quiet => ("quiet", "true".to_owned()),
    };
    let _ = writeln!(out, "    {key}: {value}");
}

fn installs(websites: &[(WebsiteId, Option<Value>)]) -> String {
    let with: Option<Vec<_>> =
        websites.iter().map(|(id, settings)| Some((*id, settings.clone()?))).collect();
    match with {
        Some(with) if !with.is_empty() => settings(&with),
        // Settings of some and not of others cannot be read from one step, so none is written so.
        _ => one_or_all(&websites.iter().map(|(id, _)| *id).collect::<Vec<_>>()),
    }
}

fn expect(expect: &Expect) -> Vec<Fact> {
    let mut facts = Vec::new();
    let times =
        [("converged_within", expect.converged_within), ("ready_within", expect.ready_within)];
    facts.extend(times.into_iter().filter_map(|(key, time)| Some((key, duration::format(time?)))));
    facts.extend(expect.websites.as_ref().map(|holds| match holds {
        Holds::Websites(websites) => ("websites", names(websites)),
        Holds::Settings(websites) => ("websites", settings(websites)),
    }));
    if !expect.requests.is_empty() {
        let counts: Vec<_> = expect.requests.iter().map(|(op, n)| format!("{op}: {n}")).collect();
        facts.push(("requests", format!("{{ {} }}", counts.join(", "))));
    }
    facts.extend(expect.requests_per_hour.map(|n| ("requests_per_hour", n.to_string())));
    if !expect.never_seen.is_empty() {
        facts.push(("never_seen", settings(&expect.never_seen)));
    }
    let named = |status| STANDINGS.iter().find(|(_, s)| *s == status).map(|(name, _)| *name);
    facts.extend(expect.status.and_then(named).map(|name| ("status", name.to_owned())));
    facts.extend(expect.saves.as_ref().map(|saves| {
        let name = |end| SAVE_ENDS.iter().find(|(_, e)| e == end).map(|(name, _)| *name);
        let names: Vec<_> = saves.iter().filter_map(name).collect();
        ("saves", format!("[{}]", names.join(", ")))
    }));
    if !expect.off.is_empty() {
        let off = expect.off.iter();
        let off: Vec<_> = off
            .map(|(rule, why)| format!("{}: {{ off: {} }}", rule.name(), plain(why, true)))
            .collect();
        facts.push(("oracles", format!("{{ {} }}", off.join(", "))));
    }
    facts
}

fn settings(websites: &[(WebsiteId, Value)]) -> String {
    let websites: Vec<_> = websites
        .iter()
        .map(|(id, settings)| format!("{}: {}", id.short(), flow(settings)))
        .collect();
    if websites.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", websites.join(", ")) }
}

fn names(websites: &[WebsiteId]) -> String {
    let names: Vec<_> = websites.iter().map(|id| id.short()).collect();
    format!("[{}]", names.join(", "))
}

fn one_or_all(websites: &[WebsiteId]) -> String {
    match websites {
        [one] => one.short(),
        all => names(all),
    }
}

pub(super) fn shift(millis: i64) -> String {
    let sign = if millis < 0 { '-' } else { '+' };
    format!("{sign}{}", duration::format(Duration::from_millis(millis.unsigned_abs())))
}

/// A value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text, true),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(key, value)| format!("{}: {}", plain(key, true), flow(value)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// A text without quotes where YAML reads it back as the same text, else with.
fn plain(text: &str, in_flow: bool) -> String {
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let first = text.chars().next();
    let starts_well = first.is_some_and(|c| c.is_ascii_alphanumeric() || c == '/');
    // A number would be read as one; a duration such as 5s is none.
    let numeric =
        first.is_some_and(|c| c.is_ascii_digit()) && !text.ends_with(['s', 'm', 'h', 'd']);
    let common =
        |c: char| c.is_alphanumeric() || " _-./()'#+;".contains(c) || (!in_flow && c == ',');
    let safe = starts_well
        && !numeric
        && text.chars().all(|c| common(c) || (c == ':' && !in_flow))
        && !text.contains(": ")
        && !text.contains(if in_flow { "#" } else { " #" })
        && !text.ends_with([' ', ':'])
        && !reserved.contains(&text.to_ascii_lowercase().as_str());
    if safe { text.to_owned() } else { Value::from(text).to_string() }
}
