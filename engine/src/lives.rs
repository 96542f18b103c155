//! What the engine asks of the life cycles, in one trait: everything else about them it only carries.

use workflow::{
    id::RunKey,
    life::{self, Address, Body, Machine, Message, Rest, RowKey, Rows, Surroundings, Unreadable, read},
    port::{Answer, Found, Lookup, Refusal, Request},
    status::InstanceStatus,
    time::Timestamp,
};

/// Who takes care of a request.
#[derive(Debug)]
pub enum Route {
    /// This machine will answer it.
    To(Address),
    /// Nothing has to change: here is the answer.
    Answer(Result<Answer, Refusal>),
}

/// What a request is judged by.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "rows have none")]
pub struct Asked<'a> {
    /// What is durable.
    pub rows: &'a dyn Rows,
    /// Settings and breakpoints.
    pub surroundings: &'a dyn Surroundings,
    /// Now.
    pub now: Timestamp,
}

/// Machines and what durable rows mean.
pub trait Lives: Send + Sync + 'static {
    /// The machine at an address as its rows left it; without rows, one that has not begun.
    fn load(&self, address: &Address, rows: &dyn Rows) -> Result<Box<dyn Machine>, Unreadable>;

    /// The machine that a message makes, where nothing can be stored of it yet.
    fn create(&self, _message: &Message) -> Option<Box<dyn Machine>> {
        None
    }

    /// The machine that ends what the machine at an address cannot go on with; `None` where nothing can be ended.
    fn wreck(
        &self,
        _address: &Address,
        _rows: &dyn Rows,
        _reason: &str,
    ) -> Result<Option<Box<dyn Machine>>, Unreadable> {
        Ok(None)
    }

    /// The machine of a request, where that can be said without looking at anything.
    fn address(&self, request: &Request) -> Option<Address>;

    /// Where a request belongs.
    fn route(&self, request: &Request, asked: Asked<'_>) -> Result<Route, Unreadable>;

    /// The answer to a machine's question about the rows of others.
    fn find(&self, lookup: &Lookup, rows: &dyn Rows) -> Result<Found, Unreadable>;

    /// The row that answers a machine's question, where it is one.
    fn row_of(&self, _lookup: &Lookup) -> Option<RowKey> {
        None
    }

    /// How the machine of a live row rests, if it does: it need not be loaded to recover.
    fn rest(&self, _key: &RowKey, _body: &Body) -> Option<Rest> {
        None
    }

    /// Whether a message says nothing new to a machine that rests.
    fn knows(&self, _message: &Message, _rest: &Rest) -> bool {
        false
    }

    /// How a run stands; `None` where there is no such run.
    fn status(&self, run: &RunKey, rows: &dyn Rows) -> Result<Option<InstanceStatus>, Unreadable>;
}

/// The life cycles of `workflow::life`.
#[derive(Clone, Copy, Debug)]
pub struct Cycles;

impl Lives for Cycles {
    fn load(&self, address: &Address, rows: &dyn Rows) -> Result<Box<dyn Machine>, Unreadable> {
        life::load(address, rows)
    }

    fn create(&self, message: &Message) -> Option<Box<dyn Machine>> {
        life::create(message)
    }

    fn wreck(&self, address: &Address, rows: &dyn Rows, reason: &str) -> Result<Option<Box<dyn Machine>>, Unreadable> {
        life::wreck(address, rows, reason)
    }

    fn address(&self, request: &Request) -> Option<Address> {
        match request {
            Request::Start { workflow, .. } => Some(Address::Workflow(workflow.clone())),
            _ => None,
        }
    }

    fn route(&self, request: &Request, asked: Asked<'_>) -> Result<Route, Unreadable> {
        let Asked { rows, surroundings, now } = asked;
        if let Some(answer) = read::answer(request, rows, surroundings, now) {
            return Ok(Route::Answer(answer));
        }
        Ok(match read::route(request, rows) {
            Ok(address) => Route::To(address),
            Err(refusal) => Route::Answer(Err(refusal)),
        })
    }

    fn find(&self, lookup: &Lookup, rows: &dyn Rows) -> Result<Found, Unreadable> {
        read::find(lookup, rows)
    }

    fn row_of(&self, lookup: &Lookup) -> Option<RowKey> {
        read::row_of(lookup)
    }

    fn rest(&self, key: &RowKey, body: &Body) -> Option<Rest> {
        Rest::of_row(key, body)
    }

    fn knows(&self, message: &Message, rest: &Rest) -> bool {
        rest.knows(message)
    }

    fn status(&self, run: &RunKey, rows: &dyn Rows) -> Result<Option<InstanceStatus>, Unreadable> {
        read::status(run, rows)
    }
}
