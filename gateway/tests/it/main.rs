//! The gateway as its clients see it.

mod api;
mod scripted;
mod server;
