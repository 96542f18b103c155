//! A workflow without its steps' details.

use serde_json::Value as Json;

use super::{reader::Reader, step, trigger};
use crate::{
    definition::{Criticality, Workflow, shape},
    id::WorkflowId,
    param,
    problem::{Path, code},
};

/// A workflow. One without an id is kept with an empty one, for the rules to refuse.
pub(super) fn workflow(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Workflow> {
    if json.is_null() {
        reader.report(code::MISSING_FIELD, path, "[workflow definition] cannot be null");
        return None;
    }
    let mut read = Workflow {
        id: WorkflowId::from(""),
        name: None,
        description: None,
        tags: None,
        timeout: None,
        time_triggers: None,
        signal_triggers: None,
        criticality: None,
        instance_step_concurrency: None,
        params: None,
        steps: Vec::new(),
    };
    let is_object = reader.fields(path, json, &shape::WORKFLOW, |reader, path, name, json| match name {
        "id" => read.id = WorkflowId::from(reader.text(path, json).as_deref().unwrap_or_default()),
        "name" => read.name = reader.text(path, json),
        "description" => read.description = reader.text(path, json),
        "tags" => read.tags = Some(crate::tag::read(json, &path.to_string(), &mut reader.problems)),
        "timeout" => read.timeout = reader.parsable(path, json),
        "time_triggers" => read.time_triggers = each(reader, path, json, trigger::time),
        "signal_triggers" => read.signal_triggers = each(reader, path, json, trigger::signal),
        "criticality" => read.criticality = criticality(reader, path, json),
        "instance_step_concurrency" => read.instance_step_concurrency = reader.integer(path, json),
        "params" => read.params = Some(reader.params(path, json)),
        _ => read.steps = step::list(reader, path, json),
    });
    is_object.then_some(read)
}

fn criticality(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Criticality> {
    const CLASS: &str = "com.netflix.maestro.models.definition.Criticality";
    reader.word(path, json, CLASS, (Criticality::WORDS, Criticality::from_word))
}

/// The elements of a list that can be read; null ones are skipped.
fn each<T>(
    reader: &mut Reader,
    path: &Path<'_>,
    json: &Json,
    read: fn(&mut Reader, &Path<'_>, &Json) -> Option<T>,
) -> Option<Vec<T>> {
    let list = reader.list(path, json, "java.util.ArrayList")?;
    let elements = list.iter().enumerate().filter(|(_, json)| !json.is_null());
    Some(elements.filter_map(|(index, json)| read(reader, &path.index(index), json)).collect())
}

impl Reader {
    /// Params that each have exactly one of value and expression.
    pub(super) fn params(&mut self, path: &Path<'_>, json: &Json) -> param::Definitions {
        param::read::definitions(json, &path.to_string(), &mut self.problems)
    }

    /// Params that may lack both.
    pub(super) fn loose_params(&mut self, path: &Path<'_>, json: &Json) -> param::Definitions {
        param::read::partial_definitions(json, &path.to_string(), &mut self.problems)
    }
}
