//! The defects that can be injected, by name.

use std::{fmt, sync::Arc};

use workflow::life::Decisions;

use super::wrong;

/// A way in which an engine can be wrong, injected on purpose to see whether a campaign notices.
#[derive(Clone)]
pub struct Defect {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What goes wrong.
    pub sentence: &'static str,
    decisions: fn() -> Arc<dyn Decisions>,
}

/// All that there are, in the order in which they are listed.
const ALL: [Defect; 9] = [
    Defect {
        name: "retry-lost",
        sentence: "A failed attempt is never tried again.",
        decisions: || Arc::new(wrong::RetryLost),
    },
    Defect {
        name: "retry-undue",
        sentence: "A step is tried once more although its first failure was to be final.",
        decisions: || Arc::new(wrong::RetryUndue),
    },
    Defect {
        name: "early-join",
        sentence: "A step starts when the first of its predecessors is complete.",
        decisions: || Arc::new(wrong::EarlyJoin),
    },
    Defect {
        name: "gate-lost",
        sentence: "A step whose predecessors are all complete is not started.",
        decisions: || Arc::new(wrong::GateLost),
    },
    Defect {
        name: "edge-lost",
        sentence: "An edge whose condition holds is not taken.",
        decisions: || Arc::new(wrong::EdgeLost),
    },
    Defect {
        name: "edge-always",
        sentence: "An edge is taken although its condition does not hold.",
        decisions: || Arc::new(wrong::EdgeAlways),
    },
    Defect {
        name: "param-twice",
        sentence: "An expression that builds on a param of its own name is evaluated twice.",
        decisions: || Arc::new(wrong::ParamTwice),
    },
    Defect {
        name: "param-lost",
        sentence: "The last param that a step's definition or caller sets is lost.",
        decisions: || Arc::new(wrong::ParamLost),
    },
    Defect {
        name: "iteration-lost",
        sentence: "A loop leaves out its last iteration.",
        decisions: || Arc::new(wrong::IterationLost),
    },
];

impl Defect {
    /// All that there are.
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The defect of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|defect| defect.name == name)
    }

    /// Decisions with this defect.
    pub fn decisions(&self) -> Arc<dyn Decisions> {
        (self.decisions)()
    }
}

impl fmt::Debug for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
