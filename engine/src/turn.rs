//! One turn of a machine: messages in, one commit and what follows from it out.
//!
//! Invariant: no IO but what is given to it, and no waiting, so the actors and the rehearsal in virtual time share it.

use std::collections::VecDeque;

use indexmap::IndexMap;
use workflow::{
    event::Event,
    id::{AttemptKey, Ids},
    life::{
        Address, Around, Body, Effect, Machine, Message, Note, Phase, Row, RowKey, Surroundings, Table, Task, Ticket,
        Turn, Wake,
    },
    port::{Answer, Found, Lookup, Refusal, Work},
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
    /// Questions about what is durable already ([`Lookup::is_durable`]) that were not answered at once; they need not wait.
    pub(crate) asked: Vec<Lookup>,
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
    /// Others' rows may have been handed in just before; they are durable when this turn is.
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
    /// Answers what is durable already, where that can be done at once.
    pub(crate) at_hand: &'a dyn Fn(&Lookup) -> Option<Found>,
}

/// Lets a machine handle messages, then its own tasks up to a bound; what is left of these stays in `tasks`.
pub(crate) fn take(
    machine: &mut dyn Machine,
    messages: &mut dyn FnMut() -> Option<Message>,
    tasks: &mut VecDeque<Task>,
    given: Given<'_>,
) -> Decided {
    let mut decided = Decided::default();
    let Given { now, ids, surroundings, at_hand } = given;
    let mut turn = Turn { now, ids, surroundings, effects: Vec::new() };
    while let Some(message) = messages() {
        let before = decided.asked.len();
        machine.on(message, &mut turn);
        decided.sort(&mut turn.effects, tasks);
        for lookup in decided.asked.split_off(before) {
            match at_hand(&lookup) {
                Some(found) => machine.on(Message::Found { lookup, found }, &mut turn),
                None => decided.asked.push(lookup),
            }
        }
        // What it asks for when it is told is not answered in this turn.
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
                Effect::Fetch(lookup) if lookup.is_durable() => self.asked.push(lookup),
                Effect::Fetch(lookup) => self.later.push(Later::Fetch(lookup)),
                Effect::Reply { ticket, answer } => self.later.push(Later::Reply { ticket, answer }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use workflow::{
        id::SeededIds,
        life::{Faithful, Settings},
    };

    use super::*;

    /// Asks what a job published when it is told to recover, and saves a row when it knows.
    struct Curious;

    impl Machine for Curious {
        fn on(&mut self, message: Message, turn: &mut Turn<'_>) {
            match message {
                Message::Recovered => turn.effects.push(Effect::Fetch(Lookup::Output { job: "a".to_owned() })),
                Message::Found { .. } => turn.save(Row::settled(RowKey::named(Table::Output, "found"), &())),
                _ => {}
            }
        }

        fn flush(&mut self, _: &mut Turn<'_>) {}

        fn is_settled(&self) -> bool {
            true
        }
    }

    fn decided(at_hand: &dyn Fn(&Lookup) -> Option<Found>) -> Decided {
        let around = Around::new(Settings::production(), std::sync::Arc::new(Faithful), |_| false);
        let mut ids = SeededIds::new(1);
        let given = Given { now: Timestamp(0), ids: &mut ids, surroundings: &around, at_hand };
        let mut message = Some(Message::Recovered);
        take(&mut Curious, &mut || message.take(), &mut VecDeque::new(), given)
    }

    #[test]
    fn what_is_at_hand_is_answered_within_the_turn() {
        let decided = decided(&|_| Some(Found::Nothing(String::new())));
        assert_eq!((decided.rows.len(), decided.asked.len(), decided.later.len()), (1, 0, 0));
    }

    #[test]
    fn what_is_not_at_hand_is_asked_for() {
        let decided = decided(&|_| None);
        assert!(decided.rows.is_empty() && decided.later.is_empty());
        assert_eq!(decided.asked, [Lookup::Output { job: "a".to_owned() }]);
    }
}
