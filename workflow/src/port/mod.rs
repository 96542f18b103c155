//! What engines offer, and what they need from the outside.

mod clock;
mod engine;
mod lookup;
mod play;
mod refusal;
mod request;
mod runtime;
mod stage;

pub use clock::Clock;
pub use engine::{Answer, Caller, Engine, EngineName, Pending};
pub use lookup::{Found, Lookup};
pub use play::{MESSAGES_MAX, Outside, Scene, play};
pub use refusal::{Reason, Refusal};
pub use request::{InstanceAction, Page, Request, StepAction};
pub use runtime::{Conclusion, Report, RunFacts, StepRuntime, Work};
pub use stage::{Act, HarnessError, Rehearsal, Rehearsed, Stage, StandIn};
