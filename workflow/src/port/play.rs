//! Playing a sample on an engine under a virtual clock: push, start, what callers do meanwhile, until the root has ended.
//!
//! How a sample is played is the same for every engine, or their outcomes could not be compared; what differs between engines is
//! behind [`Scene`].

use serde_json::Value as Json;

use super::{Act, Answer, Caller, HarnessError, Refusal, Rehearsal, Rehearsed, Report, Request, Work};
use crate::{
    id::{AttemptKey, InstanceKey},
    life::{self, Rows, Ticket, Unreadable},
    status::InstanceStatus,
    time::{Millis, Timestamp},
    user::User,
};

/// Messages that one sample may take; far above what the largest loops need. Scenes count them.
pub const MESSAGES_MAX: u64 = 20_000_000;

/// Virtual time that one sample may take: the longest time-out of the language, and a day of retries.
const TIME_MAX: Millis = Millis::from_secs(121 * 24 * 3_600);

/// An engine whose clock jumps to whatever is due next.
pub trait Scene {
    /// Now, on its clock.
    fn now(&self) -> Timestamp;

    /// What is stored.
    fn rows(&self) -> &dyn Rows;

    /// Hands a call in, with all that follows from it now.
    fn ask(&mut self, caller: Caller, request: Request) -> Result<Ticket, HarnessError>;

    /// The answer to a call, once it is there.
    fn answer(&mut self, ticket: Ticket) -> Option<Result<Answer, Refusal>>;

    /// When the next thing is due.
    fn next_due(&self) -> Option<Timestamp>;

    /// Sets the clock to a moment, never back, and does all that is due by then.
    fn go_to(&mut self, moment: Timestamp) -> Result<(), HarnessError>;

    /// Events published so far, each given once.
    fn take_events(&mut self) -> Vec<Json>;
}

/// What does the work of steps in virtual time: the report, and how long it takes.
pub type Outside<'a> = Box<dyn FnMut(&AttemptKey, &Work) -> (Report, Millis) + 'a>;

/// Plays a sample to its end.
pub fn play(scene: &mut dyn Scene, rehearsal: &Rehearsal) -> Result<Rehearsed, HarnessError> {
    Play { scene, rehearsal }.run()
}

struct Play<'a> {
    scene: &'a mut dyn Scene,
    rehearsal: &'a Rehearsal,
}

impl Play<'_> {
    fn run(&mut self) -> Result<Rehearsed, HarnessError> {
        for definition in &self.rehearsal.definitions {
            self.call(Request::Push { body: definition.clone() })?.map_err(|refusal| refused("push", &refusal))?;
        }
        let started = self.scene.now();
        let start = Request::Start {
            workflow: self.rehearsal.workflow.as_str().into(),
            version: "active".to_owned(),
            body: self.rehearsal.start.clone(),
        };
        let answer = self.call(start)?.map_err(|refusal| refused("start", &refusal))?;
        let root = life::started_instance(&answer)
            .ok_or_else(|| HarnessError::Refused("the start made no instance".to_owned()))?;
        let (mut answers, mut late) = (Vec::new(), Millis(0));
        for act in &self.rehearsal.acts {
            let moment = started + act.after;
            self.wait_for(act, moment + late, &root)?;
            // Where one had to wait, those after it stay as far apart as they are.
            late = self.scene.now() - moment;
            answers.push(match self.call(act.request.clone())? {
                Ok(answer) => (answer.status, answer.body.unwrap_or(Json::Null)),
                Err(refusal) => (refusal.reason.status(), refusal.document()),
            });
        }
        self.go_until_ended(&root)?;
        let took = self.scene.now() - started;
        let runs = life::read::documents(self.scene.rows())?;
        Ok(Rehearsed { runs, events: self.scene.take_events(), answers, took })
    }

    /// Goes on to an act's moment, and to the end before it where it says so.
    fn wait_for(&mut self, act: &Act, moment: Timestamp, root: &InstanceKey) -> Result<(), HarnessError> {
        if act.is_after_end {
            self.go_until_ended(root)?;
        }
        while let Some(due) = self.scene.next_due().filter(|due| *due <= moment) {
            self.step_to(due)?;
        }
        self.scene.go_to(moment)
    }

    /// Goes on until the latest run of the root has ended.
    fn go_until_ended(&mut self, root: &InstanceKey) -> Result<(), HarnessError> {
        while !life::latest_status(root, self.scene.rows())?.is_some_and(InstanceStatus::is_terminal) {
            self.step("anything that was still due")?;
        }
        Ok(())
    }

    /// Makes a call and goes on until it is answered.
    fn call(&mut self, request: Request) -> Result<Result<Answer, Refusal>, HarnessError> {
        let ticket = self.scene.ask(Caller { user: Some(User::named("replay")) }, request)?;
        loop {
            if let Some(answer) = self.scene.answer(ticket) {
                return Ok(answer);
            }
            self.step("a call's wait for its answer")?;
        }
    }

    /// Goes on to what is due next; with nothing due, the sample does not end within `otherwise`.
    fn step(&mut self, otherwise: &str) -> Result<(), HarnessError> {
        let due = self.scene.next_due().ok_or_else(|| HarnessError::Endless(otherwise.to_owned()))?;
        self.step_to(due)
    }

    fn step_to(&mut self, due: Timestamp) -> Result<(), HarnessError> {
        if due.max(self.scene.now()) - self.rehearsal.at > TIME_MAX {
            return Err(HarnessError::Endless("121 days of virtual time".to_owned()));
        }
        self.scene.go_to(due)
    }
}

fn refused(what: &str, refusal: &Refusal) -> HarnessError {
    HarnessError::Refused(format!("{what}: {refusal} {}", refusal.errors.join("; ")))
}

impl From<Unreadable> for HarnessError {
    fn from(error: Unreadable) -> Self {
        Self::Broken(error.to_string())
    }
}
