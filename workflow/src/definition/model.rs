//! The shapes of a checked definition.
//!
//! What was not written stays `None`, so that a definition is given back as it came; defaults are applied by the methods
//! that read a setting, never stored.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Number, Value as Json};

use crate::{
    id::{StepId, WorkflowId},
    param,
    tag::Tags,
    user::User,
};

/// A number, or text that becomes one when the run's params are known (`"3 hours"`, `"${p}"`).
#[derive(Clone, Debug, PartialEq)]
pub enum Parsable {
    /// Written as a number.
    Number(Number),
    /// Written as text.
    Text(Arc<str>),
}

/// A push: properties for all versions, and one new version.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateRequest {
    /// Properties to merge into the workflow's.
    pub properties: Option<Properties>,
    /// The new version.
    pub workflow: Arc<Workflow>,
    /// Whether the new version becomes the active one.
    pub is_active: bool,
    /// Where the source lies.
    pub git_info: Option<Json>,
    /// Any other key; kept as metadata.
    pub extra: Map<String, Json>,
}

/// What applies to all versions of a workflow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties {
    /// Who answers for it.
    pub owner: Option<User>,
    /// Kept and given back.
    pub access_control: Option<Json>,
    /// How instances queue.
    pub run_strategy: Option<RunStrategy>,
    /// How many of its steps may run at once.
    pub step_concurrency: Option<i64>,
    /// Who is told about what; kept as written, checked for shape.
    pub alerting: Option<Json>,
    /// Nobody is told.
    pub alerting_disabled: Option<bool>,
    /// Signal triggers are off.
    pub signal_trigger_disabled: Option<bool>,
    /// Time triggers are off.
    pub time_trigger_disabled: Option<bool>,
    /// Free text.
    pub description: Option<Arc<str>>,
    /// Set through the tag endpoint only.
    pub tags: Option<Tags>,
}

/// How instances of a workflow queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunStrategy {
    /// The rule.
    pub rule: Rule,
    /// How many may run at once; 1 for every rule but PARALLEL.
    pub workflow_concurrency: i64,
}

/// Which instance runs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the reference's; definition.md §4.2 explains them")]
pub enum Rule {
    Sequential,
    StrictSequential,
    FirstOnly,
    LastOnly,
    Parallel,
    SerialLatestOnly,
}

/// One version of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    /// Its id.
    pub id: WorkflowId,
    /// Shown to people; the id when unset.
    pub name: Option<Arc<str>>,
    /// Free text.
    pub description: Option<Arc<str>>,
    /// Labels of every run.
    pub tags: Option<Tags>,
    /// How long a run may take; ten days when unset.
    pub timeout: Option<Parsable>,
    /// When runs start by the clock; `None` when not written.
    pub time_triggers: Option<Vec<TimeTrigger>>,
    /// When runs start by signals; `None` when not written.
    pub signal_triggers: Option<Vec<SignalTrigger>>,
    /// How much it matters; passed to runs.
    pub criticality: Option<Criticality>,
    /// How many leaf steps of one tree may run at once.
    pub instance_step_concurrency: Option<i64>,
    /// Workflow-level params, in evaluation order; `None` when not written.
    pub params: Option<param::Definitions>,
    /// The steps; their order means nothing for execution.
    pub steps: Vec<Arc<Step>>,
}

/// How much a workflow matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Criticality {
    Critical,
    High,
    Medium,
    Low,
}

/// One step as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its id.
    pub id: StepId,
    /// Shown to people; the id when unset.
    pub name: Option<Arc<str>>,
    /// Free text.
    pub description: Option<Arc<str>>,
    /// Edges to and from siblings.
    pub transition: Transition,
    /// What a fatal failure of it does to the run; FAIL_AFTER_RUNNING when unset.
    pub failure_mode: Option<FailureMode>,
    /// Labels; each is a permit to hold while running.
    pub tags: Option<Tags>,
    /// How long an attempt may take; ten days when unset.
    pub timeout: Option<Parsable>,
    /// Signals to wait for; `None` when not written.
    pub signal_dependencies: Option<Vec<SignalDependency>>,
    /// Signals to send on success; `None` when not written.
    pub signal_outputs: Option<Vec<SignalOutput>>,
    /// Step-level params, in evaluation order; `None` when not written.
    pub params: Option<param::Definitions>,
    /// What it does.
    pub kind: Kind,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "steps are shared, and most are typed: a box would cost more than it saves"
)]
pub enum Kind {
    /// A typed step (`step`).
    Typed {
        /// Which runtime executes it.
        step_type: StepType,
        /// A job template's name.
        sub_type: Option<Arc<str>>,
        /// A job template's version.
        sub_type_version: Option<Arc<str>>,
        /// How failures are tried again; defaults when unset.
        retry_policy: Option<RetryPolicy>,
    },
    /// Runs another workflow (`subworkflow`).
    Subworkflow {
        /// Whether the step follows the child to its end; true when unset.
        sync: Option<bool>,
        /// Whether the child gets only the step's own params; false when unset.
        explicit_params: Option<bool>,
    },
    /// A data-parallel loop over an inline workflow (`foreach`).
    Foreach {
        /// How many iterations may run at once.
        concurrency: Option<i64>,
        /// Iterations start in index order within a sliding window; false when unset.
        strict_ordering: Option<bool>,
        /// The body.
        steps: Vec<Arc<Step>>,
    },
    /// A sequential loop over an inline workflow (`while`).
    While {
        /// SEL, evaluated before each iteration.
        condition: Arc<str>,
        /// The body.
        steps: Vec<Arc<Step>>,
    },
    /// A placeholder that parses and cannot run (`template`).
    Template {
        /// The template's name.
        sub_type: Option<Arc<str>>,
    },
}

