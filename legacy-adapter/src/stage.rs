//! The polling engine in virtual time: the clock jumps to whatever is due next.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value as Json;
use workflow::{
    id::{AttemptKey, SeededIds},
    life::{self, Around, Decisions, MemoryRows, Settings, Ticket},
    port::{Act, Answer, Caller, EngineName, HarnessError, Refusal, Rehearsal, Rehearsed, Report, Request, Stage},
    status::InstanceStatus,
    time::{Millis, Timestamp},
    user::User,
};

use crate::{
    polling::{Core, Outgoing},
    timing::{Profile, Timing},
};

/// Messages that one sample may take; far above what the largest loops need.
const MESSAGES_MAX: u64 = 20_000_000;

/// Virtual time that one sample may take: the longest time-out of the language, and a day of retries.
const TIME_MAX: Millis = Millis::from_secs(121 * 24 * 3_600);

/// Rehearses samples on the polling engine.
#[derive(Clone, Debug)]
pub struct LegacyStage {
    name: EngineName,
    profile: Profile,
    settings: Settings,
    stands_in: life::StandsIn,
}

impl LegacyStage {
    /// A stage with this profile; `stands_in` says which steps get placeholders.
    pub fn new(name: EngineName, profile: Profile, settings: Settings, stands_in: life::StandsIn) -> Self {
        Self { name, profile, settings, stands_in }
    }
}

impl Stage for LegacyStage {
    fn name(&self) -> EngineName {
        self.name.clone()
    }

    fn rehearse(&self, rehearsal: &Rehearsal, decisions: Arc<dyn Decisions>) -> Result<Rehearsed, HarnessError> {
        let around = Arc::new(Around::new(self.settings.clone(), decisions, self.stands_in));
        let timing = Timing::new(self.profile.clone(), rehearsal.seed);
        let ids = Box::new(SeededIds::new(rehearsal.seed));
        let core = Core::new(timing, ids, Arc::clone(&around) as Arc<dyn life::Surroundings>, MemoryRows::default());
        let mut play = Play {
            rehearsal,
            core,
            around,
            now: rehearsal.at,
            answers: HashMap::new(),
            next_ticket: 0,
            due_reports: Vec::new(),
            events: Vec::new(),
        };
        play.run()
    }
}

/// One sample being played.
struct Play<'a> {
    rehearsal: &'a Rehearsal,
    core: Core,
    around: Arc<Around>,
    now: Timestamp,
    answers: HashMap<Ticket, Result<Answer, Refusal>>,
    next_ticket: u64,
    /// Placeholders that are at work, by the moment at which they end.
    due_reports: Vec<(Timestamp, AttemptKey, Report)>,
    events: Vec<Json>,
}

impl Play<'_> {
    fn run(&mut self) -> Result<Rehearsed, HarnessError> {
        for definition in &self.rehearsal.definitions {
            self.call(Request::Push { body: definition.clone() })?.map_err(|refusal| refused("push", &refusal))?;
        }
        let started = self.now;
        let start = Request::Start {
            workflow: self.rehearsal.workflow.as_str().into(),
            version: "active".to_owned(),
            body: self.rehearsal.start.clone(),
        };
        let answer = self.call(start)?.map_err(|refusal| refused("start", &refusal))?;
        let root = life::started_instance(&answer)
            .ok_or_else(|| HarnessError::Refused("the start made no instance".to_owned()))?;
        let mut answers = Vec::new();
        for act in &self.rehearsal.acts {
            self.wait_for(act, started, &root)?;
            answers.push(match self.call(act.request.clone())? {
                Ok(answer) => (answer.status, answer.body.unwrap_or(Json::Null)),
                Err(refusal) => (refusal.reason.status(), refusal.document()),
            });
        }
        let ended = self.until_ended(&root)?;
        let runs = life::read::documents(self.core.rows(), &*self.around, self.now);
        let runs = runs.map_err(|error| HarnessError::Broken(error.to_string()))?;
        Ok(Rehearsed { runs, events: std::mem::take(&mut self.events), answers, took: ended - started })
    }

    /// An act's moment: so long after the start, and after the end where it says so.
    fn wait_for(
        &mut self,
        act: &Act,
        started: Timestamp,
        root: &workflow::id::InstanceKey,
    ) -> Result<(), HarnessError> {
        if act.is_after_end {
            self.until_ended(root)?;
        }
        let moment = started + act.after;
        while let Some(due) = self.next_due().filter(|due| *due <= moment) {
            self.step_to(due)?;
        }
        self.now = self.now.max(moment);
        Ok(())
    }

    /// Goes on until the latest run of the root has ended.
    fn until_ended(&mut self, root: &workflow::id::InstanceKey) -> Result<Timestamp, HarnessError> {
        loop {
            let status = life::latest_status(root, self.core.rows());
            if status.map_err(|error| HarnessError::Broken(error.to_string()))?.is_some_and(InstanceStatus::is_terminal)
            {
                return Ok(self.now);
            }
            let due = self.next_due().ok_or_else(|| HarnessError::Endless("nothing was due any more".to_owned()))?;
            self.step_to(due)?;
        }
    }

    /// Makes a call and goes on until it is answered.
    fn call(&mut self, request: Request) -> Result<Result<Answer, Refusal>, HarnessError> {
        let caller = Caller { user: Some(User::named("replay")) };
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.core.request(self.now, ticket, caller, request);
        self.step_to(self.now)?;
        loop {
            if let Some(answer) = self.answers.remove(&ticket) {
                return Ok(answer);
            }
            let due = self.next_due().ok_or_else(|| HarnessError::Endless("a call was never answered".to_owned()))?;
            self.step_to(due)?;
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        let report = self.due_reports.iter().map(|(at, ..)| *at).min();
        self.core.next_due().into_iter().chain(report).min()
    }

    fn step_to(&mut self, due: Timestamp) -> Result<(), HarnessError> {
        self.now = self.now.max(due);
        if self.now - self.rehearsal.at > TIME_MAX {
            return Err(HarnessError::Endless("121 days of virtual time".to_owned()));
        }
        if self.core.delivered() > MESSAGES_MAX {
            return Err(HarnessError::Endless(format!("{MESSAGES_MAX} messages")));
        }
        while let Some(index) = self.due_reports.iter().position(|(at, ..)| *at <= self.now) {
            let (_, attempt, report) = self.due_reports.remove(index);
            self.core.report(self.now, attempt, report);
        }
        for outgoing in self.core.advance(self.now) {
            self.act(outgoing);
        }
        Ok(())
    }

    fn act(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Execute { attempt, work } => {
                let stand_in = self.rehearsal.stand_in(&attempt, &work);
                self.due_reports.push((self.now + stand_in.took, attempt, stand_in.report()));
            }
            Outgoing::Cancel { attempt } => self.due_reports.retain(|(_, other, _)| *other != attempt),
            Outgoing::Reply { ticket, answer } => drop(self.answers.insert(ticket, answer)),
            Outgoing::Publish(event) => self.events.push(event.document),
            Outgoing::Saved(row) => self.around.change(&row.key, Some(&row.body)),
            Outgoing::Forgotten(key) => self.around.change(&key, None),
        }
    }
}

fn refused(what: &str, refusal: &Refusal) -> HarnessError {
    HarnessError::Refused(format!("{what}: {refusal} {}", refusal.errors.join("; ")))
}
