//! A small engine: definitions with versions, instances with numbers, and runs that end when a test says so.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use serde_json::{Value as Json, json};
use tokio::sync::watch;
use workflow::{
    id::{InstanceId, RunKey},
    port::{Answer, Caller, Engine, EngineName, Page, Pending, Reason, Refusal, Request},
    status::InstanceStatus,
    wire::page::{self, Range},
};

#[derive(Default)]
struct Store {
    definitions: BTreeMap<String, Vec<Json>>,
    /// By workflow: request ids of the instances, in order of their numbers.
    instances: BTreeMap<String, Vec<String>>,
    signals: Vec<String>,
}

pub(crate) struct Small {
    name: &'static str,
    first: i64,
    store: Mutex<Store>,
    ends: Mutex<HashMap<RunKey, watch::Sender<Option<InstanceStatus>>>>,
    /// Pushes and starts are refused with this while it is set.
    refuses: Mutex<Option<Refusal>>,
    refuses_pushes: Mutex<Option<Refusal>>,
}

impl Small {
    pub(crate) fn new(name: &'static str, first: i64) -> Arc<Self> {
        let (store, ends, refuses, refuses_pushes) = Default::default();
        Arc::new(Self { name, first, store, ends, refuses, refuses_pushes })
    }

    pub(crate) fn refuse(&self, refusal: Option<Refusal>) {
        *self.refuses.lock().unwrap() = refusal;
    }

    pub(crate) fn refuse_pushes(&self, refusal: Option<Refusal>) {
        *self.refuses_pushes.lock().unwrap() = refusal;
    }

    /// The request ids of what it started, in order.
    pub(crate) fn started(&self, workflow: &str) -> Vec<String> {
        self.store.lock().unwrap().instances.get(workflow).cloned().unwrap_or_default()
    }

    pub(crate) fn versions(&self, workflow: &str) -> usize {
        self.store.lock().unwrap().definitions.get(workflow).map_or(0, Vec::len)
    }

    pub(crate) fn end(&self, run: &RunKey, status: InstanceStatus) {
        self.end_of(run).send_replace(Some(status));
    }

    fn end_of(&self, run: &RunKey) -> watch::Sender<Option<InstanceStatus>> {
        self.ends.lock().unwrap().entry(run.clone()).or_insert_with(|| watch::Sender::new(None)).clone()
    }

    fn answer(&self, request: Request) -> Result<Answer, Refusal> {
        let mut store = self.store.lock().unwrap();
        match request {
            Request::Validate { .. } => Ok(Answer::ok(json!({}))),
            Request::Push { body } => {
                if let Some(refusal) = self.refuses_pushes.lock().unwrap().clone() {
                    return Err(refusal);
                }
                Ok(Answer::ok(json!({ "workflow_definition": push(&mut store, &body) })))
            }
            Request::Version { workflow, version, .. } => {
                let at = version.parse::<usize>().unwrap_or_default();
                let found = store.definitions.get(&*workflow).and_then(|versions| versions.get(at - 1));
                found.cloned().map(Answer::ok).ok_or_else(|| missing("version"))
            }
            Request::Overview { workflow } => {
                let versions = store.definitions.get(&*workflow).ok_or_else(|| missing("workflow"))?.len();
                let count = store.instances.get(&*workflow).map_or(0, Vec::len);
                let latest = if count == 0 { 0 } else { self.first - 1 + i64::try_from(count).unwrap() };
                Ok(Answer::ok(json!({
                    "workflow_id": workflow, "latest_version_id": versions, "active_version_id": versions,
                    "nonterminal_instances": {"CREATED": 0, "IN_PROGRESS": count}, "failed_instances": 0,
                    "latest_instance_id": latest,
                })))
            }
            Request::Start { workflow, body, .. } => {
                if let Some(refusal) = self.refuses.lock().unwrap().clone() {
                    return Err(refusal);
                }
                store.definitions.get(&*workflow).ok_or_else(|| missing("workflow"))?;
                Ok(Answer::ok(self.start(&mut store, &workflow, body["request_id"].as_str().unwrap())))
            }
            Request::Instances { workflow, page, .. } => self.page(&store, &workflow, &page).map(Answer::ok),
            Request::Instance { instance, .. } => {
                let count = store.instances.get(&*instance.workflow).map_or(0, Vec::len);
                let at = instance.instance.0 - self.first;
                if at < 0 || at >= i64::try_from(count).unwrap() {
                    return Err(missing("instance"));
                }
                Ok(Answer::ok(json!({"workflow_instance_id": instance.instance.0, "by": self.name})))
            }
            Request::SendSignal { body } => {
                let id = body["request_id"].as_str().unwrap_or_default().to_owned();
                if store.signals.contains(&id) {
                    return Err(Refusal::new(Reason::Conflict, "already exists"));
                }
                store.signals.push(id);
                Ok(Answer::ok(json!({"seq_id": store.signals.len()})))
            }
            other => panic!("a small engine does not know {other:?}"),
        }
    }

