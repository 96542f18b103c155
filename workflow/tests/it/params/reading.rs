//! Definitions as documents hold them.

use super::*;

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
