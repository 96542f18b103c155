//! The engine from outside: stores, what is durable when, and machines over a store.

mod committer;
mod gate;
mod machines;
mod script;
mod store;
