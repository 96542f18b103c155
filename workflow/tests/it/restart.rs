//! Restarts on their way up and down.

use proptest::prelude::*;
use serde_json::json;
use workflow::{
    id::{InstanceId, InstanceKey, RunId, RunKey, StepId, WorkflowId},
    restart::{Config, Nesting, Policy},
};

fn key(level: usize) -> InstanceKey {
    InstanceKey { workflow: WorkflowId::from(format!("w{level}")), instance: InstanceId(1) }
}

fn step(level: usize) -> StepId {
    StepId::from(format!("s{level}"))
}

fn nested(level: usize) -> RunKey {
    let InstanceKey { workflow, instance } = key(level);
    RunKey { workflow, instance, run: RunId(1) }
}

fn target(policy: Policy) -> Config {
    let path = json!([{"workflow_id": "w0", "instance_id": 1, "step_id": "s0"}]);
    let config = json!({"restart_path": path, "restart_policy": policy, "downstream_policy": "RESTART_FROM_BEGINNING"});
    Config::from_json(&config).unwrap()
}

proptest! {
    #[test]
    fn the_way_down_is_the_way_up_reversed(depth in 1_usize..8) {
        let mut config = target(Policy::RestartFromIncomplete);
        for level in 1..=depth {
            prop_assert_eq!(config.up(key(level), Some(step(level))).unwrap(), Policy::RestartFromSpecific);
        }
        for level in (1..=depth).rev() {
            let launch = config.down(&step(level), Nesting::Other, &nested(level - 1)).unwrap();
            let expected = if level == 1 { Policy::RestartFromIncomplete } else { Policy::RestartFromSpecific };
            prop_assert_eq!(launch.policy, expected);
            config = launch.config.unwrap();
        }
        prop_assert_eq!(config, target(Policy::RestartFromIncomplete));
    }
}

#[test]
fn off_the_path_the_downstream_policy_counts() {
    let mut config = target(Policy::RestartFromIncomplete);
    config.up(key(1), Some(step(1))).unwrap();
    let launch = config.clone().down(&step(9), Nesting::Other, &nested(0)).unwrap();
    assert_eq!((launch.policy, launch.config), (Policy::RestartFromBeginning, None));
    let other_iteration = RunKey { instance: InstanceId(2), ..nested(0) };
    let launch = config.clone().down(&step(1), Nesting::Foreach, &other_iteration).unwrap();
    assert_eq!((launch.policy, launch.config), (Policy::RestartFromBeginning, None));
    assert!(config.down(&step(1), Nesting::Other, &other_iteration).is_err(), "a subworkflow is one instance");
}

#[test]
fn documents_come_back_as_they_are() {
    let document = json!({
        "restart_path": [{"workflow_id": "w", "instance_id": 3, "step_id": null}],
        "restart_policy": "RESTART_FROM_BEGINNING",
        "downstream_policy": "RESTART_FROM_INCOMPLETE",
        "restart_params": {"p": {"value": 1, "type": "LONG"}},
        "step_restart_params": {"s": {"q": {"value": "x", "type": "STRING"}}},
        "skip_steps": ["t"],
    });
    assert_eq!(Config::from_json(&document).unwrap().to_json(), document);
    let unknown = json!({"restart_path": [], "restart_policy": "RESTART_SOMEHOW"});
    assert!(Config::from_json(&unknown).is_err());
}
