//! What a listener of `/changes` is told.

use reqwest::{Method, Response};
use serde_json::Value;

use crate::program::Serving;
use crate::sync::{DEADLINE, Sync, ctl, id};

/// A stream that is read event by event.
struct Stream {
    response: Response,
    text: String,
}

#[derive(Debug)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

impl Stream {
    async fn of(sync: &Sync, path: &str, last: Option<&str>) -> Self {
        let mut request = sync.request(Method::GET, path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let fields = event.lines().filter_map(|line| line.split_once(": "));
                    fields.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
                };
                let read = field("data").map(|data| Event {
                    name: field("event").unwrap_or_default().to_owned(),
                    id: field("id").map(str::to_owned),
                    data: serde_json::from_str(data).unwrap(),
                });
                self.text = rest.to_owned();
                if read.is_some() {
                    return read;
                }
                continue;
            }
            let chunk = tokio::time::timeout(DEADLINE, self.response.chunk()).await.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk.ok()??).unwrap());
        }
    }

    /// The identifier that the stream begins with, before any event.
    async fn begins_with(&mut self) -> Option<String> {
        let chunk = tokio::time::timeout(DEADLINE, self.response.chunk()).await.unwrap().unwrap();
        let opening = String::from_utf8(chunk.unwrap().to_vec()).unwrap();
        opening.lines().find_map(|line| line.strip_prefix("id: ")).map(str::to_owned)
    }

    /// Reads a whole set: why it came, how many websites it had, and the event that it ended with.
    async fn set(&mut self) -> (String, usize, String) {
        let reset = self.next().await.unwrap();
        assert_eq!(reset.name, "reset", "{reset:?}");
        let reason = reset.data["reason"].as_str().unwrap().to_owned();
        let mut websites = 0;
        loop {
            let event = self.next().await.unwrap();
            match event.name.as_str() {
                "website" => websites += 1,
                "complete" => return (reason, websites, event.id.unwrap()),
                other => panic!("{other} within a set"),
            }
        }
    }
}

#[tokio::test]
async fn a_stream_begins_with_every_website_and_goes_on_with_each_change() {
    let serving = Serving::start(&["--websites", "45"]);
    let sync = Sync::of(&serving).await;
    let mut stream = Stream::of(&sync, "/changes", None).await;
    let (reason, websites, _) = stream.set().await;
    assert_eq!((reason.as_str(), websites), ("begins", 45));
    ctl(&serving, &["save", "w7", "message=Hello"]);
    let event = stream.next().await.unwrap();
    assert_eq!((event.name.as_str(), event.data["id"].as_str().unwrap()), ("website", &*id("w7")));
    assert_eq!(event.data["settings"]["message"], "Hello");
    assert!(event.id.is_some());
    ctl(&serving, &["uninstall", "w3"]);
    let event = stream.next().await.unwrap();
    assert_eq!((event.name.as_str(), event.data["id"].as_str().unwrap()), ("removed", &*id("w3")));
}

#[tokio::test]
async fn a_listener_that_comes_back_is_told_what_it_missed_and_nothing_else() {
    let serving = Serving::start(&["--websites", "3"]);
    let sync = Sync::of(&serving).await;
    let (_, _, last) = Stream::of(&sync, "/changes", None).await.set().await;
    ctl(&serving, &["save", "w1", "message=missed"]);
    let path = format!("/websites/{}", id("w1"));
    sync.until(&path, |_, body| body["settings"]["message"] == "missed").await;
    let mut stream = Stream::of(&sync, "/changes", Some(&last)).await;
    assert_eq!(stream.next().await.unwrap().data["settings"]["message"], "missed");
    let (_, list) = sync.json("/websites").await;
    let mut stream = Stream::of(&sync, "/changes", list["event"].as_str()).await;
    let mut from_now = Stream::of(&sync, "/changes?from=now", None).await;
    ctl(&serving, &["save", "w2", "message=next"]);
    for stream in [&mut stream, &mut from_now] {
        assert_eq!(stream.next().await.unwrap().data["id"].as_str().unwrap(), id("w2"));
    }
}

#[tokio::test]
async fn a_listener_from_now_that_comes_back_before_the_first_change_is_told_what_it_missed() {
    let serving = Serving::start(&["--websites", "3"]);
    let sync = Sync::of(&serving).await;
    sync.until("/websites", |status, _| status == 200).await;
    let began = Stream::of(&sync, "/changes?from=now", None).await.begins_with().await.unwrap();
    ctl(&serving, &["save", "w1", "message=missed"]);
    let path = format!("/websites/{}", id("w1"));
    sync.until(&path, |_, body| body["settings"]["message"] == "missed").await;
    let mut stream = Stream::of(&sync, "/changes?from=now", Some(&began)).await;
    assert_eq!(stream.next().await.unwrap().data["settings"]["message"], "missed");
}

#[tokio::test]
async fn a_listener_of_another_process_is_told_so_and_begins_with_every_website() {
    let serving = Serving::start(&["--websites", "3"]);
    let sync = Sync::of(&serving).await;
    for last in ["00000000-1", "nonsense", ""] {
        let (reason, websites, _) = Stream::of(&sync, "/changes", Some(last)).await.set().await;
        assert_eq!((reason.as_str(), websites), ("unknown_event", 3), "{last}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_stop_ends_the_streams_and_the_process() {
    let serving = Serving::start(&["--websites", "3"]);
    let sync = Sync::of(&serving).await;
    let mut stream = Stream::of(&sync, "/changes", None).await;
    stream.set().await;
    let stopped = tokio::task::spawn_blocking(|| sync.stop());
    assert!(stream.next().await.is_none());
    assert_eq!(stopped.await.unwrap(), Some(0));
}
