//! Seeds as rows: the part of a run's document that never changes, and under [`OWN`] what only machines need.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{
    Ancestor, Initiator, Row, RowKey, RunSeed, Unreadable, row,
    seed::{Baseline, PreviousNested, PreviousStep, RunBody, RunProperties, Standing, Written},
};
use crate::{
    definition::{self, StepType},
    graph::Dag,
    id::{AttemptId, InstanceId, RunId, RunKey, StepId, VersionId, WorkflowId},
    param::{self, Params},
    problem::Problem,
    restart, tag,
    time::{Millis, Timestamp},
    user::User,
    wire::text::Text,
};

/// The field of a row that documents leave out.
pub(crate) const OWN: &str = "_";

/// A row of which only what stands under [`OWN`] is of interest.
#[derive(Deserialize)]
pub(crate) struct OwnOnly<T> {
    #[serde(rename = "_")]
    pub(crate) own: T,
}

impl RunSeed {
    /// The row to store. It is not live: a run is loaded by its own row, and a queued one by its workflow.
    pub fn row(&self) -> Row {
        Row { key: RowKey::seed(&self.key), body: self.text().into(), is_live: false }
    }

    /// The seed of a stored row.
    pub fn from_row(key: &RowKey, body: &[u8]) -> Result<Self, Unreadable> {
        let json: Json = row::parse(key, body)?;
        Self::from_json(&json).map_err(|why| Unreadable(format!("the seed {key:?}: {why}")))
    }

    /// As its row has it, and as it travels between nodes.
    pub(crate) fn to_json(&self) -> Json {
        serde_json::from_slice(&self.text()).expect("it was written as JSON just now")
    }

    fn text(&self) -> Vec<u8> {
        let body = &self.body;
        Text::new()
            .with("workflow_id", &self.key.workflow)
            .with("workflow_instance_id", self.key.instance)
            .with("workflow_run_id", self.key.run)
            .with("workflow_uuid", &*self.uuid)
            .with("correlation_id", &*body.correlation)
            .with("workflow_version_id", body.version)
            .with("group_info", body.group_info)
            .with("internal_id", body.internal_id)
            .with("run_config", self.run_config())
            .maybe("run_params", self.run_params.as_deref())
            .maybe("step_run_params", self.step_run_params.as_deref())
            .fields(body.written.get(|| body.text()))
            .maybe("timeout_in_millis", self.timeout.map(|limit| limit.0))
            .with("params", &*self.params)
            .with("initiator", self.initiator.to_json())
            .with("request_time", self.request_time)
            .with("create_time", self.create_time)
            .with(OWN, self.own())
            .build()
    }

    /// Reads what `to_json` writes; what is missing is said by name.
    pub(crate) fn from_json(json: &Json) -> Result<Self, String> {
        read(json)
    }

    fn run_config(&self) -> Json {
        let mut config = Map::new();
        if let Some(tags) = self.runtime_tags.as_ref().filter(|tags| !tags.is_empty()) {
            config.insert("runtime_tags".to_owned(), tag::write(tags));
        }
        if let Some(correlation) = &self.requested_correlation {
            config.insert("correlation_id".to_owned(), (**correlation).into());
        }
        config.insert("policy".to_owned(), self.policy.as_str().into());
        if let Some(restart) = &self.restart {
            config.insert("restart_config".to_owned(), restart.to_json());
        }
        Json::Object(config)
    }

    fn own(&self) -> Json {
        let mut own = json!({ "version": 1 });
        if let Standing::Ended { status, timeline } = &self.standing {
            own["ended"] = json!({ "status": status, "timeline": timeline });
        }
        if let Some(baseline) = &self.baseline {
            let steps = baseline.steps.iter().map(|(id, step)| (id.to_string(), step.to_json()));
            let steps = Json::Object(steps.collect());
            own["baseline"] = json!({ "aggregate": baseline.aggregate, "steps": steps });
        }
        own
    }
}

impl RunBody {
    /// The fields that all iterations of a loop have alike.
    fn text(&self) -> Box<[u8]> {
        Text::new()
            .with("run_properties", properties(&self.properties))
            .with("runtime_workflow", definition::write::workflow(&self.definition))
            .with("runtime_dag", self.dag.to_json())
            .into_fields()
    }
}

fn properties(properties: &RunProperties) -> Json {
    let mut object = Map::new();
    object.insert("create_time".to_owned(), properties.create_time.0.into());
    object.insert("owner".to_owned(), properties.owner.to_json());
    if let Some(alerting) = &properties.alerting {
        object.insert("alerting".to_owned(), alerting.clone());
    }
    if let Some(concurrency) = properties.step_concurrency {
        object.insert("step_concurrency".to_owned(), concurrency.into());
    }
    if let Some(tags) = &properties.tags {
        object.insert("tags".to_owned(), tag::write(tags));
    }
    Json::Object(object)
}

