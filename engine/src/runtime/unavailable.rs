//! Steps of a kind that this engine cannot run here: they fail at once, and say what to do about it.

use workflow::{
    id::AttemptKey,
    port::{Conclusion, Pending, Report, StepRuntime, Work},
};

use crate::steps::failed;

/// Fails every step, fatally: trying again makes no sense until somebody does what it says.
#[derive(Clone, Debug)]
pub struct Unavailable {
    /// Why, and what to do.
    pub because: String,
}

impl StepRuntime for Unavailable {
    fn run(&self, _: AttemptKey, work: Work) -> Pending<'_, Report> {
        let message = format!("steps of type {} cannot run here: {}", work.step_type.word(), self.because);
        Box::pin(std::future::ready(failed(Conclusion::FatalError, &message)))
    }

    fn terminate(&self, _: AttemptKey, _: Work) -> Pending<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
