//! Request ids that are derived from what asks, so that asking twice starts once.

use md5::{Digest, Md5};
use uuid::Uuid;

use super::{AttemptKey, InstanceId, RunId, WorkflowId};
use crate::time::Timestamp;

/// The MD5 name-based (version 3) uuid of a text, without a name space, as Java makes it.
pub fn name_uuid(name: &str) -> Uuid {
    name_uuid_of_bytes(name.as_bytes())
}

/// The MD5 name-based (version 3) uuid of bytes.
pub fn name_uuid_of_bytes(name: &[u8]) -> Uuid {
    uuid::Builder::from_md5_bytes(Md5::digest(name).into()).into_uuid()
}

/// Lower-case hex MD5 of parts joined by `@`.
pub fn parts_md5(parts: &[&str]) -> String {
    let digest: [u8; 16] = Md5::digest(parts.join("@").as_bytes()).into();
    format!("{:032x}", u128::from_be_bytes(digest))
}

/// The request id by which a subworkflow step starts its child.
pub fn subworkflow_request(attempt: &AttemptKey, step_uuid: &str) -> Uuid {
    let AttemptKey { run, step, attempt } = attempt;
    name_uuid(&format!("[{}][{}][{}][{step}][{attempt}][{step_uuid}]", run.workflow, run.instance, run.run))
}

/// The request id by which a foreach step starts an iteration; `index` counts from 0.
pub fn foreach_request(body: &WorkflowId, loop_run: RunId, index: i64) -> Uuid {
    name_uuid(&format!("[{body}][{loop_run}][{index}]"))
}

/// The request id by which a while step starts an iteration.
pub fn while_request(body: &WorkflowId, iteration: InstanceId, loop_run: RunId) -> Uuid {
    name_uuid(&format!("[{body}][{iteration}][{loop_run}]"))
}

/// The request id by which a time trigger starts the run of one fire time.
pub fn time_trigger_request(workflow: &WorkflowId, trigger_uuid: &str, at: Timestamp) -> Uuid {
    name_uuid(&format!("{workflow}:{trigger_uuid}:{}", at.0.div_euclid(1000)))
}
