//! Signals that an attempt waits for and sends.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use super::{Failure, flow::Flow};
use crate::{
    definition::{SignalDependency, SignalOutput},
    life::{
        Address, Initiator, Note, Turn,
        note::{MatchedSignal, WantedSignal},
    },
    param::{Param, Params, Value, context, signal, stored, write},
    status::StepStatus,
    user::User,
};

/// Whether an attempt that finishes has to wait until its signals are stored.
pub(super) enum Sent {
    /// It sends none.
    Nothing,
    /// The answer comes as a note.
    Awaited,
}

impl Flow {
    /// The dependencies of an attempt as its document shows them; those that it took over stay as they are.
    pub(super) fn evaluated_dependencies(&self, at: usize, turn: &mut Turn<'_>) -> Result<Option<Json>, Failure> {
        let definition = Arc::clone(&self.steps[at].definition);
        let Some(dependencies) = &definition.signal_dependencies else { return Ok(None) };
        if let Some(known) = self.attempt(at).and_then(|attempt| attempt.signals.dependencies.clone()) {
            return Ok(Some(known));
        }
        let mut evaluated = Vec::with_capacity(dependencies.len());
        for dependency in dependencies {
            evaluated.push(self.evaluated_dependency(at, dependency, turn)?);
        }
        Ok(Some(json!({ "dependencies": evaluated })))
    }

    fn evaluated_dependency(
        &self,
        at: usize,
        dependency: &SignalDependency,
        turn: &mut Turn<'_>,
    ) -> Result<Json, Failure> {
        let value = self.evaluated(at, "signal_dependencies", &signal::dependency(dependency), turn)?;
        let Value::Map(values) = value else {
            return Err(Failure::text("a signal dependency is not evaluated to a map"));
        };
        let mut document = Map::new();
        let name = values.get("name").map(write::value).unwrap_or_default();
        document.insert("name".to_owned(), name);
        document.insert("status".to_owned(), "PENDING".into());
        if let Some(match_params) = &dependency.match_params {
            let one = |(name, matched): (&Arc<str>, &crate::definition::MatchParam)| {
                let value = values.get(name).map(write::value).unwrap_or_default();
                (name.to_string(), json!({ "value": value, "operator": matched.operator.word() }))
            };
            document.insert("match_params".to_owned(), Json::Object(match_params.iter().map(one).collect()));
        }
        Ok(Json::Object(document))
    }

    pub(super) fn has_pending_signals(&self, at: usize) -> bool {
        self.dependencies(at).iter().any(|dependency| dependency["status"] == "PENDING")
    }

    fn dependencies(&self, at: usize) -> &[Json] {
        let document = self.attempt(at).and_then(|attempt| attempt.signals.dependencies.as_ref());
        document.and_then(|document| document["dependencies"].as_array()).map_or(&[], Vec::as_slice)
    }

    /// Asks for the signals that are still pending; asking twice is harmless.
    pub(super) fn want_signals(&self, at: usize, turn: &mut Turn<'_>) {
        let definition = &self.steps[at].definition;
        let written = definition.signal_dependencies.iter().flatten();
        let wanted = self.dependencies(at).iter().zip(written).enumerate();
        let pending = wanted.filter(|(_, (document, _))| document["status"] == "PENDING");
        let dependencies = pending.map(|(index, (document, written))| (index, wanted_signal(document, written)));
        let note = Note::WantSignals { attempt: self.attempt_key(at), dependencies: dependencies.collect() };
        turn.send(Address::Signals, note);
    }

    /// Takes a signal that an attempt waits for.
    pub(super) fn signal_matched(&mut self, at: usize, index: usize, signal: MatchedSignal, turn: &mut Turn<'_>) {
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        if attempt.status != StepStatus::WaitingForSignals {
            return;
        }
        let list = attempt.signals.dependencies.as_mut().and_then(|document| document["dependencies"].as_array_mut());
        if let Some(Json::Object(dependency)) = list.and_then(|list| list.get_mut(index)) {
            dependency.insert("status".to_owned(), "MATCHED".into());
            dependency.insert("signal_id".to_owned(), signal.signal_id.into());
            dependency.insert(SIGNAL_PARAMS.to_owned(), Json::Object(signal.params));
        }
        self.changed(at);
        self.signals_settled(at, turn);
    }

