//! Clients that stop, fall silent, never start, or can do little.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crisp_harness::candidate::{Candidate, Trial};
use crisp_harness::live::{OverHttp, Terms};
use crisp_harness::peer::{
    Access, Advanced, Answer, Greeting, Launcher, Peer, PeerError, Reading, SaveOrder,
};
use crisp_harness::replay::{ExitCode, replay};
use crisp_harness::report::{RunEvent, ScenarioReport, Text};
use crisp_harness::runner::Outcome;
use crisp_harness::scenario::SaveEnd;
use crisp_harness::subject::{Guide, Held, Sync};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use crate::driven::Driven;
use crate::{SLOW_POLL, prepared};

/// What is odd about a client.
#[derive(Clone, Copy, PartialEq)]
enum Oddity {
    /// It dies when it is read after its first load.
    Dies,
    /// Its first reading never comes.
    Silent,
    /// It cannot be started.
    NeverStarts,
    /// It starts and asks nothing.
    Idle,
    /// A save of its ends while it is being read.
    SavesWhileRead,
    /// It keeps one member, and of configured websites alone.
    MessageAlone,
}

struct Odd {
    inner: Box<dyn Launcher>,
    oddity: Oddity,
}

impl Odd {
    fn trial(inner: impl Launcher + 'static, oddity: Oddity) -> OverHttp {
        let inner = Box::new(inner);
        let mut terms = Terms::default();
        // They say nothing, however long they are waited for.
        if matches!(oddity, Oddity::Silent | Oddity::Idle) {
            terms.client_timeout = Duration::from_millis(700);
        }
        OverHttp::new(Self { inner, oddity }, terms)
    }
}

fn reference() -> Driven<Sync> {
    Driven { client: Arc::new(Sync::reference()), manual: false }
}

/// The member `message`, for configured websites.
fn message(settings: &str) -> Option<String> {
    let settings: Value = serde_json::from_str(settings).unwrap();
    Some(serde_json::json!({ "message": settings.get("message")? }).to_string())
}

impl Launcher for Odd {
    fn launch<'a>(&'a self, access: &'a Access) -> Answer<'a, Box<dyn Peer>> {
        Box::pin(async move {
            if self.oddity == Oddity::NeverStarts {
                return Err(PeerError::NeverStarted("no such file".to_owned()));
            }
            let inner = self.inner.launch(access).await?;
            let peer = OddPeer {
                inner,
                oddity: self.oddity,
                read: Mutex::default(),
                saved: false.into(),
                was_read: Notify::new(),
            };
            Ok(Box::new(peer) as Box<dyn Peer>)
        })
    }

    fn view(&self, settings: Option<&str>) -> Option<String> {
        match self.oddity {
            Oddity::MessageAlone => message(settings?),
            _ => Some(settings.unwrap_or("{}").to_owned()),
        }
    }

    fn view_in_words(&self) -> Option<String> {
        (self.oddity == Oddity::MessageAlone).then(|| "message alone".to_owned())
    }
}

struct OddPeer {
    inner: Box<dyn Peer>,
    oddity: Oddity,
    /// What was last read of it.
    read: Mutex<Reading>,
    /// Whether a save is done and not said to be.
    saved: AtomicBool,
    was_read: Notify,
}

impl Peer for OddPeer {
    fn greeting(&self) -> &Greeting {
        self.inner.greeting()
    }

    fn start<'a>(&'a self, access: &'a Access) -> Answer<'a, ()> {
        if self.oddity == Oddity::Idle {
            return Box::pin(async { Ok(()) });
        }
        self.inner.start(access)
    }

    fn read(&self) -> Answer<'_, Reading> {
        match self.oddity {
            Oddity::Silent => Box::pin(std::future::pending()),
            Oddity::Idle => Box::pin(async { Ok(Reading::default()) }),
            Oddity::Dies => Box::pin(async {
                match self.inner.read().await? {
                    reading if reading.ready => {
                        Err(PeerError::Stopped("it exited with code 1".to_owned()))
                    }
                    reading => Ok(reading),
                }
            }),
            // It says what it held before the save, ends the save, and then holds what was saved.
            Oddity::SavesWhileRead => Box::pin(async {
                let now = self.inner.read().await?;
                let before = std::mem::replace(&mut *self.read.lock().unwrap(), now.clone());
                let saved = self.saved.swap(false, Ordering::Relaxed);
                if saved {
                    self.was_read.notify_one();
                }
                Ok(if saved { before } else { now })
            }),
            Oddity::MessageAlone => Box::pin(async {
                let mut reading = self.inner.read().await?;
                let websites = reading.websites.into_iter().filter_map(|(id, held)| {
                    let settings = message(&held.settings)?;
                    Some((id, Held { settings, ..held }))
                });
                reading.websites = websites.collect();
                Ok(reading)
            }),
            _ => self.inner.read(),
        }
    }

    fn save<'a>(&'a self, order: SaveOrder<'a>) -> Answer<'a, SaveEnd> {
        Box::pin(async move {
            let end = self.inner.save(order).await;
            if self.oddity == Oddity::SavesWhileRead {
                self.saved.store(true, Ordering::Relaxed);
                self.was_read.notified().await;
            }
            end
        })
    }

    fn advance(&self, by: Duration, now: Timestamp) -> Answer<'_, Advanced> {
        self.inner.advance(by, now)
    }

    fn reset(&self) -> Answer<'_, ()> {
        self.inner.reset()
    }

    fn stop(&self) -> Answer<'_, ()> {
        self.inner.stop()
    }

    fn log(&self) -> Vec<String> {
        vec!["TypeError: cannot read properties of null".to_owned()]
    }
}

