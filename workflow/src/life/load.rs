//! Machines from their rows.

use super::{Address, Library, Machine, Message, Note, Permits, Rows, Run, Signals, Unreadable, Workflow, Wreck};

/// The machine at an address as its rows left it; without rows, one that has not begun.
pub fn load(address: &Address, rows: &dyn Rows) -> Result<Box<dyn Machine>, Unreadable> {
    Ok(match address {
        Address::Workflow(id) => Box::new(Workflow::load(id.clone(), rows)?),
        Address::Run(key) => Box::new(Run::load(key, rows)?.unwrap_or_else(|| Run::blank(key))),
        Address::Permits => Box::new(Permits::load(rows)?),
        Address::Signals => Box::new(Signals::load(rows)?),
        Address::Library => Box::new(Library::load(rows)?),
    })
}

/// The machine that a message makes, where nothing can be stored of it yet.
pub fn create(message: &Message) -> Option<Box<dyn Machine>> {
    match message {
        Message::Note(Note::Create(seed)) => Some(Box::new(Run::blank(&seed.key))),
        _ => None,
    }
}

/// The machine that ends what the machine at an address cannot go on with; `None` where nothing can be ended.
pub fn wreck(address: &Address, rows: &dyn Rows, reason: &str) -> Result<Option<Box<dyn Machine>>, Unreadable> {
    let Address::Run(key) = address else { return Ok(None) };
    Ok(Wreck::load(key, rows, reason)?.map(|wreck| Box::new(wreck) as Box<dyn Machine>))
}
