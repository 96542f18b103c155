//! Reads that are made together: what is asked for while others read is read by the next of them.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, MutexGuard, PoisonError},
};

use workflow::life::{Rows, Unreadable};

use crate::{
    actor,
    store::{Error, chain},
};

/// What waits to be read.
pub(crate) struct Together<T> {
    state: Mutex<State<T>>,
    /// How much is read at once.
    batch_max: usize,
    /// Reads under way at once.
    reads_max: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    reads: usize,
}

impl<T> Together<T> {
    pub(crate) fn new(batch_max: usize, reads_max: usize) -> Self {
        let state = Mutex::new(State { waiting: VecDeque::new(), reads: 0 });
        Self { state, batch_max, reads_max }
    }

    /// Adds something to what waits; says whether another read has to begin, which does [`Together::each`].
    #[must_use]
    pub(crate) fn add(&self, wanted: T) -> bool {
        let mut state = self.state();
        state.waiting.push_back(wanted);
        let begins = state.reads < self.reads_max;
        state.reads += usize::from(begins);
        begins
    }

    /// Reads what waits, batch by batch, until there is nothing.
    pub(crate) fn each(&self, read: impl Fn(Vec<T>)) {
        loop {
            let wanted = self.next();
            if wanted.is_empty() {
                return;
            }
            read(wanted);
        }
    }

    /// What is read next; after nothing, the read has ended.
    fn next(&self) -> Vec<T> {
        let mut state = self.state();
        let count = state.waiting.len().min(self.batch_max);
        if count == 0 {
            state.reads -= 1;
        }
        state.waiting.drain(..count).collect()
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads each of `wanted` of what `view` shows, and tells each what came of it. One that cannot be read keeps no other from it.
pub(crate) fn read_each<T, R>(
    wanted: Vec<T>,
    view: impl FnOnce(&mut dyn FnMut(&dyn Rows)) -> Result<(), Error>,
    read: impl Fn(&T, &dyn Rows) -> Result<R, Unreadable>,
    tell: impl Fn(T, Result<R, Unreadable>),
) {
    let mut wanted = wanted.into_iter();
    let mut look = |rows: &dyn Rows| {
        for wanted in wanted.by_ref() {
            let found = catch_unwind(AssertUnwindSafe(|| read(&wanted, rows)));
            tell(wanted, found.unwrap_or_else(|panic| Err(Unreadable(actor::message(&*panic)))));
        }
    };
    let why = match catch_unwind(AssertUnwindSafe(|| view(&mut look))) {
        Ok(Ok(())) => "the store showed nothing".to_owned(),
        Ok(Err(error)) => chain(&error),
        Err(panic) => actor::message(&*panic),
    };
    for wanted in wanted {
        tell(wanted, Err(Unreadable(why.clone())));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use workflow::life::MemoryRows;

    use super::*;

    #[test]
    fn what_is_asked_for_during_a_read_is_read_by_the_next() {
        let together = Together::new(2, 1);
        assert!(together.add(1));
        assert_eq!(together.next(), [1]);
        for n in 2..5 {
            assert!(!together.add(n), "a read is under way");
        }
        assert_eq!((together.next(), together.next(), together.next()), (vec![2, 3], vec![4], vec![]));
        assert!(together.add(5));
    }

    #[test]
    fn one_that_cannot_be_read_keeps_no_other_from_it() {
        let told = RefCell::new(Vec::new());
        let tell = |n: i32, found: Result<i32, Unreadable>| told.borrow_mut().push((n, found.map_err(|error| error.0)));
        let read = |n: &i32, _: &dyn Rows| match n {
            2 => panic!("two"),
            n => Ok(n * 10),
        };
        let shown = |look: &mut dyn FnMut(&dyn Rows)| {
            look(&MemoryRows::default());
            Ok(())
        };
        read_each(vec![1, 2, 3], shown, read, tell);
        read_each(vec![4], |_| Err(Error::Lost { what: "it".to_owned() }), read, tell);
        let why = chain(&Error::Lost { what: "it".to_owned() });
        assert_eq!(told.into_inner(), [(1, Ok(10)), (2, Err("two".to_owned())), (3, Ok(30)), (4, Err(why))]);
    }
}
