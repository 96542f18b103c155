//! What a sample is like: the dimensions by which samples are chosen and coverage is shown.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use workflow::{
    definition::{Kind, Step, Workflow},
    param,
};

/// What a sample is like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Shape {
    /// Kinds of its steps at all levels, sorted.
    pub kinds: Vec<String>,
    /// How its outermost steps hang together.
    pub motif: Motif,
    /// What its root came to.
    pub status: String,
    /// Types of the params that the definition names, sorted.
    pub param_types: Vec<String>,
    /// The policy of its last restart; `NONE` if it was never restarted.
    pub restart: String,
    /// How many attempts it took.
    pub size: Size,
}

/// How the outermost steps of a workflow hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Motif {
    /// One step.
    Single,
    /// One after the other.
    Chain,
    /// Steps without edges, or several chains beside each other.
    Parallel,
    /// Only forks.
    FanOut,
    /// Only joins.
    FanIn,
    /// Forks and joins.
    Diamond,
    /// An edge with a condition of its own somewhere.
    Conditional,
}

/// How many attempts a sample took, in classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// At most 1.
    One,
    /// 2 to 9.
    Few,
    /// 10 to 99.
    Tens,
    /// 100 to 999.
    Hundreds,
    /// 1,000 and more.
    Thousands,
}

impl Shape {
    /// The shape of a run of this workflow.
    pub fn of(workflow: &Workflow, status: &str, restart: Option<&str>, attempts: usize) -> Self {
        let (mut kinds, mut types) = (BTreeSet::new(), BTreeSet::new());
        name_types(workflow.params.iter(), &mut types);
        describe(&workflow.steps, &mut kinds, &mut types);
        Self {
            kinds: kinds.into_iter().map(str::to_owned).collect(),
            motif: Motif::of(workflow),
            status: status.to_owned(),
            param_types: types.into_iter().collect(),
            restart: restart.unwrap_or("NONE").to_owned(),
            size: Size::of(attempts),
        }
    }

    /// The kind of workflow: what a verdict is given for.
    pub fn stratum(&self) -> String {
        format!("{} {}", self.kinds.join("+"), self.motif)
    }

    /// Whether the run did not simply succeed at the first start.
    pub fn is_eventful(&self) -> bool {
        self.status != "SUCCEEDED" || self.restart != "NONE"
    }
}

fn describe<'a>(
    steps: impl IntoIterator<Item = &'a std::sync::Arc<Step>>,
    kinds: &mut BTreeSet<&'static str>,
    types: &mut BTreeSet<String>,
) {
    for step in steps {
        kinds.insert(step.step_type().word());
        name_types(step.params.iter(), types);
        match &step.kind {
            Kind::Foreach { steps, .. } | Kind::While { steps, .. } => describe(steps, kinds, types),
            Kind::Typed { .. } | Kind::Subworkflow { .. } | Kind::Template { .. } => {}
        }
    }
}

fn name_types<'a>(params: impl Iterator<Item = &'a param::Definitions>, types: &mut BTreeSet<String>) {
    types.extend(params.flat_map(|params| params.values()).map(|param| param.kind.word().to_owned()));
}

impl Motif {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Single, Self::Chain, Self::Parallel, Self::FanOut, Self::FanIn, Self::Diamond, Self::Conditional];

    /// The motif of a workflow's outermost steps.
    pub fn of(workflow: &Workflow) -> Self {
        let edges: Vec<_> = workflow.steps.iter().flat_map(|step| step.successors()).collect();
        if edges.iter().any(|(_, condition)| condition.is_some_and(|text| text.trim() != "true")) {
            return Self::Conditional;
        }
        let forks = workflow.steps.iter().any(|step| step.successors().nth(1).is_some());
        let targets: BTreeSet<_> = edges.iter().map(|(to, _)| *to).collect();
        let joins = targets.len() < edges.len();
        match (forks, joins) {
            (true, true) => Self::Diamond,
            (true, false) => Self::FanOut,
            (false, true) => Self::FanIn,
            (false, false) if workflow.steps.len() <= 1 => Self::Single,
            (false, false) if edges.len() + 1 == workflow.steps.len() => Self::Chain,
            (false, false) => Self::Parallel,
        }
    }
}

impl fmt::Display for Motif {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Single => "single",
            Self::Chain => "chain",
            Self::Parallel => "parallel",
            Self::FanOut => "fan-out",
            Self::FanIn => "fan-in",
            Self::Diamond => "diamond",
            Self::Conditional => "conditional",
        })
    }
}

impl Size {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::One, Self::Few, Self::Tens, Self::Hundreds, Self::Thousands];

    /// The class of so many attempts.
    pub fn of(attempts: usize) -> Self {
        match attempts {
            0..=1 => Self::One,
            2..=9 => Self::Few,
            10..=99 => Self::Tens,
            100..=999 => Self::Hundreds,
            _ => Self::Thousands,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "1",
            Self::Few => "2–9",
            Self::Tens => "10–99",
            Self::Hundreds => "100–999",
            Self::Thousands => "1,000+",
        })
    }
}
