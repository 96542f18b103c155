//! What every engine offers: Maestro's API as calls, and the news that a run has ended.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{
    id::{InstanceId, RunKey},
    port::Refusal,
    port::Request,
    status::InstanceStatus,
    user::User,
};

/// A future that an engine hands out.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Which engine; shown to people and stored with every routed run.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EngineName(pub Arc<str>);

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who calls. Calls that need an author are refused without a user, as in the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caller {
    /// From the `user` header.
    pub user: Option<User>,
}

/// A call's success.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status: 200, or 202 and 204 where the API says so.
    pub status: u16,
    /// The document; `None` for an empty body.
    pub body: Option<Json>,
}

impl Answer {
    /// A document with status 200.
    pub fn ok(body: Json) -> Self {
        Self { status: 200, body: Some(body) }
    }
}

/// Something that runs workflows. Callers know engines only by this.
pub trait Engine: Send + Sync {
    /// Its name.
    fn name(&self) -> EngineName;

    /// The number of the first instance of every workflow. Engines that work behind one door count from different ones, far
    /// apart, so that a number tells whose instance it is.
    fn first_instance(&self) -> InstanceId {
        InstanceId::FIRST
    }

    /// Does what a client asked for and answers when that is durable.
    fn call(&self, caller: Caller, request: Request) -> Pending<'_, Result<Answer, Refusal>>;

    /// Resolves once the run has ended, durably; at once if it has ended before.
    fn ended(&self, run: RunKey) -> Pending<'_, Result<InstanceStatus, Refusal>>;
}
