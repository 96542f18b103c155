//! What needs the real engines: only this crate knows them all.

mod campaign;
mod tidy;
