//! Recorded scenarios on the polling engine.

use std::sync::Arc;

use legacy_adapter::{LegacyStage, Profile};
use workflow::{
    definition::Kind,
    life::{Faithful, Settings},
    port::EngineName,
    time::Timestamp,
};

#[path = "../../../workflow/tests/it/golden/scene.rs"]
mod scene;

pub(crate) use scene::Shell;

/// How much faster than the old stack it is: the recorded clients wait for some seconds only.
const PACE: f64 = 0.02;

/// Recorded scenarios whose outcome is not reached yet. One that passes must leave the list.
pub(crate) const GAPS: &[&str] = &[];

impl Shell {
    pub(crate) fn new(at: Timestamp, mut outside: scene::Outside) -> Self {
        let (name, profile) = (EngineName(Arc::from("legacy")), Profile::maestro().paced(PACE));
        let stage =
            LegacyStage::new(name, profile, Settings::production(), |step| matches!(step.kind, Kind::Template { .. }));
        let outside = Box::new(move |_: &_, work: &_| outside(work));
        Self::on(stage.scene(at, 1, Arc::new(Faithful), outside))
    }
}
