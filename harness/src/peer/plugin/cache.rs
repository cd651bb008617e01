//! What a plugin shows of its cache.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::id::WebsiteId;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::time::Instant;

use super::exchange;
use super::running::PluginPeer;
use crate::peer::http::Unanswered;
use crate::peer::log::shortened;
use crate::peer::program::Program;
use crate::peer::view::kind;
use crate::peer::{PeerError, Reading};
use crate::subject::Held;

/// Between two attempts at an answer that did not come.
const PAUSE: Duration = Duration::from_millis(20);

/// So many readings that a plugin does not answer while it loads, and it is given up.
const MOST_UNANSWERED: usize = 12;

/// What one `GET` came to.
enum Look {
    Read(Reading),
    /// The cache is not to be had now, and why.
    Not(String),
    /// It is loading.
    Loading(String),
}

impl PluginPeer {
    /// Reads it; what is not there yet is no cache.
    pub(super) async fn look(&self) -> Result<Reading, PeerError> {
        let (program, began) = self.program()?;
        let timeout = self.options.timeout;
        let asked = Instant::now();
        loop {
            let looked = self.get(&program).await?;
            *self.misplaced.lock() = match &looked {
                Look::Not(why) => Some(why.clone()),
                Look::Read(_) | Look::Loading(_) => None,
            };
            let is_ready = self.is_ready.load(Ordering::Relaxed);
            let why = match looked {
                Look::Read(reading) => {
                    if self.moved.is_some() {
                        *self.shown.lock() = reading.clone();
                    }
                    return Ok(reading);
                }
                // It shows nothing newer, and while its clock stands it will not.
                Look::Loading(_) if is_ready && self.moved.is_some() => {
                    return Ok(self.shown.lock().clone());
                }
                Look::Not(why) | Look::Loading(why) => why,
            };
            if !self.is_ready.load(Ordering::Relaxed) {
                return self.not_ready(&why, began);
            }
            // It was ready once: it may be busy for a moment, but not for good.
            if asked.elapsed() >= timeout {
                return Err(PeerError::Stopped(format!(
                    "its cache could be read before, and not any more for {} (--client-timeout): \
                     {why}{}",
                    duration::format(timeout),
                    self.log.tail()
                )));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn get(&self, program: &Program) -> Result<Look, PeerError> {
        let answer = tokio::select! {
            biased;
            answer = self.ask() => answer,
            how = program.ended() => return Err(self.ended(&how)),
        };
        let url = &self.url;
        match answer {
            Ok((StatusCode::OK, body)) => {
                let reading = self.reading(&body)?;
                self.is_ready.store(true, Ordering::Relaxed);
                self.was_read.store(true, Ordering::Relaxed);
                Ok(Look::Read(reading))
            }
            Ok((status, body)) => {
                self.was_heard.store(true, Ordering::Relaxed);
                let body = shortened(body.trim(), 100);
                let why = format!("GET {url} is answered with {status}: {body}");
                let loads = status == StatusCode::SERVICE_UNAVAILABLE;
                Ok(if loads { Look::Loading(why) } else { Look::Not(why) })
            }
            Err(_) if !program.is_running() => Err(self.ended(&program.ended().await)),
            Err(Unanswered::NotThere(why)) => {
                Ok(Look::Not(format!("nothing listens at {url}: {why}")))
            }
            Err(Unanswered::Late) if self.moved.is_some() => self.waits_for_its_clock(),
            Err(Unanswered::Late) => Ok(Look::Not(format!("GET {url} is not answered in time"))),
            Err(Unanswered::Broken(why)) => Ok(Look::Not(format!("GET {url}: {why}"))),
        }
    }

    /// Its clock stands while it is read: it may not answer before it has loaded, but not for good.
    fn waits_for_its_clock(&self) -> Result<Look, PeerError> {
        let why = format!(
            "GET {} is not answered within {} while the plugin's clock stands: answer it at once with what the plugin \
             holds, and do not wait for a timer or for Crisp before that",
            self.url,
            duration::format(self.options.timeout)
        );
        if self.is_ready.load(Ordering::Relaxed) {
            return Err(PeerError::Late(why));
        }
        match self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_UNANSWERED {
            true => Err(PeerError::NeverStarted(why)),
            false => Ok(Look::Loading(why)),
        }
    }

    async fn ask(&self) -> Result<(StatusCode, String), Unanswered> {
        match self.moved {
            Some(_) => exchange::get(&self.url, self.options.timeout).await,
            None => self.http.get(&self.url, self.options.timeout).await,
        }
    }

    /// Loading may take as long as the scenario's faults want; a plugin that never
    /// answered was not started rightly.
    fn not_ready(&self, why: &str, began: Instant) -> Result<Reading, PeerError> {
        let heard = self.was_heard.load(Ordering::Relaxed) || self.was_read.load(Ordering::Relaxed);
        if heard || began.elapsed() < self.options.timeout {
            return Ok(Reading::default());
        }
        Err(PeerError::NeverStarted(format!(
            "`{}` runs, but after {} {why}{}\n  = hint: the plugin listens on the port in PORT, or on \
             {{port}} in the command; --read is an address that it answers with its cache",
            self.greeting.name,
            duration::format(self.options.timeout),
            self.log.tail()
        )))
    }

    fn reading(&self, body: &str) -> Result<Reading, PeerError> {
        let held = match serde_json::from_str(body) {
            Ok(Value::Object(held)) => held,
            Ok(other) => return Err(self.useless(&format!("it is {}", kind(&other)), body)),
            Err(error) => return Err(self.useless(&format!("it is no JSON ({error})"), body)),
        };
        let mut websites = Vec::with_capacity(held.len());
        for (name, held) in held {
            let id: WebsiteId =
                name.parse().map_err(|error| self.useless(&format!("{error}"), body))?;
            let held = self.view.held(held);
            websites.extend(held.map(|settings| {
                let token = None;
                (id, Held { settings, token })
            }));
        }
        Ok(Reading { ready: true, websites, status: None })
    }

    /// A body that cannot be compared is no verdict before one could be compared.
    fn useless(&self, problem: &str, body: &str) -> PeerError {
        let why = format!(
            "the body of GET {} cannot be used: {problem}, expected {{\"<website_id>\": <what the \
             plugin holds>}}\n  it wrote: {}",
            self.url,
            shortened(body.trim(), 300)
        );
        if self.was_read.load(Ordering::Relaxed) {
            PeerError::Stopped(why)
        } else {
            PeerError::NeverStarted(why)
        }
    }
}