    /// Lets an attempt go on without the signals that have not come.
    pub(super) fn bypass(&mut self, at: usize, user: &User, turn: &mut Turn<'_>) {
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        if attempt.status != StepStatus::WaitingForSignals {
            return;
        }
        let Some(document) = &mut attempt.signals.dependencies else { return };
        for dependency in document["dependencies"].as_array_mut().into_iter().flatten() {
            if dependency["status"] == "PENDING" {
                dependency["status"] = "SKIPPED".into();
            }
        }
        let name = &user.name;
        document["info"] = json!({
            "timestamp": turn.now, "type": "LOG", "level": "INFO",
            "message": format!("User [{name}] take action [BYPASS_STEP_DEPENDENCIES] on the step"),
        });
        let key = self.attempt_key(at);
        turn.send(Address::Signals, Note::ForgetSignals { attempt: key });
        self.changed(at);
        self.signals_settled(at, turn);
    }

    fn signals_settled(&mut self, at: usize, turn: &mut Turn<'_>) {
        if !self.has_pending_signals(at) {
            self.step_soon(at, turn);
        }
    }

    /// Evaluates the signals that an attempt sends, and sends them.
    pub(super) fn announce(&mut self, at: usize, turn: &mut Turn<'_>) -> Result<Sent, Failure> {
        let definition = Arc::clone(&self.steps[at].definition);
        let mut signals = Vec::new();
        let mut documents = Vec::new();
        for output in definition.signal_outputs.iter().flatten() {
            let value = self.evaluated(at, "signal_outputs", &signal::output(output), turn)?;
            let Value::Map(values) = value else {
                return Err(Failure::text("a signal output is not evaluated to a map"));
            };
            documents.push(output_document(output, &values));
            signals.push(sent(output, &values));
        }
        for dynamic in self.dynamic_outputs(at) {
            documents.push(dynamic.0);
            signals.push(dynamic.1);
        }
        if signals.is_empty() {
            return Ok(Sent::Nothing);
        }
        let key = self.attempt_key(at);
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return Ok(Sent::Nothing) };
        attempt.signals.outputs = Some(json!({ "outputs": documents }));
        let step_uuid = Arc::clone(&attempt.uuid);
        turn.send(Address::Signals, Note::Announce { attempt: key, step_uuid, signals });
        self.changed(at);
        Ok(Sent::Awaited)
    }

    /// Signals that a job left as an artifact, sent after the declared ones.
    fn dynamic_outputs(&self, at: usize) -> Vec<(Json, (Arc<str>, Params))> {
        let artifact = self.attempt(at).and_then(|attempt| attempt.artifacts.get("maestro_dynamic_output"));
        let listed = artifact.and_then(|artifact| artifact.get("signal_outputs")).and_then(Json::as_array);
        let one = |entry: &Json| {
            let fields = entry.get("value").or(Some(entry))?.as_object()?;
            let plain = |json: &Json| json.get("value").unwrap_or(json).clone();
            let name = plain(fields.get("name")?).as_str()?.to_owned();
            let params: Map<String, Json> =
                fields.iter().filter(|(key, _)| *key != "name").map(|(key, json)| (key.clone(), plain(json))).collect();
            let sent = params.iter().map(|(key, json)| (Arc::from(key.as_str()), param_of(stored::plain(json))));
            Some((json!({ "name": name, "params": params }), (Arc::from(name.as_str()), sent.collect())))
        };
        listed.into_iter().flatten().filter_map(one).collect()
    }

    /// Takes the numbers of the signals that were stored, and ends the attempt.
    pub(super) fn announced(&mut self, at: usize, signal_ids: &[i64], turn: &mut Turn<'_>) {
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        if attempt.status != StepStatus::Finishing {
            return;
        }
        if let Some(document) = &mut attempt.signals.outputs {
            let outputs = document["outputs"].as_array_mut().into_iter().flatten();
            for (output, id) in outputs.zip(signal_ids) {
                output["signal_id"] = (*id).into();
                output["announce_time"] = turn.now.0.into();
            }
            document["info"] = json!({
                "timestamp": turn.now, "type": "LOG", "level": "INFO",
                "message": "Signal step outputs have been completed.",
            });
        }
        self.finish_as(at, StepStatus::Succeeded, turn);
    }

    /// Asks again whether signals are stored.
    pub(super) fn announce_again(&mut self, at: usize, turn: &mut Turn<'_>) {
        match self.announce(at, turn) {
            Ok(Sent::Awaited) => {}
            Ok(Sent::Nothing) => self.finish_as(at, StepStatus::Succeeded, turn),
            Err(failure) => self.fail_internally(at, &failure, turn),
        }
    }

    /// What the run knows of a signal's param.
    pub(super) fn signal_param(&self, at: usize, query: context::SignalQuery<'_>) -> context::Signal {
        let found = match query {
            context::SignalQuery::Trigger { param } => self.trigger_param(param),
            context::SignalQuery::Joined { signal, param } => self.trigger_param(&format!("{signal}__{param}")),
            context::SignalQuery::Dependency { index, param } => {
                let params = self.dependencies(at).get(index).and_then(|dependency| dependency.get(SIGNAL_PARAMS));
                params.and_then(|params| params.get(param)).map(stored::plain)
            }
        };
        found.map_or_else(
            || context::Signal::Missing(format!("the run knows nothing of {query:?}")),
            context::Signal::Value,
        )
    }

    fn trigger_param(&self, param: &str) -> Option<Value> {
        let Initiator::Signal { params, .. } = &self.seed.initiator else { return None };
        params.get(param)?.value().cloned()
    }
}

