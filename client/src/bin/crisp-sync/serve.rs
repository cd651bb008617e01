//! `crisp-sync serve`: start the cache, answer, stop in good order.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};

use crisp_sync::Cache;
use crisp_sync::service::{Access, Bound, DatedShelf, Listen, RawCache, Service};

use crate::failure::Failure;
use crate::logs;
use crate::options::ServeOptions;
use crate::signals::Signals;

/// Where it listens when nothing else is said.
const PORT: u16 = 8787;
/// So many files are opened at most, if the system lets us: one for each connection.
#[cfg(unix)]
const FILES: u64 = 8192;

/// Serves until a signal.
pub fn run(options: ServeOptions) -> Result<(), Failure> {
    logs::start(options.log, options.log_level);
    #[cfg(unix)]
    raise_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(Failure::environment("starting the runtime"))?.block_on(serve(options))
}

async fn serve(options: ServeOptions) -> Result<(), Failure> {
    // Before anything is said to be ready, so that no signal comes too early.
    let mut signals = Signals::listen().map_err(Failure::environment("listening for signals"))?;
    let standard = || Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)));
    let listen = options.listen.clone().unwrap_or_else(standard);
    let access = Access::of(&listen, options.token.as_deref())?;
    let bound = Bound::new(&listen).await?;
    let shelf = options.state.as_ref().map(DatedShelf::new);
    let cache = start(&options, shelf.clone())?;
    let service = Service::with_shelf(cache.clone(), access, shelf);
    let place = bound.place().to_string();
    tracing::info!(%place, "listening");
    // The first line is for programs that let the port be chosen; who does not read it loses nothing.
    let _ = writeln!(std::io::stdout(), "{place}");
    let stop = async {
        let (signal, _) = signals.next().await;
        tracing::info!(signal, "stopping; once more to end at once");
        signals.end_at_the_next();
    };
    bound.serve(service, stop).await;
    cache.stop_and_store().await;
    tracing::info!("stopped");
    Ok(())
}

/// The cache that is served. What is to stand between it and the API, or to share it with others, is
/// put in here.
fn start(options: &ServeOptions, shelf: Option<DatedShelf>) -> Result<RawCache, Failure> {
    let mut builder = Cache::builder(options.cache_config()?);
    if let Some(shelf) = shelf {
        builder = builder.shelf(shelf);
    }
    if let Some(store) = options.reached_store()? {
        builder = builder.store(store);
    }
    Ok(builder.start()?)
}

/// A connection is an open file, and 1,024 are few.
#[cfg(unix)]
fn raise_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(FILES).min(FILES);
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(wanted);
        // Then fewer can listen.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}
