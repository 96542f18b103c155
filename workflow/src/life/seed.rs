//! Everything that a new run starts with.
//!
//! A seed is written once, by whoever makes the run, and never changes: the run's own rows only say what happened since. The
//! `Workflow` machine makes seeds of root runs and of subworkflows, in the same commit in which it hands out the number
//! (`Effect::Save(seed.row())`); a loop step makes those of its iterations, which the iteration's own run saves.

use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::Initiator;
use crate::{
    definition::Workflow,
    graph::Dag,
    id::{self, AttemptId, InstanceId, RunId, RunKey, StepId, VersionId, WorkflowId},
    param::{Definitions, Params},
    restart,
    status::{Aggregate, InstanceStatus, StepStatus},
    tag::Tags,
    time::{Millis, Timestamp},
    user::User,
};

/// Everything that a new run starts with.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSeed {
    /// Which run.
    pub key: RunKey,
    /// Its uuid: the request's, a random one, or one derived from what asked.
    pub uuid: Arc<str>,
    /// What all runs of one iteration share: one for a whole loop.
    pub body: Arc<RunBody>,
    /// How it came about.
    pub policy: restart::Policy,
    /// What is restarted, as far as it concerns this run.
    pub restart: Option<Arc<restart::Config>>,
    /// Who or what started it.
    pub initiator: Initiator,
    /// Params of the request; loops and subworkflows always have some.
    pub run_params: Option<Arc<Definitions>>,
    /// Params of the request for single steps.
    pub step_run_params: Option<Arc<IndexMap<StepId, Definitions>>>,
    /// Whether the request gave a correlation id itself (then `run_config` shows it).
    pub requested_correlation: Option<Arc<str>>,
    /// Labels of the request.
    pub runtime_tags: Option<Tags>,
    /// The workflow's params, merged and evaluated; empty for a run that failed when it was created.
    pub params: Arc<Params>,
    /// How long it may take, if its definition says so.
    pub timeout: Option<Millis>,
    /// When it was asked for.
    pub request_time: Timestamp,
    /// When it was made.
    pub create_time: Timestamp,
    /// What earlier runs of the instance left; `None` for a fresh run.
    pub baseline: Option<Arc<Baseline>>,
    /// Whether it is to run at all.
    pub standing: Standing,
}

/// The part of a seed that the iterations of a loop share.
#[derive(Clone, Debug, PartialEq)]
pub struct RunBody {
    /// The definition with runtime tags, and with instance step concurrency as inherited.
    pub definition: Arc<Workflow>,
    /// The steps that it runs and what leads from one to the next; for a restart, only what runs again.
    pub dag: Arc<Dag>,
    /// Its version.
    pub version: VersionId,
    /// The random number of the workflow; loop bodies have their parent's.
    pub internal_id: i64,
    /// Configured shard count, inherited.
    pub group_info: i64,
    /// Shared by all runs of a tree.
    pub correlation: Arc<str>,
    /// What the workflow's properties said when the run was made.
    pub properties: RunProperties,
    /// What of this is alike in the rows of all iterations, written once.
    pub(crate) written: Written,
}

/// Text that is written when it is first needed.
#[derive(Clone, Debug, Default)]
pub struct Written(OnceLock<Box<[u8]>>);

impl Written {
    pub(crate) fn get(&self, write: impl FnOnce() -> Box<[u8]>) -> &[u8] {
        self.0.get_or_init(write)
    }
}

impl PartialEq for Written {
    /// It follows from the rest.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A workflow's properties as a run keeps them.
#[derive(Clone, Debug, PartialEq)]
pub struct RunProperties {
    /// When the properties were written.
    pub create_time: Timestamp,
    /// Who answers for the workflow.
    pub owner: User,
    /// Who is told about what, with texts filled in.
    pub alerting: Option<Json>,
    /// How many of its steps may run at once.
    pub step_concurrency: Option<i64>,
    /// Labels.
    pub tags: Option<Tags>,
}

/// Whether a new run is to run at all.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// It waits for `Note::Launch`; loop bodies do not wait.
    Queued,
    /// It ended when it was made: stopped by its run strategy, or failed on its params.
    Ended {
        /// STOPPED or FAILED.
        status: InstanceStatus,
        /// Its whole timeline.
        timeline: Vec<Json>,
    },
}

/// What the runs before left to a restart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// The instance over all runs so far; its status is that after the run that is restarted.
    pub aggregate: Aggregate,
    /// The latest attempt of each step that ever had one.
    pub steps: IndexMap<StepId, Arc<PreviousStep>>,
}

/// A step's latest attempt in an earlier run.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviousStep {
    /// In which run.
    pub run: RunId,
    /// Which attempt.
    pub attempt: AttemptId,
    /// Where it stands.
    pub status: StepStatus,
    /// Its evaluated params.
    pub params: Params,
    /// What it left.
    pub artifacts: Map<String, Json>,
    /// The runs that it started.
    pub nested: PreviousNested,
    /// Evaluated signal dependencies, as its document shows them.
    pub signal_dependencies: Option<Json>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// How often the system retried it after user errors.
    pub error_retries: i64,
}

/// The runs that a step started in an earlier run, as its artifacts tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreviousNested {
    /// None.
    Nothing,
    /// The iterations of a foreach.
    Iterations {
        /// The body's workflow.
        body: WorkflowId,
        /// How many there are in all.
        total: i64,
    },
    /// The child of a subworkflow step.
    Child(RunKey),
}

impl PreviousNested {
    /// Reads it from the artifacts of an attempt.
    pub fn of(artifacts: &Map<String, Json>) -> Self {
        if let Some(foreach) = artifacts.get("maestro_foreach") {
            let body = foreach["foreach_workflow_id"].as_str().unwrap_or_default();
            let total = foreach["total_loop_count"].as_i64().unwrap_or_default();
            return Self::Iterations { body: WorkflowId::from(body), total };
        }
        let Some(child) = artifacts.get("maestro_subworkflow") else { return Self::Nothing };
        let number = |field: &str| child[field].as_i64().unwrap_or_default();
        Self::Child(RunKey {
            workflow: WorkflowId::from(child["subworkflow_id"].as_str().unwrap_or_default()),
            instance: InstanceId(number("subworkflow_instance_id")),
            run: RunId(number("subworkflow_run_id")),
        })
    }
}

impl RunSeed {
    /// The workflow by which people know this run: for loop bodies, the one around them.
    pub fn enclosing_workflow(&self) -> &WorkflowId {
        if !self.initiator.is_loop() {
            return &self.key.workflow;
        }
        let outer = self.initiator.ancestors().iter().rev().map(|ancestor| &ancestor.run.workflow);
        outer.clone().find(|id| !id::is_loop_body(id)).unwrap_or(&self.key.workflow)
    }

    /// The root of its DAG that it restarts, if it restarts one step.
    pub fn restarted_step(&self) -> Option<&StepId> {
        let config = self.restart.as_ref().filter(|_| self.policy == restart::Policy::RestartFromSpecific)?;
        let step = config.path.last()?.step.as_ref()?;
        self.body.dag.is_root(step).then_some(step)
    }

    /// Whether another run's row keeps this one's place: loop bodies are not queued.
    pub fn is_queued(&self) -> bool {
        self.standing == Standing::Queued && !self.initiator.is_loop()
    }
}