/// Params of a matched signal, kept with the dependency and left out of documents.
pub(crate) const SIGNAL_PARAMS: &str = "_params";

fn wanted_signal(document: &Json, written: &SignalDependency) -> WantedSignal {
    let name = document["name"].as_str().unwrap_or_default();
    let values = document["match_params"].as_object().into_iter().flatten();
    let values: IndexMap<Arc<str>, Value> =
        values.map(|(name, json)| (Arc::from(name.as_str()), stored::plain(&json["value"]))).collect();
    WantedSignal { name: Arc::from(name), dependency: Arc::new(written.clone()), values, after: 0 }
}

fn output_document(output: &SignalOutput, values: &IndexMap<Arc<str>, Value>) -> Json {
    let mut document = Map::new();
    document.insert("name".to_owned(), values.get("name").map(write::value).unwrap_or_default());
    for (field, written) in [("params", &output.params), ("payload", &output.payload)] {
        if let Some(written) = written {
            let value = |name: &Arc<str>| values.get(name).map(write::value).unwrap_or_default();
            let fields = written.keys().map(|name| (name.to_string(), value(name))).collect();
            document.insert(field.to_owned(), Json::Object(fields));
        }
    }
    Json::Object(document)
}

fn sent(output: &SignalOutput, values: &IndexMap<Arc<str>, Value>) -> (Arc<str>, Params) {
    let name = match values.get("name") {
        Some(Value::String(name)) => Arc::clone(name),
        _ => Arc::clone(&output.name),
    };
    let params = output
        .params
        .iter()
        .flatten()
        .filter_map(|(name, _)| Some((Arc::clone(name), param_of(values.get(name)?.clone()))));
    (name, params.collect())
}

fn param_of(value: Value) -> Arc<Param> {
    Arc::new(super::values::literal(value))
}
