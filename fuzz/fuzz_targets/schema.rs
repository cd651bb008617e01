//! A settings schema, a line `---`, and settings: every way to ask gives one verdict, and what is
//! made to fit fits.
#![no_main]

use crisp_mock_fuzz::{FILE, bounded, report_has_a_place};
use crisp_mock_server::sample::SettingsGenerator;
use crisp_mock_server::schema::{Rules, SettingsSchema, review};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Failures that are told at once.
const MOST: usize = 5;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (schema, settings) = text.split_once("\n---\n").unwrap_or((text, "{}"));
    let settings: Value = serde_json::from_str(settings).unwrap_or_default();
    bounded(|| {
        for formats in [true, false] {
            judge(schema, &settings, Rules { formats, ..Rules::default() });
        }
    });
});

fn judge(text: &str, settings: &Value, rules: Rules) {
    let review = review(FILE, text, rules);
    let schema = match review.schema {
        Ok(schema) => schema,
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            return report_has_a_place(text.as_bytes(), &review.report);
        }
    };
    let again = SettingsSchema::from_value(schema.raw().clone(), rules);
    let again =
        again.unwrap_or_else(|why| panic!("accepted as a text, refused as a value: {why:?}"));
    let fits = schema.fits(settings);
    assert_eq!(again.fits(settings), fits);
    assert_eq!(schema.check(settings).is_ok(), fits);
    let violations = schema.violations(settings, MOST);
    assert_eq!(violations.is_empty(), fits);
    match schema.hold(settings, MOST) {
        Ok(()) => assert!(fits),
        Err(misfit) => {
            assert!(!fits && !misfit.ajv().is_empty() && !misfit.to_string().is_empty());
            assert_eq!(misfit.violations(), violations);
            assert!((1..=MOST).contains(&violations.len()));
            assert!(violations.iter().all(|one| !one.message.is_empty()));
        }
    }
    let generator = SettingsGenerator::new(&schema);
    for number in 1..4 {
        let made = generator.settings(1, number);
        assert_eq!(made, generator.settings(1, number), "the same seed makes the same settings");
        if let Some(made) = made {
            assert!(schema.fits(&made), "made and refused: {made}");
        }
    }
}
