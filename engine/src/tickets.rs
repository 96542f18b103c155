//! Callers that wait for an answer.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::oneshot;
use workflow::{
    life::Ticket,
    port::{Answer, Refusal},
};

/// What a caller gets.
pub(crate) type Outcome = Result<Answer, Refusal>;

/// Waiting callers by ticket.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    last: AtomicU64,
    waiting: Mutex<HashMap<Ticket, oneshot::Sender<Outcome>>>,
}

/// One caller's place; given up when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    tickets: &'a Tickets,
    pub(crate) ticket: Ticket,
    pub(crate) answer: oneshot::Receiver<Outcome>,
}

impl Tickets {
    /// A place in the waiting room.
    pub(crate) fn draw(&self) -> Place<'_> {
        let ticket = Ticket(self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let (sender, answer) = oneshot::channel();
        self.waiting().insert(ticket, sender);
        Place { tickets: self, ticket, answer }
    }

    /// Answers a caller; the first answer counts.
    pub(crate) fn answer(&self, ticket: Ticket, outcome: Outcome) {
        let sender = self.waiting().remove(&ticket);
        if let Some(sender) = sender {
            let _caller_left = sender.send(outcome);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Ticket, oneshot::Sender<Outcome>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.tickets.waiting().remove(&self.ticket);
    }
}
