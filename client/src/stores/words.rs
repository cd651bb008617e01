//! What all stores write alike.

use std::time::Duration;

use serde::Serialize;

use crate::replicas::Link;
use crate::{Settings, Website};

/// A website that was removed is remembered for a week.
pub(super) const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a reader finds under a website's key.
#[derive(Serialize)]
struct Shown<'a> {
    version: u64,
    settings: &'a Settings,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
}

/// A website as readers find it, with its token only if these are published.
pub(super) fn shown(version: u64, website: &Website, tokens: bool) -> String {
    let token = website.token.as_deref().filter(|_| tokens);
    let shown = Shown { version, settings: &website.settings, token };
    serde_json::to_string(&shown).unwrap_or_default()
}

/// The name of an entry of the log.
pub(super) fn name(link: Link) -> String {
    format!("{:x}-{}", link.author, link.count)
}
