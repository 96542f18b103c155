//! The run around the params of a case, from the case's JSON.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::{Failure, params};
use crate::{
    id::{Ids, InstanceId, RunId, RunKey, WorkflowId},
    param::{
        self, Params, Value,
        context::{Attempt, Children, Context, CurrentStep, Initiator, Instance, Signal, SignalQuery, Step},
        stored,
    },
    port::{Found, Lookup},
    time::Timestamp,
};

/// What a case says of the run.
pub(super) struct RunContext<'c> {
    pub workflow_id: &'c str,
    pub separator: &'c str,
    pub is_step_level: bool,
    /// The `context` object; null when the case has none.
    pub context: &'c Json,
    steps: HashMap<&'c str, Option<StepData>>,
    found: Option<Found>,
    type_info: String,
}

struct StepData {
    step_type: String,
    status: String,
    end_time: Option<Timestamp>,
    params: Params,
    children: Owned,
}

enum Owned {
    None,
    Iterations(WorkflowId, i64),
    Child(RunKey),
}

impl<'c> RunContext<'c> {
    /// Reads the steps that a case knows.
    pub(super) fn new(context: &'c Json, steps: &'c Json) -> Result<Self, Failure> {
        let mut known = HashMap::new();
        for (id, json) in steps.as_object().into_iter().flatten() {
            let is_empty = json.as_object().is_none_or(serde_json::Map::is_empty);
            known.insert(id.as_str(), if is_empty { None } else { Some(StepData::read(json)?) });
        }
        let found = context.get("foreach_results").map(iterations).or_else(|| {
            let params = &context.get("subworkflow_step_instance")?["params"];
            Some(Found::Nothing(format!("Cannot find the param name in {params}")))
        });
        // A type is told by its canonical word, whatever case the step writes it in; a sub type as it is.
        let step = &context["current_step"];
        let step_type = || step["type"].as_str().unwrap_or_default().to_uppercase();
        let type_info = step["sub_type"].as_str().map_or_else(step_type, str::to_owned);
        Ok(Self {
            workflow_id: "test-workflow",
            separator: "__",
            is_step_level: true,
            context,
            steps: known,
            found,
            type_info,
        })
    }

    fn text(&self, object: &str, field: &str) -> Option<&str> {
        self.context[object][field].as_str()
    }
}

impl StepData {
    fn read(json: &Json) -> Result<Self, Failure> {
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let artifacts = &json["artifacts"];
        let foreach = &artifacts["maestro_foreach"];
        let child = &artifacts["maestro_subworkflow"];
        let number = |json: &Json| json.as_i64().unwrap_or_default();
        let children = if let Some(body) = foreach["foreach_workflow_id"].as_str() {
            Owned::Iterations(WorkflowId::from(body), number(&foreach["total_loop_count"]))
        } else if let Some(workflow) = child["subworkflow_id"].as_str() {
            Owned::Child(RunKey {
                workflow: WorkflowId::from(workflow),
                instance: InstanceId(number(&child["subworkflow_instance_id"])),
                run: RunId(number(&child["subworkflow_run_id"])),
            })
        } else {
            Owned::None
        };
        Ok(Self {
            step_type: text(&json["type"]),
            status: text(&json["runtime_state"]["status"]),
            end_time: json["runtime_state"]["end_time"].as_i64().map(Timestamp),
            params: params::params(&json["params"])?,
            children,
        })
    }
}

/// Stored results of iterations: texts of one type.
fn iterations(json: &Json) -> Found {
    let kind = json["type"].as_str().and_then(param::Type::from_word).unwrap_or(param::Type::String);
    let read = |(iteration, text): (&String, &Json)| {
        let value = Value::String(text.as_str()?.into());
        let (value, _) = param::result::fit(iteration, kind, value).ok()?;
        Some((InstanceId(iteration.parse().ok()?), value))
    };
    Found::Iterations(json["results"].as_object().into_iter().flatten().filter_map(read).collect())
}