impl Initiator {
    /// As a document (runtime.md §23.5).
    pub fn to_json(&self) -> Json {
        let depth = self.depth();
        let kind = self.kind();
        match self {
            Self::Manual { user: Some(user) } => json!({ "depth": depth, "type": kind, "user": user.to_json() }),
            Self::Manual { user: None } => json!({ "depth": depth, "type": kind }),
            Self::Time { trigger_uuid, trigger_time, timezone } => {
                let mut json = json!({ "trigger_uuid": &**trigger_uuid, "trigger_time": trigger_time, "depth": depth });
                if let Some(timezone) = timezone {
                    json["timezone"] = (**timezone).into();
                }
                json["type"] = kind.into();
                json
            }
            Self::Signal { trigger_uuid, signal_ids, params } => json!({
                "trigger_uuid": &**trigger_uuid, "signal_id_map": signal_ids, "depth": depth,
                "params": param::write::params(params), "type": kind,
            }),
            Self::Parent { ancestors, .. } => {
                let ancestors: Vec<Json> = ancestors.iter().map(Ancestor::to_json).collect();
                json!({ "ancestors": ancestors, "depth": depth, "type": kind })
            }
        }
    }

    /// Reads a document.
    pub fn from_json(json: &Json) -> Option<Self> {
        let text = |field: &str| json[field].as_str().map(Arc::<str>::from);
        let kind = match json["type"].as_str()?.to_uppercase().as_str() {
            "MANUAL" => return Some(Self::Manual { user: serde_json::from_value(json["user"].clone()).ok()? }),
            "TIME" => {
                return Some(Self::Time {
                    trigger_uuid: text("trigger_uuid")?,
                    trigger_time: Timestamp(json["trigger_time"].as_i64().unwrap_or_default()),
                    timezone: text("timezone"),
                });
            }
            "SIGNAL" => {
                let (trigger_uuid, signal_ids) = (text("trigger_uuid")?, json["signal_id_map"].clone());
                let params = param::stored::params(&json["params"], "params", &mut Vec::new());
                return Some(Self::Signal { trigger_uuid, signal_ids, params });
            }
            "FOREACH" => StepType::Foreach,
            "WHILE" => StepType::While,
            "TEMPLATE" => StepType::Template,
            _ => StepType::Subworkflow,
        };
        let ancestors = json["ancestors"].as_array()?.iter().map(Ancestor::from_json);
        Some(Self::Parent { kind, ancestors: ancestors.collect::<Option<_>>()? })
    }
}

impl Ancestor {
    fn to_json(&self) -> Json {
        let mut json = json!({
            "workflow_id": self.run.workflow, "instance_id": self.run.instance, "run_id": self.run.run,
            "step_id": self.step, "step_attempt_id": self.attempt,
        });
        if let Some(sync) = self.sync {
            json["sync"] = sync.into();
        }
        json
    }

    fn from_json(json: &Json) -> Option<Self> {
        let run = RunKey {
            workflow: WorkflowId::from(json["workflow_id"].as_str()?),
            instance: InstanceId(json["instance_id"].as_i64()?),
            run: RunId(json["run_id"].as_i64()?),
        };
        let (step, attempt) = (json["step_id"].as_str()?.into(), AttemptId(json["step_attempt_id"].as_i64()?));
        Some(Self { run, step, attempt, sync: json["sync"].as_bool() })
    }
}

impl PreviousStep {
    /// A step's latest attempt as its row has it.
    pub fn of_row(run: RunId, attempt: &Json) -> Option<Self> {
        let artifacts = attempt["artifacts"].as_object().cloned().unwrap_or_default();
        Some(Self {
            run,
            attempt: AttemptId(attempt["step_attempt_id"].as_i64()?),
            status: serde_json::from_value(attempt["runtime_state"]["status"].clone()).ok()?,
            params: param::stored::params(&attempt["params"], "params", &mut Vec::new()),
            nested: PreviousNested::of(&artifacts),
            artifacts,
            signal_dependencies: attempt.get("signal_dependencies").cloned(),
            end_time: attempt["runtime_state"]["end_time"].as_i64().map(Timestamp),
            error_retries: attempt["step_retry"]["error_retries"].as_i64().unwrap_or_default(),
        })
    }

