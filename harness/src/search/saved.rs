//! Failures as files: `lost-update-3f2a.yaml`, which `crisp-mock replay` runs alone.

use std::fs;

use crisp_mock_server::duration;
use crisp_mock_server::fault::{Effect, Fault};

use super::{Conviction, Plan, Unkept};
use crate::scenario::{self, Anchor, Deed, Restarted, Scenario, Side, Step};
use crate::whole_file;

/// The name of the file in which a failure is kept.
#[must_use]
pub fn file_name(word: &str, shape: &str) -> String {
    let mut slug = String::new();
    for letter in word.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    format!("{}-{shape}.yaml", slug.trim_matches('-'))
}

/// Writes a failure down, if it is to be kept.
pub(super) fn keep(conviction: &mut Conviction, plan: &Plan) -> Result<(), Unkept> {
    let Some(folder) = &plan.save_to else {
        return Ok(());
    };
    let yaml = scenario::marked(&conviction.scenario.to_yaml());
    let path = folder.join(file_name(conviction.class.word, &conviction.shape));
    let written =
        fs::create_dir_all(folder).and_then(|()| whole_file::write(&path, yaml.as_bytes()));
    written.map_err(|source| Unkept::of(&path, &yaml, source))?;
    conviction.saved = Some(path.display().to_string());
    if !conviction.report.log.is_empty() {
        let path = path.with_extension("log");
        let text = conviction.report.log.join("\n") + "\n";
        whole_file::write(&path, text.as_bytes())
            .map_err(|source| Unkept::of(&path, &text, source))?;
        conviction.log = Some(path.display().to_string());
    }
    Ok(())
}

/// One sentence that says what happens and what comes of it.
pub(super) fn sentence(word: &str, scenario: &Scenario) -> String {
    let mut parts = Vec::new();
    if scenario.client.clock.is_some() {
        parts.push("the client's clock is wrong".to_owned());
    }
    parts.extend(scenario.faults.faults.iter().map(goes_wrong));
    parts.extend(scenario.when.iter().map(happens));
    if parts.is_empty() {
        parts.push("nothing special happens".to_owned());
    }
    let more = parts.len().saturating_sub(3);
    parts.truncate(3);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{word} when {}{more}", parts.join(", "))
}

fn happens(step: &Step) -> String {
    let what = match &step.deed {
        Deed::Save(websites) => format!("{} is saved", names(websites)),
        Deed::Install(websites) => format!("{} installs", names(websites)),
        Deed::Uninstall(websites) => {
            let names: Vec<_> = websites.iter().map(|id| id.short()).collect();
            format!("{} leaves", names.join(" and "))
        }
        Deed::Plan(websites) => format!("{} changes its plan", names(websites)),
        Deed::ClientSave(websites) | Deed::ClientUpdate(websites) => {
            format!("the plugin saves {}", names(websites))
        }
        Deed::Clock { side, .. } => {
            let whose = if *side == Side::Server { "server" } else { "client" };
            format!("the {whose}'s clock is moved")
        }
        Deed::Restart(Restarted::Client) => "the client restarts".to_owned(),
        Deed::Restart(Restarted::ClientWithItsFile) => {
            "the client restarts with its file".to_owned()
        }
        Deed::Kick => "the socket is lost".to_owned(),
        Deed::Quiet => "all is quiet".to_owned(),
    };
    match step.anchor {
        Anchor::At(_) => what,
        Anchor::After(spot) => format!("{what} after {}", spot),
        Anchor::During(spot) => format!("{what} during {}", spot),
    }
}

fn names<T>(websites: &[(crisp_mock_server::id::WebsiteId, T)]) -> String {
    let names: Vec<_> = websites.iter().map(|(id, _)| id.short()).collect();
    names.join(" and ")
}

fn goes_wrong(fault: &Fault) -> String {
    let whom = match (fault.at, fault.window) {
        (Some(target), _) => target.to_string(),
        (None, Some(window)) => format!("everything in {window}"),
        (None, None) => "everything".to_owned(),
    };
    match &fault.effect {
        Effect::Clock(_) => "a clock goes wrong".to_owned(),
        Effect::Delay(crisp_mock_server::fault::Delay::Fixed(by)) => {
            format!("{whom} takes {}", duration::format(*by))
        }
        effect => format!("{whom} meets {}", effect.key().replace('_', " ")),
    }
}
