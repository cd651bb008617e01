//! O1 within a run: what a calm has to bring.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;

use super::{history, millis, request, seconds};
use crate::history::{By, Quality, Request, State, What};
use crate::oracle::{Oracle as _, converged};

/// The first thing that is said when a website is changed at 100 s, shown at `shown`, and changed
/// again at 1000 s.
fn calm(shown: Option<Duration>, fault: Option<(Duration, Duration)>) -> Option<&'static str> {
    let mut history = history();
    let limit = history.bound();
    assert_eq!(limit, seconds(60 + 30));
    let site = history.site(WebsiteId::numbered(1));
    let mut state = |text: &str| Some(State { settings: history.values.json(text), token: None });
    let [old, new, newest] = ["1", "2", "3"].map(&mut state);
    let mut oracle = converged::Converged::new(None);
    let start = [
        (0, What::Truth { site, state: old, by: By::Start }),
        (0, What::Shows { site, state: old }),
    ];
    let mut events: Vec<_> = start.map(|(at, what)| (seconds(at), what)).to_vec();
    events.push((seconds(100), What::Truth { site, state: new, by: By::Operator }));
    events.extend(shown.map(|at| (at, What::Shows { site, state: new })));
    if let Some((sent, ended)) = fault {
        let failed = request(Operation::Since, sent, Quality::Broken);
        history.requests.push(Request { ended: None, faults: vec!["status"], ..failed });
        events.push((ended, What::Arriving(0)));
    }
    events.push((seconds(1000), What::Truth { site, state: newest, by: By::Operator }));
    let mut breaches = events.into_iter().filter_map(|(at, what)| {
        let event = history.push(at, what);
        oracle.see(&history, &event).map(|breach| breach.word)
    });
    breaches.next()
}

#[test]
fn an_update_that_a_later_one_hides_was_lost_all_the_same() {
    assert_eq!(calm(Some(seconds(190)), None), None);
    assert_eq!(calm(Some(millis(190_001)), None), Some("converged too late"));
    assert_eq!(calm(None, None), Some("lost update"));
    // A request that meets a fault disturbs from its sending until its end, and is no calm.
    let met = |sent, ended| calm(None, Some((seconds(sent), seconds(ended))));
    assert_eq!(met(150, 950), None);
    assert_eq!(met(195, 950), Some("lost update"));
    assert_eq!(met(150, 900), Some("lost update"));
}