    fn start(&self, store: &mut Store, workflow: &str, request: &str) -> Json {
        let instances = store.instances.entry(workflow.to_owned()).or_default();
        if instances.iter().any(|known| known == request) {
            return json!({"workflow_id": workflow, "workflow_instance_id": 0, "workflow_run_id": 0, "status": "DUPLICATED"});
        }
        instances.push(request.to_owned());
        let instance = self.first - 1 + i64::try_from(instances.len()).unwrap();
        json!({
            "workflow_id": workflow, "workflow_instance_id": instance, "workflow_run_id": 1, "status": "CREATED",
            "by": self.name,
        })
    }

    fn page(&self, store: &Store, workflow: &str, wanted: &Page) -> Result<Json, Refusal> {
        let refused = |error: page::Error| Refusal::new(Reason::BadRequest, error.to_string());
        let (direction, limit) = page::direction(wanted.first, wanted.last).map_err(refused)?;
        let count = i64::try_from(store.instances.get(workflow).map_or(0, Vec::len)).unwrap();
        if count == 0 {
            return Ok(json!({"page_info": {}, "total_count": 0, "elements": []}));
        }
        let existing = Range { start: self.first, end: self.first - 1 + count };
        let range = page::range(wanted.cursor.as_deref(), direction, existing, limit).map_err(refused)?;
        let ids: Vec<i64> =
            (range.start..=range.end).filter(|id| (existing.start..=existing.end).contains(id)).rev().collect();
        let found = ids.first().zip(ids.last()).map(|(&end, &start)| Range { start, end });
        let info = page::info(found, existing);
        let elements: Vec<Json> = ids.iter().map(|id| json!({"workflow_instance_id": id, "by": self.name})).collect();
        Ok(json!({"page_info": info, "total_count": info["total_count"], "elements": elements}))
    }
}

fn push(store: &mut Store, body: &Json) -> Json {
    let workflow = body["workflow"]["id"].as_str().unwrap().to_owned();
    let versions = store.definitions.entry(workflow.clone()).or_default();
    let version = json!({
        "metadata": {"workflow_id": workflow, "workflow_version_id": versions.len() + 1, "version_author": "ann"},
        "workflow": body["workflow"], "properties_snapshot": body["properties"], "is_active": true,
    });
    versions.push(version.clone());
    version
}

fn missing(what: &str) -> Refusal {
    Refusal::new(Reason::NotFound, format!("no such {what}"))
}

impl Engine for Small {
    fn name(&self) -> EngineName {
        EngineName(Arc::from(self.name))
    }

    fn first_instance(&self) -> InstanceId {
        InstanceId(self.first)
    }

    fn call(&self, _caller: Caller, request: Request) -> Pending<'_, Result<Answer, Refusal>> {
        Box::pin(async move { self.answer(request) })
    }

    fn ended(&self, run: RunKey) -> Pending<'_, Result<InstanceStatus, Refusal>> {
        let mut end = self.end_of(&run).subscribe();
        Box::pin(async move {
            let ended = end.wait_for(Option::is_some).await.map_err(|_| missing("run"))?;
            Ok(ended.expect("it was waited for"))
        })
    }
}
