//! Watching rare events beside a busy future, for the price of one load.
//!
//! A connection is polled for every request. The signal to stop and the watchdog fire once in a
//! connection's life, if at all; polling them each time would take their locks each time. So they
//! get a waker of their own, which leaves a note before it wakes the task.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

struct Note {
    left: AtomicBool,
    task: Waker,
}

impl Wake for Note {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.left.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

/// Says when the rare events are worth a look.
#[derive(Default)]
pub(super) struct Nudge {
    note: Option<(Arc<Note>, Waker)>,
}

impl Nudge {
    /// The waker to poll the rare events with, if one of them may have come since the last call.
    pub(super) fn look(&mut self, cx: &Context<'_>) -> Option<Waker> {
        let same_task = |note: &Note| note.task.will_wake(cx.waker());
        match &self.note {
            Some((note, waker)) if same_task(note) => {
                let left =
                    note.left.load(Ordering::Relaxed) && note.left.swap(false, Ordering::AcqRel);
                left.then(|| waker.clone())
            }
            _ => {
                let task = cx.waker().clone();
                let note = Arc::new(Note { left: AtomicBool::new(false), task });
                let waker = Waker::from(Arc::clone(&note));
                self.note = Some((note, waker.clone()));
                Some(waker)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn a_look_is_due_at_first_and_after_each_wake_and_in_another_task() {
        let first = tokio::spawn(poll_fn(|cx| {
            let mut nudge = Nudge::default();
            let waker = nudge.look(cx).unwrap();
            assert!(nudge.look(cx).is_none());
            waker.wake_by_ref();
            assert!(nudge.look(cx).is_some());
            assert!(nudge.look(cx).is_none());
            Poll::Ready(nudge)
        }));
        let mut nudge = first.await.unwrap();
        let second = poll_fn(move |cx| Poll::Ready(nudge.look(cx).is_some()));
        assert!(tokio::spawn(second).await.unwrap());
    }
}
