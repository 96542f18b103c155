//! Which signals together start a run.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    matching::{Condition, Pattern},
    stored::Log,
};
use crate::{
    definition::{Operator, SignalTrigger, SignalTriggerEntry, SignalValue},
    id::name_uuid,
};

/// The newest consumed number of each signal of a trigger.
pub type Checkpoints = BTreeMap<Arc<str>, i64>;

/// The request id of the run that a match starts: equal dedup texts start one run; without one, equal executions do.
pub fn trigger_request(dedup: Option<&str>, execution: &Json) -> Uuid {
    dedup.map_or_else(|| name_uuid(&execution.to_string()), name_uuid)
}

/// The signals that complete a trigger now that `name` number `id` arrived, or `None`. They are the checkpoints to store: matched
/// signals are consumed.
pub fn match_trigger(
    trigger: &SignalTrigger,
    checkpoints: &Checkpoints,
    log: &Log,
    name: &str,
    id: i64,
) -> Option<Checkpoints> {
    let consumed = |name: &str| checkpoints.get(name).copied().unwrap_or(0);
    let definitions = trigger.definitions.as_ref()?;
    let (own_name, own) = definitions.get_key_value(name)?;
    let params = log.params(name, id)?;
    if id <= consumed(name) || !pattern(own_name, own, &[]).fits(params) {
        return None;
    }
    let keys = own.join_keys.iter().flatten();
    let joined: Vec<_> = keys.map(|key| params.get(key).cloned()).collect::<Option<_>>()?;
    let mut matched = Checkpoints::from([(Arc::clone(own_name), id)]);
    for (other_name, other) in definitions.iter().filter(|(other, _)| *other != own_name) {
        let found = log.first_after(&pattern(other_name, other, &joined), consumed(other_name))?;
        matched.insert(Arc::clone(other_name), found);
    }
    Some(matched)
}

/// The conditions of an entry, with its join keys fixed to values.
fn pattern(name: &Arc<str>, entry: &SignalTriggerEntry, joined: &[SignalValue]) -> Pattern {
    let written = entry.match_params.iter().flatten();
    let written = written.map(|(param, condition)| {
        (Arc::clone(param), Condition { value: condition.value.clone(), operator: condition.operator })
    });
    let keys = entry.join_keys.iter().flatten().zip(joined);
    let keys =
        keys.map(|(key, value)| (Arc::clone(key), Condition { value: value.clone(), operator: Operator::Equals }));
    Pattern { name: Arc::clone(name), conditions: written.chain(keys).collect() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use indexmap::IndexMap;

    use super::{Checkpoints, SignalTrigger, SignalTriggerEntry, SignalValue, match_trigger};
    use crate::signal::{Log, Signal};

    fn send(log: &mut Log, name: &str, id: i64, key: &str, value: i64) {
        let params = IndexMap::from([(Arc::from(key), SignalValue::Long(value))]);
        log.insert(Signal { name: Arc::from(name), id, params });
    }

    #[test]
    fn signals_join_by_the_values_of_their_keys_and_are_consumed() {
        let entry = |key: &str| SignalTriggerEntry { match_params: None, join_keys: Some(vec![Arc::from(key)]) };
        let trigger = SignalTrigger {
            definitions: Some(IndexMap::from([(Arc::from("a"), entry("dt")), (Arc::from("b"), entry("date"))])),
            params: None,
            condition: None,
            dedup_expr: None,
        };
        let mut log = Log::default();
        send(&mut log, "a", 1, "dt", 20);
        send(&mut log, "a", 2, "dt", 21);
        send(&mut log, "b", 1, "date", 19);
        let nothing = Checkpoints::new();
        assert_eq!(match_trigger(&trigger, &nothing, &log, "b", 1), None, "no `a` has that date");
        send(&mut log, "b", 2, "date", 21);
        let matched = match_trigger(&trigger, &nothing, &log, "b", 2).unwrap();
        assert_eq!(matched.into_values().collect::<Vec<_>>(), [2, 2]);
        let consumed = Checkpoints::from([(Arc::from("a"), 2), (Arc::from("b"), 2)]);
        assert_eq!(match_trigger(&trigger, &consumed, &log, "b", 2), None, "it was consumed");
    }
}
