//! `segue store` as an operator meets it: what it says and how it ends.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

/// What a command said on both streams, with the folder's name left out, and its exit code.
fn segue(folder: &Path, arguments: &str) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segue"));
    command.args(arguments.split(' ')).current_dir(folder).env_remove("SEGUE_DATA").env_remove("SEGUE_STORE");
    let output = command.env("NO_COLOR", "1").output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), said)
}

#[track_caller]
fn check(folder: &Path, arguments: &str, code: i32, expected: &str) {
    let (exit, said) = segue(folder, arguments);
    assert!(said.starts_with(expected), "`segue {arguments}` said: {said}");
    assert_eq!(exit, code, "{said}");
}

#[test]
fn a_store_is_made_checked_saved_and_restored() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    check(at, "store migrate --data a", 0, "a/segue.db has schema 4\n");
    check(at, "store info --data a", 0, "a/segue.db\nschema 4, ");
    check(at, "store check --data a", 0, "a/segue.db is sound: 0 records read\n");
    check(at, "store backup --data a one.backup", 0, "one.backup: 0 records\n");
    check(at, "store restore --data b one.backup", 0, "b/segue.db: 0 records\n");
    let (_, json) = segue(at, "store check --data b --json");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["problems"], serde_json::json!([]));
}

#[test]
fn what_cannot_be_done_is_said_with_what_to_do_next() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    fs::write(at.join("notes"), "no backup").unwrap();
    for command in ["check", "info", "backup x"] {
        let (verb, file) = command.split_once(' ').unwrap_or((command, ""));
        let arguments = format!("store {verb} --data nowhere {file}");
        check(at, arguments.trim_end(), 3, "error: there is no store at nowhere/segue.db\nhint: ");
    }
    check(at, "store restore --data b notes", 3, "error: notes is not a whole backup: ");
    assert!(!at.join("b").exists(), "a backup that is no good leaves no store behind");
    check(at, "store restore --data b missing", 5, "error: the backup missing could not be read\n");
    check(at, "store migrate --data a", 0, "");
    check(at, "store backup --data a notes", 3, "error: notes exists already\nhint: ");
    check(
        at,
        "store info --store postgres://u:secret@h:port/x",
        2,
        "error: `h:port/x` is not the address of a store\n",
    );
    check(
        at,
        "store info --store postgres://u@%2Fnowhere/x",
        4,
        "error: postgres:///nowhere:5432/x could not be reached\n",
    );
}
