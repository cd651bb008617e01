//! Plugins as they are: started, read, ended.

use crisp_harness::peer::{Launcher, Peer, PeerError, PeerOptions, Plugin, Time, View};
use crisp_harness::subject::How;
use crisp_mock_server::id::WebsiteId;

use crate::bench::{Lifelines, access, command, has, hasty, is_reaped, order, patient};

const READ: &str = "http://127.0.0.1:{port}/_cache";

fn plugin(arguments: &str, options: PeerOptions) -> Plugin {
    Plugin::new(command("node", "plugin.js", arguments), READ, None, options).unwrap()
}

async fn started(plugin: &Plugin) -> Box<dyn Peer> {
    let peer = plugin.launch(&access()).await.unwrap_or_else(|error| panic!("{error}"));
    peer.start(&access()).await.unwrap();
    peer
}

/// What the first read says that is not "still loading".
async fn settled(peer: &dyn Peer) -> Result<Vec<(WebsiteId, String)>, PeerError> {
    loop {
        let reading = peer.read().await?;
        if reading.ready {
            let held = reading.websites.into_iter();
            return Ok(held.map(|(id, held)| (id, held.settings)).collect());
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_first_200_means_ready_and_the_body_is_the_cache() {
    if !has("node") {
        return;
    }
    let peer = started(&plugin("loads", patient())).await;
    let held = settled(&*peer).await.unwrap();
    let w = WebsiteId::numbered;
    assert_eq!(held, [(w(1), r#"{"message":"Hi"}"#.to_owned()), (w(2), "\"plain\"".to_owned())]);
    let log = peer.log().remove(0);
    assert!(log.starts_with("port 2") && log.ends_with(", poll 200, http://127.0.0.1:9"), "{log}");
    assert!(matches!(peer.save(order(w(1), "{}", How::Put)).await, Err(PeerError::Refused(_))));
    peer.stop().await.unwrap();
    assert_eq!(peer.log().last().map(String::as_str), Some("asked to end"));
}

#[tokio::test]
async fn two_at_a_time_have_a_port_each() {
    if !has("node") {
        return;
    }
    let plugin = plugin("loads", patient());
    let (one, other) = tokio::join!(started(&plugin), started(&plugin));
    settled(&*one).await.unwrap();
    settled(&*other).await.unwrap();
    assert_ne!(one.log()[0], other.log()[0]);
}

#[tokio::test]
async fn a_view_reduces_what_is_read() {
    if !has("node") {
        return;
    }
    let view = View::parse("view.yaml", "keys: [color]").unwrap();
    let plugin = plugin("loads", PeerOptions { view: Some(view), ..patient() });
    let held = settled(&*started(&plugin).await).await.unwrap();
    assert_eq!(held[0].1, "{}");
    assert_eq!(plugin.view(Some(r#"{"message":"Hi"}"#)).as_deref(), Some("{}"));
}

#[tokio::test]
async fn what_cannot_be_compared_from_the_start_is_no_conviction() {
    if !has("node") {
        return;
    }
    for (mode, part) in [
        ("page", "it is no JSON"),
        ("list", "it is a list, expected {\"<website_id>\""),
        ("names", "`acme` is not a website"),
    ] {
        let error = settled(&*started(&plugin(mode, patient())).await).await.unwrap_err();
        assert!(matches!(error, PeerError::NeverStarted(_)), "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    let options = PeerOptions { timeout: std::time::Duration::from_secs(5), ..hasty() };
    let error = settled(&*started(&plugin("deaf", options)).await).await.unwrap_err();
    assert!(matches!(error, PeerError::NeverStarted(_)), "{error}");
    assert!(error.to_string().contains("after 5s nothing listens at"), "{error}");
}

/// Whether it had asked the emulator anything is not known here.
#[tokio::test]
async fn a_plugin_that_ends_before_its_cache_could_be_read_says_so_both_ways() {
    if !has("node") {
        return;
    }
    let error = settled(&*started(&plugin("fails", patient())).await).await.unwrap_err();
    let PeerError::Ended { how, never } = error else { panic!("{error}") };
    for said in [&how, &never] {
        assert!(said.contains("it exited with code 1"), "{said}");
        assert!(said.contains("| Error: CRISP_SECRET is not set"), "{said}");
    }
    assert!(never.contains("= hint: try the command by itself"), "{never}");
    assert!(!how.contains("hint"), "{how}");
}

#[tokio::test]
async fn what_was_ready_and_ends_or_shows_something_else_has_stopped() {
    if !has("node") {
        return;
    }
    for (mode, part) in [("turns", "it is no JSON"), ("breaks", "it exited with code 7")] {
        let peer = started(&plugin(mode, patient())).await;
        settled(&*peer).await.unwrap();
        let error = peer.read().await.unwrap_err();
        assert!(matches!(error, PeerError::Stopped(_)), "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_503_of_what_was_ready_is_passed_over_and_while_its_clock_stands_shows_nothing_newer() {
    if !has("node") {
        return;
    }
    // The first two readings are answered, the next three are not.
    for (time, after_a_503) in [(Time::Real, 1), (Time::Virtual, 0)] {
        let options = PeerOptions { time, ..patient() };
        let peer = started(&plugin("busy", options)).await;
        assert_eq!(settled(&*peer).await.unwrap(), []);
        let mut shown = Vec::new();
        for _ in 0..5 {
            shown.push(settled(&*peer).await.unwrap().len());
        }
        assert_eq!(shown.last(), Some(&1), "{time:?}: {shown:?}");
        assert_eq!(shown[1], after_a_503, "{time:?}: {shown:?}");
    }
}

#[tokio::test]
async fn another_program_is_not_taken_for_the_plugin() {
    if !has("node") {
        return;
    }
    let other = started(&plugin("loads", patient())).await;
    settled(&*other).await.unwrap();
    let port = other.log()[0][5..10].to_owned();
    let run = command("node", "plugin.js", "loads");
    let read = format!("http://127.0.0.1:{port}/_cache");
    let plugin = Plugin::new(run.clone(), &read, None, patient()).unwrap();
    assert_eq!(plugin.at_most(), 1);
    let error = crate::bench::refusal(plugin.launch(&access()).await);
    assert!(error.to_string().contains("before the plugin is started"), "{error}");
    // Once it is gone the address is the plugin's own, and its port is in PORT.
    other.stop().await.unwrap();
    let peer = started(&plugin).await;
    settled(&*peer).await.unwrap();
    assert!(peer.log()[0].starts_with(&format!("port {port}, ")));
}

#[tokio::test]
async fn a_plugin_that_ignores_the_signal_is_ended_all_the_same() {
    if !has("node") {
        return;
    }
    let lifelines = Lifelines::open().await;
    // In real time, as nothing is started before it to look whose clock it is.
    let options = PeerOptions { time: Time::Real, ..patient() };
    let peer = started(&plugin(&format!("sulks {}", lifelines.port()), options)).await;
    let lifeline = lifelines.next().await;
    let process = lifeline.name.clone();
    peer.stop().await.unwrap();
    lifeline.has_ended().await;
    assert!(is_reaped(&process), "a zombie is left");
}

#[test]
fn what_is_no_address_is_refused() {
    for read in ["127.0.0.1:3000", "https://127.0.0.1/", "/_cache"] {
        let run = command("node", "plugin.js", "loads");
        let error = Plugin::new(run, read, None, patient()).unwrap_err();
        assert!(error.contains("write it like http://127.0.0.1:3000/path"), "{error}");
    }
}
