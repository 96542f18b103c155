//! A run as its rows hold it, and as its document shows it.

use serde_json::Value as Json;

use crate::{
    id::{InstanceId, InstanceKey, RunId, RunKey},
    life::{Order, RowKey, Rows, RunSeed, Scan, Table, Unreadable, row},
    port::{Reason, Refusal},
    status::{Aggregate, InstanceStatus, Overview, Run},
    wire,
};

/// How much of a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Show {
    /// With the statuses among the entries of its timeline.
    pub(super) is_enriched: bool,
    /// With its steps over all runs.
    pub(super) is_aggregated: bool,
}

/// A run's two rows.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) key: RunKey,
    seed: Json,
    /// `None` while nothing has happened since it was made.
    run: Option<Json>,
}

impl Stored {
    /// One run; `None` for the latest.
    pub(super) fn find(rows: &dyn Rows, instance: &InstanceKey, run: Option<i64>) -> Result<Option<Self>, Unreadable> {
        let run = match run {
            Some(run) => Some(RunId(run)),
            None => latest(rows, instance)?,
        };
        let Some(run) = run else { return Ok(None) };
        let key = RunKey { workflow: instance.workflow.clone(), instance: instance.instance, run };
        let Some(seed) = json(rows, &RowKey::seed(&key))? else { return Ok(None) };
        let run = json(rows, &RowKey::run(&key))?;
        Ok(Some(Self { key, seed, run }))
    }

    /// The same, refused where there is none.
    pub(super) fn expect(rows: &dyn Rows, instance: &InstanceKey, run: Option<i64>) -> Result<Self, Refusal> {
        Self::find(rows, instance, run)?.ok_or_else(|| not_found(instance, run))
    }

    /// What it started with, as its row says.
    pub(super) fn seed(&self) -> &Json {
        &self.seed
    }

    /// Where it stands.
    pub(super) fn status(&self) -> InstanceStatus {
        status(&wire::run::document(&self.seed, self.run.as_ref()))
    }

    /// Whether it waits in its workflow's queue.
    pub(super) fn is_queued(&self) -> bool {
        self.status() == InstanceStatus::Created
    }

    /// The document.
    pub(super) fn document(&self, show: Show) -> Result<Json, Unreadable> {
        let mut document = wire::run::document(&self.seed, self.run.as_ref());
        if show.is_enriched {
            wire::run::enrich(&mut document);
        }
        if show.is_aggregated {
            let aggregate = serde_json::to_value(self.aggregate(&document)?).unwrap_or_default();
            document["aggregated_info"] = aggregate;
        }
        Ok(document)
    }

    /// The instance's steps over all runs up to this one.
    pub(super) fn aggregate(&self, document: &Json) -> Result<Aggregate, Unreadable> {
        let seed = RunSeed::from_row(&RowKey::seed(&self.key), &row::body(&self.seed))?;
        let broken = |error: &dyn std::fmt::Display| Unreadable(format!("run {}: {error}", self.key));
        let overview: Option<Overview> =
            document.get("runtime_overview").and_then(|overview| serde_json::from_value(overview.clone()).ok());
        let states = overview.map(|overview| overview.decode(&seed.body.dag)).transpose();
        let states = states.map_err(|error| broken(&error))?;
        let run = Run {
            key: &self.key,
            status: status(document),
            policy: seed.policy,
            restarted: seed.restarted_step(),
            dag: &seed.body.dag,
            states: states.as_ref(),
            baseline: seed.baseline.as_ref().map(|baseline| &baseline.aggregate),
        };
        let steps = seed.body.definition.steps.iter().map(|step| &step.id);
        let aggregate = Aggregate::of(run, steps).map_err(|error| broken(&error))?;
        Ok(aggregate.with_status(status(document)))
    }
}

/// The latest run of an instance.
pub(super) fn latest(rows: &dyn Rows, instance: &InstanceKey) -> Result<Option<RunId>, Unreadable> {
    if instance.instance <= InstanceId(0) {
        return Ok(None);
    }
    let found = rows.scan(&Scan::instance(Table::Seed, instance, Order::Descending, 1))?;
    Ok(found.first().map(|(key, _)| RunId(key.second)))
}

fn json(rows: &dyn Rows, key: &RowKey) -> Result<Option<Json>, Unreadable> {
    rows.row(key)?.map(|body| row::parse(key, &body)).transpose()
}

fn status(document: &Json) -> InstanceStatus {
    serde_json::from_value(document["status"].clone()).unwrap_or(InstanceStatus::Created)
}

/// There is no such run; number 0 stands for the latest.
pub(super) fn not_found(instance: &InstanceKey, run: Option<i64>) -> Refusal {
    let InstanceKey { workflow, instance } = instance;
    let run = run.unwrap_or_default();
    let message =
        format!("workflow instance [{workflow}][{instance}][{run}] not found (either not created or deleted)");
    Refusal::new(Reason::NotFound, message)
}
