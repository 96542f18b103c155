//! Statuses of instances and steps, their transitions, and what many of them amount to.

mod instance;
mod step;

pub use instance::InstanceStatus;
pub use step::StepStatus;
