//! Names, expressions and results.

use super::*;

#[test]
fn the_order_of_step_params_decides_which_level_a_name_means() {
    let long = |expression: &str| json!({"type": "LONG", "expression": expression});
    let workflow = || json!({"p": {"type": "LONG", "value": 10}, "q": {"type": "LONG", "value": 20}});
    let step = json!({"p": long("q + 1"), "q": long("p + 1")});
    assert_eq!(step_values(workflow(), step).unwrap(), json!({"p": 21, "q": 22}));
    let step = json!({"q": long("p + 1"), "p": long("q + 1")});
    assert_eq!(step_values(workflow(), step).unwrap(), json!({"q": 11, "p": 12}));
    let step = json!({"p": long("s__q + 1"), "q": long("1")});
    assert_eq!(step_values(workflow(), step).unwrap(), json!({"p": 2, "q": 1}));
}

#[test]
fn steps_refer_to_finished_steps() {
    let value = |expression: &str| step_values(json!({}), json!({"a": {"type": "LONG", "expression": expression}}));
    assert_eq!(value("up__out + 1").unwrap(), json!({"a": 42}));
    assert_eq!(value("params.getFromStep('up', 'out') + 1").unwrap(), json!({"a": 42}));
    let failures = [
        ("up__nope", "Cannot find the referenced param name [nope] in step [up]"),
        ("later__x", "referenced a non-existing step [later]"),
        ("nowhere__x", "Failed to evaluate the param with a definition: [nowhere__x]"),
        ("nope", "Cannot find the referenced param [nope] in step [s] or upstream steps or the workflow"),
        ("s__nope", "Param [a] referenced a non-existing param [s__nope] in step [s]"),
    ];
    for (expression, message) in failures {
        let error = value(expression).unwrap_err().to_string();
        assert!(error.contains(message), "{expression}: {error}");
    }
}

#[test]
fn workflow_params_see_only_names_that_the_expression_reads() {
    let value = |expression: &str| {
        let a = json!({"type": "STRING", "expression": expression});
        workflow_values(json!({"x": {"type": "STRING", "value": "v"}, "a": a})).map(|values| values["a"].clone())
    };
    assert_eq!(value("x; params['x']").unwrap(), json!("v"));
    assert_eq!(value("params['x'] == null ? 'null' : 'seen'").unwrap(), json!("null"));
    assert_eq!(value("params.getFromInstance('owner')").unwrap(), json!("ann"));
    let error = value("y").unwrap_err().to_string();
    assert_eq!(error, "Param [a] referenced a non-existing param [y] in workflow [w]");
}

