//! Reports, as people and machines receive them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod campaigns;
mod email;
mod html;
mod json;
mod junit;
mod sink;
mod text;
