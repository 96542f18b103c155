//! What a machine is told.

use serde::{Deserialize, Serialize};

use crate::{
    id::AttemptKey,
    life::{Note, Task, Wake},
    port::{Caller, Found, Lookup, Report, Request},
};

/// Names a waiting caller; made by the engine, given back in `Effect::Reply`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ticket(pub u64);

/// One message.
#[derive(Debug)]
pub enum Message {
    /// A caller wants something.
    Request {
        /// Whom to answer.
        ticket: Ticket,
        /// Who asks.
        caller: Caller,
        /// For what.
        request: Box<Request>,
    },
    /// A task that the machine wanted to come back to.
    Continue(Task),
    /// A timer fired.
    Woken(Wake),
    /// A step's work ended.
    Executed {
        /// Of which attempt.
        attempt: AttemptKey,
        /// How.
        report: Box<Report>,
    },
    /// The answer to `Effect::Fetch`.
    Found {
        /// What was asked.
        lookup: Lookup,
        /// What was found.
        found: Found,
    },
    /// The machine was loaded after a crash or a move: ask again for everything that is still awaited.
    Recovered,
    /// Others have lost what this machine told them, and perhaps what they were about to say: ask them again. What it does itself goes on.
    AskAgain,
    /// Another machine says something.
    Note(Note),
}
