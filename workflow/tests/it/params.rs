//! Params: read, merged, evaluated, handed on.
#![expect(clippy::needless_pass_by_value, reason = "cases are written in place")]

use std::{cell::RefCell, sync::Arc};

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use workflow::{
    id::{Ids, InstanceId, StepId, WorkflowId},
    param::{
        self, Authority, Cache, Context, Definitions, Error, Evaluator, Layer, Params, Source, StepLevel, Value,
        children,
        context::{Attempt, Children, CurrentStep, Initiator, Instance, SEPARATOR, Signal, SignalQuery, Step},
        defaults, evaluate_plain,
        layers::{self, Origin},
        merge, read, settle, size, stored, write,
    },
    port::{Found, Lookup},
    sel,
    time::Timestamp,
};

const NOW: Timestamp = Timestamp(1_577_836_800_000);

const FRESH: Origin = Origin { parent: None, is_restart: false };

/// A run that was started by hand, with one finished step `up` and at most one answer from elsewhere.
struct Run {
    upstream: Params,
    body: WorkflowId,
    is_step_level: bool,
    found: Option<Found>,
    asked: RefCell<Vec<Lookup>>,
}

impl Run {
    fn new() -> Self {
        let upstream = evaluated(json!({"out": {"type": "LONG", "value": 41}}));
        Self { upstream, body: WorkflowId::from("body"), is_step_level: true, found: None, asked: RefCell::default() }
    }
}

impl Context for Run {
    fn instance(&self) -> Instance<'_> {
        Instance {
            workflow_id: "w",
            instance_id: 7,
            run_id: 1,
            run_policy: Some("START_FRESH_NEW_RUN"),
            owner: Some("ann"),
            first_trigger_timezone: None,
            initiator: Initiator { kind: "MANUAL", timezone: None, user: Some("ann") },
            environment: "test",
        }
    }

    fn current_step(&self) -> Option<CurrentStep<'_>> {
        self.is_step_level.then_some(CurrentStep {
            id: "s",
            instance_id: 2,
            uuid: "u",
            attempt_id: 1,
            type_info: "NOOP",
            error_retries: 0,
            status: "CREATED",
            end_time: None,
        })
    }

    fn step(&self, id: &str) -> Step<'_> {
        match id {
            "up" | "loop" => Step::Started(Attempt {
                step_type: if id == "up" { "NOOP" } else { "FOREACH" },
                status: "SUCCEEDED",
                end_time: Some(NOW),
                params: &self.upstream,
                children: Children::Iterations { body: &self.body, total: 3 },
            }),
            "s" | "later" => Step::NotStarted,
            _ => Step::Unknown,
        }
    }

    fn signal(&self, query: SignalQuery<'_>) -> Signal {
        Signal::Missing(format!("no signal for {query:?}"))
    }

    fn found(&self, lookup: &Lookup) -> Option<&Found> {
        self.asked.borrow_mut().push(lookup.clone());
        self.found.as_ref()
    }

    fn separator(&self) -> &str {
        SEPARATOR
    }
}

struct Numbers(i64);

impl Ids for Numbers {
    fn uuid(&mut self) -> uuid::Uuid {
        uuid::Uuid::nil()
    }

