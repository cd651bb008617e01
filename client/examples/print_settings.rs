//! Prints the settings of every website that has the plugin installed, then every change, and a
//! status line now and then. Ends with Ctrl-C.
//!
//! ```text
//! cargo run -p crisp-sync --example print_settings
//! CRISP_LISTEN=1 CRISP_POLL_MS=60000 cargo run -p crisp-sync --features rtm --example print_settings
//! ```

use std::time::Duration;

use crisp_sync::{BaseUrl, Cache, Config, Credentials, Listening, Quota, TypedChange};
use serde_json::Value;

const USAGE: &str = "\
Prints the settings of all websites of a Crisp plugin and follows their changes.

It is told where to look by the environment (defaults in brackets):
  CRISP_REST_URL     the API's base           [http://127.0.0.1:8420/v1/]
  CRISP_IDENTIFIER   the token's identifier   [the development pair of crisp-mock]
  CRISP_KEY          the token's key          [the development pair of crisp-mock]
  CRISP_PLUGIN_ID    the plugin's id          [asked for when needed]
  CRISP_LISTEN       if set, listens to the RTM API, too; needs the feature rtm of crisp-sync
  CRISP_POLL_MS      from poll to poll        [2000; a plugin should leave the default, 60000]
";

/// The pair that `crisp-mock serve` starts with; it opens nothing else.
const DEVELOPMENT_PAIR: (&str, &str) = (
    "60645df2-58f7-422f-9a94-dbdd5c02d487",
    "82a5a8557a7cad423a8cbcff914f49f8f15b519007d2fa2659e10357b53e8e02",
);

#[tokio::main]
#[expect(clippy::print_stdout, reason = "printing is what this example is for")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().nth(1).is_some() {
        print!("{USAGE}");
        return Ok(());
    }
    let cache = Cache::<Value>::start(from_environment()?)?;
    let mut changes = cache.changes();
    let mut status = tokio::time::interval(Duration::from_secs(10));
    loop {
        tokio::select! {
            change = changes.next() => match change {
                Some(change) => println!("{}", line(&change)),
                None => break,
            },
            _ = status.tick() => {
                if let Some(status) = cache.status() {
                    println!("-- {status}");
                }
            }
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    cache.stop().await;
    Ok(())
}

fn from_environment() -> Result<Config, Box<dyn std::error::Error>> {
    let or = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let (identifier, key) = DEVELOPMENT_PAIR;
    let credentials = Credentials::new(or("CRISP_IDENTIFIER", identifier), or("CRISP_KEY", key));
    let mut config = Config::new(credentials);
    config.base = BaseUrl::new(&or("CRISP_REST_URL", "http://127.0.0.1:8420/v1/"))?;
    if let Ok(plugin) = std::env::var("CRISP_PLUGIN_ID") {
        config.plugin_id = Some(plugin.parse()?);
    }
    if std::env::var_os("CRISP_LISTEN").is_some() {
        config.listening = Some(Listening::default());
    }
    // An emulator has no quota unless it is told to; leave this line out against the real API.
    config.quota = Quota::Unlimited;
    config.poll_every = Duration::from_millis(or("CRISP_POLL_MS", "2000").parse()?);
    Ok(config)
}

fn line(change: &TypedChange<Value>) -> String {
    match change {
        TypedChange::Added { new } => {
            format!("+ {} {}", new.id(), new.website().settings.as_json())
        }
        TypedChange::Updated { old, new } => {
            let (old, new) = (old.website(), new.website());
            format!("~ {} {} -> {}", new.id, old.settings.as_json(), new.settings.as_json())
        }
        TypedChange::Removed { old } => format!("- {}", old.id()),
    }
}
