//! The text of a fault plan: what is read is written so that it reads the same, and meets requests.
#![no_main]

use std::time::Duration;

use crisp_mock_fuzz::{bounded, document, refused_with_a_place};
use crisp_mock_server::clock::{Moment, Stamp};
use crisp_mock_server::fault::{ArmedFaults, Fault, FaultPlan, RequestFacts};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    bounded(|| {
        let Some(document) = document(data) else { return };
        let value = document.value();
        match document.read::<FaultPlan>() {
            Ok(plan) => {
                let written = plan.faults.iter().map(Fault::to_value).collect();
                assert_eq!(FaultPlan::parse(&written).as_ref(), Ok(&plan), "written: {written}");
                meet(&plan);
            }
            Err(invalid) => refused_with_a_place(data, &invalid),
        }
        if let Err(problems) = FaultPlan::parse_for_server(&value) {
            refused_with_a_place(data, &document.invalid(problems));
        }
    });
});

/// Requests at times far apart; a fault that fired says so in the list.
fn meet(plan: &FaultPlan) {
    let mut armed = ArmedFaults::new(plan, "default");
    let operations = [Operation::List, Operation::Since, Operation::SaveSettings];
    let mut fired = 0;
    for (round, seconds) in [0, 1, 60, 86_400, u64::MAX / 1_000].into_iter().enumerate() {
        let elapsed = Duration::from_secs(seconds);
        let _ = armed.server_skew(elapsed);
        for operation in operations {
            let decision = armed.decide(&RequestFacts {
                operation,
                page: (operation == Operation::List).then_some(1 + round as u32),
                website: (operation == Operation::SaveSettings).then(|| WebsiteId::numbered(1)),
                method: &http::Method::GET,
                elapsed,
            });
            fired += decision.fired().len() as u64;
            let answer = || http::Response::new(bytes::Bytes::from_static(b"{}"));
            let delivery = decision.deliver(Moment { elapsed, wall: Stamp(0) }, |_| answer());
            drop(delivery);
        }
    }
    let told: u64 = armed.list().iter().map(|report| report.fired).sum();
    assert_eq!(told, fired, "the list counts what the requests met");
}
