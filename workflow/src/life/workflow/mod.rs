//! One workflow: its versions and properties, which version is active, and which of its runs goes next.
//!
//! What is small and changes often is one row, the [`Header`]; versions, timeline entries, breakpoints and the runs of the queue are
//! rows of their own. The machine keeps the newest versions parsed; older ones it fetches when somebody asks for them.
//!
//! Invariant: a run's number, its seed, its place in the queue and the key that keeps its request from making another run are one
//! commit.

mod action;
mod activate;
mod breakpoint;
mod check;
mod delete;
mod header;
mod members;
mod order;
mod prepare;
mod properties;
mod push;
mod queue;
mod record;
mod request;
mod restart;
mod start;
mod trigger;
mod version;
mod wish;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use self::{
    breakpoint::Breakpoints, header::Header as Head, order::Orders, record::Recent, version::Version, wish::Wish,
};
pub(crate) use self::{
    check::{yaml, yaml_outline},
    header::{Header, Stage},
    record::{StartedRun, timeline_key},
    request::{check_params, unread, unrecognized, violations},
    version::{StoredVersion, not_found, resolve, unknown},
};
use super::{Machine, Message, Note, Row, RowKey, Rows, Task, Ticket, Turn, Unreadable, Wake, row};
use crate::{
    definition::{self, Properties, properties::Snapshot},
    id::{VersionId, WorkflowId},
    port::{Caller, Lookup, Reason, Refusal, Request},
    strategy::Queue,
    time::Timestamp,
};

/// Versions that are kept parsed; older ones are fetched again.
const VERSIONS_MAX: usize = 16;

/// The machine of one workflow.
#[derive(Debug)]
pub struct Workflow {
    id: WorkflowId,
    /// `None` for an id that was never pushed.
    header: Option<Head>,
    /// The properties in force.
    snapshot: Option<Snapshot>,
    versions: BTreeMap<VersionId, Arc<Version>>,
    queue: Queue,
    breakpoints: Breakpoints,
    orders: Orders,
    /// Request ids whose rows may not be durable yet.
    recent: Recent,
    /// Until when a run that replaces others is held back: the next start may replace it as well.
    settles_at: Option<Timestamp>,
    /// What waits for rows to be read.
    waiting: HashMap<Lookup, Vec<Wish>>,
    /// Whether the header must be saved.
    is_changed: bool,
}

impl Workflow {
    /// The machine of a workflow as its rows say.
    pub fn load(id: WorkflowId, rows: &dyn Rows) -> Result<Self, Unreadable> {
        let key = RowKey::workflow(&id);
        let header: Option<Head> = rows.row(&key)?.map(|body| row::parse(&key, &body)).transpose()?;
        let latest = header.as_ref().map(|header| header.latest_instance).unwrap_or_default();
        let mut workflow = Self {
            queue: members::load(&id, latest, rows)?,
            breakpoints: Breakpoints::load(&id, rows)?,
            orders: order::load(&id, rows)?,
            id,
            snapshot: None,
            versions: BTreeMap::new(),
            recent: Recent::default(),
            settles_at: None,
            waiting: HashMap::new(),
            is_changed: false,
            header,
        };
        let Some(header) = workflow.header.as_ref().filter(|header| header.is_known()) else { return Ok(workflow) };
        workflow.snapshot = definition::read::snapshot(&header.properties).value;
        for version in [header.active_version, header.latest_version] {
            let key = StoredVersion::key(&workflow.id, version);
            if let Some(body) = rows.row(&key)? {
                let stored: StoredVersion = row::parse(&key, &body)?;
                workflow.versions.insert(version, Arc::new(stored.parse(version)?));
            }
        }
        Ok(workflow)
    }

    /// The header of a workflow that exists.
    fn known(&self) -> Result<&Head, Refusal> {
        self.header.as_ref().filter(|header| header.is_known()).ok_or_else(|| unknown(&self.id))
    }

    /// The same, to change it.
    fn change(&mut self) -> Result<&mut Head, Refusal> {
        self.is_changed = true;
        let id = &self.id;
        self.header.as_mut().filter(|header| header.is_known()).ok_or_else(|| unknown(id))
    }

    fn properties(&self) -> Properties {
        self.snapshot.as_ref().map(|snapshot| snapshot.properties.clone()).unwrap_or_default()
    }

