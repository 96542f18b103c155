//! Breakpoints, and the attempts that they hold.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value as Json, json};

use super::{Workflow, record, request, wish::Wish};
use crate::{
    definition::{self, Step, StepType},
    id::{AttemptKey, RunKey, StepId, VersionId, WorkflowId, loop_body_prefix},
    life::{Address, Note, Row, RowKey, Rows, Scan, Table, Ticket, Turn, Unreadable, author, row},
    port::{Answer, Caller, Reason, Refusal},
    time::Timestamp,
    user::User,
    wire::step::PausedAttempt,
};

/// The breakpoints of a workflow and of its loop bodies, and who waits at them.
#[derive(Debug, Default)]
pub(super) struct Breakpoints {
    set: BTreeMap<StepId, RowKey>,
    paused: BTreeMap<AttemptKey, RowKey>,
}

/// A breakpoint that waits for the definition to be read.
#[derive(Debug)]
pub(super) struct Add {
    pub(super) ticket: Ticket,
    pub(super) by: User,
    pub(super) step: StepId,
    pub(super) version: VersionId,
}

impl Breakpoints {
    pub(super) fn load(workflow: &WorkflowId, rows: &dyn Rows) -> Result<Self, Unreadable> {
        let mut breakpoints = Self::default();
        Scan::named(RowKey::named(Table::Breakpoint, workflow)).each(rows, |key, _| {
            breakpoints.set.insert(StepId::from(&*key.part), key);
            Ok(())
        })?;
        Scan::named(paused_table(workflow)).each(rows, |key, body| {
            let paused: PausedAttempt = row::parse(&key, body)?;
            breakpoints.paused.insert(attempt_of(&paused), key);
            Ok(())
        })?;
        Ok(breakpoints)
    }
}

fn attempt_of(paused: &PausedAttempt) -> AttemptKey {
    let run = RunKey {
        workflow: paused.workflow_id.clone(),
        instance: paused.workflow_instance_id,
        run: paused.workflow_run_id,
    };
    AttemptKey { run, step: paused.step_id.clone(), attempt: paused.step_attempt_id }
}

impl Workflow {
    pub(super) fn on_add_breakpoint(&mut self, ticket: Ticket, caller: &Caller, body: &Json, turn: &mut Turn<'_>) {
        let wanted = author(caller).and_then(|by| {
            let step = wanted_step(body)?;
            let version = self.known()?.default_version();
            Ok(Add { ticket, by, step, version })
        });
        match wanted {
            Ok(add) => self.proceed(Wish::AddBreakpoint(add), turn),
            Err(refusal) => turn.reply(ticket, Err(refusal)),
        }
    }

    /// Sets a breakpoint, now that the definition is at hand. Setting it twice changes nothing.
    pub(super) fn add_breakpoint(&mut self, add: &Add, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        let Some(version) = self.versions.get(&add.version) else {
            return Err(super::not_found(&self.id, add.version));
        };
        let place = place_of(&version.definition.steps, &add.step, None);
        let Some(place) = place else {
            let message = format!("step [{}] is not found in the workflow [{}]", add.step, self.id);
            return Err(Refusal::new(Reason::NotFound, message));
        };
        let shown = match place {
            Place::Top => self.id.to_string(),
            Place::In(kind) => {
                let internal_id = self.known()?.internal_id;
                loop_body_prefix(kind, internal_id)
                    .map_err(|error| Refusal::new(Reason::InternalError, error.to_string()))?
            }
        };
        let document = json!({
            "workflow_id": shown, "step_id": add.step, "create_time": turn.now.0, "created_by": add.by.to_json(),
        });
        let key = if let Some(known) = self.breakpoints.set.get(&add.step) {
            known.clone()
        } else {
            let header = self.change()?;
            header.breakpoint_last += 1;
            let number = header.breakpoint_last;
            let part = Arc::from(add.step.as_str());
            RowKey { first: number, part, ..RowKey::named(Table::Breakpoint, &self.id) }
        };
        turn.save(Row::settled(key.clone(), &document));
        self.breakpoints.set.insert(add.step.clone(), key);
        Ok(Answer::ok(document))
    }

