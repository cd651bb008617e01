//! Chance without a generator: every draw is a hash of what it is about.
//!
//! A draw hashes the UTF-8 text
//!
//! ```text
//! crisp-mock-fault-1
//! {purpose}
//! {seed}
//! {place in the plan, from 0}
//! {operation}
//! {occurrence of the operation since the start or reset, from 1}
//! {space}
//! ```
//!
//! with SHA-256, lines joined by one `\n` and none at the end, and takes the first 53 bits of the
//! digest as a fraction of 2^53: a number from 0 up to, but not including, 1. The purpose is
//! `chance` (the fault acts when the number is below its chance) or `delay` (the number places a
//! uniform delay between its bounds). So the same history of one client meets the same faults on
//! any machine, whatever other clients do, and `sha256sum` checks a draw:
//!
//! ```text
//! $ printf 'crisp-mock-fault-1\nchance\n7\n0\nlist\n1\ndefault' | sha256sum
//! 88f424c3b574a000346c165fe8ce75d35bc0b3c1ed3368b2e236874c17c2c156  -
//! ```
//!
//! which is 0x88f424c3b574a000 >> 11, divided by 2^53: 0.5349…, so a fault with `chance: 0.2`
//! leaves this request alone. The operation's occurrence is used for targets with a page too.

use sha2::{Digest, Sha256};

use crate::operation::Operation;

/// What is drawn; two purposes never share a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Whether a fault acts.
    Chance,
    /// How long a uniform delay is.
    Delay,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Chance => "chance",
            Self::Delay => "delay",
        }
    }
}

/// What a draw is about.
#[derive(Debug, Clone, Copy)]
pub struct Draw<'a> {
    /// The fault's seed.
    pub seed: u64,
    /// The fault's place in the plan, from 0; faults added later count on from there.
    pub index: u64,
    /// The world the request belongs to.
    pub space: &'a str,
    /// The request's operation.
    pub operation: Operation,
    /// 1-based index of the request among those of its operation.
    pub occurrence: u64,
}

impl Draw<'_> {
    /// A number from 0 up to, but not including, 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use crisp_mock_server::fault::chance::{Draw, Purpose};
    /// use crisp_mock_server::operation::Operation;
    ///
    /// let draw = Draw {
    ///     seed: 7,
    ///     index: 0,
    ///     space: "default",
    ///     operation: Operation::List,
    ///     occurrence: 1,
    /// };
    /// assert!((0.0..1.0).contains(&draw.number(Purpose::Chance)));
    /// ```
    #[must_use]
    pub fn number(&self, purpose: Purpose) -> f64 {
        let text = format!(
            "crisp-mock-fault-1\n{}\n{}\n{}\n{}\n{}\n{}",
            purpose.name(),
            self.seed,
            self.index,
            self.operation,
            self.occurrence,
            self.space
        );
        let digest = Sha256::digest(text);
        let mut head = [0; 8];
        head.copy_from_slice(&digest[..8]);
        // 53 bits are what an f64 holds exactly, so the result is the same on every machine.
        (u64::from_be_bytes(head) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
