//! What the cache's thread drives: a machine, or a replica of one.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "store")]
use crate::replicas::{LogAction, LogEvent, Output, Place, Replica};

use crate::Change;
use crate::machine::{
    Action, Counters, Event, Machine, Moment, Snapshot, SocketState, State, Status, WarmStart,
};

/// A machine, or a replica of one.
pub(super) enum Core {
    Machine(Box<Machine>),
    #[cfg(feature = "store")]
    Replica(Box<Replica>),
}

/// What is to be done after a step.
#[derive(Default)]
pub(super) struct Todo {
    /// All that changed, in order: one step leads from one view to the next, however many answers were in it.
    pub(super) changes: Vec<Change>,
    pub(super) actions: Vec<Action>,
    #[cfg(feature = "store")]
    pub(super) log: Vec<LogAction>,
}

impl Todo {
    fn push(&mut self, action: Action) {
        match action {
            Action::Changed(changes) => self.changes.extend(changes),
            action => self.actions.push(action),
        }
    }
}

impl From<Vec<Action>> for Todo {
    fn from(actions: Vec<Action>) -> Self {
        let mut todo = Self::default();
        actions.into_iter().for_each(|action| todo.push(action));
        todo
    }
}

#[cfg(feature = "store")]
impl From<Vec<Output>> for Todo {
    fn from(outputs: Vec<Output>) -> Self {
        let mut todo = Self::default();
        for output in outputs {
            match output {
                Output::Action(action) => todo.push(action),
                Output::Log(action) => todo.log.push(action),
            }
        }
        todo
    }
}

/// Asks either form the same.
macro_rules! either {
    ($core:expr, $it:ident => $asked:expr) => {
        match $core {
            Core::Machine($it) => $asked,
            #[cfg(feature = "store")]
            Core::Replica($it) => $asked,
        }
    };
}

impl Core {
    pub(super) fn handle(&mut self, now: Moment, event: Event) -> Todo {
        either!(self, it => it.handle(now, event).into())
    }

    /// What the store says. A machine has none.
    #[cfg(feature = "store")]
    pub(super) fn hear(&mut self, now: Moment, event: LogEvent) -> Todo {
        match self {
            Self::Machine(machine) => machine.handle(now, Event::Tick).into(),
            Self::Replica(replica) => replica.hear(now, event).into(),
        }
    }

    /// Where in the log it is.
    #[cfg(feature = "store")]
    pub(super) fn place(&self) -> Option<Place> {
        match self {
            Self::Machine(_) => None,
            Self::Replica(replica) => replica.end_of_log(),
        }
    }

    pub(super) fn next_wake(&self) -> Option<Duration> {
        either!(self, it => it.next_wake())
    }

    pub(super) fn snapshot(&self) -> &Arc<Snapshot> {
        either!(self, it => it.snapshot())
    }

    pub(super) fn state(&self) -> State {
        either!(self, it => it.state())
    }

    pub(super) fn status(&self, now: Moment) -> Status {
        either!(self, it => it.status(now))
    }

    pub(super) fn counters(&self) -> Counters {
        match self {
            Self::Machine(machine) => *machine.counters(),
            #[cfg(feature = "store")]
            Self::Replica(replica) => replica.counters(),
        }
    }

    pub(super) fn socket_state(&self) -> SocketState {
        match self {
            Self::Machine(machine) => machine.socket_state(),
            #[cfg(feature = "store")]
            Self::Replica(_) => SocketState::Off,
        }
    }

    pub(super) fn warm_start(&self) -> Option<WarmStart> {
        either!(self, it => it.warm_start())
    }
}