impl Context for RunContext<'_> {
    fn instance(&self) -> Instance<'_> {
        let number = |field: &str| self.context["instance"][field].as_i64().unwrap_or(1);
        Instance {
            workflow_id: self.text("instance", "workflow_id").unwrap_or(self.workflow_id),
            instance_id: number("workflow_instance_id"),
            run_id: number("workflow_run_id"),
            run_policy: self.text("instance", "run_policy"),
            owner: self.text("instance", "workflow_owner"),
            first_trigger_timezone: self.text("instance", "first_time_trigger_timezone"),
            initiator: Initiator {
                kind: self.text("initiator", "type").unwrap_or("MANUAL"),
                timezone: self.text("instance", "initiator_timezone"),
                user: self.text("initiator", "user"),
            },
            environment: self.context["env"].as_str().unwrap_or_default(),
        }
    }

    fn current_step(&self) -> Option<CurrentStep<'_>> {
        if !self.is_step_level {
            return None;
        }
        let step = &self.context["current_step"];
        Some(CurrentStep {
            id: step["step_id"].as_str().unwrap_or_default(),
            instance_id: step["step_instance_id"].as_i64().unwrap_or_default(),
            uuid: step["step_instance_uuid"].as_str().unwrap_or_default(),
            attempt_id: step["step_attempt_id"].as_i64().unwrap_or_default(),
            type_info: &self.type_info,
            error_retries: step["step_retry"]["error_retries"].as_i64().unwrap_or_default(),
            status: step["runtime_state"]["status"].as_str().unwrap_or_default(),
            end_time: step["runtime_state"]["end_time"].as_i64().map(Timestamp),
        })
    }

    fn step(&self, id: &str) -> Step<'_> {
        match self.steps.get(id) {
            None => Step::Unknown,
            Some(None) => Step::NotStarted,
            Some(Some(step)) => Step::Started(Attempt {
                step_type: &step.step_type,
                status: &step.status,
                end_time: step.end_time,
                params: &step.params,
                children: match &step.children {
                    Owned::None => Children::None,
                    Owned::Iterations(body, total) => Children::Iterations { body, total: *total },
                    Owned::Child(run) => Children::Child(run),
                },
            }),
        }
    }

    fn signal(&self, query: SignalQuery<'_>) -> Signal {
        let initiator = &self.context["initiator"];
        let of_instance = |name: &str, id: &Json, param: &str| {
            let signals = self.context["signals"].as_array().into_iter().flatten();
            let mut of_name = signals.filter(|signal| signal["name"] == *name && signal["signal_id"] == *id);
            of_name.find_map(|signal| signal["params"].get(param)).map(stored::plain)
        };
        let value = match query {
            SignalQuery::Trigger { param } => {
                initiator["params"].get(param).and_then(|param| param.get("evaluated_result")).map(stored::plain)
            }
            SignalQuery::Joined { signal, param } => of_instance(signal, &initiator["signal_id_map"][signal], param),
            SignalQuery::Dependency { index, param } => {
                let dependency = &self.context["current_step"]["signal_dependencies"]["dependencies"][index];
                of_instance(dependency["name"].as_str().unwrap_or_default(), &dependency["signal_id"], param)
            }
        };
        value.map_or_else(|| Signal::Missing(format!("nothing is known of {query:?}")), Signal::Value)
    }

    fn found(&self, _: &Lookup) -> Option<&Found> {
        self.found.as_ref()
    }

    fn separator(&self) -> &str {
        self.separator
    }
}

/// Uuids and numbers that count up.
#[derive(Debug, Default)]
pub(super) struct Counting(i64);

impl Ids for Counting {
    fn uuid(&mut self) -> uuid::Uuid {
        self.0 += 1;
        uuid::Builder::from_random_bytes(i128::from(self.0).to_be_bytes()).into_uuid()
    }

    fn number(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}
