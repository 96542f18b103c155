//! Names and numbers of workflows, instances, runs, steps and attempts, and the names that are derived from them.

mod base62;
mod body;
mod dedup;
mod generator;
mod group;
mod key;

pub use base62::{NotPositive, encode_signal_value, hash_key, range_key};
pub use body::{LoopBody, is_loop_body, is_reserved, loop_body_prefix};
pub use dedup::{
    foreach_request, name_uuid, name_uuid_of_bytes, parts_md5, subworkflow_request, time_trigger_request, while_request,
};
pub use generator::SeededIds;
pub use group::{flow_reference, group, instance_reference};
pub use key::{AttemptId, AttemptKey, Ids, InstanceId, InstanceKey, RunId, RunKey, StepId, VersionId, WorkflowId};
