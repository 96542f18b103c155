//! Tasks that own their state, and the mailboxes that lead to them.
//!
//! An actor takes everything that waits in its mailbox as one turn. A panic stays inside its actor: the actor is asked what to
//! do about it, and only an actor that has no answer ends.

mod mailbox;

use std::{collections::VecDeque, future::Future, panic::AssertUnwindSafe};

use futures::FutureExt;
use tokio::task::JoinSet;

use mailbox::Mailbox;
pub use mailbox::{Handle, Refused, waiting};

/// Messages of one turn. More make a turn, and so the wait of others on the same thread, too long; fewer make commits too many.
const TURN_MAX: usize = 256;

/// What an actor wants after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another turn when a message comes.
    Wait,
    /// Another turn at once, with or without messages.
    GoOn,
    /// To end, unless a message came in meanwhile.
    Leave,
}

/// State that only its own task touches.
pub trait Actor: Send + 'static {
    /// What it is told.
    type Message: Send + 'static;

    /// One turn: handles what is waiting, oldest first.
    fn turn(&mut self, waiting: &mut VecDeque<Self::Message>) -> impl Future<Output = Next> + Send;

    /// A turn panicked; what it left in `waiting` was not handled.
    fn panicked(&mut self, what: String) -> Next;

    /// The last thing it does, after its mailbox was closed.
    fn end(self) -> impl Future<Output = ()> + Send;
}

/// Starts an actor as a task of `owner`, who joins it. `capacity` bounds what may be offered from outside.
pub fn spawn<A: Actor>(actor: A, capacity: usize, owner: &mut JoinSet<()>) -> Handle<A::Message> {
    spawn_with(|_| actor, capacity, owner)
}

/// Starts an actor that knows the way to itself.
pub fn spawn_with<A: Actor>(
    actor: impl FnOnce(Handle<A::Message>) -> A,
    capacity: usize,
    owner: &mut JoinSet<()>,
) -> Handle<A::Message> {
    let (handle, mailbox) = mailbox::open(capacity);
    owner.spawn(live(actor(handle.clone()), mailbox));
    handle
}

async fn live<A: Actor>(mut actor: A, mut mailbox: Mailbox<A::Message>) {
    let mut waiting = VecDeque::new();
    let mut next = Next::Wait;
    loop {
        match next {
            Next::Wait => {
                if waiting.is_empty() && !mailbox.wait(&mut waiting, TURN_MAX).await {
                    break;
                }
            }
            Next::GoOn => {
                // Others on this thread get their turn too.
                tokio::task::yield_now().await;
                if !mailbox.take(&mut waiting, TURN_MAX) && waiting.is_empty() {
                    break;
                }
            }
            Next::Leave => {
                if waiting.is_empty() && mailbox.close_if_empty() {
                    break;
                }
                mailbox.take(&mut waiting, TURN_MAX);
            }
        }
        next = match AssertUnwindSafe(actor.turn(&mut waiting)).catch_unwind().await {
            Ok(next) => next,
            Err(panic) => actor.panicked(message(&*panic)),
        };
    }
    drop(mailbox);
    actor.end().await;
}

/// What a panic said.
pub fn message(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a message".to_owned(),
    }
}
