//! What a definition means where it says nothing, and questions about its steps.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{FailureMode, Kind, Properties, Rule, RunStrategy, SignalTrigger, Step, StepType, TimeTrigger, Workflow};
use crate::{id::StepId, param, time::Millis};

/// How long a run, or an attempt of a step, may take when nothing is written.
pub const TIMEOUT: Millis = Millis::from_secs(10 * 24 * 60 * 60);

/// How many steps of a workflow, or instances of a PARALLEL one, run at once when nothing is written.
pub const CONCURRENCY: i64 = 20;

impl Rule {
    /// How many instances run at once when nothing is written.
    pub fn default_concurrency(self) -> i64 {
        match self {
            Self::Parallel => CONCURRENCY,
            Self::Sequential | Self::StrictSequential | Self::FirstOnly | Self::LastOnly | Self::SerialLatestOnly => 1,
        }
    }
}

impl RunStrategy {
    /// The rule with its default concurrency.
    pub fn of(rule: Rule) -> Self {
        Self { rule, workflow_concurrency: rule.default_concurrency() }
    }
}

impl Default for RunStrategy {
    fn default() -> Self {
        Self::of(Rule::Sequential)
    }
}

impl Properties {
    /// How instances queue.
    pub fn run_strategy_or_default(&self) -> RunStrategy {
        self.run_strategy.unwrap_or_default()
    }

    /// How many steps of the workflow run at once.
    pub fn step_concurrency_or_default(&self) -> i64 {
        self.step_concurrency.unwrap_or(CONCURRENCY)
    }

    /// Whether time triggers fire.
    pub fn time_triggers_are_on(&self) -> bool {
        self.time_trigger_disabled != Some(true)
    }

    /// Whether signal triggers fire.
    pub fn signal_triggers_are_on(&self) -> bool {
        self.signal_trigger_disabled != Some(true)
    }
}

impl Workflow {
    /// Shown to people.
    pub fn name_or_id(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    /// All steps of all nesting levels, each before those in its body.
    pub fn all_steps(&self) -> impl Iterator<Item = &Arc<Step>> {
        all_steps(&self.steps)
    }

    /// A step of the top level.
    pub fn step(&self, id: &str) -> Option<&Arc<Step>> {
        self.steps.iter().find(|step| &*step.id == id)
    }

    /// The tags; none when unset.
    pub fn tags_or_none(&self) -> &[crate::tag::Tag] {
        self.tags.as_deref().unwrap_or_default()
    }

    /// When runs start by the clock; never when unset.
    pub fn time_triggers_or_none(&self) -> &[TimeTrigger] {
        self.time_triggers.as_deref().unwrap_or_default()
    }

    /// When runs start by signals; never when unset.
    pub fn signal_triggers_or_none(&self) -> &[SignalTrigger] {
        self.signal_triggers.as_deref().unwrap_or_default()
    }
}

/// All steps of a level and of those below, each before those in its body.
pub fn all_steps(steps: &[Arc<Step>]) -> impl Iterator<Item = &Arc<Step>> {
    let mut waiting: Vec<&Arc<Step>> = steps.iter().rev().collect();
    std::iter::from_fn(move || {
        let step = waiting.pop()?;
        waiting.extend(step.body().iter().rev());
        Some(step)
    })
}

impl Step {
    /// Shown to people.
    pub fn name_or_id(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    /// What a fatal failure of it does to the run.
    pub fn failure_mode_or_default(&self) -> FailureMode {
        self.failure_mode.unwrap_or_default()
    }

    /// Its type, whatever its kind.
    pub fn step_type(&self) -> StepType {
        match &self.kind {
            Kind::Typed { step_type, .. } => *step_type,
            Kind::Subworkflow { .. } => StepType::Subworkflow,
            Kind::Foreach { .. } => StepType::Foreach,
            Kind::While { .. } => StepType::While,
            Kind::Template { .. } => StepType::Template,
        }
    }

    /// Whether it does work of its own: it takes a permit of its tree and counts as a leaf.
    pub fn is_leaf(&self) -> bool {
        self.step_type().is_leaf()
    }

    /// The steps of its loop's body; none for other kinds.
    pub fn body(&self) -> &[Arc<Step>] {
        match &self.kind {
            Kind::Foreach { steps, .. } | Kind::While { steps, .. } => steps,
            Kind::Typed { .. } | Kind::Subworkflow { .. } | Kind::Template { .. } => &[],
        }
    }

    /// The wrapper key under which it is written.
    pub fn wrapper(&self) -> &'static str {
        match &self.kind {
            Kind::Typed { .. } => "step",
            Kind::Subworkflow { .. } => "subworkflow",
            Kind::Foreach { .. } => "foreach",
            Kind::While { .. } => "while",
            Kind::Template { .. } => "template",
        }
    }

    /// Whether it follows its child run to the end; true for everything but an asynchronous sub-workflow.
    pub fn is_sync(&self) -> bool {
        !matches!(&self.kind, Kind::Subworkflow { sync: Some(false), .. })
    }

    /// Whether its child run gets the step's own params only.
    pub fn passes_only_own_params(&self) -> bool {
        matches!(&self.kind, Kind::Subworkflow { explicit_params: Some(true), .. })
    }

    /// The next steps with their conditions.
    pub fn successors(&self) -> impl Iterator<Item = (&StepId, Option<&str>)> {
        let written: Option<&IndexMap<StepId, Option<Arc<str>>>> = self.transition.successors.as_ref();
        written.into_iter().flatten().map(|(id, condition)| (id, condition.as_deref()))
    }

    /// The tags; none when unset.
    pub fn tags_or_none(&self) -> &[crate::tag::Tag] {
        self.tags.as_deref().unwrap_or_default()
    }

    /// The loop params of a loop, where they are written as a literal MAP.
    pub fn loop_params(&self) -> Option<&param::Definitions> {
        let written = self.params.as_ref()?.get("loop_params")?;
        match &written.body {
            param::Body::Literal(param::Literal::Map(entries)) => Some(entries),
            _ => None,
        }
    }
}

impl StepType {
    /// Whether steps of this type do work of their own.
    pub fn is_leaf(self) -> bool {
        match self {
            Self::NoOp | Self::Sleep | Self::Http | Self::Kubernetes | Self::Notebook | Self::Titus => true,
            Self::Join | Self::Foreach | Self::While | Self::Subworkflow | Self::Template => false,
        }
    }

    /// Whether the open-source engine has a runtime for it.
    pub fn has_runtime(self) -> bool {
        match self {
            Self::NoOp
            | Self::Sleep
            | Self::Http
            | Self::Kubernetes
            | Self::Notebook
            | Self::Foreach
            | Self::While
            | Self::Subworkflow => true,
            Self::Titus | Self::Join | Self::Template => false,
        }
    }
}
