//! The polling engine in virtual time: the clock jumps to whatever is due next.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value as Json;
use workflow::{
    id::{AttemptKey, SeededIds},
    life::{self, Around, Decisions, MemoryRows, Rows, Settings, Ticket},
    port::{
        self, Answer, Caller, EngineName, HarnessError, MESSAGES_MAX, Outside, Refusal, Rehearsal, Rehearsed, Report,
        Request, Scene, Stage,
    },
    time::Timestamp,
};

use crate::{
    polling::{Core, Outgoing},
    timing::{Profile, Timing},
};

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
        let mut scene = self.scene(rehearsal.at, rehearsal.seed, decisions, rehearsal.outside());
        port::play(&mut *scene, rehearsal)
    }
}

impl LegacyStage {
    /// The engine without a row, at a moment.
    pub fn scene<'a>(
        &self,
        at: Timestamp,
        seed: u64,
        decisions: Arc<dyn Decisions>,
        outside: Outside<'a>,
    ) -> Box<dyn Scene + 'a> {
        let around = Arc::new(Around::new(self.settings.clone(), decisions, self.stands_in));
        let timing = Timing::new(self.profile.clone(), seed);
        let ids = Box::new(SeededIds::new(seed));
        let core = Core::new(timing, ids, Arc::clone(&around) as Arc<dyn life::Surroundings>, MemoryRows::default());
        Box::new(Play {
            outside,
            core,
            around,
            now: at,
            answers: HashMap::new(),
            next_ticket: 0,
            due_reports: Vec::new(),
            events: Vec::new(),
        })
    }
}

/// One sample being played.
struct Play<'a> {
    outside: Outside<'a>,
    core: Core,
    around: Arc<Around>,
    now: Timestamp,
    answers: HashMap<Ticket, Result<Answer, Refusal>>,
    next_ticket: u64,
    /// Placeholders that are at work, by the moment at which they end.
    due_reports: Vec<(Timestamp, AttemptKey, Report)>,
    events: Vec<Json>,
}

impl Scene for Play<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn rows(&self) -> &dyn Rows {
        self.core.rows()
    }

    fn ask(&mut self, caller: Caller, request: Request) -> Result<Ticket, HarnessError> {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.core.request(self.now, ticket, caller, request);
        self.go_to(self.now)?;
        Ok(ticket)
    }

    fn answer(&mut self, ticket: Ticket) -> Option<Result<Answer, Refusal>> {
        self.answers.remove(&ticket)
    }

    fn next_due(&self) -> Option<Timestamp> {
        let report = self.due_reports.iter().map(|(at, ..)| *at).min();
        self.core.next_due().into_iter().chain(report).min()
    }

    fn go_to(&mut self, moment: Timestamp) -> Result<(), HarnessError> {
        self.now = self.now.max(moment);
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

    fn take_events(&mut self) -> Vec<Json> {
        std::mem::take(&mut self.events)
    }
}

impl Play<'_> {
    fn act(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Execute { attempt, work } => {
                let (report, took) = (self.outside)(&attempt, &work);
                self.due_reports.push((self.now + took, attempt, report));
            }
            Outgoing::Cancel { attempt } => self.due_reports.retain(|(_, other, _)| *other != attempt),
            Outgoing::Reply { ticket, answer } => drop(self.answers.insert(ticket, answer)),
            Outgoing::Publish(event) => self.events.push(event.document),
            Outgoing::Saved(row) => self.around.change(&row.key, Some(&row.body)),
            Outgoing::Forgotten(key) => self.around.change(&key, None),
        }
    }
}
