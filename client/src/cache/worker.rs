//! The thread that owns the machine. A big answer or a big set takes it seconds, in which neither the
//! runtime nor a stop waits for it.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use super::core::{Core, Todo};
use super::outlet::Outlet;
use crate::Config;
use crate::machine::{Event, Machine, Moment, Status, WarmStart};
use crate::telling;

/// Called before the machine handles an event, to panic as a bug in the machine would.
#[cfg(test)]
pub(super) type Bug = Box<dyn FnMut(&Event) + Send>;

/// Where the set of an earlier life comes from.
pub(super) type Warm = Box<dyn FnOnce() -> Option<WarmStart> + Send>;

/// One step of the machine.
pub(super) enum Task {
    Handle(Event),
    /// What the store says of the log.
    #[cfg(feature = "store")]
    Hear(crate::replicas::LogEvent),
    /// A new machine in place of one that panicked, which sends nothing for so long.
    BeginAnew(Duration),
}

/// What came of a step.
pub(super) enum Reply {
    Done(Box<Stepped>),
    /// The machine panicked, with these words.
    Panicked(String),
}

/// A step that was done. What changed is published already.
pub(super) struct Stepped {
    pub(super) todo: Todo,
    /// Where in the log the replica is.
    #[cfg(feature = "store")]
    pub(super) place: Option<crate::replicas::Place>,
    /// When the machine wants a tick.
    pub(super) wake: Option<Duration>,
    pub(super) status: Status,
}

/// The driver's end. When it is dropped, the thread ends after the step that it is in.
pub(super) struct Link {
    tasks: Sender<Task>,
    replies: UnboundedReceiver<Reply>,
}

impl Link {
    /// Orders a step; each has one reply.
    pub(super) fn order(&self, task: Task) {
        // The thread ends only when this end is dropped.
        let _ = self.tasks.send(task);
    }

    /// The next reply; `None` when the thread has ended, which it does not by itself.
    pub(super) async fn reply(&mut self) -> Option<Reply> {
        self.replies.recv().await
    }
}

pub(super) struct Worker<T> {
    pub(super) config: Config,
    /// What moments count from.
    pub(super) start: Instant,
    pub(super) outlet: Arc<Outlet<T>>,
    /// The generations of the machines before this one.
    pub(super) generation_before: u64,
    /// Makes it a replica, under these options.
    #[cfg(feature = "store")]
    pub(super) replica: Option<crate::replicas::Options>,
    #[cfg(test)]
    pub(super) bug: Bug,
}

impl<T: DeserializeOwned + Send + Sync + 'static> Worker<T> {
    /// Starts the thread.
    pub(super) fn start(self, warm: Warm) -> io::Result<Link> {
        let (tasks, ordered) = channel();
        let (told, replies) = unbounded_channel();
        let thread = std::thread::Builder::new().name("crisp-sync".to_owned());
        thread.spawn(move || self.run(warm, &ordered, &told))?;
        Ok(Link { tasks, replies })
    }

    fn run(mut self, warm: Warm, tasks: &Receiver<Task>, replies: &UnboundedSender<Reply>) {
        // The shelf is the plugin's code.
        let warm = catch_unwind(AssertUnwindSafe(warm)).unwrap_or_default();
        let mut machine = self.machine(warm);
        while let Ok(task) = tasks.recv() {
            let stepped = catch_unwind(AssertUnwindSafe(|| self.step(&mut machine, task)));
            let reply = match stepped {
                Ok(stepped) => Reply::Done(Box::new(stepped)),
                Err(panic) => Reply::Panicked(words_of(&*panic)),
            };
            if replies.send(reply).is_err() {
                return;
            }
        }
    }

    fn machine(&self, warm: Option<WarmStart>) -> Core {
        let (config, now) = (self.config.clone(), moment(self.start));
        #[cfg(feature = "store")]
        if let Some(options) = self.replica {
            let websites = warm.as_ref().map(|warm| warm.websites.clone());
            let replica = crate::replicas::Replica::new(config, options, now, warm);
            if let Some(websites) = websites {
                self.outlet.begin_with(&websites, replica.snapshot().generation);
            }
            return Core::Replica(Box::new(replica));
        }
        let machine = match warm {
            Some(warm) => {
                let websites = warm.websites.clone();
                let machine = Machine::resume(config, now, warm);
                self.outlet.begin_with(&websites, machine.snapshot().generation);
                machine
            }
            None => Machine::new(config, now),
        };
        Core::Machine(Box::new(machine))
    }

    fn step(&mut self, machine: &mut Core, task: Task) -> Stepped {
        let now = moment(self.start);
        let (before, over_bound) = (machine.state(), machine.counters().over_bound);
        let socket = machine.socket_state();
        let todo = match task {
            Task::Handle(event) => {
                #[cfg(test)]
                (self.bug)(&event);
                machine.handle(now, event)
            }
            #[cfg(feature = "store")]
            Task::Hear(event) => machine.hear(now, event),
            Task::BeginAnew(rest) => {
                self.begin_anew(machine, now, rest);
                machine.handle(now, Event::Tick)
            }
        };
        let mut status = machine.status(now);
        status.generation += self.generation_before;
        tell(before, over_bound, &status);
        if std::mem::discriminant(&socket) != std::mem::discriminant(&status.socket) {
            telling::socket_changed(status.socket, status.socket_error.as_deref());
        }
        // What the status says is there is there by then.
        self.outlet.publish(&todo.changes, status.generation);
        self.outlet.tell(&status);
        #[cfg(feature = "persist")]
        self.outlet.keep(machine.warm_start());
        Stepped {
            todo,
            #[cfg(feature = "store")]
            place: machine.place(),
            wake: machine.next_wake(),
            status,
        }
    }

    /// A panic is a bug, but the settings must not freeze for it (hazard F7): the cache serves on,
    /// and everything is listed again. A replica goes on without its log, in which the bug still is.
    /// It begins from what is shown: what the machine knew beyond that was never told, and the list brings it.
    fn begin_anew(&mut self, machine: &mut Core, now: Moment, rest: Duration) {
        let websites = self.outlet.websites();
        self.generation_before += machine.snapshot().generation;
        let config = self.config.clone();
        let mut next = if websites.is_empty() {
            Machine::new(config, now)
        } else {
            let (cursor, verified) = (Timestamp::UNIX_EPOCH, false);
            let learnt = machine.warm_start().map(|warm| warm.learnt).unwrap_or_default();
            Machine::resume(config, now, WarmStart { websites, cursor, verified, learnt })
        };
        next.rest(rest);
        *machine = Core::Machine(Box::new(next));
    }
}

