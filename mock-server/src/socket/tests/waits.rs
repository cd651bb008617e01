use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::sync::Notify;

use super::{End, LIST, Limits, SINCE, Server, TestSpace, answer, delivery};
use crate::clock::Mode;
use crate::fault::{Delivery, HOLD_ORDER_AT_MOST, Outcome, Rate};

const SECOND: Duration = Duration::from_secs(1);

/// A server in whose world only the test moves time: `/slow` is delayed by 5 s, `/hold` waits for
/// the next answer, `/drip` trickles, `/hold-drip` does both, `/cut` ends early, `/lost` gets no
/// answer.
async fn server(time: &Arc<TestSpace>) -> (Server, Arc<Notify>) {
    let time = Arc::clone(time);
    let arrived = Arc::new(Notify::new());
    let seen = Arc::clone(&arrived);
    let server = server_of(time, seen).await;
    (server, arrived)
}

async fn server_of(time: Arc<TestSpace>, arrived: Arc<Notify>) -> Server {
    Server::start(Limits::default(), move |request: Request<Bytes>| {
        let outcome = match request.uri().path() {
            "/drip" | "/hold-drip" => {
                let pace = Rate::parse("1B/s").unwrap();
                Outcome::Drip { response: answer("ab"), pace }
            }
            "/cut" => Outcome::Cut { response: answer("cut"), bytes: 1, pace: None },
            "/lost" => Outcome::Reset,
            "/slow" => Outcome::Answer(answer("slow")),
            "/hold" => Outcome::Answer(answer("held")),
            _ => Outcome::Answer(answer("next")),
        };
        let slow = matches!(request.uri().path(), "/slow" | "/drip");
        let delivery = Delivery {
            hold: if slow { 5 * SECOND } else { Duration::ZERO },
            after_next: request.uri().path().starts_with("/hold").then_some(HOLD_ORDER_AT_MOST),
            ..delivery(outcome)
        };
        let other = request.uri() == "/other";
        let reply = time.reply(delivery, if other { LIST } else { SINCE }, None);
        arrived.notify_one();
        async { reply }
    })
    .await
}

/// Gives what must not happen a chance to happen.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn nothing_came(client: &super::Client) -> bool {
    let result = client.0.try_read(&mut [0]);
    result.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

#[tokio::test]
async fn a_delay_passes_when_the_clock_is_advanced() {
    let time = TestSpace::new(Mode::Manual);
    let (server, arrived) = server(&time).await;
    let mut client = server.connect().await;
    client.get("/slow").await;
    arrived.notified().await;
    time.advance(4 * SECOND);
    settle().await;
    assert!(nothing_came(&client), "four seconds are not five");
    time.advance(SECOND);
    client.until("slow").await;
}

#[tokio::test]
async fn a_drip_follows_the_clock_of_its_world() {
    let time = TestSpace::new(Mode::Manual);
    let (server, arrived) = server(&time).await;
    let mut client = server.connect().await;
    client.get("/drip").await;
    arrived.notified().await;
    time.advance(5 * SECOND);
    client.until("\r\n\r\n").await;
    settle().await;
    assert!(nothing_came(&client), "the first byte takes a second");
    time.advance(SECOND);
    client.until("a").await;
    settle().await;
    assert!(nothing_came(&client));
    time.advance(SECOND);
    client.until("b").await;
}

#[tokio::test]
async fn a_held_answer_follows_the_next_of_its_operation() {
    let time = TestSpace::new(Mode::Manual);
    let (server, arrived) = server(&time).await;
    let mut held = server.connect().await;
    held.get("/hold").await;
    arrived.notified().await;
    let mut others = server.connect().await;
    for path in ["/other", "/other"] {
        others.get(path).await;
        others.until("next").await;
    }
    let mut lost = server.connect().await;
    lost.get("/lost").await;
    assert_eq!(lost.end().await, End::Reset(String::new()));
    settle().await;
    assert!(nothing_came(&held), "another operation, or no answer, does not count");
    others.get("/next").await;
    others.until("next").await;
    held.until("held").await;
}

#[tokio::test]
async fn an_answer_that_is_cut_releases_a_held_one_too() {
    let time = TestSpace::new(Mode::Manual);
    let (server, arrived) = server(&time).await;
    let mut held = server.connect().await;
    held.get("/hold").await;
    arrived.notified().await;
    let mut cut = server.connect().await;
    cut.get("/cut").await;
    assert!(matches!(cut.end().await, End::Fin(text) if text.ends_with("\nc")));
    held.until("held").await;
}

#[tokio::test]
async fn a_held_answer_goes_out_by_itself_after_thirty_seconds() {
    let time = TestSpace::new(Mode::Manual);
    let (server, arrived) = server(&time).await;
    let mut held = server.connect().await;
    held.get("/hold").await;
    arrived.notified().await;
    time.advance(29 * SECOND);
    settle().await;
    assert!(nothing_came(&held));
    time.advance(SECOND);
    held.until("held").await;
}

#[tokio::test]
async fn a_held_answer_drips_from_when_it_is_let_go() {
    let time = TestSpace::new(Mode::Manual);
    let (server, arrived) = server(&time).await;
    let mut held = server.connect().await;
    held.get("/hold-drip").await;
    arrived.notified().await;
    time.advance(10 * SECOND);
    let mut other = server.connect().await;
    other.get("/next").await;
    other.until("next").await;
    held.until("\r\n\r\n").await;
    settle().await;
    assert!(nothing_came(&held), "the wait was not the drip's");
    time.advance(SECOND);
    held.until("a").await;
    settle().await;
    assert!(nothing_came(&held));
    time.advance(SECOND);
    held.until("b").await;
}

#[tokio::test]
async fn a_held_answer_that_is_not_followed_drips_from_its_thirtieth_second() {
    let time = TestSpace::new(Mode::Manual);
    let (server, arrived) = server(&time).await;
    let mut held = server.connect().await;
    held.get("/hold-drip").await;
    arrived.notified().await;
    // A clock that jumps past it does not make it come later.
    time.advance(31 * SECOND);
    held.until("\r\n\r\na").await;
    settle().await;
    assert!(nothing_came(&held));
    time.advance(SECOND);
    held.until("b").await;
}

#[tokio::test]
async fn worlds_do_not_release_each_other_s_answers() {
    let (mine, theirs) = (TestSpace::new(Mode::Manual), TestSpace::new(Mode::Manual));
    let worlds = [Arc::clone(&mine), theirs];
    let arrived = Arc::new(Notify::new());
    let seen = Arc::clone(&arrived);
    let server = Server::start(Limits::default(), move |request: Request<Bytes>| {
        let hold = request.uri() == "/hold";
        let time = &worlds[usize::from(request.uri() == "/theirs")];
        let delivery = Delivery {
            after_next: hold.then_some(HOLD_ORDER_AT_MOST),
            ..delivery(Outcome::Answer(answer("done")))
        };
        let reply = time.reply(delivery, SINCE, None);
        seen.notify_one();
        async { reply }
    })
    .await;
    let mut held = server.connect().await;
    held.get("/hold").await;
    arrived.notified().await;
    let mut other = server.connect().await;
    other.get("/theirs").await;
    other.until("done").await;
    settle().await;
    assert!(nothing_came(&held));
    other.get("/mine").await;
    held.until("done").await;
}
