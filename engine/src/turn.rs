//! One turn of a machine: messages in, one commit and what follows from it out.
//!
//! Invariant: no IO and no waiting, so the actors and the rehearsal in virtual time share it.

use std::collections::VecDeque;

use indexmap::IndexMap;
use workflow::{
    event::Event,
    id::{AttemptKey, Ids},
    life::{
        Address, Around, Body, Effect, Machine, Message, Note, Phase, Row, RowKey, Surroundings, Table, Task, Ticket,
        Turn, Wake,
    },
    port::{Answer, Lookup, Refusal, Work},
    time::{Millis, Timestamp},
};

/// Tasks that a machine comes back to within one turn: enough for a chain of some 40 steps, and about 2 ms.
const TASKS_MAX: usize = 256;

/// What came of a turn.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    /// Rows as they are now; `None` for those that are gone.
    pub(crate) rows: IndexMap<RowKey, Option<Row>>,
    /// Events to publish.
    pub(crate) events: Vec<Event>,
    /// What leaves when the rows are durable.
    pub(crate) later: Vec<Later>,
    /// What other machines are told once the commit is handed in.
    pub(crate) sends: Vec<(Address, Note)>,
    /// Timers.
    pub(crate) wakes: Vec<(Timestamp, Wake)>,
    /// What steps have behind them, and how long it took.
    pub(crate) passed: Vec<(Phase, Millis)>,
}

/// What leaves only when it is durable.
#[derive(Debug)]
pub(crate) enum Later {
    Execute {
        attempt: AttemptKey,
        work: Work,
    },
    Cancel {
        attempt: AttemptKey,
    },
    /// Others' rows may have been handed in just before; they are durable when this turn is. Where [`Lookup::is_durable`], it need not wait.
    Fetch(Lookup),
    Reply {
        ticket: Ticket,
        answer: Result<Answer, Refusal>,
    },
    /// A breakpoint is set, or gone.
    Break {
        key: RowKey,
        body: Option<Body>,
    },
    /// The run may have ended: it need not be loaded any more after a crash.
    End,
}

/// What a turn is given.
pub(crate) struct Given<'a> {
    pub(crate) now: Timestamp,
    pub(crate) ids: &'a mut dyn Ids,
    pub(crate) surroundings: &'a dyn Surroundings,
}

/// Lets a machine handle messages, then its own tasks up to a bound; what is left of these stays in `tasks`.
pub(crate) fn take(
    machine: &mut dyn Machine,
    messages: &mut dyn FnMut() -> Option<Message>,
    tasks: &mut VecDeque<Task>,
    given: Given<'_>,
) -> Decided {
    let mut decided = Decided::default();
    let Given { now, ids, surroundings } = given;
    let mut turn = Turn { now, ids, surroundings, effects: Vec::new() };
    while let Some(message) = messages() {
        machine.on(message, &mut turn);
        decided.sort(&mut turn.effects, tasks);
    }
    for _ in 0..TASKS_MAX {
        let Some(task) = tasks.pop_front() else { break };
        machine.on(Message::Continue(task), &mut turn);
        decided.sort(&mut turn.effects, tasks);
    }
    machine.flush(&mut turn);
    decided.sort(&mut turn.effects, tasks);
    decided
}

impl Decided {
    fn save(&mut self, row: Row) {
        match row.key.table {
            table if Around::keeps(table) => {
                self.later.push(Later::Break { key: row.key.clone(), body: Some(row.body.clone()) });
            }
            Table::Run if !row.is_live => self.later.push(Later::End),
            _ => {}
        }
        self.rows.insert(row.key.clone(), Some(row));
    }

    fn forget(&mut self, key: RowKey) {
        if Around::keeps(key.table) {
            self.later.push(Later::Break { key: key.clone(), body: None });
        }
        self.rows.insert(key, None);
    }

    fn sort(&mut self, effects: &mut Vec<Effect>, tasks: &mut VecDeque<Task>) {
        for effect in effects.drain(..) {
            match effect {
                Effect::Save(row) => self.save(row),
                Effect::Forget(key) => self.forget(key),
                Effect::Publish(event) => self.events.push(event),
                Effect::Continue(task) => {
                    // Coming back once is enough.
                    if !tasks.contains(&task) {
                        tasks.push_back(task);
                    }
                }
                Effect::Send { to, note } => self.sends.push((to, note)),
                Effect::Passed { phase, took } => self.passed.push((phase, took)),
                Effect::WakeAt { at, wake } => self.wakes.push((at, wake)),
                Effect::Execute { attempt, work } => self.later.push(Later::Execute { attempt, work }),
                Effect::Cancel { attempt } => self.later.push(Later::Cancel { attempt }),
                Effect::Fetch(lookup) => self.later.push(Later::Fetch(lookup)),
                Effect::Reply { ticket, answer } => self.later.push(Later::Reply { ticket, answer }),
            }
        }
    }
}
