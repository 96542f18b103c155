//! What a machine wants done.

use crate::{
    event::Event,
    id::{AttemptKey, StepId},
    life::{Address, Note, Row, RowKey, Ticket},
    port::{Answer, Lookup, Refusal, Work},
    status::StepStatus,
    time::{Millis, Timestamp},
};

/// One thing to do; see the module's doc for what must be durable first.
#[derive(Debug)]
pub enum Effect {
    /// A row of this turn's commit.
    Save(Row),
    /// A row that this turn's commit removes.
    Forget(RowKey),
    /// Something to put into the event outbox with this turn's commit.
    Publish(Event),
    /// Come back to this task; when is the engine's choice.
    Continue(Task),
    /// Tell another machine.
    Send {
        /// Which.
        to: Address,
        /// What.
        note: Note,
    },
    /// Send `Message::Woken(wake)` at a moment. A later timer with the same wake replaces an earlier one.
    WakeAt {
        /// When.
        at: Timestamp,
        /// Why.
        wake: Wake,
    },
    /// Run a step's work on the pool; its end comes back as `Message::Executed`.
    Execute {
        /// For which attempt.
        attempt: AttemptKey,
        /// What to do.
        work: Work,
    },
    /// End a step's work; nothing comes back.
    Cancel {
        /// Of which attempt.
        attempt: AttemptKey,
    },
    /// Look something up in the rows of others; the answer comes back as `Message::Found`.
    Fetch(Lookup),
    /// Count how long a step or a run took for something; nothing depends on it.
    Passed {
        /// For what.
        phase: Phase,
        /// How long.
        took: Millis,
    },
    /// Answer a waiting caller.
    Reply {
        /// Which.
        ticket: Ticket,
        /// With what.
        answer: Result<Answer, Refusal>,
    },
}

/// What a step or a run has behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// From its creation to the begin of its work.
    Launch,
    /// From there to its end.
    Work,
    /// From the end of the last step before it to its creation.
    Follow,
    /// A whole run, from its start to its end.
    Run,
}

/// A piece of work that a run comes back to by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Open gates, create steps, see whether the run is done.
    Decide,
    /// Take a step one phase further. The status is the one it is in now: a polling engine chooses its delay by it.
    Step {
        /// Which.
        step: StepId,
        /// Where it stands.
        status: StepStatus,
    },
    /// Start what the run strategy lets start.
    Dequeue,
}

/// Why a timer was set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wake {
    /// The run's time is up.
    RunTimeout,
    /// An attempt's time is up.
    StepTimeout(StepId),
    /// The wait before the next attempt is over.
    Retry(StepId),
    /// A sleeping step wakes.
    Sleep(StepId),
    /// An http step whose response did not settle it asks again.
    Poll(StepId),
    /// What ended together with this step, which fails everything, has ended by now.
    StopOthers(StepId),
    /// A caller has waited long enough for a step action.
    ActionDeadline(StepId),
    /// The next fire time of a time trigger of this workflow.
    Trigger,
    /// Anything else that only the machine understands.
    Other(u64),
}