fn tell(before: crate::machine::State, over_bound: u64, status: &Status) {
    if status.counters.over_bound > over_bound {
        telling::over_bound(status.last_error.as_deref().unwrap_or_default());
    }
    if before != status.state {
        telling::state_changed(before, status.state, status.last_error.clone());
    }
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "the driver is where the clocks are read")]
fn moment(start: Instant) -> Moment {
    Moment { elapsed: start.elapsed(), wall: Timestamp::now() }
}

#[cfg(all(test, feature = "store", feature = "service"))]
mod tests {
    use serde_json::Value;
    use tokio::sync::broadcast;

    use super::super::changes::Changes;
    use super::super::shared::Shared;
    use super::*;
    use crate::machine::Freshness;
    use crate::machine::tests::server::Quirks;
    use crate::replicas::LogEvent;
    use crate::replicas::tests::world::{Deed, World, config, secs, w};

    /// A replica that has read a log with two websites, and a reader of its changes that was told of both.
    async fn with_two_websites(world: &World) -> (Worker<Value>, Core, Changes<Value>) {
        let shared = Arc::new(Shared::<Value>::new());
        let (steps, told) = broadcast::channel(8);
        let mut changes = Changes::new(shared.clone(), told);
        let mut worker = Worker {
            config: config(),
            start: Instant::now(),
            outlet: Arc::new(Outlet::new(shared, steps)),
            generation_before: 0,
            replica: Some(crate::replicas::Options::new(1)),
            bug: Box::new(|_| {}),
        };
        let mut replica = worker.machine(None);
        worker.step(&mut replica, Task::Hear(world.store.read(None)));
        assert!(matches!(changes.next_step().await, Some((_, step)) if step.len() == 2));
        (worker, replica, changes)
    }

    #[test]
    fn a_replica_that_has_read_a_part_of_the_log_says_that_it_loads() {
        let mut world = World::new(1, Quirks::default());
        world.run(secs(70));
        let LogEvent::Read { entries, age, .. } = world.store.read(None) else { panic!("a log") };
        let now = moment(Instant::now());
        let options = crate::replicas::Options::new(1);
        let mut replica = crate::replicas::Replica::new(config(), options, now, None);
        replica.hear(now, LogEvent::Read { entries, age, end: false });
        assert_eq!(replica.status(now).freshness, Freshness::Loading);
        replica.hear(now, LogEvent::Read { entries: Vec::new(), age, end: true });
        assert_eq!(replica.status(now).websites, 2);
        assert_ne!(replica.status(now).freshness, Freshness::Loading);
    }

    #[tokio::test]
    async fn a_machine_begins_anew_from_what_is_shown_and_not_from_what_it_never_told() {
        let mut world = World::new(1, Quirks::default());
        world.run(secs(70));
        let (mut worker, mut replica, _changes) = with_two_websites(&world).await;
        world.act(Deed::Operator(1));
        world.run(secs(140));
        let place = replica.place();
        // It panics after this: what it shows is not handed on.
        let _lost = replica.hear(moment(worker.start), world.store.read(place));
        let settings = |websites: &crate::Websites| websites.get(&w(1)).unwrap().settings.clone();
        let shown = settings(&worker.outlet.websites());
        assert_ne!(settings(&replica.snapshot().websites), shown);
        worker.step(&mut replica, Task::BeginAnew(Duration::ZERO));
        assert_eq!(settings(&replica.snapshot().websites), shown);
    }

    #[tokio::test]
    async fn a_reader_of_the_changes_is_told_all_that_one_reading_of_the_log_brings() {
        let mut world = World::new(1, Quirks::default());
        world.run(secs(70));
        let (mut worker, mut replica, mut changes) = with_two_websites(&world).await;
        for (number, minute) in [(1, 2), (2, 3)] {
            world.act(Deed::Operator(number));
            world.run(secs(minute * 70));
        }
        let place = replica.place();
        worker.step(&mut replica, Task::Hear(world.store.read(place)));
        let mut news = Vec::new();
        for _ in 0..2 {
            let change = tokio::time::timeout(secs(5), changes.next()).await;
            news.push(change.expect("a change").expect("the cache is open").website());
        }
        assert_eq!(news, [w(1), w(2)]);
    }
}
