//! What nodes tell each other, as JSON.

use serde::{Deserialize, Serialize};
use workflow::{
    life::{Address, Message, Note, RowKey, Ticket},
    port::{Answer, Caller, Refusal, Request},
};

use crate::router::Envelope;

/// One thing that a node tells another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Letter {
    /// A message for a machine of the other node.
    Deliver {
        to: Address,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        from: Option<Address>,
        content: Content,
    },
    /// The answer to a caller who waits at the other node.
    Answer { ticket: Ticket, answer: Result<Answer, Refusal> },
    /// The group that a caller's request is for is not where it was sent.
    Moved { ticket: Ticket },
    /// A breakpoint is set, or gone; the row's body.
    Break { key: RowKey, body: Option<String> },
    /// Machines have forgotten what others asked them for.
    AskAgain,
}

/// The messages that leave a node; all others come from its own helpers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Content {
    Request { ticket: Ticket, caller: Caller, request: Box<Request> },
    Note(Box<Note>),
    AskAgain,
}

impl Letter {
    /// The letter that carries an envelope; `None` for what never leaves a node.
    pub(crate) fn of(envelope: Envelope) -> Option<Self> {
        let Envelope { to, from, message } = envelope;
        let content = match message {
            Message::Request { ticket, caller, request } => Content::Request { ticket, caller, request },
            Message::Note(note) => Content::Note(Box::new(note)),
            Message::AskAgain => Content::AskAgain,
            Message::Recovered
            | Message::Continue(_)
            | Message::Woken(_)
            | Message::Executed { .. }
            | Message::Found { .. } => return None,
        };
        Some(Self::Deliver { to, from, content })
    }
}

impl From<Content> for Message {
    fn from(content: Content) -> Self {
        match content {
            Content::Request { ticket, caller, request } => Self::Request { ticket, caller, request },
            Content::Note(note) => Self::Note(*note),
            Content::AskAgain => Self::AskAgain,
        }
    }
}
