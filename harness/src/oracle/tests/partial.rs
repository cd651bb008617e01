//! O7 and partial saves: what a PUT of stale members undoes.

use super::{history, millis, request, seconds, see};
use crate::history::{By, Quality, Request, Save, State, What};
use crate::oracle::no_lost_update;
use crate::words::How;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use std::time::Duration;

/// What is said of a partial save of `a` at 20 s, sent as this operation with these settings, over an
/// operator's change of `b` at `operator`, after a look at the website that was sent at 14 s.
fn partial(operation: Operation, body: &str, looked: bool, operator: Duration) -> Option<String> {
    let mut history = history();
    let site = history.site(WebsiteId::numbered(1));
    let mut state = |text: &str| Some(State { settings: history.values.json(text), token: None });
    let (before, after) = (state("{\"a\":1,\"b\":1}"), state("{\"a\":1,\"b\":2}"));
    let saved = state(body);
    let settings = history.values.json("{\"a\":2}");
    let look = request(Operation::GetSettings, seconds(14), Quality::Good);
    let ended = looked.then_some(millis(19_990));
    let save = request(operation, seconds(20), Quality::Good);
    history.requests = vec![
        Request { save: Some(0), site: Some(site), ..save },
        Request { site: Some(site), ended, ..look },
    ];
    history.saves.push(Save {
        site,
        how: How::Patch,
        settings,
        ordered: seconds(19),
        end: None,
        life: 0,
        attempts: vec![0],
    });
    history.push(Duration::ZERO, What::Truth { site, state: before, by: By::Start });
    history.push(operator, What::Truth { site, state: after, by: By::Operator });
    let truth = What::Truth { site, state: saved, by: By::Client(0) };
    history.push(seconds(20), truth);
    let mut oracle = no_lost_update::NoLostUpdate { can: true };
    see(&mut oracle, &history, seconds(20), truth).map(|breach| breach.fact)
}

#[test]
fn a_partial_save_that_is_sent_whole_undoes_what_an_operator_changed() {
    let (put, patch) = (Operation::SaveSettings, Operation::UpdateSettings);
    let stale = "{\"a\":2,\"b\":1}";
    let fact = Some("An operator changed `b` of w1 at 10 s.".to_owned());
    assert_eq!(partial(put, stale, false, seconds(10)), fact);
    assert_eq!(partial(put, "{\"a\":2}", false, seconds(10)), fact);
    assert_eq!(partial(put, "{\"a\":2,\"b\":2}", false, seconds(10)), None);
    assert_eq!(partial(patch, stale, false, seconds(10)), None);
    // It read the website just before, and the operator saved while that answer was on its way.
    assert_eq!(partial(put, stale, true, seconds(15)), None);
    assert_eq!(partial(put, stale, true, seconds(10)), fact);
}