/// The type of a typed step; the JSON name is the canonical one of definition.md §9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the reference's; definition.md §9 explains them")]
pub enum StepType {
    NoOp,
    Sleep,
    Http,
    Kubernetes,
    Notebook,
    Titus,
    Join,
    Foreach,
    While,
    Subworkflow,
    Template,
}

/// Edges of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transition {
    /// Written predecessors; must equal what the successors of others say.
    pub predecessors: Option<Vec<StepId>>,
    /// Next steps with their SEL conditions, in written order.
    pub successors: Option<IndexMap<StepId, Option<Arc<str>>>>,
}

/// What a fatal failure of a step does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the reference's; definition.md §11.1 explains them")]
pub enum FailureMode {
    FailImmediately,
    #[default]
    FailAfterRunning,
    IgnoreFailure,
}

/// How often and how soon a failed attempt is tried again, as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetryPolicy {
    /// Retries after user errors; 2 when unset.
    pub error_retry_limit: Option<Parsable>,
    /// Retries after platform errors; 10 when unset.
    pub platform_retry_limit: Option<Parsable>,
    /// Retries after timeouts; 0 when unset.
    pub timeout_retry_limit: Option<Parsable>,
    /// How long to wait; exponential when unset.
    pub backoff: Option<Backoff>,
}

/// The wait before the next attempt, as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Backoff {
    /// base × exponent^n, at most limit.
    Exponential {
        /// After user errors.
        error: Exponential,
        /// After platform errors.
        platform: Exponential,
        /// After timeouts.
        timeout: Exponential,
    },
    /// The same wait each time.
    Fixed {
        /// After user errors, seconds.
        error: Option<Parsable>,
        /// After platform errors, seconds.
        platform: Option<Parsable>,
        /// After timeouts, seconds.
        timeout: Option<Parsable>,
    },
}

/// One class of an exponential back-off.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exponential {
    /// `*_retry_backoff_in_secs`.
    pub base_secs: Option<Parsable>,
    /// `*_retry_exponent`.
    pub exponent: Option<Parsable>,
    /// `*_retry_limit_in_secs`.
    pub limit_secs: Option<Parsable>,
}

/// A signal that a step waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalDependency {
    /// Interpolated.
    pub name: Arc<str>,
    /// Conditions by param name; `None` when not written.
    pub match_params: Option<IndexMap<Arc<str>, MatchParam>>,
}

/// A condition on a signal's param.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchParam {
    /// What to compare with; LONG or STRING.
    pub param: Arc<param::Definition>,
    /// How to compare.
    pub operator: Operator,
}

/// How a signal's param is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Operator {
    Equals,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// A signal that a step sends.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalOutput {
    /// Interpolated.
    pub name: Arc<str>,
    /// LONG and STRING params that others match on; `None` when not written.
    pub params: Option<param::Definitions>,
    /// Params kept on the step, not delivered; `None` when not written.
    pub payload: Option<param::Definitions>,
}

/// When a run starts by the clock.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeTrigger {
    /// Cron, predefined or interval.
    pub kind: TimeTriggerKind,
    /// Zone id or offset; UTC when unset.
    pub timezone: Option<Arc<str>>,
    /// Deterministic jitter.
    pub fuzzy_max_delay: Option<Parsable>,
}

/// What a time trigger fires on.
#[derive(Clone, Debug, PartialEq)]
pub enum TimeTriggerKind {
    /// A cron line, Unix or Quartz.
    Cron(Arc<str>),
    /// `@hourly` and its like.
    Predefined(Arc<str>),
    /// Parses, never valid.
    Interval {
        /// How far apart.
        interval: Option<Json>,
        /// From when.
        start: Option<Json>,
    },
}

/// When a run starts by signals.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalTrigger {
    /// Entry by signal name; `None` when not written.
    pub definitions: Option<IndexMap<Arc<str>, SignalTriggerEntry>>,
    /// Evaluated when all signals match; `None` when not written.
    pub params: Option<param::Definitions>,
    /// SEL boolean over the params.
    pub condition: Option<Arc<str>>,
    /// SEL text over the params; equal texts start one run.
    pub dedup_expr: Option<Arc<str>>,
}

/// What one signal of a trigger must look like.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalTriggerEntry {
    /// Static conditions by param name; `None` when not written.
    pub match_params: Option<IndexMap<Arc<str>, StaticMatch>>,
    /// Params whose values must be pairwise equal by position; `None` when not written.
    pub join_keys: Option<Vec<Arc<str>>>,
}

/// A static condition on a signal's param.
#[derive(Clone, Debug, PartialEq)]
pub struct StaticMatch {
    /// What to compare with.
    pub value: SignalValue,
    /// How to compare.
    pub operator: Operator,
}

/// A param value of a signal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignalValue {
    /// Compares numerically; never equals text.
    Long(i64),
    /// Compares by code unit.
    String(Arc<str>),
}