    /// Removes a breakpoint and, unless the caller says otherwise, lets go what it held.
    pub(super) fn delete_breakpoint(
        &mut self,
        caller: &Caller,
        query: &[(String, String)],
        turn: &mut Turn<'_>,
    ) -> Result<Answer, Refusal> {
        let by = author(caller)?;
        let param = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let step = StepId::from(param("stepId").unwrap_or_default());
        let resumes = param("resume").map_or(Ok(true), |word| request::boolean("resume", &Json::from(word)))?;
        let Some(key) = self.breakpoints.set.remove(&step) else {
            let message = format!("breakpoint for the step [{step}] of workflow [{}] is not found", self.id);
            return Err(Refusal::new(Reason::NotFound, message));
        };
        turn.forget(key);
        let held = self.breakpoints.paused.keys().filter(|attempt| resumes && attempt.step == step);
        let held: Vec<AttemptKey> = held.cloned().collect();
        for attempt in &held {
            self.let_go(attempt, turn);
        }
        let message = format!(
            "StepBreakpoint has been removed by the user [{}]. Total of [{}] steps have been resumed",
            by.name,
            held.len()
        );
        Ok(Answer::ok(json!({
            "workflow_id": self.id, "step_id": step, "timeline_event": record::log(turn.now, &message),
        })))
    }

    fn let_go(&mut self, attempt: &AttemptKey, turn: &mut Turn<'_>) {
        if let Some(key) = self.breakpoints.paused.remove(attempt) {
            turn.forget(key);
        }
        turn.send(Address::Run(attempt.run.clone()), Note::Resume { attempt: attempt.clone() });
    }

    /// An attempt pauses; it may come too late, when its breakpoint is gone.
    pub(super) fn on_paused(&mut self, attempt: AttemptKey, version: VersionId, at: Timestamp, turn: &mut Turn<'_>) {
        if self.breakpoints.paused.contains_key(&attempt) {
            return;
        }
        if !self.breakpoints.set.contains_key(&attempt.step) {
            return self.let_go(&attempt, turn);
        }
        let AttemptKey { run, step, attempt: number } = &attempt;
        let paused = PausedAttempt {
            workflow_id: run.workflow.clone(),
            workflow_version_id: version,
            workflow_instance_id: run.instance,
            workflow_run_id: run.run,
            step_id: step.clone(),
            step_attempt_id: *number,
            create_time: at,
        };
        // Bodies of different loops may have equal instances and runs, never equal ids.
        let part = Arc::from(format!("{}/{step}", run.workflow));
        let (first, second, third) = (run.instance.0, run.run.0, number.0);
        let key = RowKey { first, second, part, third, ..paused_table(&self.id) };
        turn.save(Row::settled(key.clone(), &paused));
        self.breakpoints.paused.insert(attempt, key);
    }

    /// A pause ended without the breakpoint's doing.
    pub(super) fn on_unpaused(&mut self, attempt: &AttemptKey, turn: &mut Turn<'_>) {
        if let Some(key) = self.breakpoints.paused.remove(attempt) {
            turn.forget(key);
        }
    }
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the workflow itself.
    Top,
    /// In the body of a loop of this kind.
    In(StepType),
}

fn place_of(steps: &[Arc<Step>], wanted: &StepId, inside: Option<StepType>) -> Option<Place> {
    for step in steps {
        if step.id == *wanted {
            return Some(inside.map_or(Place::Top, Place::In));
        }
        let nested: &[Arc<definition::Step>] = step.body();
        if let Some(place) = place_of(nested, wanted, Some(step.step_type())) {
            return Some(place);
        }
    }
    None
}

/// The step of an `AddBreakpoint`; anything narrower than a step is refused.
fn wanted_step(body: &Json) -> Result<StepId, Refusal> {
    for field in [
        "workflow_version",
        "workflow_version_id",
        "workflow_instance_id",
        "workflow_run",
        "workflow_run_id",
        "step_attempt_id",
    ] {
        if body.get(field).is_some_and(|value| !value.is_null()) {
            let message =
                format!("`{field}` of a breakpoint cannot be set: a breakpoint holds every attempt of its step");
            return Err(Refusal::new(Reason::BadRequest, message));
        }
    }
    let step = body.get("step_id").and_then(Json::as_str).unwrap_or_default();
    if step.is_empty() {
        return Err(request::unread("`step_id` of a breakpoint is text"));
    }
    Ok(step.into())
}

fn paused_table(workflow: &WorkflowId) -> RowKey {
    RowKey::named(Table::Other, &format!("paused/{workflow}"))
}