#[test]
fn a_client_that_dies_fails_as_stopped_with_its_story_and_its_log() {
    let judged = Odd::trial(reference(), Oddity::Dies).judge(&prepared(SLOW_POLL)).unwrap();
    assert_eq!(judged.outcome(), Outcome::Failed);
    let report = ScenarioReport::of(&judged, 0, "slow.yaml", "--run x", None);
    let told = Text::default().render(&RunEvent::ScenarioFinished(Box::new(report)));
    // Times are the machine's.
    for words in [
        "FAIL    the client stopped · a save during a slow poll\n",
        "was the end of since#1: no changes (fault: delay).",
        "The client stopped: it exited with code 1.",
        "← since#1: no changes (fault: delay)",
        "an answer ended the process (F7)",
        "Confirmed   3 of 3 runs fail",
        "TypeError: cannot read properties of null",
        "Replay      crisp-mock replay slow.yaml --run x",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn a_client_that_falls_silent_fails_as_stopped_and_not_for_its_cache() {
    let judged = Odd::trial(reference(), Oddity::Silent).judge(&prepared(SLOW_POLL)).unwrap();
    assert_eq!(judged.outcome(), Outcome::Failed);
    let stopped = judged.outside.as_ref().unwrap().stopped.clone();
    assert_eq!(stopped.as_deref(), Some("no reply to `read` within 700ms"));
}

#[test]
fn a_client_that_never_starts_is_no_verdict_but_a_failed_environment() {
    let untried = Odd::trial(reference(), Oddity::NeverStarts).judge(&prepared(SLOW_POLL));
    let problem = untried.unwrap_err().problem;
    assert_eq!(problem, "the client never started: no such file");
}

#[test]
fn a_client_that_never_asks_anything_is_pointed_at_the_address() {
    let untried = Odd::trial(reference(), Oddity::Idle).judge(&prepared(SLOW_POLL));
    let problem = untried.unwrap_err().problem;
    assert!(problem.contains("no request came within 700ms"), "{problem}");
    assert!(problem.contains("CRISP_REST_HOST"), "{problem}");
}

#[test]
fn a_save_that_ends_while_the_cache_is_read_is_judged_by_the_reading_after_it() {
    let text = "
name: the plugin saves
start: { websites: { w1: { message: old } } }
when:
  - { at: 90s, client_save: { w1: { message: mine } } }
expect: { websites: { w1: { message: mine } }, saves: [done] }
";
    let by_hand = Driven { client: Arc::new(Sync::reference()), manual: true };
    let judged = Odd::trial(by_hand, Oddity::SavesWhileRead).judge(&prepared(text)).unwrap();
    assert_eq!(judged.outcome(), Outcome::Passed, "{:?}", judged.failures());
}

#[test]
fn a_view_decides_what_is_compared() {
    let text = "
name: what a plugin keeps
start: { websites: { w1: { message: old, colour: red } }, unconfigured: [w2] }
when:
  - { at: 90s, save: { w1: { message: new, colour: blue } } }
expect: { websites: { w1: { message: new, colour: blue } }, never_seen: { w1: { message: odd } } }
";
    let judged = Odd::trial(reference(), Oddity::MessageAlone).judge(&prepared(text)).unwrap();
    assert_eq!(judged.outcome(), Outcome::Passed, "{:?}", judged.failures());
    assert_eq!(judged.outside.unwrap().view.as_deref(), Some("message alone"));
    // Without the view the same cache is wrong.
    let bare = "
name: what a plugin keeps
start: { websites: { w1: { message: old, colour: red } } }
";
    let blind = OverHttp::new(
        Unseen(Odd { inner: Box::new(reference()), oddity: Oddity::MessageAlone }),
        Terms::default(),
    );
    assert_eq!(blind.judge(&prepared(bare)).unwrap().outcome(), Outcome::Failed);
}

/// A launcher whose view is lost.
struct Unseen(Odd);

impl Launcher for Unseen {
    fn launch<'a>(&'a self, access: &'a Access) -> Answer<'a, Box<dyn Peer>> {
        self.0.launch(access)
    }

    fn view(&self, settings: Option<&str>) -> Option<String> {
        Some(settings.unwrap_or("{}").to_owned())
    }

    fn view_in_words(&self) -> Option<String> {
        None
    }
}

#[test]
fn a_client_that_cannot_save_is_not_judged_by_saves_and_judging_nothing_is_no_pass() {
    let guide = Driven { client: Arc::new(Guide), manual: false };
    let candidate = Candidate {
        trial: Box::new(OverHttp::new(guide, Terms::default())),
        judged: "the guide's loop".to_owned(),
        options: String::new(),
        is_reference: false,
    };
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/saves/the-plugin-saves.yaml");
    let mut told = String::new();
    let code = replay(&[file.into()], &candidate, &mut |event| {
        told.push_str(&Text::default().render(event));
    });
    assert_eq!(code.unwrap(), ExitCode::NothingJudged);
    assert!(told.contains("Not judged: this client does not save."), "{told}");
}
