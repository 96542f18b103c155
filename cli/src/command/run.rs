//! `segue run`: one workflow, here and now.

use std::{fs, path::PathBuf};

use anyhow::{Context, anyhow};
use serde_json::{Map, Value as Json, json};
use workflow::{
    id::{InstanceKey, RunId, RunKey},
    life::started_instance,
    port::{Answer, Caller, Engine, Refusal, Request},
    status::InstanceStatus,
    user::User,
};

use crate::{
    engines::{self, Kind, Place, Terms},
    exit::{Exit, Failure},
    output::Output,
};

/// Push a definition, start it, wait for its end and show its steps; exit code 1 unless it succeeded.
///
/// Without `--data` everything stays in memory and nothing is left behind.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue run workflow.json
  segue run workflow.yaml --param count=3 --param name=weekly
  segue run workflow.json --engine legacy --pace 0.05")]
pub(crate) struct Args {
    /// A create request in JSON, or a workflow in the YAML form (`*.yaml`, `*.yml`).
    file: PathBuf,

    /// A run param: `name=value`; whole numbers become LONG, decimals DOUBLE, true and false BOOLEAN, anything else STRING.
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,

    /// Which engine runs it.
    #[arg(long, value_enum, default_value_t = Kind::Actor)]
    engine: Kind,

    /// Folder for the store; memory if unset.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// A host that http steps may call; repeatable, none by default.
    #[arg(long, value_name = "HOST")]
    http_allow: Vec<String>,

    /// Scales the intervals of the polling engine; 1 is the old stack.
    #[arg(long, value_name = "F", default_value_t = 1.0)]
    pace: f64,

    /// Print the instance's document instead of a table.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub(crate) async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let push = read(&args.file)?;
    let params = params(&args.param)?;
    let running = match args.engine {
        Kind::Actor => {
            let place = args.data.as_deref().map_or(Place::Memory, Place::Folder);
            engines::actor(place, &args.http_allow, Terms::default()).await?
        }
        Kind::Legacy => engines::legacy(args.data.as_deref(), &args.http_allow, args.pace).await?,
    };
    let engine = running.engine();
    let exit = play(&*engine, push, params, args.json, output).await;
    drop(engine);
    running.shutdown().await;
    exit
}

async fn play(
    engine: &dyn Engine,
    push: Request,
    params: Map<String, Json>,
    as_json: bool,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let caller = || Caller { user: Some(User::named("segue")) };
    let pushed =
        engine.call(caller(), push).await.map_err(|refusal| refused("the definition was refused", &refusal))?;
    let id = pushed.body.as_ref().and_then(|body| body.pointer("/workflow_definition/metadata/workflow_id"));
    let id =
        id.and_then(Json::as_str).ok_or_else(|| Failure::new(Exit::Defect, anyhow!("the push named no workflow")))?;
    let mut body = json!({ "initiator": { "type": "manual" } });
    if !params.is_empty() {
        body["run_params"] = Json::Object(params);
    }
    let start = Request::Start { workflow: id.into(), version: "latest".to_owned(), body };
    let started = engine.call(caller(), start).await.map_err(|refusal| refused("the start was refused", &refusal))?;
    let instance =
        started_instance(&started).ok_or_else(|| Failure::new(Exit::Defect, anyhow!("the start made no instance")))?;
    let key = RunKey { workflow: instance.workflow.clone(), instance: instance.instance, run: RunId::FIRST };
    output.say(format_args!("{key} started"));
    let status = engine.ended(key).await.map_err(|refusal| refused("the run could not be followed", &refusal))?;
    let read = |request| async {
        let answer: Result<Answer, Refusal> = engine.call(caller(), request).await;
        answer
            .map(|answer| answer.body.unwrap_or(Json::Null))
            .map_err(|refusal| refused("the run could not be read", &refusal))
    };
    if as_json {
        output.json(&read(Request::Instance { instance: instance.clone(), is_enriched: true }).await?);
    } else {
        let steps = read(Request::Steps { instance: instance.clone() }).await?;
        show(&instance, status, &steps, output);
    }
    Ok(if status == InstanceStatus::Succeeded { Exit::Success } else { Exit::Findings })
}

fn show(instance: &InstanceKey, status: InstanceStatus, steps: &Json, output: &mut Output) {
    let rows = steps.as_array().into_iter().flatten().map(|step| {
        let text = |pointer: &str| step.pointer(pointer).and_then(Json::as_str).unwrap_or("-").to_owned();
        let moment = |name: &str| step.pointer(&format!("/runtime_state/{name}")).and_then(Json::as_i64);
        let took = moment("create_time")
            .zip(moment("end_time"))
            .map_or("-".to_owned(), |(from, to)| format!("{} ms", to - from));
        let attempt = step.get("step_attempt_id").and_then(Json::as_i64).unwrap_or(1);
        vec![text("/step_id"), text("/runtime_state/status"), attempt.to_string(), took]
    });
    output.table(&["STEP", "STATUS", "ATTEMPTS", "TOOK"], rows);
    output.line(format_args!("{} {} {status}", instance.workflow, instance.instance));
}

fn read(path: &PathBuf) -> Result<Request, Failure> {
    let text = fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()));
    let text = text.map_err(|error| Failure::new(Exit::BadInput, error))?;
    if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
        return Ok(Request::PushYaml { text });
    }
    let body = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()));
    let body = body.map_err(|error| {
        Failure::new(Exit::BadInput, error).with_hint(format!("`segue check {}` shows the place", path.display()))
    })?;
    Ok(Request::Push { body })
}

fn params(pairs: &[String]) -> Result<Map<String, Json>, Failure> {
    let mut params = Map::new();
    for pair in pairs {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::new(Exit::Usage, anyhow!("`{pair}` is not of the form NAME=VALUE")))?;
        let (kind, value) = match value {
            "true" | "false" => ("BOOLEAN", Json::Bool(value == "true")),
            _ if value.parse::<i64>().is_ok() => ("LONG", json!(value.parse::<i64>().unwrap_or_default())),
            _ if value.parse::<f64>().is_ok_and(f64::is_finite) => {
                ("DOUBLE", json!(value.parse::<f64>().unwrap_or_default()))
            }
            _ => ("STRING", Json::from(value)),
        };
        params.insert(name.to_owned(), json!({ "type": kind, "value": value }));
    }
    Ok(params)
}

fn refused(what: &str, refusal: &Refusal) -> Failure {
    let mut told = vec![format!("{what}: {}", refusal.message)];
    told.extend(refusal.errors.iter().map(|error| format!("  {error}")));
    Failure::new(Exit::BadInput, anyhow!(told.join("\n")))
        .with_hint("`segue check FILE` shows every problem in its place")
}
