//! An engine that answers what a test tells it to, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use serde_json::json;
use workflow::{
    id::RunKey,
    port::{Answer, Caller, Engine, EngineName, Pending, Refusal, Request},
    status::InstanceStatus,
};

type Script = Box<dyn Fn(&Request) -> Result<Answer, Refusal> + Send + Sync>;

pub(crate) struct Scripted {
    script: Script,
    asked: Mutex<Vec<(Caller, Request)>>,
}

impl Scripted {
    pub(crate) fn new(script: impl Fn(&Request) -> Result<Answer, Refusal> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { script: Box::new(script), asked: Mutex::default() })
    }

    /// Answers everything with an empty document.
    pub(crate) fn content() -> Arc<Self> {
        Self::new(|_| Ok(Answer::ok(json!({}))))
    }

    /// What it was asked since the last time, in order.
    pub(crate) fn asked(&self) -> Vec<(Caller, Request)> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl Engine for Scripted {
    fn name(&self) -> EngineName {
        EngineName(Arc::from("scripted"))
    }

    fn call(&self, caller: Caller, request: Request) -> Pending<'_, Result<Answer, Refusal>> {
        let answer = (self.script)(&request);
        self.asked.lock().unwrap().push((caller, request));
        Box::pin(async move { answer })
    }

    fn ended(&self, _run: RunKey) -> Pending<'_, Result<InstanceStatus, Refusal>> {
        Box::pin(std::future::pending())
    }
}
