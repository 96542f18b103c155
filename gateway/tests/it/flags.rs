//! Flags as teams write them, and what happens when they write them wrong.

use std::path::PathBuf;

use gateway::flags::{Bucket, Choice, Error, Flags, Look, Subject, Watch};
use serde_json::{Value as Json, json};

const GOOD: &str = r#"{"flags": {"engine": {
    "state": "ENABLED", "variants": {"old": "legacy", "new": "actor"}, "defaultVariant": "old",
    "targeting": {"if": [{"in": [{"var": "workflow"}, ["etl"]]}, "new"]}
}}}"#;

fn subject(workflow: &str) -> Subject<'_> {
    Subject { workflow, version: "active", user: Some("ann"), initiator: "manual" }
}

fn choice(targeting: &Json, workflow: &str) -> String {
    let flag = json!({
        "state": "ENABLED", "variants": {"old": "legacy", "new": "actor"}, "targeting": targeting,
        "metadata": {"bucket": "xxh3-1"},
    });
    let flags = Flags::parse(&json!({"flags": {"engine": flag}}).to_string()).unwrap();
    match flags.flag("engine").unwrap().choice("engine", subject(workflow)) {
        Ok(Choice::Targeted(value)) => value.as_str().unwrap().to_owned(),
        Ok(Choice::Open) => "open".to_owned(),
        Ok(Choice::Disabled) => "disabled".to_owned(),
        Err(failed) => failed.to_string(),
    }
}

#[test]
fn rules_name_variants_or_leave_it_open() {
    let table = [
        (json!({}), "open"),
        (json!(null), "open"),
        (json!({"if": [{"==": [{"var": "workflow"}, "etl"]}, "new"]}), "actor"),
        (json!({"if": [{"==": [{"var": "workflow"}, "x"]}, "new"]}), "open"),
        (json!({"if": [{"starts_with": [{"var": "workflow"}, "et"]}, "new", "old"]}), "actor"),
        (json!({"if": [{"==": [{"var": "user"}, "ann"]}, "old", "new"]}), "legacy"),
        (json!({"if": [{"==": [{"var": "targetingKey"}, "etl"]}, "new", null]}), "actor"),
        (json!({"if": [true, "nowhere"]}), "its targeting names `nowhere`, which is no variant"),
    ];
    for (targeting, expected) in table {
        assert_eq!(choice(&targeting, "etl"), expected, "{targeting}");
    }
}

#[test]
fn fractional_deals_by_the_frozen_bucket() {
    for n in 0..500 {
        let workflow = format!("w{n}");
        let bucket = Bucket::of("engine", &workflow).number();
        let dealt = choice(&json!({"fractional": [["new", 25], ["old", 75]]}), &workflow);
        assert_eq!(dealt, if bucket < 2_500 { "actor" } else { "legacy" }, "{workflow}");
        let by_key = choice(&json!({"fractional": [{"var": "user"}, ["new", 1], ["old", 9_999]]}), &workflow);
        assert_eq!(by_key, if Bucket::of("", "ann").number() < 1 { "actor" } else { "legacy" });
    }
}

#[test]
fn a_larger_weight_moves_nobody_back() {
    for n in 0..500 {
        let workflow = format!("w{n}");
        let mut was_in = false;
        for weight in [0, 1, 10, 25, 50, 99, 100] {
            let is_in = choice(&json!({"fractional": [["new", weight], ["old", 100 - weight]]}), &workflow) == "actor";
            assert!(is_in || !was_in, "{workflow} went back at {weight}");
            was_in = is_in;
        }
        assert!(was_in);
    }
}

