//! A queue with one reader, bounded towards the outside.
//!
//! Actors tell each other things in both directions. If they waited for room in each other's mailbox, two of them could wait for each other
//! for ever. So a message from inside (`tell`) is always taken, and the bound stands where work comes in (`offer`): a caller is refused
//! when so many others wait. What is told inside is bounded by what was admitted, since a machine says a bounded number of things for
//! each thing it hears; much of it at once, as after a recovery, makes callers wait and is no reason to refuse them.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
};

use futures::task::AtomicWaker;

/// Memory for messages that an idle mailbox keeps.
const KEPT: usize = 4;

/// Messages that wait in all mailboxes of the process: for its metrics, which are the process's, too.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// How many messages wait in all mailboxes of the process.
pub fn waiting() -> usize {
    WAITING.load(Ordering::Relaxed)
}

/// The way to an actor. Cheap to clone; holding one does not keep the actor alive.
pub struct Handle<M> {
    shared: Arc<Shared<M>>,
}

/// Why an offered message was not taken; it comes back.
#[derive(Debug)]
pub enum Refused<M> {
    /// Too many that were offered are waiting.
    Full(M),
    /// The actor has ended.
    Gone(M),
}

/// The actor's end of its queue.
pub(super) struct Mailbox<M> {
    shared: Arc<Shared<M>>,
}

struct Shared<M> {
    queue: Mutex<Queue<M>>,
    reader: AtomicWaker,
    capacity: usize,
}

struct Queue<M> {
    waiting: VecDeque<Waits<M>>,
    /// How many of them were offered.
    offered: usize,
    is_open: bool,
}

struct Waits<M> {
    message: M,
    is_offered: bool,
}

pub(super) fn open<M>(capacity: usize) -> (Handle<M>, Mailbox<M>) {
    let queue = Mutex::new(Queue { waiting: VecDeque::new(), offered: 0, is_open: true });
    let shared = Arc::new(Shared { queue, reader: AtomicWaker::new(), capacity });
    (Handle { shared: Arc::clone(&shared) }, Mailbox { shared })
}

impl<M> Shared<M> {
    fn queue(&self) -> MutexGuard<'_, Queue<M>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.queue().is_open = false;
        self.reader.wake();
    }
}

impl<M> Handle<M> {
    /// From outside: taken unless as many as the mailbox may hold of these are waiting.
    pub fn offer(&self, message: M) -> Result<(), Refused<M>> {
        let mut queue = self.shared.queue();
        if !queue.is_open {
            return Err(Refused::Gone(message));
        }
        if queue.offered >= self.shared.capacity {
            return Err(Refused::Full(message));
        }
        queue.push(message, true);
        drop(queue);
        self.shared.reader.wake();
        Ok(())
    }

    /// From inside: always taken, unless the actor has ended; then the message comes back.
    pub fn tell(&self, message: M) -> Result<(), M> {
        let mut queue = self.shared.queue();
        if !queue.is_open {
            return Err(message);
        }
        queue.push(message, false);
        drop(queue);
        self.shared.reader.wake();
        Ok(())
    }

    /// Nothing more comes in; the actor handles what waits and ends.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Whether the actor has ended or is about to.
    pub fn is_closed(&self) -> bool {
        !self.shared.queue().is_open
    }
}

impl<M> Mailbox<M> {
    /// Waits for messages and takes up to `limit`; `false` when there will be none any more.
    pub(super) async fn wait(&mut self, into: &mut VecDeque<M>, limit: usize) -> bool {
        std::future::poll_fn(|context| {
            self.shared.reader.register(context.waker());
            let mut queue = self.shared.queue();
            if queue.waiting.is_empty() {
                return if queue.is_open { Poll::Pending } else { Poll::Ready(false) };
            }
            queue.move_into(into, limit);
            Poll::Ready(true)
        })
        .await
    }

    /// Takes up to `limit` messages without waiting; `false` when the mailbox was closed.
    pub(super) fn take(&mut self, into: &mut VecDeque<M>, limit: usize) -> bool {
        let mut queue = self.shared.queue();
        queue.move_into(into, limit);
        queue.is_open
    }

    /// Closes the mailbox if nothing waits in it: whoever tells something later finds it closed.
    pub(super) fn close_if_empty(&mut self) -> bool {
        let mut queue = self.shared.queue();
        queue.is_open &= !queue.waiting.is_empty();
        queue.waiting.is_empty()
    }
}

impl<M> Queue<M> {
    fn push(&mut self, message: M, is_offered: bool) {
        self.waiting.push_back(Waits { message, is_offered });
        self.offered += usize::from(is_offered);
        WAITING.fetch_add(1, Ordering::Relaxed);
    }

    fn move_into(&mut self, into: &mut VecDeque<M>, limit: usize) {
        let count = limit.min(self.waiting.len());
        let offered = &mut self.offered;
        into.extend(self.waiting.drain(..count).map(|Waits { message, is_offered }| {
            *offered -= usize::from(is_offered);
            message
        }));
        WAITING.fetch_sub(count, Ordering::Relaxed);
        if self.waiting.is_empty() {
            self.waiting.shrink_to(KEPT);
        }
    }
}

impl<M> Drop for Mailbox<M> {
    fn drop(&mut self) {
        self.shared.close();
        // Nobody will take what is left; where it is dropped, others may be told something, so no lock is held.
        let left = std::mem::take(&mut self.shared.queue().waiting);
        WAITING.fetch_sub(left.len(), Ordering::Relaxed);
    }
}

impl<M> Clone for Handle<M> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<M> fmt::Debug for Handle<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = self.shared.queue();
        f.debug_struct("Handle").field("is_open", &queue.is_open).field("waiting", &queue.waiting.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_refused_for_other_callers_and_never_for_what_is_told_inside() {
        let (handle, mut mailbox) = open(2);
        for n in 0..10 {
            handle.tell(n).unwrap();
        }
        handle.offer(10).unwrap();
        handle.offer(11).unwrap();
        assert!(matches!(handle.offer(12), Err(Refused::Full(12))));
        let mut taken = VecDeque::new();
        mailbox.take(&mut taken, 11);
        assert_eq!(taken, (0..=10).collect::<Vec<_>>());
        handle.offer(12).unwrap();
        assert!(matches!(handle.offer(13), Err(Refused::Full(13))));
    }
}
