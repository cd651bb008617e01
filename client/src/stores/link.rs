//! The tasks between a replica and its store: one reads the log, one writes it, one publishes.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::server::Server;
use crate::replicas::{LogAction, LogEvent, Place};
use crate::telling;

/// How long the store may take for one thing.
const PATIENCE: Duration = Duration::from_secs(5);
/// A whole set takes longer to publish.
const PUBLISHING: Duration = Duration::from_secs(60);
/// Between two tries to reach it.
const PAUSE: Duration = Duration::from_millis(500);

/// A replica's end.
pub(crate) struct StoreLink {
    events: mpsc::Receiver<LogEvent>,
    writes: mpsc::UnboundedSender<LogAction>,
    publications: mpsc::UnboundedSender<LogAction>,
    place: watch::Sender<Option<Place>>,
    /// They end with this.
    _tasks: JoinSet<()>,
}

impl StoreLink {
    pub(super) fn start(store: &impl Server) -> Self {
        let (told, events) = mpsc::channel(16);
        // At most one entry, one trimming and one publication are under way.
        let (writes, ordered) = mpsc::unbounded_channel();
        let (publications, to_publish) = mpsc::unbounded_channel();
        let (place, at) = watch::channel(None);
        let mut tasks = JoinSet::new();
        tasks.spawn(read(store.clone(), at, told.clone()));
        tasks.spawn(carry_out(store.clone(), ordered, told.clone()));
        tasks.spawn(carry_out(store.clone(), to_publish, told));
        Self { events, writes, publications, place, _tasks: tasks }
    }

    /// What the store says next. Never, when the tasks have ended.
    pub(crate) async fn next(&mut self) -> LogEvent {
        match self.events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }

    /// Has the store do this.
    pub(crate) fn act(&self, action: LogAction) {
        let to = match action {
            LogAction::Publish(_) => &self.publications,
            LogAction::Append { .. } | LogAction::Trim(_) => &self.writes,
        };
        // The tasks end with this.
        let _ = to.send(action);
    }

    /// Where the replica is now: what was read is applied.
    pub(crate) fn is_at(&self, place: Option<Place>) {
        self.place.send_replace(place);
    }
}

/// Reads on from where the replica is, for ever.
async fn read(
    store: impl Server,
    mut at: watch::Receiver<Option<Place>>,
    told: mpsc::Sender<LogEvent>,
) {
    loop {
        let mut connection = match timeout(PATIENCE, store.connect()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => {
                telling::store_is_away(&error);
                sleep(PAUSE).await;
                continue;
            }
            Err(late) => {
                telling::store_is_away(&late);
                continue;
            }
        };
        loop {
            let place = *at.borrow_and_update();
            let event = match timeout(PATIENCE, store.read(&mut connection, place)).await {
                Ok(Ok(event)) => event,
                Ok(Err(error)) => {
                    telling::store_is_away(&error);
                    break;
                }
                Err(late) => {
                    telling::store_is_away(&late);
                    break;
                }
            };
            let is_end = matches!(&event, LogEvent::Read { entries, .. } if entries.is_empty());
            if told.send(event).await.is_err() || at.changed().await.is_err() {
                return;
            }
            let place = *at.borrow();
            if is_end && timeout(PATIENCE, store.wait(&mut connection, place)).await.is_err() {
                break;
            }
        }
        sleep(PAUSE).await;
    }
}

/// Does what is ordered, in order, and says what came of it.
async fn carry_out(
    store: impl Server,
    mut ordered: mpsc::UnboundedReceiver<LogAction>,
    told: mpsc::Sender<LogEvent>,
) {
    let mut connection = None;
    while let Some(action) = ordered.recv().await {
        let failed = match action {
            LogAction::Append { .. } => Some(LogEvent::Failed),
            LogAction::Publish(_) => Some(LogEvent::Unpublished),
            LogAction::Trim(_) => None,
        };
        let patience = match action {
            LogAction::Publish(_) => PUBLISHING,
            LogAction::Append { .. } | LogAction::Trim(_) => PATIENCE,
        };
        let said = match timeout(patience, once(&store, &mut connection, action)).await {
            Ok(Ok(said)) => said,
            Ok(Err(error)) => {
                telling::store_is_away(&error);
                connection = None;
                sleep(PAUSE).await;
                failed
            }
            Err(late) => {
                telling::store_is_away(&late);
                connection = None;
                failed
            }
        };
        if let Some(said) = said
            && told.send(said).await.is_err()
        {
            return;
        }
    }
}

async fn once<S: Server>(
    store: &S,
    connection: &mut Option<S::Connection>,
    action: LogAction,
) -> Result<Option<LogEvent>, S::Error> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(store.connect().await?),
    };
    match action {
        LogAction::Append { after, place, entry, .. } => {
            store.append(connection, after, (place, entry)).await.map(Some)
        }
        LogAction::Trim(before) => store.trim(connection, before).await.map(|()| None),
        LogAction::Publish(publication) => {
            let sequence = publication.sequence;
            store.publish(connection, publication).await?;
            Ok(Some(LogEvent::Published(sequence)))
        }
    }
}
