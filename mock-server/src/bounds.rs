//! How much requests can make a server keep: every bound in one table.
//!
//! | What | Most | Beyond it |
//! |---|--:|---|
//! | [`BODY`] | 2 MiB | 413 |
//! | [`SETTINGS_OF_A_WEBSITE`] | 2 MiB | the save is refused, 413 |
//! | [`SETTINGS_OF_A_WORLD`] | 256 MiB | a save that makes them more is refused, 413 |
//! | [`WEBSITES`] in all spaces, those that left included | 1,000,000 | installing is refused; so is making a space |
//! | [`SPACES`] | 1,000 | making one is refused |
//! | [`FAULTS`] of a space | 10,000 | arming is refused |
//! | [`CACHED`] answers of a space | 32 MiB | all are forgotten |
//! | [`CONNECTIONS`] at the same time | 16,384 | [`SPARE_CONNECTIONS`] more take control calls alone, 503 for the rest; then the kernel's queue |
//! | the journal | 10,000 entries, 8 MiB | the oldest go ([`journal`](crate::journal)) |
//! | headers and bodies in it | of the newest 200 requests, 4 KiB and 16 KiB of each message | they are cut ([`Exchange`](crate::journal::Exchange)) |
//! | the past of a world | 20,000 changes, 32 MiB | the oldest go ([`History`](crate::engine::History)) |
//! | events | 1,000, 8 MiB | the oldest go ([`Outbox`](crate::engine::Outbox)) |
//! | [`RTM_SOCKETS`] of a space | 2,000 | the handshake is refused, 503 |
//! | [`RTM_FRAME`] from a client, and the names of events that a socket wants | 64 KiB | the socket is closed; more names are not taken |
//! | [`RTM_INSTALLS`] that a socket remembers since it was bound | 4,000 | the socket is closed |
//! | deliveries of web hooks | 1,000, 16 MiB of bodies | the oldest go, and are counted ([`Queue`](crate::hooks::Queue)) |
//! | [`INTERCEPTED_CONNECTIONS`] of a proxy of `--intercept` | 1,024 | then the kernel's queue |
//! | [`REFUSED_HOSTS`] that such a proxy names at the end | 100 | requests for others are counted together |
//! | usage bills of a website | 100 | the oldest go ([`Usage`](crate::engine::Usage)) |
//!
//! A connection costs about 20 KB while it is open. What many of them cost is given back to the allocator
//! and serves the next ones; glibc's keeps it: of 6,000 that were opened and closed 110 MB stayed
//! resident, 1 MB after `malloc_trim`, and 14 MB with `GLIBC_TUNABLES=glibc.malloc.mmap_threshold=8000`.
//!
//! What the command line asks for is bounded by its own options: it may start a world with up to
//! 5,000,000 websites, which then takes no more.

/// Bytes of a request's body.
pub const BODY: usize = 2 << 20;

/// Bytes of one website's settings, as JSON.
pub const SETTINGS_OF_A_WEBSITE: usize = 2 << 20;

/// Bytes of all settings of a world, those of websites that left included.
pub const SETTINGS_OF_A_WORLD: usize = 256 << 20;

/// Websites that control calls and plugins may install.
pub const WEBSITES: usize = 1_000_000;

/// Spaces beside the default one.
pub const SPACES: usize = 1_000;

/// Faults that are armed in a space.
pub const FAULTS: usize = 10_000;

/// Connections at the same time.
pub const CONNECTIONS: usize = 16_384;

/// Connections beyond those, each for one call of the control API, so that a server that is full can
/// still be asked why.
pub const SPARE_CONNECTIONS: usize = 128;

/// Bytes of the answers that the cache in front of reads keeps.
pub const CACHED: usize = 32 << 20;

/// Sockets of the RTM API that are open in a space.
pub const RTM_SOCKETS: usize = 2_000;

/// Bytes of one frame from a client of the RTM API.
pub const RTM_FRAME: usize = 64 << 10;

/// Websites installed since a socket was bound that it remembers: it is not bound to them.
pub const RTM_INSTALLS: usize = 4_000;

/// Connections that a proxy of `--intercept` carries at the same time.
pub const INTERCEPTED_CONNECTIONS: usize = 1_024;

/// Hosts that were refused by such a proxy and are named.
pub const REFUSED_HOSTS: usize = 100;
