//! Notebook steps: a pod whose command runs a notebook with the step's params.

use serde_json::{Map, Value as Json, json};
use workflow::{
    id::AttemptKey,
    param::{Params, write},
    port::{Pending, Report, StepRuntime, Work},
    runtime::{
        kubernetes::{Error, command},
        notebook::{Context, Papermill, papermill},
    },
};

use super::{
    cluster::Cluster,
    job::{param, refused},
};

/// Runs notebooks as pods.
#[derive(Clone, Debug)]
pub struct Notebook {
    cluster: Cluster,
}

impl Notebook {
    /// In this cluster.
    pub fn new(cluster: Cluster) -> Self {
        Self { cluster }
    }
}

impl StepRuntime for Notebook {
    fn run(&self, attempt: AttemptKey, work: Work) -> Pending<'_, Report> {
        Box::pin(async move {
            let (command, papermill) = match commanded(&attempt, &work) {
                Ok(commanded) => commanded,
                Err(error) => return refused(&error),
            };
            let mut report = self.cluster.run(&attempt, &work, &command).await;
            let artifact = json!({ "output_path": papermill.output_path, "type": "NOTEBOOK" });
            report.artifacts.insert("maestro_notebook".to_owned(), artifact);
            report
        })
    }

    fn terminate(&self, attempt: AttemptKey, work: Work) -> Pending<'_, ()> {
        Box::pin(async move { self.cluster.terminate(&attempt, &work).await })
    }
}

/// The job's command, with the notebook's command line as its script.
fn commanded(attempt: &AttemptKey, work: &Work) -> Result<(Map<String, Json>, Papermill), Error> {
    let of_run = work.run.as_deref();
    let (workflow_params, step_params) =
        (of_run.map(|run| evaluated(&run.params)).unwrap_or_default(), evaluated(&work.params));
    let context = Context {
        workflow_params: &workflow_params,
        step_params: &step_params,
        timeout: of_run.and_then(|run| run.timeout.as_deref()),
        criticality: of_run.and_then(|run| run.criticality.as_deref()),
        attempt: attempt.attempt.0,
        owner: of_run.map(|run| run.owner.as_str()),
        alerting: of_run.and_then(|run| run.alerting.as_ref()),
    };
    let papermill = papermill(&context)?;
    let mut params = param(&work.params, "kubernetes").ok_or(Error::NoParams("kubernetes"))?;
    params.insert("entrypoint".to_owned(), papermill.entrypoint.as_str().into());
    Ok((command(Some(&params), &work.step_uuid)?, papermill))
}

fn evaluated(params: &Params) -> Map<String, Json> {
    let value = |param: &workflow::param::Param| param.value().map(write::value);
    params.iter().filter_map(|(name, param)| Some((name.to_string(), value(param)?))).collect()
}
