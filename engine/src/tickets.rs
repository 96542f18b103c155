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

use crate::cluster::tag_of;

/// What a caller gets.
pub(crate) type Outcome = Result<Answer, Refusal>;

/// What a caller is told.
#[derive(Debug)]
pub(crate) enum Told {
    /// The answer.
    Answer(Outcome),
    /// Nobody took up the request: the group had moved. It has to be offered again.
    Moved,
}

/// Waiting callers by ticket.
#[derive(Debug)]
pub(crate) struct Tickets {
    /// What the tickets of this node begin with.
    tag: u64,
    last: AtomicU64,
    waiting: Mutex<HashMap<Ticket, oneshot::Sender<Told>>>,
}

/// One caller's place; given up when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    tickets: &'a Tickets,
    pub(crate) ticket: Ticket,
    pub(crate) answer: oneshot::Receiver<Told>,
}

impl Tickets {
    pub(crate) fn new(tag: u64) -> Self {
        Self { tag, last: AtomicU64::default(), waiting: Mutex::default() }
    }

    /// Whether a ticket was drawn here.
    pub(crate) fn is_own(&self, ticket: Ticket) -> bool {
        tag_of(ticket.0) == self.tag
    }

    /// A place in the waiting room.
    pub(crate) fn draw(&self) -> Place<'_> {
        let ticket = Ticket(self.tag + self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let (sender, answer) = oneshot::channel();
        self.waiting().insert(ticket, sender);
        Place { tickets: self, ticket, answer }
    }

    /// Answers a caller; the first answer counts.
    pub(crate) fn tell(&self, ticket: Ticket, told: Told) {
        let sender = self.waiting().remove(&ticket);
        if let Some(sender) = sender {
            let _caller_left = sender.send(told);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Ticket, oneshot::Sender<Told>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.tickets.waiting().remove(&self.ticket);
    }
}
