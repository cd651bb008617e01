//! Saves a member of one website's settings and reads it back out of the cache.
//!
//! ```text
//! cargo run -p crisp-sync --example save_and_read_back WEBSITE_ID MESSAGE
//! ```

use crisp_sync::machine::SaveOutcome;
use crisp_sync::{BaseUrl, Cache, Config, Credentials, WebsiteId};
use serde_json::{Value, json};

const USAGE: &str = "\
usage: save_and_read_back WEBSITE_ID MESSAGE

  CRISP_REST_URL     the API's base           [http://127.0.0.1:8420/v1/]
  CRISP_IDENTIFIER   the token's identifier   (demanded)
  CRISP_KEY          the token's key          (demanded)
";

#[tokio::main]
#[expect(clippy::print_stdout, reason = "printing is what this example is for")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(website), Some(message)) = (arguments.next(), arguments.next()) else {
        print!("{USAGE}");
        return Ok(());
    };
    let website: WebsiteId = website.parse()?;
    let demanded =
        |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set\n{USAGE}"));
    let credentials = Credentials::new(demanded("CRISP_IDENTIFIER")?, demanded("CRISP_KEY")?);
    let mut config = Config::new(credentials);
    let base = std::env::var("CRISP_REST_URL");
    config.base = BaseUrl::new(base.as_deref().unwrap_or("http://127.0.0.1:8420/v1/"))?;

    let cache = Cache::<Value>::start(config)?;
    cache.ready().await?;
    match cache.update(website, &json!({ "message": message })).await {
        SaveOutcome::Done => {
            let held = cache.get(&website);
            let held = held.as_ref().map_or("gone", |entry| entry.website().settings.as_json());
            println!("saved; the cache has {held}");
        }
        SaveOutcome::Refused(why) => println!("not saved: {why}"),
        SaveOutcome::Unknown { problem, holds: Some(holds) } => {
            println!("unclear ({problem}); the API has {holds:?}: save again if that is wrong");
        }
        SaveOutcome::Unknown { problem, holds: None } => {
            println!("unclear ({problem}), and reading back failed; the cache will have the truth");
        }
    }
    cache.stop().await;
    Ok(())
}
