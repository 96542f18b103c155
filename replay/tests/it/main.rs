//! Replay at its boundaries: corpora over a folder and over a socket, capture from an engine, campaigns with scripted stages.

mod campaign;
mod capture;
mod corpus;
mod defect;
mod latency;
mod sample;
mod scripted;
mod server;
