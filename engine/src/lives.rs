//! What the engine asks of the life cycles, in one trait: everything else about them it only carries.

use workflow::{
    id::RunKey,
    life::{Address, Machine, Rows, Unreadable},
    port::{Answer, Found, Lookup, Refusal, Request},
    status::InstanceStatus,
};

/// Who takes care of a request.
#[derive(Debug)]
pub enum Route {
    /// This machine will answer it.
    To(Address),
    /// Nothing has to change: here is the answer.
    Answer(Result<Answer, Refusal>),
}

/// Machines and what durable rows mean.
pub trait Lives: Send + Sync + 'static {
    /// The machine at an address as its rows left it; without rows, one that has not begun.
    fn load(&self, address: &Address, rows: &dyn Rows) -> Result<Box<dyn Machine>, Unreadable>;

    /// Where a request belongs.
    fn route(&self, request: &Request, rows: &dyn Rows) -> Result<Route, Unreadable>;

    /// The answer to a machine's question about the rows of others.
    fn find(&self, lookup: &Lookup, rows: &dyn Rows) -> Result<Found, Unreadable>;

    /// How a run stands; `None` where there is no such run.
    fn status(&self, run: &RunKey, rows: &dyn Rows) -> Result<Option<InstanceStatus>, Unreadable>;
}
