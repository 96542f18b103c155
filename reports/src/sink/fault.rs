//! What the server is told to do wrong.

use std::sync::{Mutex, PoisonError};

/// Where in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// When somebody connects, instead of the greeting.
    Greeting,
    /// `EHLO` or `HELO`.
    Hello,
    /// `AUTH`.
    Auth,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`, before the mail.
    Data,
    /// After the mail: it was read and is not kept.
    Kept,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// An answer instead of the usual one.
    Answer(u16, String),
    /// No answer; the connection stays open.
    Hang,
    /// The connection is closed without a word.
    Drop,
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub at: Stage,
    /// Only for this recipient, at [`Stage::Recipient`].
    pub recipient: Option<String>,
    /// So many times; then the server is well again.
    pub times: u32,
    /// What.
    pub act: Act,
}

impl Fault {
    /// A fault that never ends.
    pub fn always(at: Stage, act: Act) -> Self {
        Self { at, recipient: None, times: u32::MAX, act }
    }

    /// The same fault, a few times only.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// The same fault, for one recipient only.
    #[must_use]
    pub fn only_for(self, recipient: &str) -> Self {
        Self { recipient: Some(recipient.to_owned()), ..self }
    }
}

/// All that goes wrong, shared by all conversations.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// A server that works.
    pub fn none() -> Self {
        Self::default()
    }

    /// A server with these faults; the first that fits is used.
    pub fn of(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self(Mutex::new(faults.into_iter().collect()))
    }

    /// What goes wrong now, if anything; counts it.
    pub(super) fn next(&self, at: Stage, recipient: Option<&str>) -> Option<Act> {
        // The list stays whole whatever panics: each change is one store.
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |fault: &&mut Fault| {
            fault.at == at && fault.times > 0 && fault.recipient.as_deref().is_none_or(|one| Some(one) == recipient)
        };
        let fault = faults.iter_mut().find(fits)?;
        fault.times = if fault.times == u32::MAX { u32::MAX } else { fault.times - 1 };
        Some(fault.act.clone())
    }
}
