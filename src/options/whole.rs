//! Whole numbers as values of options: what is said of one that is none.

use std::num::NonZeroUsize;
use std::str::FromStr;

/// Reads a whole number, 0 or more.
pub fn whole<N: FromStr>(text: &str) -> Result<N, String> {
    number(text, "0")
}

/// Reads a whole number, 1 or more.
pub fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    number(text, "1")
}

/// Reads how many websites a page has; what is out of bounds is told later, with its place.
pub fn page_size(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "write a whole number from 1 to 100".to_owned())
}

fn number<N: FromStr>(text: &str, least: &str) -> Result<N, String> {
    let wanted = || {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let large = digits && text.bytes().any(|byte| byte != b'0');
        let problem = if large { "this is too large: " } else { "" };
        format!("{problem}write a whole number, {least} or more")
    };
    text.parse().map_err(|_| wanted())
}
