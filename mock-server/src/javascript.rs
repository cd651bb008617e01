//! Numbers in JavaScript's notation.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;
use serde_json::{Number, Serializer};

/// A number as JavaScript writes it: `1e+21`, `0.1`, `5`, and digits up to 1e21.
pub(crate) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let (digits, point) = shortest(value.abs());
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    match point {
        1..=21 if count <= point => format!("{sign}{digits}{}", zeros(point - count)),
        1..=21 => {
            let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or_default());
            format!("{sign}{whole}.{fraction}")
        }
        -5..=0 => format!("{sign}0.{}{digits}", zeros(-point)),
        _ => {
            let (first, others) = digits.split_at(1);
            let dot = if others.is_empty() { "" } else { "." };
            format!("{sign}{first}{dot}{others}e{:+}", point - 1)
        }
    }
}

/// The fewest digits that give a double back, and how many of them stand before the point. Of two that
/// are as near the even ones, as `serde_json` has them and the standard library has not.
fn shortest(value: f64) -> (String, i32) {
    let text = Number::from_f64(value).map_or_else(String::new, |number| number.to_string());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    let before = whole.len() + significant.len();
    let point = i32::try_from(before).unwrap_or_default()
        - i32::try_from(digits.len()).unwrap_or_default()
        + exponent.parse::<i32>().unwrap_or_default();
    let significant = significant.trim_end_matches('0');
    (if significant.is_empty() { "0".to_owned() } else { significant.to_owned() }, point)
}

/// Compact JSON whose doubles are written by [`number`]. One that is a whole number of 64 bits keeps
/// the `.0` by which it is told from an integer: quirk `numbers` decides about those before.
struct Notation;

impl Formatter for Notation {
    fn write_f64<W: ?Sized + io::Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        let text = number(value);
        out.write_all(text.as_bytes())?;
        let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let has_64_bits = text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
        if is_whole && has_64_bits { out.write_all(b".0") } else { Ok(()) }
    }
}

/// A value as JSON; none if it has no JSON.
pub(crate) fn json(value: &impl Serialize) -> Option<String> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, Notation)).ok()?;
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_in_javascripts_notation() {
        for (value, text) in [
            (5.0, "5"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (-1.5, "-1.5"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (-1.5e-7, "-1.5e-7"),
            (5e-324, "5e-324"),
            (18_446_744_073_709_551_616.0, "18446744073709552000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            // Two numbers of 17 digits are as near, and the even one is taken.
            (175_253_147_076_264.63, "175253147076264.62"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