    fn number(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

/// Runs with an evaluator over `run`.
fn with<T>(run: &Run, act: impl FnOnce(&mut Evaluator<'_>) -> T) -> T {
    let mut ids = Numbers(0);
    act(&mut Evaluator {
        context: run,
        cache: Cache::shared(),
        limits: sel::Limits::DEFAULT,
        json_max: size::JSON_MAX,
        now: NOW,
        ids: &mut ids,
        deadline: None,
    })
}

#[track_caller]
fn definitions(json: &Json) -> Definitions {
    let mut problems = Vec::new();
    let read = read::definitions(json, "params", &mut problems);
    assert_eq!(problems, [], "{json}");
    read
}

/// Literals as the params of a run that evaluated them.
#[track_caller]
fn evaluated(json: Json) -> Params {
    let mut params = layers::unevaluated(definitions(&json));
    evaluate_plain(&mut params, NOW);
    params
}

fn values(params: &Params) -> Json {
    params.iter().map(|(name, param)| (name.to_string(), param.value().map_or(Json::Null, write::value))).collect()
}

/// All params of a step over those of its workflow.
fn step_values(workflow: Json, step: Json) -> Result<Json, Error> {
    let mut own = layers::unevaluated(definitions(&step));
    with(&Run::new(), |evaluator| evaluator.step_params("s", &evaluated(workflow), &mut own))?;
    Ok(values(&own))
}

fn workflow_values(json: Json) -> Result<Json, Error> {
    let mut params = layers::unevaluated(definitions(&json));
    let run = Run { is_step_level: false, ..Run::new() };
    with(&run, |evaluator| evaluator.workflow_params(&mut params))?;
    Ok(values(&params))
}

#[track_caller]
fn check_read(value: Json, expected: Result<Json, &str>) {
    let mut problems = Vec::new();
    let read = read::definitions(&json!({"a": value}), "params", &mut problems);
    match expected {
        Ok(expected) => {
            assert_eq!(problems, [], "{value}");
            let written = write::definitions(&read);
            let body = written["a"].get("value").or(written["a"].get("expression"));
            assert_eq!(body.map(ToString::to_string), Some(expected.to_string()), "{value}");
        }
        Err(path) => {
            assert!(read.is_empty(), "{value}");
            assert_eq!(problems.iter().map(|problem| problem.path.as_str()).collect::<Vec<_>>(), [path], "{value}");
        }
    }
}

#[test]
fn values_are_read_as_leniently_as_maestro_reads_them() {
    let number = |text: &str| serde_json::from_str::<Json>(text).unwrap();
    check_read(json!({"type": "string", "value": number("1.50")}), Ok(json!("1.50")));
    check_read(json!({"type": "STRING", "value": ["x"]}), Err("params.a.value"));
    check_read(json!({"type": "LONG", "value": "5"}), Ok(json!(5)));
    check_read(json!({"type": "LONG", "value": number("5.7")}), Ok(json!(5)));
    check_read(json!({"type": "LONG", "value": number("9223372036854775808")}), Err("params.a.value"));
    check_read(json!({"type": "LONG", "value": true}), Err("params.a.value"));
    check_read(json!({"type": "LONG", "value": "2.5"}), Err("params.a.value"));
    check_read(json!({"type": "DOUBLE", "value": number("1.10")}), Ok(number("1.10")));
    check_read(json!({"type": "DOUBLE", "value": "1e3"}), Ok(number("1E3")));
    check_read(json!({"type": "BOOLEAN", "value": "TRUE"}), Ok(json!(true)));
    check_read(json!({"type": "BOOLEAN", "value": 0}), Ok(json!(false)));
    check_read(json!({"type": "BOOLEAN", "value": "yes"}), Err("params.a.value"));
    check_read(json!({"type": "STRING_ARRAY", "value": ["x", 1, null]}), Ok(json!(["x", "1", null])));
    check_read(json!({"type": "LONG_ARRAY", "value": ["1", null]}), Ok(json!([1, 0])));
    check_read(json!({"type": "LONG_ARRAY", "value": [1, "2.5"]}), Err("params.a.value[1]"));
    check_read(json!({"type": "STRING_MAP", "value": {"k": 1, "n": null}}), Ok(json!({"k": "1", "n": null})));
    check_read(json!({"type": "STRING_MAP", "value": {"k": {}}}), Err("params.a.value.k"));
    check_read(json!({"type": "MAP", "value": {"b": 1}}), Err("params.a.value.b"));
    check_read(json!({"type": "LONG", "expression": "1"}), Ok(json!("1")));
}

#[test]
fn a_param_is_an_object_with_exactly_one_body() {
    check_read(json!({"type": "STRING", "value": "x", "expression": "1"}), Err("params.a"));
    check_read(json!({"type": "STRING"}), Err("params.a"));
    check_read(json!({"type": "LONG", "value": ""}), Err("params.a"));
    check_read(json!("x"), Err("params.a"));
    check_read(Json::Null, Err("params.a"));
    check_read(json!({"value": 1}), Err("params.a.type"));
    check_read(json!({"type": "INT", "value": 1}), Err("params.a.type"));
    check_read(json!({"type": "LONG", "value": 1, "mode": "REQUIRED"}), Err("params.a.mode"));
    check_read(json!({"type": "LONG", "value": 1, "validator": {}}), Err("params.a.validator"));
}

/// Merges a user's layer over what a definition says.
#[track_caller]
fn check_merge(known: Json, incoming: Json, expected: Result<Json, &str>) {
    let mut params = layers::workflow_static(&Definitions::new(), Some(&definitions(&json!({"x": known})))).unwrap();
    let incoming = definitions(&json!({"x": incoming}));
    let merged = merge(&mut params, &incoming, FRESH.run_layer());
    match (merged, expected) {
        (Ok(()), Ok(expected)) => {
            let written = write::definitions(&params);
            let shown: Json = ["type", "value", "expression", "mode"]
                .iter()
                .filter_map(|field| Some(((*field).to_owned(), written["x"].get(*field)?.clone())))
                .collect();
            assert_eq!(shown, expected);
        }
        (Err(error), Err(expected)) => assert_eq!(error.to_string(), expected),
        (merged, expected) => panic!("{merged:?} instead of {expected:?}"),
    }
}

#[test]
fn modes_decide_who_may_change_what() {
    let long = |value: i64, mode: &str| json!({"type": "LONG", "value": value, "mode": mode});
    check_merge(long(5, "CONSTANT"), json!({"type": "LONG", "value": 5}), Ok(long(5, "CONSTANT")));
    check_merge(
        long(5, "CONSTANT"),
        json!({"type": "LONG", "value": 6}),
        Err("Cannot modify param with mode [CONSTANT] for parameter [x]"),
    );
    check_merge(
        long(5, "MUTABLE"),
        long(5, "IMMUTABLE"),
        Err("Cannot modify param with mode [IMMUTABLE] for parameter [x]"),
    );
    check_merge(long(5, "MUTABLE"), long(6, "MUTABLE_ON_START"), Ok(long(6, "MUTABLE_ON_START")));
    check_merge(
        long(5, "MUTABLE_ON_START"),
        long(6, "MUTABLE"),
        Err("Cannot modify param mode to be less strict for parameter [x] from [MUTABLE_ON_START] to [MUTABLE]"),
    );
    check_merge(
        long(5, "MUTABLE"),
        json!({"type": "LONG", "value": 6, "internal_mode": "OPTIONAL"}),
        Err("Cannot modify system mode for parameter [x]"),
    );
    check_merge(
        long(5, "MUTABLE"),
        json!({"type": "LONG", "value": 6, "source": "SYSTEM"}),
        Err("Cannot modify source for parameter [x]"),
    );
}

#[test]
fn overlays_are_converted_to_the_known_type() {
    let ok = |kind: &str, field: &str, value: Json| Ok(json!({"type": kind, field: value, "mode": "MUTABLE"}));
    let number = |text: &str| serde_json::from_str::<Json>(text).unwrap();
    check_merge(
        json!({"type": "DOUBLE", "value": 1.5}),
        json!({"type": "LONG", "value": 7}),
        ok("DOUBLE", "value", number("7.0")),
    );
    check_merge(
        json!({"type": "LONG", "value": 1}),
        json!({"type": "STRING", "expression": "'5'"}),
        ok("LONG", "expression", json!("'5'")),
    );
    check_merge(
        json!({"type": "BOOLEAN", "value": true}),
        json!({"type": "STRING", "value": "False"}),
        ok("BOOLEAN", "value", json!(false)),
    );
    check_merge(
        json!({"type": "LONG_ARRAY", "value": [1, 2]}),
        json!({"type": "LONG_ARRAY", "value": [3]}),
        ok("LONG_ARRAY", "value", json!([3])),
    );
    let unfit = [
        ("LONG", json!(1), "DOUBLE", json!(1.5)),
        ("LONG", json!(1), "STRING", json!("${y}")),
        ("LONG", json!(1), "BOOLEAN", json!(true)),
        ("BOOLEAN", json!(true), "LONG", json!(1)),
        ("DOUBLE_ARRAY", json!([1.5]), "LONG_ARRAY", json!([1])),
        ("STRING", json!("a"), "STRING_ARRAY", json!(["a"])),
    ];
    for (to, known, from, incoming) in unfit {
        let expected = format!("ParameterDefinition type mismatch name [x] from [{from}] != to [{to}]");
        check_merge(json!({"type": to, "value": known}), json!({"type": from, "value": incoming}), Err(&expected));
    }
    check_merge(
        json!({"type": "STRING_MAP", "value": {}}),
        json!({"type": "MAP", "value": {}}),
        Err("ParameterDefinition type mismatch, [x] is not a [MAP] but [STRING_MAP]"),
    );
    check_merge(
        json!({"type": "MAP", "expression": "m"}),
        json!({"type": "MAP", "value": {}}),
        Err("MAP param [x] definition exp=[m] is not a literal"),
    );
}

#[test]
fn a_protected_map_keeps_its_keys_and_takes_new_ones() {
    let map = |entries: Json| json!({"type": "MAP", "value": entries, "mode": "CONSTANT"});
    let known = || map(json!({"a": {"type": "LONG", "value": 1}}));
    let mut params = layers::workflow_static(&Definitions::new(), Some(&definitions(&json!({"m": known()})))).unwrap();
    let change = definitions(&json!({"m": {"type": "MAP", "value": {"a": {"type": "LONG", "value": 2}}}}));
    let refused = merge(&mut params, &change, FRESH.run_layer()).unwrap_err();
    assert_eq!(refused.to_string(), "Cannot modify param with mode [CONSTANT] for parameter [a]");
    // Not what one would expect of a constant, but what running workflows rely on.
    let addition = definitions(&json!({"m": {"type": "MAP", "value": {"b": {"type": "LONG", "value": 2}}}}));
    merge(&mut params, &addition, FRESH.run_layer()).unwrap();
    assert_eq!(write::definitions(&params)["m"]["value"].as_object().unwrap().len(), 2);
}

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
        (" 100 / 0", "BAD_REQUEST - Expression evaluation throws an exception for expr=[ 100 / 0]"),
        ("1 +", "BAD_REQUEST - Expression validator throws an exception for expr=[1 +]"),
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
fn the_bundled_params_follow_the_clock_of_the_run() {
    let merged = layers::workflow_first(defaults::bundled_workflow(), None, None, FRESH).unwrap();
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
        bundled: defaults::bundled_step(workflow::definition::StepType::Notebook),
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

#[test]
fn params_of_a_run_are_limited_in_size() {
    let value = "x".repeat(size::JSON_MAX);
    let error = workflow_values(json!({"a": {"type": "STRING", "value": value}})).unwrap_err().to_string();
    assert!(error.ends_with("is larger than system limit [750000]"), "{error}");
}

/// Any literal definition as JSON.
fn any_definition() -> impl Strategy<Value = Json> {
    let scalar = prop_oneof![
        "[a-z$é ]{0,6}".prop_map(|text| json!({"type": "STRING", "value": text})),
        any::<i64>().prop_map(|value| json!({"type": "LONG", "value": value})),
        (any::<i32>(), 0..9u32).prop_map(|(whole, part)| {
            json!({"type": "DOUBLE", "value": serde_json::from_str::<Json>(&format!("{whole}.{part}0")).unwrap()})
        }),
        any::<bool>().prop_map(|value| json!({"type": "BOOLEAN", "value": value})),
        prop::collection::vec(any::<i64>(), 0..3).prop_map(|value| json!({"type": "LONG_ARRAY", "value": value})),
        prop::collection::vec(prop::option::of("[a-z]{0,3}"), 0..3)
            .prop_map(|value| json!({"type": "STRING_ARRAY", "value": value})),
        prop::collection::btree_map("[a-z]{1,3}", "[a-z]{0,3}", 0..3)
            .prop_map(|value| json!({"type": "STRING_MAP", "value": value})),
    ];
    let with_mode = (scalar, prop::option::of(prop::sample::select(vec!["MUTABLE", "MUTABLE_ON_START"])));
    let leaf = with_mode.prop_map(|(mut definition, mode)| {
        if let Some(mode) = mode {
            definition["mode"] = json!(mode);
        }
        definition
    });
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop::collection::btree_map("[a-z]{1,3}", inner, 0..3).prop_map(|value| json!({"type": "MAP", "value": value}))
    })
}

fn any_definitions() -> impl Strategy<Value = Json> {
    prop::collection::btree_map("[a-e]", any_definition(), 0..4).prop_map(|map| json!(map))
}

proptest! {
    #[test]
    fn definitions_are_written_as_they_were_read(json in any_definitions()) {
        let read = definitions(&json);
        let written = write::definitions(&read);
        prop_assert_eq!(&written, &json);
        prop_assert_eq!(definitions(&written), read);
    }

    #[test]
    fn params_of_runs_are_stored_without_loss(json in any_definitions()) {
        let mut params = layers::unevaluated(definitions(&json));
        // What refers to names that do not exist stays unevaluated, and is stored so.
        let _failed = with(&Run::new(), |evaluator| evaluator.workflow_params(&mut params)).is_err();
        let mut problems = Vec::new();
        let text = write::params(&params).to_string();
        let read = stored::params(&serde_json::from_str(&text).unwrap(), "params", &mut problems);
        prop_assert_eq!(problems, []);
        prop_assert_eq!(read, params);
    }

    #[test]
    fn system_layers_merge_in_any_grouping(a in any_definitions(), b in any_definitions(), c in any_definitions()) {
        let layer = Layer { source: Source::SystemDefault, authority: Authority::System, is_restart: false };
        let merged = |layers: &[&Definitions]| {
            let mut params = Definitions::new();
            layers.iter().try_for_each(|incoming| merge(&mut params, incoming, layer)).map(|()| params)
        };
        let (a, b, c) = (definitions(&a), definitions(&b), definitions(&c));
        if let (Ok(one_by_one), Ok(grouped)) =
            (merged(&[&a, &b, &c]), merged(&[&b, &c]).and_then(|later| merged(&[&a, &later])))
        {
            prop_assert_eq!(one_by_one.len(), grouped.len());
            for (name, definition) in &one_by_one {
                // A conversion depends on the type that is already there, so only params of one type compare.
                let is_of_one_type = [&a, &b, &c]
                    .iter()
                    .filter_map(|layer| layer.get(name))
                    .all(|other| other.kind == definition.kind && other.kind != param::Type::Map);
                if is_of_one_type {
                    prop_assert_eq!(&definition.body, &grouped[name].body);
                }
            }
        }
        // Merging nothing changes nothing, and merging the same again changes nothing either.
        let once = merged(&[&a]).unwrap();
        prop_assert_eq!(&merged(&[&a, &Definitions::new()]).unwrap(), &once);
        prop_assert_eq!(&merged(&[&a, &a]).unwrap(), &once);
    }

    #[test]
    fn evaluation_is_deterministic(json in any_definitions()) {
        prop_assert_eq!(workflow_values(json.clone()).ok(), workflow_values(json).ok());
    }

    #[test]
    fn evaluated_params_are_their_own_definitions(json in any_definitions()) {
        let params = evaluated(json);
        let frozen = settle::definitions(&params).unwrap();
        let again = param::layers::unevaluated(frozen);
        let mut again = again;
        evaluate_plain(&mut again, NOW);
        prop_assert_eq!(values(&again), values(&params));
    }

    #[test]
    fn no_text_breaks_interpolation(text in "[$a{}_./\\-é ]{0,24}") {
        let names = param::interpolate::names(&text);
        let mut asked = Vec::new();
        let result = param::interpolate::interpolate(&text, |name| {
            asked.push(name.to_owned());
            Ok::<_, String>(String::new())
        });
        prop_assert!(result.is_ok());
        prop_assert!(asked.iter().all(|name| names.iter().any(|known| **known == **name)), "{:?} of {:?}", asked, names);
    }
}
