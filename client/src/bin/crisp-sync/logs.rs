//! The log, on stderr.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::options::LogFormat;

/// Logs from now on.
pub fn start(format: LogFormat, level: LevelFilter) {
    // The libraries below say no more than what an operator can use.
    let targets = tracing_subscriber::filter::Targets::new()
        .with_target("crisp_sync", level)
        .with_default(level.min(LevelFilter::WARN));
    let registry = tracing_subscriber::registry().with(targets);
    let layer = fmt::layer().with_writer(std::io::stderr).with_target(false);
    // A log that was set up before stays.
    let _ = match format {
        LogFormat::Text => registry.with(layer.with_ansi(false)).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
}
