//! The workflows of the demo: Maestro's own samples that need nothing but an engine (Apache-2.0, see the folder).

use std::path::Path;

use anyhow::anyhow;
use serde_json::Value as Json;
use workflow::{
    definition::{Format, Settings, check, rules::Limits, template::NoTemplates, write},
    param::{Body, Type},
    time::Timestamp,
    user::User,
};

/// File names and texts, in order of names.
pub(crate) const FILES: [(&str, &str); 27] = [
    (
        "def-sample-active-wf-with-signal-triggers.json",
        include_str!("../../demo/definitions/def-sample-active-wf-with-signal-triggers.json"),
    ),
    (
        "def-sample-active-wf-with-time-triggers.json",
        include_str!("../../demo/definitions/def-sample-active-wf-with-time-triggers.json"),
    ),
    (
        "def-sample-minimal-wf-run-strategy-parallel.json",
        include_str!("../../demo/definitions/def-sample-minimal-wf-run-strategy-parallel.json"),
    ),
    (
        "def-sample-minimal-wf-run-strategy-sequential.json",
        include_str!("../../demo/definitions/def-sample-minimal-wf-run-strategy-sequential.json"),
    ),
    ("def-sample-minimal-wf.json", include_str!("../../demo/definitions/def-sample-minimal-wf.json")),
    ("param-sample-wf-map-params.json", include_str!("../../demo/definitions/param-sample-wf-map-params.json")),
    (
        "param-sample-wf-with-time-triggers.json",
        include_str!("../../demo/definitions/param-sample-wf-with-time-triggers.json"),
    ),
    ("req-sample-conditional-wf.json", include_str!("../../demo/definitions/req-sample-conditional-wf.json")),
    ("req-sample-dag-test-1-wf.json", include_str!("../../demo/definitions/req-sample-dag-test-1-wf.json")),
    ("req-sample-dag-test-3-wf.json", include_str!("../../demo/definitions/req-sample-dag-test-3-wf.json")),
    (
        "req-sample-minimal-wf-without-owner.json",
        include_str!("../../demo/definitions/req-sample-minimal-wf-without-owner.json"),
    ),
    ("req-sample-minimal-wf.json", include_str!("../../demo/definitions/req-sample-minimal-wf.json")),
    ("sample-conditional-wf.json", include_str!("../../demo/definitions/sample-conditional-wf.json")),
    ("sample-conditional-wf.yaml", include_str!("../../demo/definitions/sample-conditional-wf.yaml")),
    ("sample-dag-test-1.json", include_str!("../../demo/definitions/sample-dag-test-1.json")),
    ("sample-dag-test-2.json", include_str!("../../demo/definitions/sample-dag-test-2.json")),
    ("sample-dag-test-3.json", include_str!("../../demo/definitions/sample-dag-test-3.json")),
    ("sample-dag-test-4.json", include_str!("../../demo/definitions/sample-dag-test-4.json")),
    ("sample-dag-test-6.json", include_str!("../../demo/definitions/sample-dag-test-6.json")),
    ("sample-dag-test-7.json", include_str!("../../demo/definitions/sample-dag-test-7.json")),
    ("sample-dag-test-8.json", include_str!("../../demo/definitions/sample-dag-test-8.json")),
    ("sample-dag-test-9.json", include_str!("../../demo/definitions/sample-dag-test-9.json")),
    ("sample-foreach-wf.json", include_str!("../../demo/definitions/sample-foreach-wf.json")),
    ("sample-http-wf.yaml", include_str!("../../demo/definitions/sample-http-wf.yaml")),
    ("sample-subworkflow-wf.json", include_str!("../../demo/definitions/sample-subworkflow-wf.json")),
    ("sample-time-trigger-wf.json", include_str!("../../demo/definitions/sample-time-trigger-wf.json")),
    ("sample-while-wf.json", include_str!("../../demo/definitions/sample-while-wf.json")),
];

/// A definition, ready to be pushed.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Its workflow.
    pub(crate) workflow: String,
    /// The request that pushes it.
    pub(crate) push: Json,
    /// Names of its LONG params that a start may set.
    pub(crate) numbers: Vec<String>,
}

/// All of them, those that others need first.
pub(crate) fn samples(now: Timestamp) -> anyhow::Result<Vec<Sample>> {
    let mut samples: Vec<Sample> =
        FILES.iter().map(|(name, text)| sample(name, text, now)).collect::<Result<_, _>>()?;
    // A sub-workflow must be there before its parent runs.
    samples.sort_by_key(|sample| sample.push.to_string().contains("\"subworkflow_id\""));
    Ok(samples)
}

fn sample(name: &str, text: &str, now: Timestamp) -> anyhow::Result<Sample> {
    let format =
        if Path::new(name).extension().is_some_and(|ending| ending == "yaml") { Format::Yaml } else { Format::Json };
    let limits = Limits::standard();
    let checked = check(text, format, Settings { limits: &limits, templates: &NoTemplates, environment: "demo", now });
    let mut request = checked.request.ok_or_else(|| anyhow!("the demo's definition {name} is not accepted"))?;
    // Every version is started by somebody, so every one has an owner.
    request.properties.get_or_insert_default().owner.get_or_insert_with(|| User::named("demo"));
    let params = request.workflow.params.iter().flatten();
    let numbers = params.filter(|(_, param)| param.kind == Type::Long && matches!(param.body, Body::Literal(_)));
    Ok(Sample {
        workflow: request.workflow.id.to_string(),
        numbers: numbers.map(|(name, _)| name.to_string()).collect(),
        push: write::create_request(&request),
    })
}