#[test]
fn interpolated_values_read_as_java_writes_them() {
    let values = workflow_values(json!({
        "d": {"type": "DOUBLE", "value": 1e10},
        "a": {"type": "DOUBLE_ARRAY", "value": [1e10, 1]},
        "m": {"type": "MAP", "value": {"k": {"type": "STRING", "value": "\""}, "n": {"type": "LONG_ARRAY", "value": [1, 2]}}},
        "t": {"type": "STRING_MAP", "value": {"$d": "${a}", "m": "$m"}},
    }));
    let expected = json!({"1.0E10": "[1.0E10,1.0]", "m": r#"{"k":"\"","n":[1,2]}"#});
    assert_eq!(values.unwrap()["t"], expected);
}

#[test]
fn cycles_and_endless_chains_are_told() {
    let long = |expression: &str| json!({"type": "LONG", "expression": expression});
    let error = workflow_values(json!({"a": long("b + 1"), "b": long("a + 1")})).unwrap_err();
    assert_eq!(error.to_string(), "In workflow [w], param [a] definition contains a cyclic reference chain");
    let error = step_values(json!({}), json!({"a": long("s__a")})).unwrap_err();
    assert_eq!(error.to_string(), "In step [s], param [a] definition contains a cyclic reference chain");
    let chain = (0..5000).map(|n| (format!("p{n}"), long(&format!("p{} + 1", n + 1)))).collect::<Json>();
    assert!(matches!(workflow_values(chain), Err(Error::TooDeep { .. })));
}

#[test]
fn results_are_fitted_to_the_declared_type() {
    let value = |kind: &str, expression: &str| {
        workflow_values(json!({"a": {"type": kind, "expression": expression}})).map(|values| values["a"].to_string())
    };
    assert_eq!(value("STRING", "1e10").unwrap(), r#""1.0E10""#);
    assert_eq!(value("DOUBLE", "1 + 1").unwrap(), "2.0");
    assert_eq!(value("LONG", "'12'").unwrap(), "12");
    assert_eq!(value("BOOLEAN", "'TRUE'").unwrap(), "true");
    assert_eq!(value("STRING_ARRAY", "new long[]{1, 2};").unwrap(), r#"["1","2"]"#);
    let failures = [
        ("LONG", "1.0", "Param [a] is expected to be a Long compatible type but is [class java.lang.Double]"),
        ("LONG", "'x'", "For input string: \"x\""),
        ("BOOLEAN", "'x'", "Param [a] is expected to have a Boolean compatible result but is [x]"),
        ("DOUBLE_ARRAY", "new long[]{1};", "Param [a] has an invalid evaluated result [[1]]"),
    ];
    for (kind, expression, message) in failures {
        assert_eq!(value(kind, expression).unwrap_err().to_string(), message);
    }
}

#[test]
fn failures_of_expressions_show_them_as_written() {
    let error =
        |expression: &str| workflow_values(json!({"a": {"type": "LONG", "expression": expression}})).unwrap_err();
    let cases = [
        (" 100 / 0", "Expression evaluation throws an exception for expr=[ 100 / 0]"),
        ("1 +", "Expression validator throws an exception for expr=[1 +]"),
        ("throw 'm'", "Expression throws an error [ERROR: m] for expr=[throw 'm']"),
        ("null", "Invalid return type [NULL] for expr=[null]"),
    ];
    for (expression, message) in cases {
        let error = error(expression);
        assert_eq!((error.to_string().as_str(), error.kind()), (message, "MaestroInvalidExpressionException"));
    }
}

#[test]
fn an_evaluation_waits_for_what_other_runs_stored_and_goes_on() {
    let mut own = layers::unevaluated(definitions(&json!({
        "first": {"type": "LONG", "expression": "params.nextUniqueId()"},
        "all": {"type": "LONG_ARRAY", "expression": "params.getFromForeach('loop', 'inner', 'out')"},
    })));
    let workflow = Params::new();
    let mut run = Run::new();
    let waiting = with(&run, |evaluator| evaluator.step_params("s", &workflow, &mut own)).unwrap_err();
    let Error::Pending(lookup) = waiting else { panic!("{waiting}") };
    let expected = Lookup::Iterations {
        body: WorkflowId::from("body"),
        last: InstanceId(3),
        step: StepId::from("inner"),
        param: "out".to_owned(),
    };
    assert_eq!(*lookup, expected);

    let first = own["first"].clone();
    run.found = Some(Found::Iterations(vec![(InstanceId(3), Value::Long(9)), (InstanceId(1), Value::Long(5))]));
    with(&run, |evaluator| evaluator.step_params("s", &workflow, &mut own)).unwrap();
    assert_eq!(values(&own)["all"], json!([5, 0, 9]));
    assert!(Arc::ptr_eq(&first, &own["first"]), "what was evaluated before is not evaluated again");
}

#[test]
fn conditions_and_settings_are_evaluated_without_being_params() {
    let (workflow, own) = (
        evaluated(json!({"n": {"type": "LONG", "value": 3}})),
        evaluated(json!({"ok": {"type": "STRING", "value": "True"}})),
    );
    let level = StepLevel { id: "s", workflow: &workflow, own: &own };
    let run = Run::new();
    with(&run, |evaluator| {
        assert!(evaluator.holds("next", &Arc::from("n > 2"), level).unwrap());
        assert!(evaluator.holds("next", &Arc::from("ok"), level).unwrap());
        assert!(evaluator.holds("next", &Arc::from("n"), level).is_err());
        assert_eq!(&*evaluator.text("state_expr", &Arc::from("'n' + n"), level).unwrap(), "n3");
        assert_eq!(&*evaluator.setting("timeout", &Arc::from("${n} hours"), &workflow).unwrap(), "3 hours");
        let error = evaluator.setting("timeout", &Arc::from("${m}"), &workflow).unwrap_err();
        assert_eq!(error.kind(), "MaestroUnprocessableEntityException");
        assert!(error.to_string().starts_with("Failed to parse attribute [timeout] for workflow [w] due to "));
    });
}

#[test]
fn params_of_a_run_are_limited_in_size() {
    let value = "x".repeat(size::JSON_MAX);
    let error = workflow_values(json!({"a": {"type": "STRING", "value": value}})).unwrap_err().to_string();
    assert!(error.ends_with("is larger than system limit [750000]"), "{error}");
}
