//! Work side by side, with results in the order of the items.

use std::collections::BTreeMap;
use std::iter;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Does something to each item on so many threads; the results stand in the order of the items.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    jobs: usize,
    items: &[T],
    work: &(dyn Fn(&T) -> R + Sync),
) -> Vec<R> {
    let jobs = jobs.min(items.len());
    if jobs <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let share = || {
        let taken = iter::from_fn(|| {
            let index = next.fetch_add(1, Ordering::Relaxed);
            items.get(index).map(|item| (index, work(item)))
        });
        taken.collect::<Vec<_>>()
    };
    // Each thread keeps its results until the end: handed over one by one, as in `in_order`, each
    // wakes the receiving thread, which costs a search of short cases 8 % of its speed.
    let mut results = std::thread::scope(|scope| {
        // Collected first, so that all of them run before one is waited for.
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(share)).collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(results) => results,
            Err(panic) => resume_unwind(panic),
        });
        joined.flatten().collect::<Vec<_>>()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// The same with each result handed over as soon as those before it were; the first error of `take`
/// ends it all.
pub(crate) fn in_order<T: Sync, R: Send, E>(
    jobs: usize,
    items: &[T],
    work: &(dyn Fn(&T) -> R + Sync),
    take: &mut dyn FnMut(usize, R) -> Result<(), E>,
) -> Result<(), E> {
    let jobs = jobs.min(items.len());
    if jobs <= 1 {
        let mut all = items.iter().enumerate();
        return all.try_for_each(|(index, item)| take(index, work(item)));
    }
    let next = AtomicUsize::new(0);
    let (done, results) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (next, done) = (&next, done.clone());
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    // After an error there is no receiver.
                    if done.send((index, work(item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done);
        let mut early = BTreeMap::new();
        let mut wanted = 0;
        let taken = results.iter().try_for_each(|(index, result)| {
            early.insert(index, result);
            while let Some(result) = early.remove(&wanted) {
                take(wanted, result)?;
                wanted += 1;
            }
            Ok(())
        });
        // After an error nothing new is begun; what is under way ends.
        next.store(items.len(), Ordering::Relaxed);
        drop(results);
        taken
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items_and_the_first_error_ends_it_all() {
        let items: Vec<u32> = (0..50).collect();
        let work = |item: &u32| item * 2;
        for jobs in [0, 1, 4, 99] {
            let doubled: Vec<u32> = items.iter().map(|item| item * 2).collect();
            assert_eq!(in_parallel(jobs, &items, &work), doubled, "{jobs} jobs");
            let mut taken = Vec::new();
            let ended = in_order(jobs, &items, &work, &mut |index, result| {
                taken.push(result);
                if index == 7 { Err("enough") } else { Ok(()) }
            });
            assert_eq!(ended, Err("enough"));
            assert_eq!(taken, doubled[..8], "{jobs} jobs");
        }
    }
}