    fn remember(&mut self, version: Arc<Version>) {
        self.versions.insert(version.id, version);
        let kept = self.header.as_ref().map(|header| [header.active_version, header.latest_version]);
        while self.versions.len() > VERSIONS_MAX {
            let oldest = self.versions.keys().find(|id| !kept.is_some_and(|kept| kept.contains(id))).copied();
            let Some(oldest) = oldest else { return };
            self.versions.remove(&oldest);
        }
    }

    fn on_request(&mut self, ticket: Ticket, caller: &Caller, request: Request, turn: &mut Turn<'_>) {
        let answer = match request {
            Request::Start { version, body, .. } => return self.on_start(ticket, caller, &version, &body, turn),
            Request::Activate { version, .. } => return self.on_activate(ticket, caller, &version, turn),
            Request::InstanceAction { instance, action, .. } => {
                return self.on_instance_action(ticket, caller, instance, action, turn);
            }
            Request::AddBreakpoint { body } => return self.on_add_breakpoint(ticket, caller, &body, turn),
            Request::DeleteBreakpoint { query } => self.delete_breakpoint(caller, &query, turn),
            Request::DeleteWorkflow { .. } => self.delete(caller, turn),
            Request::WorkflowAction { action, .. } => self.on_workflow_action(caller, action, turn),
            Request::Push { body } => self.push(caller, &body, turn),
            Request::PushYaml { text } => {
                yaml(&text, turn.surroundings.templates()).and_then(|body| self.push(caller, &body, turn))
            }
            Request::Validate { body } => Self::validate(caller, &body, turn),
            Request::ValidateYaml { text } => {
                yaml(&text, turn.surroundings.templates()).and_then(|body| Self::validate(caller, &body, turn))
            }
            Request::UpdateProperties { body, .. } => self.update_properties(caller, &body, turn),
            Request::AddTag { body, .. } => self.add_tag(caller, &body, turn),
            Request::RemoveTag { tag, .. } => self.remove_tag(caller, &tag, turn),
            Request::Deactivate { .. } => self.deactivate(caller, turn),
            _ => Err(Refusal::new(Reason::InternalError, "this request is not about a workflow")),
        };
        turn.reply(ticket, answer);
    }

    fn on_note(&mut self, note: Note, turn: &mut Turn<'_>) {
        match note {
            Note::RunEnded { run, status } => self.on_run_ended(&run, status, turn),
            Note::Paused { attempt, version, at } => self.on_paused(attempt, version, at, turn),
            Note::Unpaused { attempt } => self.on_unpaused(&attempt, turn),
            Note::Fire(firing) => self.on_firing(*firing, turn),
            Note::TriggersFollowed => self.on_triggers_followed(),
            Note::StartChild(child) => self.start_child(*child, turn),
            Note::RestartRoot(walk) => self.restart_root(*walk, turn),
            // Notes to other machines never come here.
            _ => {}
        }
    }
}

impl Machine for Workflow {
    fn on(&mut self, message: Message, turn: &mut Turn<'_>) {
        self.queue.count_from(turn.surroundings.settings().first_instance);
        match message {
            Message::Request { ticket, caller, request } => self.on_request(ticket, &caller, *request, turn),
            Message::Note(note) => self.on_note(note, turn),
            Message::Found { lookup: Lookup::Remains { .. }, found } => self.on_remains(&found, turn),
            Message::Found { lookup, found } => self.on_found(&lookup, &found, turn),
            Message::Continue(Task::Dequeue) => self.dequeue(turn),
            Message::Recovered | Message::AskAgain => self.recover(turn),
            Message::Woken(Wake::Trigger) => self.on_clock(turn),
            Message::Woken(delete::DELETION) => self.go_on_deleting(turn),
            Message::Woken(queue::SETTLED) => self.dequeue(turn),
            Message::Woken(_) | Message::Continue(_) | Message::Executed { .. } => {}
        }
    }

    fn flush(&mut self, turn: &mut Turn<'_>) {
        if !std::mem::take(&mut self.is_changed) {
            return;
        }
        let Some(header) = &mut self.header else { return };
        let [queued, running, failed] = self.queue.counts();
        header.counts = header::Counts { queued, running, failed, ordered: self.orders.len() };
        header.latest_instance = self.queue.latest_instance().max(header.latest_instance);
        header.modify_time = turn.now;
        let key = RowKey::workflow(&self.id);
        turn.save(Row { is_live: header.is_live(), ..Row::settled(key, &*header) });
    }

    fn is_settled(&self) -> bool {
        let is_live = self.header.as_ref().is_some_and(Head::is_live);
        !is_live && self.waiting.is_empty() && self.queue.live_count() == 0
    }
}
