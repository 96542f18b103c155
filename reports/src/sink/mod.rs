//! A small mail server that delivers into a folder: for trying reports out, and for tests of everything that mail can do wrong.
//!
//! It takes mail from anybody for anybody and keeps each as one `.eml` file. It speaks no TLS and relays nothing; it is meant for
//! the loopback interface.

mod conversation;
mod fault;
mod folder;
mod server;

pub use fault::{Act, Fault, Faults, Stage};
pub use folder::Folder;
pub use server::{Error, Sink};
