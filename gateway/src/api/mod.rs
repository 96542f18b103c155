//! Maestro's REST API over HTTP: a table of routes, each of which makes one [`Request`](workflow::port::Request).

mod answer;
mod input;
mod openapi;
mod probe;
mod problem;
mod route;
mod serve;
mod service;
mod table;

pub use openapi::document;
pub use problem::Problem;
pub use route::{Body, Kind, Query, Route, Verb};
pub use serve::serve;
pub use service::{Service, router};
pub use table::routes;
