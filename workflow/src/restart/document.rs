//! Restart configurations as documents have them (runtime.md §23.1).

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::{Config, Error, PathNode, Policy};
use crate::{
    id::{InstanceId, InstanceKey, StepId, WorkflowId},
    param,
    problem::Problem,
};

/// Where the document stands, for problems.
const PLACE: &str = "restart_config";

impl Config {
    /// Reads a document.
    pub fn from_json(json: &Json) -> Result<Self, Error> {
        let mut problems: Vec<Problem> = Vec::new();
        let policy = |json: &Json| match json {
            Json::Null => Some(Policy::DEFAULT_RESTART),
            json => serde_json::from_value(json.clone()).ok(),
        };
        let nodes = json["restart_path"].as_array().map(Vec::as_slice).unwrap_or_default();
        let path: Option<Vec<PathNode>> = nodes.iter().map(node).collect();
        let (own, downstream) = (policy(&json["restart_policy"]), policy(&json["downstream_policy"]));
        let mut definitions =
            |json: &Json, path: &str| param::read::definitions(json, &format!("{PLACE}{path}"), &mut problems);
        let params =
            (!json["restart_params"].is_null()).then(|| definitions(&json["restart_params"], ".restart_params"));
        let by_step = json["step_restart_params"].as_object();
        let step_params = by_step.map(|steps| {
            let entry = |(step, json): (&String, &Json)| {
                (StepId::from(step.as_str()), definitions(json, &format!(".step_restart_params.{step}")))
            };
            steps.iter().map(entry).collect::<IndexMap<_, _>>()
        });
        let skip_steps = json["skip_steps"].as_array().into_iter().flatten().filter_map(Json::as_str);
        let unreadable = |why: &str| Error::Unreadable { why: why.to_owned() };
        let config = Self {
            path: path.ok_or_else(|| unreadable("a node of its path has no workflow or no instance"))?,
            policy: own.ok_or_else(|| unreadable("its policy is unknown"))?,
            downstream: downstream.ok_or_else(|| unreadable("its downstream policy is unknown"))?,
            params,
            step_params,
            skip_steps: skip_steps.map(StepId::from).collect(),
        };
        match problems.first() {
            None => Ok(config),
            Some(problem) => Err(unreadable(&problem.to_string())),
        }
    }

    /// Writes the document; the step of a node is written even when there is none.
    pub fn to_json(&self) -> Json {
        let node = |PathNode { instance, step }: &PathNode| {
            serde_json::json!({
                "workflow_id": instance.workflow.as_str(),
                "instance_id": instance.instance.0,
                "step_id": step.as_ref().map(StepId::as_str),
            })
        };
        let mut object = Map::new();
        object.insert("restart_path".to_owned(), self.path.iter().map(node).collect());
        object.insert("restart_policy".to_owned(), Json::from(self.policy.as_str()));
        object.insert("downstream_policy".to_owned(), Json::from(self.downstream.as_str()));
        if let Some(params) = &self.params {
            object.insert("restart_params".to_owned(), param::write::definitions(params));
        }
        if let Some(steps) = &self.step_params {
            let entry = |(step, params): (&StepId, _)| (step.to_string(), param::write::definitions(params));
            object.insert("step_restart_params".to_owned(), Json::Object(steps.iter().map(entry).collect()));
        }
        if !self.skip_steps.is_empty() {
            let steps = self.skip_steps.iter().map(|step| Json::from(step.as_str()));
            object.insert("skip_steps".to_owned(), steps.collect());
        }
        Json::Object(object)
    }
}

fn node(json: &Json) -> Option<PathNode> {
    let workflow = WorkflowId::from(json["workflow_id"].as_str()?);
    let instance = InstanceKey { workflow, instance: InstanceId(json["instance_id"].as_i64()?) };
    Some(PathNode { instance, step: json["step_id"].as_str().map(StepId::from) })
}
