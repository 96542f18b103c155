//! Watching a server that runs: what it says of itself, and what that comes to.

mod figures;
mod scrape;
mod server;
mod view;

pub(crate) use self::{
    figures::Figures,
    server::{Look, Server},
    view::{View, quit},
};
