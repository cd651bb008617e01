//! The payload of `authentication`: who it says it is.

use serde_json::Value;

use super::frame::In;
use crate::api::{Account, Accounts};

/// The identifier with which a frame authenticates, if it does.
#[must_use]
pub fn username_of(frame: &str) -> Option<String> {
    // Hardly any frame does, and the others need not be read for this.
    let authenticates = frame.contains("\"authentication\"");
    match authenticates.then(|| In::parse(frame))? {
        Ok(In::Event(name, payload)) if name == "authentication" => {
            payload.get("username").and_then(Value::as_str).map(str::to_owned)
        }
        _ => None,
    }
}

/// The account that the payload of `authentication` opens.
pub(super) fn account<'a>(payload: &Value, accounts: &'a Accounts) -> Result<&'a Account, String> {
    let text = |member: &str| payload.get(member).and_then(Value::as_str).unwrap_or_default();
    let account = accounts.of_pair(text("username"), text("password"));
    let account = account.map_err(|why| why.to_string())?;
    let tier = text("tier");
    if tier != account.tier.name() {
        return Err(format!(
            "tier is `{}`, and the key belongs to tier `{}`: send that",
            tier.chars().take(60).collect::<String>(),
            account.tier.name()
        ));
    }
    Ok(account)
}