#[track_caller]
fn is_wrong(text: &str, expected: &str) {
    assert_eq!(Flags::parse(text).unwrap_err().to_string(), expected);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    is_wrong("{\"flags\": {\n  \"engine\": ,", "line 2, column 13: expected value");
    is_wrong("{}", "flags: it is missing");
    is_wrong("[]", "flags: it is missing");
    is_wrong(r#"{"flags": 3}"#, "flags: it must be an object");
    is_wrong(r#"{"flags": {"a": {"state": "ON"}}}"#, "flags.a.state: it must be `ENABLED` or `DISABLED`");
    is_wrong(r#"{"flags": {"a": {"state": "ENABLED"}}}"#, "flags.a.variants: it is missing");
    is_wrong(
        r#"{"flags": {"a": {"state": "ENABLED", "variants": {}}}}"#,
        "flags.a.variants: there must be at least one",
    );
    is_wrong(
        r#"{"flags": {"a": {"state": "ENABLED", "variants": {"x": 1}, "defaultVariant": "y"}}}"#,
        "flags.a.defaultVariant: \"y\" is no variant",
    );
    is_wrong(
        r#"{"flags": {"a": {"state": "ENABLED", "variants": {"x": 1}, "targeting": {"fractional": [["x", 1]]}}}}"#,
        "flags.a.metadata.bucket: targeting with `fractional` needs it: `xxh3-1`",
    );
    is_wrong(
        r#"{"flags": {"a": {"state": "ENABLED", "variants": {"x": 1}, "targeting": {"==": [1, 1]}, "metadata": {"bucket": "murmur"}}}}"#,
        "flags.a.metadata.bucket: \"murmur\" is unknown; this is `xxh3-1`",
    );
    is_wrong(
        r#"{"flags": {"a": {"state": "ENABLED", "variants": {"x": 1}, "targeting": {"$ref": "b"}}}}"#,
        "flags.a.targeting: `$evaluators` has no `b`",
    );
}

#[test]
fn rules_that_several_flags_share_are_put_in_their_places() {
    let text = r#"{"flags": {"engine": {"state": "ENABLED", "variants": {"new": "actor"},
        "targeting": {"if": [{"$ref": "ours"}, "new"]}}}, "$evaluators": {"ours": {"==": [{"var": "workflow"}, "etl"]}}}"#;
    let flags = Flags::parse(text).unwrap();
    let flag = flags.flag("engine").unwrap();
    assert_eq!(flag.choice("engine", subject("etl")), Ok(Choice::Targeted(json!("actor"))));
    assert_eq!(flag.choice("engine", subject("other")), Ok(Choice::Open));
}

fn watched() -> (tempfile::TempDir, PathBuf, Watch) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flags.json");
    let watch = Watch::new(path.clone());
    (folder, path, watch)
}

#[test]
fn the_next_look_takes_what_was_written() {
    let (_folder, path, watch) = watched();
    std::fs::write(&path, GOOD).unwrap();
    let Look::Taken(version) = watch.look() else { panic!("nothing was taken") };
    assert_eq!(watch.flags().unwrap().version, version);
    assert_eq!(watch.look(), Look::Same);
    std::fs::write(&path, GOOD.replace("ENABLED", "DISABLED")).unwrap();
    assert!(matches!(watch.look(), Look::Taken(other) if other != version));
    let flags = watch.flags().unwrap();
    assert_eq!(flags.flag("engine").unwrap().choice("engine", subject("etl")), Ok(Choice::Disabled));
}

#[test]
fn broken_and_missing_files_leave_the_last_good_one_in_force() {
    let (_folder, path, watch) = watched();
    assert!(matches!(watch.look(), Look::Refused(Error::Unreadable(_))));
    assert!(watch.flags().is_none());
    std::fs::write(&path, GOOD).unwrap();
    let Look::Taken(version) = watch.look() else { panic!("nothing was taken") };
    for broken in ["", "{", r#"{"flags": {"engine": {}}}"#, &"x".repeat(1024 * 1024 + 1)] {
        std::fs::write(&path, broken).unwrap();
        assert!(matches!(watch.look(), Look::Refused(_)), "{}", broken.len());
        assert_eq!(watch.look(), Look::Same, "what is wrong is told once");
        assert_eq!(watch.flags().unwrap().version, version);
    }
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(watch.look(), Look::Refused(_)));
    assert_eq!(watch.flags().unwrap().version, version);
    std::fs::write(&path, GOOD).unwrap();
    assert_eq!(watch.look(), Look::Same, "the same flags are back");
}
