//! Which group of instances a run belongs to; a group lives on one node.

use super::{InstanceKey, RunKey};

/// The text by which errors and dedup keys name an instance.
pub fn instance_reference(key: &InstanceKey) -> String {
    format!("[{}][{}]", key.workflow, key.instance)
}

/// The text by which errors and groups name a run.
pub fn flow_reference(key: &RunKey) -> String {
    format!("[{}][{}][{}]", key.workflow, key.instance, key.run)
}

/// The group of a run among `groups`, from 0; 0 when there are none to choose from.
pub fn group(key: &RunKey, groups: i64) -> i64 {
    if groups <= 0 {
        return 0;
    }
    i64::from(java_hash(&flow_reference(key))).rem_euclid(groups)
}

/// Java's `String.hashCode`, by UTF-16 code unit; nodes of both stacks must agree on it.
fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash: i32, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}
