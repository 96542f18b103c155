//! Job templates as they are stored.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{properties, reader::Reader, request, step};
use crate::{
    definition::{
        StepType, shape,
        template::{Stored, Template},
    },
    param::Definitions,
    problem::{Path, code},
};

/// A template with who answers for it.
pub(super) fn stored(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Stored> {
    let object = reader.object(path, json, "com.netflix.maestro.models.api.JobTemplateCreateRequest")?;
    let mut read = Stored::default();
    for (name, json) in object.iter().filter(|(_, json)| !json.is_null()) {
        let at = path.key(name);
        match name.as_str() {
            "owner" => read.owner = properties::user(reader, &at, json),
            "status" => read.status = reader.text(&at, json),
            "support" => read.support = reader.text(&at, json),
            "test_workflows" => read.test_workflows = reader.texts(&at, json),
            "git_info" => read.git_info = request::git_info(reader, &at, json),
            "definition" => read.definition = template(reader, &at, json).map(Arc::new),
            _ => {
                read.extra.insert(name.clone(), json.clone());
            }
        }
    }
    let needed = [
        ("owner", read.owner.is_some()),
        ("status", read.status.is_some()),
        ("support", read.support.is_some()),
        ("definition", read.definition.is_some()),
    ];
    for (name, _) in needed.iter().filter(|(name, is_there)| !is_there && json.get(name).is_none_or(Json::is_null)) {
        reader.report(code::JOB_TEMPLATE, &path.key(name), "may not be null");
    }
    Some(read)
}

/// A template.
pub(super) fn template(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Template> {
    let mut read = Template {
        job_type: Arc::from(""),
        step_type: StepType::NoOp,
        version: Arc::from(""),
        description: None,
        tags: None,
        inherit_from: None,
        params: Definitions::new(),
    };
    for name in ["job_type", "step_type", "version"] {
        if json.get(name).is_none_or(Json::is_null) {
            reader.report(code::JOB_TEMPLATE, &path.key(name), "may not be null");
        }
    }
    let is_object = reader.fields(path, json, &shape::JOB_TEMPLATE, |reader, path, name, json| match name {
        "job_type" => read.job_type = reader.text(path, json).unwrap_or_else(|| Arc::from("")),
        "version" => read.version = reader.text(path, json).unwrap_or_else(|| Arc::from("")),
        "step_type" => read.step_type = step::step_type(reader, path, json).unwrap_or(StepType::NoOp),
        "description" => read.description = reader.text(path, json),
        "tags" => read.tags = Some(crate::tag::read(json, &path.to_string(), &mut reader.problems)),
        "params" => read.params = reader.loose_params(path, json),
        _ => {
            let parents = reader.object(path, json, "java.util.LinkedHashMap").into_iter().flatten();
            let read_one = |(name, version): (&String, &Json)| {
                Some((Arc::from(name.as_str()), reader.text(&path.key(name), version)?))
            };
            read.inherit_from = Some(parents.filter_map(read_one).collect());
        }
    });
    is_object.then_some(read)
}
