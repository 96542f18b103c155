//! From the bundled params to the next run, and to iterations.

use super::*;

#[test]
fn the_bundled_params_follow_the_clock_of_the_run() {
    let merged = layers::workflow_first(defaults::workflow(), None, None, FRESH).unwrap();
    let mut params = layers::unevaluated(merged);
    let run = Run { is_step_level: false, ..Run::new() };
    with(&run, |evaluator| evaluator.workflow_params(&mut params)).unwrap();
    let values = values(&params);
    let expected = [
        ("RUN_TS", json!(NOW.0)),
        ("TARGET_RUN_DATE", json!("20200101")),
        ("TARGET_RUN_HOUR", json!("00")),
        ("DERIVED_RUN_TS", json!(NOW.0)),
        ("DERIVED_RUN_DATE_US_PACIFIC", json!("20191231")),
        ("DERIVED_RUN_HOUR_US_PACIFIC", json!("16")),
        ("RUN_DATE_MINUS_7", json!("20191225")),
        ("owner", json!("ann")),
        ("workflow_id", json!("w")),
    ];
    for (name, value) in expected {
        assert_eq!(values[name], value, "{name}");
    }
    assert_eq!(values.get("job_template_version"), None);
}

#[test]
fn a_notebook_is_named_after_its_attempt() {
    let defined = definitions(&json!({
        "kubernetes": {"type": "MAP", "value": {"image": {"type": "STRING", "value": "i"}}},
        "notebook": {"type": "MAP", "value": {"input_path": {"type": "STRING", "value": "in.ipynb"}}},
    }));
    let layers = layers::StepLayers {
        defaults: defaults::step(),
        type_defaults: defaults::of_type(workflow::definition::StepType::Notebook),
        injected: None,
        defined: Some(&defined),
    };
    let overrides = layers::Overrides { run: None, restart: None, is_attempt_restarted: false };
    let mut own = layers::unevaluated(layers.merged(&overrides, FRESH).unwrap());
    let workflow = evaluated(json!({"RUN_TS": {"type": "LONG", "value": NOW.0}}));
    with(&Run::new(), |evaluator| evaluator.step_params("s", &workflow, &mut own)).unwrap();
    let notebook = &values(&own)["notebook"];
    assert_eq!(notebook["output_path"], "maestro-output_20200101000000__7_2_u.ipynb");
    assert_eq!(notebook["run_id"], "w_7_1_s_1");
}

#[test]
fn a_restart_freezes_values_and_evaluates_only_what_is_immutable() {
    let mut previous = layers::unevaluated(definitions(&json!({
        "a": {"type": "LONG", "value": 1},
        "b": {"type": "LONG", "expression": "a + 1"},
        "c": {"type": "LONG", "expression": "a + 1", "mode": "IMMUTABLE"},
    })));
    let run = Run { is_step_level: false, ..Run::new() };
    with(&run, |evaluator| evaluator.workflow_params(&mut previous)).unwrap();
    let restart = definitions(&json!({"a": {"type": "LONG", "value": 50}}));
    let origin = Origin { parent: None, is_restart: true };
    let mut params = layers::unevaluated(layers::workflow_restarted(&previous, Some(&restart), None, origin).unwrap());
    with(&run, |evaluator| evaluator.workflow_params(&mut params)).unwrap();
    assert_eq!(values(&params), json!({"a": 50, "b": 2, "c": 51}));
}

#[test]
fn iterations_share_what_they_do_not_add() {
    let parent = evaluated(json!({"w": {"type": "STRING", "value": "x"}, "owner": {"type": "STRING", "value": "ann"}}));
    let step = evaluated(json!({"loop_params": {"type": "STRING", "value": "unused"}}));
    let run = children::of_loop(&parent, &step, &Definitions::new()).unwrap();
    let origin = Origin { parent: Some(Source::Foreach), is_restart: false };
    let merged = layers::workflow_first(&Definitions::new(), None, Some(&run), origin).unwrap();
    let mut shared = layers::unevaluated(merged);
    evaluate_plain(&mut shared, NOW);

    let own = children::of_iteration(1, [(Arc::from("i"), Value::Long(20))]);
    let mut params = children::iteration(&shared, &own, origin.run_layer()).unwrap();
    let run = Run { is_step_level: false, ..Run::new() };
    with(&run, |evaluator| evaluator.workflow_params(&mut params)).unwrap();
    assert_eq!(values(&params), json!({"w": "x", "owner": "ann", "loop_index": 1, "i": 20}));
    assert!(Arc::ptr_eq(&shared["w"], &params["w"]));
}
