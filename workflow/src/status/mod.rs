//! Statuses of instances and steps, their transitions, and what many of them amount to.

pub mod action;
mod aggregate;
mod base;
mod board;
mod decision;
mod instance;
mod overview;
mod rollup;
mod step;

pub use aggregate::{Aggregate, Run, StepView, Unsettled, aggregated_status};
pub use base::{nested_steps_of_earlier_runs, rollups_of_earlier_runs};
pub use board::{Board, Entry};
pub use decision::{Check, Tally, verdict};
pub use instance::InstanceStatus;
pub use overview::{Listed, Overview, StatusSummary, StepState, Undecodable};
pub use rollup::{Count, Mismatch, Rollup};
pub use step::StepStatus;
