//! Life cycles as pure machines, driven alike by every engine.
//!
//! There are five kinds of machine, each owning what no other may write: a `Workflow` (versions, properties, instance numbers, the queue
//! of its run strategy, breakpoints), a `Run` (one run of one instance with all its steps and attempts), and one each of `Permits`,
//! `Signals` and `Library` (job templates, output data). A machine is a value. It learns of the world only by [`Message`]s and
//! changes it only by [`Effect`]s; [`Turn`] hands it the time, ids and settings.
//!
//! # What an engine owes a machine
//!
//! - **One at a time.** Messages to one [`Address`] are handled one after the other.
//! - **Durable before visible.** After `on` (once or several times), `flush` gives the rows of everything that changed. Rows and events of
//!   these turns are one commit. `Execute`, `Cancel`, `Reply` and `Publish` leave only when that commit is durable, and readers see only
//!   durable rows. `Send` and `Continue` may be delivered at once within the process, as long as the receiver's commit is ordered
//!   after the sender's.
//! - **Continuations.** `Continue(task)` comes back as `Message::Continue(task)`: at once in the actor engine, at the next poll in a
//!   polling one. This is the only place where the two differ in *when* a decision is made.
//! - **Activation.** A message to an address without a machine in memory loads it from its rows; `Begin` makes a new one. A machine that
//!   `is_settled` may be dropped.
//! - **Requests.** A request about an instance goes to the `Run` of its latest run: stop and kill of an instance that is not queued, all
//!   actions and restarts of steps, restart of an instance, resume of an attempt. Queued runs, unblocking and all that is about a workflow
//!   go to its `Workflow` machine. Any machine may answer the ticket in the end.
//! - **Recovery.** After a crash every live machine ([`Address::of_row`] of a live row), and `Permits`, `Signals` and `Library` in any case, is
//!   loaded and gets `Message::Recovered`, the three first. Machines that were not touched get `Message::AskAgain` where others were. It asks again for all it still waits for:
//!   timers, running steps, children, permits. A run that rests ([`Rest::of_row`]) may be loaded later, at its moment or before the first message that
//!   says something new to it, if what it would say meanwhile is said in its stead. So no internal message needs to be stored; every machine answers every note as often as it is asked,
//!   by key.

mod address;
mod around;
mod caller;
mod decision;
mod effect;
mod initiator;
mod library;
mod load;
mod memory;
mod message;
pub mod note;
mod permits;
pub mod read;
mod refused;
mod rest;
pub mod row;
mod run;
pub mod seed;
mod seed_row;
mod signals;
mod standing;
mod turn;
mod workflow;

pub use address::Address;
pub use around::{Around, StandsIn};
pub(crate) use caller::author;
pub use decision::{Decisions, Faithful};
pub use effect::{Effect, Phase, Task, Wake};
pub use initiator::{Ancestor, Initiator, TooDeep};
pub use library::Library;
pub use load::{create, load, wreck};
pub use memory::MemoryRows;
pub use message::{Message, Ticket};
pub use note::Note;
pub use permits::Permits;
pub(crate) use refused::refused;
pub use rest::{Rest, Wish};
pub use row::{Body, Bound, Order, Row, RowKey, Rows, Scan, Table, Unreadable};
pub(crate) use run::SIGNAL_PARAMS;
pub use run::{Run, Wreck};
pub use seed::RunSeed;
pub(crate) use seed_row::OWN as OWN_FIELD;
pub use signals::Signals;
pub use standing::{latest_run, latest_status, run_status, started_instance};
pub use turn::{Settings, Surroundings, Turn};
pub use workflow::Workflow;

/// A life cycle: state that changes only by messages.
pub trait Machine: Send {
    /// What a message makes of it; effects go to the turn.
    fn on(&mut self, message: Message, turn: &mut Turn<'_>);

    /// Saves the rows of everything that changed since the last flush, and may tell other machines what only counts once per commit.
    fn flush(&mut self, turn: &mut Turn<'_>);

    /// Whether it may leave memory: nothing is running in it and nobody waits for it.
    fn is_settled(&self) -> bool;

    /// How it waits, if it only waits for a moment that is set or for what others will tell it: it may leave memory until then. As of the
    /// last flush.
    fn rest(&self) -> Option<&Rest> {
        None
    }

    /// Whether a settled machine will be needed again, probably soon.
    fn is_expectant(&self) -> bool {
        false
    }
}
