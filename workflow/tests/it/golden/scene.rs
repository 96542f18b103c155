//! A client's view of an engine in virtual time; tests of engines play the scenarios through it.

use workflow::{
    port::{Answer, Caller, Reason, Refusal, Request, Scene, Work},
    time::{Millis, Timestamp},
    user::User,
};

/// What answers for the outside: the report of a step's work, and how long it takes.
pub(crate) type Outside = Box<dyn FnMut(&Work) -> (workflow::port::Report, Millis)>;

/// An engine.
pub(crate) struct Shell(Box<dyn Scene>);

impl Shell {
    pub(crate) fn on(scene: Box<dyn Scene>) -> Self {
        Self(scene)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// Does what a client asks for, and waits for the answer.
    pub(crate) fn call(&mut self, user: Option<&str>, request: Request) -> Result<Answer, Refusal> {
        let caller = Caller { user: user.map(User::named) };
        let ticket = self.0.ask(caller, request).unwrap();
        loop {
            if let Some(answer) = self.0.answer(ticket) {
                return answer;
            }
            if !self.advance(None) {
                return Err(Refusal::new(Reason::Unavailable, "nobody answers the call"));
            }
        }
    }

    /// Goes on to the next moment at which something happens, no later than `limit`; tells whether there is one.
    pub(crate) fn advance(&mut self, limit: Option<Timestamp>) -> bool {
        let due = self.0.next_due().filter(|due| limit.is_none_or(|limit| *due <= limit));
        due.is_some_and(|due| self.0.go_to(due.max(self.0.now())).is_ok())
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, span: Millis) {
        let until = self.now() + span;
        while self.advance(Some(until)) {}
        self.0.go_to(until).unwrap();
    }
}
