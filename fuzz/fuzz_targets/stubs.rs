//! The text of a file of stubs, and what its stubs answer.
#![no_main]

use crisp_mock_fuzz::{bounded, document, refused_with_a_place};
use crisp_mock_server::clock::Stamp;
use crisp_mock_server::stub::StubFile;
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 4] =
    ["/", "/v1/website/a", "/v1/website/a/conversation/b/message", "/v1/%F0%9F%A6%80"];

fuzz_target!(|data: &[u8]| {
    bounded(|| {
        let Some(document) = document(data) else { return };
        match StubFile::parse(&document.value()) {
            Ok(file) => {
                for stub in &file.stubs {
                    for path in PATHS {
                        let _ = stub.data(path, Stamp(1_767_225_600_000));
                    }
                }
            }
            Err(problems) => refused_with_a_place(data, &document.invalid(problems)),
        }
    });
});
