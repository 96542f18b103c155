//! Sending: tries again what may pass, and says who got the mail and who did not.

use lettre::Address;

use super::{
    Error, Letter, Refusal, Server, Step,
    session::{Delivery, deliver},
};

/// Proof that a server has taken a mail for everybody it was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The mail's own id, by which servers' logs find it.
    pub message_id: String,
    /// For whom.
    pub delivered: Vec<String>,
    /// How many conversations it took.
    pub tries: u32,
}

/// How far a mail has come.
struct Progress {
    pending: Vec<Address>,
    delivered: Vec<String>,
    refused: Vec<Refusal>,
}

/// Sends a letter. It is sent only if this returns a receipt; an error says who got it all the same.
pub async fn send(server: &Server, letter: &Letter) -> Result<Receipt, Error> {
    let pending = letter.to.iter().map(|one| one.email.clone()).collect();
    let mut progress = Progress { pending, delivered: Vec::new(), refused: Vec::new() };
    let mut tries = 0;
    while !progress.pending.is_empty() {
        tries += 1;
        let error = match deliver(server, letter, &progress.pending).await {
            Ok(delivery) => progress.after(delivery, server),
            Err(error) => Some(error),
        };
        let Some(error) = error else { break };
        if tries >= server.tries || !error.may_pass() {
            return Err(progress.failed(error));
        }
        let pause = server.pause_after(tries);
        tracing::warn!(%error, tries, pause_ms = pause.as_millis(), "a mail will be tried again");
        tokio::time::sleep(pause).await;
    }
    if !progress.refused.is_empty() {
        return Err(Error::Refused { delivered: progress.delivered, refused: progress.refused });
    }
    Ok(Receipt { message_id: letter.message_id.clone(), delivered: progress.delivered, tries })
}

impl Progress {
    /// Notes how a conversation went; an error if somebody was put off.
    fn after(&mut self, delivery: Delivery, server: &Server) -> Option<Error> {
        self.delivered.extend(delivery.taken.iter().map(ToString::to_string));
        self.refused.extend(delivery.refused);
        let said = delivery.put_off.last().map(|(recipient, said)| format!("{recipient}: {said}")).unwrap_or_default();
        self.pending = delivery.put_off.into_iter().map(|(recipient, _)| recipient).collect();
        let busy = || Error::Busy { server: server.address(), during: Step::NamingRecipient, said };
        (!self.pending.is_empty()).then(busy)
    }

    /// The error together with what has happened before it.
    fn failed(self, error: Error) -> Error {
        if self.delivered.is_empty() && self.refused.is_empty() {
            return error;
        }
        let refused = self.refused.into_iter().map(|one| format!("{} ({})", one.recipient, one.said));
        let missing = self.pending.iter().map(ToString::to_string).chain(refused).collect();
        Error::Partly { delivered: self.delivered, missing, source: Box::new(error) }
    }
}
