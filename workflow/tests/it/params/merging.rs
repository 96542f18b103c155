//! Layers over layers.

use super::*;

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
