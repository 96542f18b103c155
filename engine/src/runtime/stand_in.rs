//! Placeholders: steps that give back what was recorded, on an engine that runs in real time.

use std::sync::Arc;

use workflow::{
    id::AttemptKey,
    port::{Pending, Rehearsal, Report, StepRuntime, Work},
};

/// Gives back a sample's recorded results, each after the time that it took.
#[derive(Clone, Debug)]
pub struct StandIns(pub Arc<Rehearsal>);

impl StepRuntime for StandIns {
    fn run(&self, attempt: AttemptKey, work: Work) -> Pending<'_, Report> {
        let stand_in = self.0.stand_in(&attempt, &work);
        Box::pin(async move {
            tokio::time::sleep(stand_in.took.to_std()).await;
            stand_in.report()
        })
    }

    fn terminate(&self, _: AttemptKey, _: Work) -> Pending<'_, ()> {
        // A placeholder leaves nothing outside.
        Box::pin(std::future::ready(()))
    }
}
