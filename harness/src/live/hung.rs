//! What a `hang` does not show in real time, where the harness ends it.

use crate::history::{History, Request, What};
use crate::judge::{Demand, Finding};
use crate::oracle::{Rule, Verdict};

use super::Tempo;

/// Where the end of a `hang` came from the harness, and the client had waited for it all that time, its
/// own patience was never seen: that it polls on says nothing.
pub(super) fn unseen(findings: &mut [Finding], history: &History, tempo: Tempo) {
    let waited = history.events.iter().find_map(|event| match event.what {
        What::Arriving(index) => {
            let request = history.requests.get(index as usize)?;
            let between = |other: &Request| other.sent > request.sent && other.sent < event.at;
            let alone = !history.requests.iter().any(between);
            (request.faults.contains(&"hang") && alone).then_some(request)
        }
        _ => None,
    });
    let Some(request) = waited else { return };
    let liveness = Demand::Oracle(Rule::Liveness);
    let found = findings.iter_mut().find(|finding| finding.demand == liveness);
    if let Some(finding) = found.filter(|finding| finding.verdict == Verdict::Pass) {
        let withheld = tempo.withheld().as_secs_f64();
        finding.verdict = Verdict::NotJudged(format!(
            "{} hung until the harness ended it after {withheld} s: whether this client gives a \
             request up by itself was not seen",
            request.spot(),
        ));
    }
}