    /// The same fields that an attempt's row has.
    fn to_json(&self) -> Json {
        let mut json = json!({
            "workflow_run_id": self.run,
            "step_attempt_id": self.attempt,
            "runtime_state": { "status": self.status, "end_time": self.end_time },
            "params": param::write::params(&self.params),
            "artifacts": self.artifacts,
            "step_retry": { "error_retries": self.error_retries },
        });
        if let Some(dependencies) = &self.signal_dependencies {
            json["signal_dependencies"] = dependencies.clone();
        }
        json
    }
}

fn read(json: &Json) -> Result<RunSeed, String> {
    let number = |field: &str| json[field].as_i64().ok_or_else(|| format!("`{field}` is missing"));
    let text = |field: &str| json[field].as_str().ok_or_else(|| format!("`{field}` is missing"));
    let mut problems: Vec<Problem> = Vec::new();
    let definition =
        definition::read::workflow(&json["runtime_workflow"]).value.ok_or("its definition is unreadable")?;
    let dag = Dag::from_json(&json["runtime_dag"]).map_err(|error| error.to_string())?;
    let params: Params = param::stored::params(&json["params"], "params", &mut problems);
    let definitions =
        |json: &Json, problems: &mut Vec<Problem>| param::read::partial_definitions(json, "params", problems);
    let run_params = json.get("run_params").map(|json| Arc::new(definitions(json, &mut problems)));
    let step_run_params = json.get("step_run_params").and_then(Json::as_object).map(|steps| {
        let one = |(id, json): (&String, &Json)| (StepId::from(id.as_str()), definitions(json, &mut Vec::new()));
        Arc::new(steps.iter().map(one).collect::<IndexMap<_, _>>())
    });
    let config = &json["run_config"];
    let restart = config.get("restart_config").map(restart::Config::from_json).transpose();
    let own = &json[OWN];
    Ok(RunSeed {
        key: RunKey {
            workflow: WorkflowId::from(text("workflow_id")?),
            instance: InstanceId(number("workflow_instance_id")?),
            run: RunId(number("workflow_run_id")?),
        },
        uuid: text("workflow_uuid")?.into(),
        body: Arc::new(RunBody {
            definition: Arc::new(definition),
            dag: Arc::new(dag),
            version: VersionId(number("workflow_version_id")?),
            internal_id: number("internal_id")?,
            group_info: number("group_info")?,
            correlation: text("correlation_id")?.into(),
            properties: read_properties(&json["run_properties"])?,
            written: Written::default(),
        }),
        policy: serde_json::from_value(config["policy"].clone()).map_err(|error| error.to_string())?,
        restart: restart.map_err(|error| error.to_string())?.map(Arc::new),
        initiator: Initiator::from_json(&json["initiator"]).ok_or("its initiator is unreadable")?,
        run_params,
        step_run_params,
        requested_correlation: config["correlation_id"].as_str().map(Arc::from),
        runtime_tags: config.get("runtime_tags").map(|tags| tag::read(tags, "tags", &mut Vec::new())),
        params: Arc::new(params),
        timeout: json["timeout_in_millis"].as_i64().map(Millis),
        request_time: Timestamp(number("request_time")?),
        create_time: Timestamp(number("create_time")?),
        baseline: own.get("baseline").map(read_baseline).transpose()?.map(Arc::new),
        standing: read_standing(own)?,
    })
}

fn read_properties(json: &Json) -> Result<RunProperties, String> {
    let owner: User = serde_json::from_value(json["owner"].clone()).map_err(|error| error.to_string())?;
    Ok(RunProperties {
        create_time: Timestamp(json["create_time"].as_i64().unwrap_or_default()),
        owner,
        alerting: json.get("alerting").cloned(),
        step_concurrency: json["step_concurrency"].as_i64(),
        tags: json.get("tags").map(|tags| tag::read(tags, "tags", &mut Vec::new())),
    })
}

fn read_standing(own: &Json) -> Result<Standing, String> {
    let Some(ended) = own.get("ended") else { return Ok(Standing::Queued) };
    let status = serde_json::from_value(ended["status"].clone()).map_err(|error| error.to_string())?;
    Ok(Standing::Ended { status, timeline: ended["timeline"].as_array().cloned().unwrap_or_default() })
}

fn read_baseline(json: &Json) -> Result<Baseline, String> {
    let aggregate = serde_json::from_value(json["aggregate"].clone()).map_err(|error| error.to_string())?;
    let steps = json["steps"].as_object().into_iter().flatten().filter_map(|(id, json)| {
        let run = RunId(json["workflow_run_id"].as_i64()?);
        Some((StepId::from(id.as_str()), Arc::new(PreviousStep::of_row(run, json)?)))
    });
    Ok(Baseline { aggregate, steps: steps.collect() })
}
