//! Events from a shell.

use clap::Args;
use crisp_mock_server::id::WebsiteId;
use reqwest::Method;
use serde_json::Value;

use super::assignment::{self, members};
use super::call::Call;
use super::show::{names, text};
use crate::failure::Failure;
use crate::terminal::{FAINT, STRONG};

/// `ctl emit`
///
/// `crisp-mock ctl emit message:send w1 content="Hi there"`.
#[derive(Debug, Args)]
pub struct Emit {
    /// The event's name, as message:send
    event: String,

    /// The website, as w1 or by its UUID [default: the first that has the plugin]; then members of the
    /// payload, over what events of that name have: a value that is JSON is taken as that, any other
    /// as a text
    #[arg(value_name = "WEBSITE|NAME=VALUE")]
    words: Vec<String>,

    /// Members of the payload as one JSON object
    #[arg(long, value_name = "OBJECT")]
    json: Option<String>,
}

impl Emit {
    pub(super) fn call(self) -> Result<Call, Failure> {
        let (website, pairs) = match self.words.as_slice() {
            [first, rest @ ..] if !first.contains('=') => (Some(first.as_str()), rest),
            all => (None, all),
        };
        if self.json.is_some() && !pairs.is_empty() {
            let message = "the payload is given twice: as NAME=VALUE and as --json";
            return Err(Failure::usage(message, "leave one of them out"));
        }
        let website = website.map(str::parse::<WebsiteId>).transpose().map_err(|error| {
            let hint = "write a website as w1, and members of the payload as NAME=VALUE";
            Failure::usage(error.to_string(), hint)
        })?;
        let body = members([
            ("event", Some(self.event.into())),
            ("website_id", website.map(|website| website.to_string().into())),
            ("data", assignment::settings(pairs, self.json.as_deref())?),
        ]);
        Ok(Call::send(Method::POST, "/events", body.into(), told))
    }
}

fn told(answer: &Value) -> String {
    let (event, website) = (text(answer, "event"), text(answer, "website_id"));
    let name = website.parse().map_or_else(|_| String::new(), WebsiteId::short);
    let website = names(&name, website);
    let (seq, data) = (&answer["seq"], &answer["data"]);
    format!("event {STRONG}{seq}{STRONG:#}  {event} of {website}  {FAINT}{data}{FAINT:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(words: &[&str], json: Option<&str>) -> Result<Value, Failure> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let emit = Emit { event: "message:send".to_owned(), words, json: json.map(str::to_owned) };
        Ok(emit.call()?.body.unwrap_or_default())
    }

    #[test]
    fn a_first_word_without_an_equals_sign_is_the_website() {
        let id = WebsiteId::numbered(1).to_string();
        assert_eq!(
            body(&["w1", "content=Hi", "n=5"], None).unwrap(),
            serde_json::json!({
                "event": "message:send", "website_id": id, "data": { "content": "Hi", "n": 5 },
            })
        );
        assert_eq!(
            body(&["content=Hi"], None).unwrap(),
            serde_json::json!({ "event": "message:send", "data": { "content": "Hi" } })
        );
        assert!(body(&["content=Hi"], Some("{}")).is_err());
        assert!(body(&["nowhere"], None).is_err());
        assert!(body(&["w1", "content"], None).is_err());
    }
}
