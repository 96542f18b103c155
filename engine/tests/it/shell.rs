//! Recorded scenarios on the actor engine.

use std::sync::Arc;

use engine::ActorStage;
use workflow::{
    definition::Kind,
    life::{Faithful, Settings},
    time::Timestamp,
};

#[path = "../../../workflow/tests/it/golden/scene.rs"]
mod scene;

pub(crate) use scene::Shell;

/// Recorded scenarios whose outcome is not reached yet. One that passes must leave the list.
pub(crate) const GAPS: &[&str] = &[];

impl Shell {
    pub(crate) fn new(at: Timestamp, mut outside: scene::Outside) -> Self {
        let stage = ActorStage::new(Settings::production(), |step| matches!(step.kind, Kind::Template { .. }));
        let outside = Box::new(move |_: &_, work: &_| outside(work));
        Self::on(stage.scene(at, 1, Arc::new(Faithful), outside))
    }
}
