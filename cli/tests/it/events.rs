//! What a server publishes, as a receiver hears it.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::server::Server;

/// Reads one batch and answers with a status.
fn receive(stream: TcpStream, status: &str) -> Vec<Json> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut is_batch) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        is_batch |= line == "content-type: application/cloudevents-batch+json";
    }
    assert!(is_batch, "a receiver knows what it gets");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    write!(reader.get_mut(), "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn what_happens_is_posted_to_a_receiver_in_order_and_again_until_it_is_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path(), &["--events", &url]);
    server.push_noop();
    let refused = receive(listener.accept().unwrap().0, "503 Service Unavailable");
    let mut taken = receive(listener.accept().unwrap().0, "202 Accepted");
    assert_eq!(refused[0]["id"], taken[0]["id"], "the first comes again");
    assert!(server.start_noop().starts_with("HTTP/1.1 2"));
    let is_end = |event: &Json| event["data"]["new_status"] == "SUCCEEDED";
    while !taken.iter().any(is_end) {
        taken.extend(receive(listener.accept().unwrap().0, "202 Accepted"));
    }
    let ids: BTreeSet<&str> = taken.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), taken.len(), "each has an id of its own");
    for event in &taken {
        assert_eq!((&event["specversion"], &event["source"]), (&"1.0".into(), &"/segue".into()));
        assert_eq!(event["type"], event["data"]["type"]);
        assert!(event["data"]["send_time"].is_i64(), "{event}");
    }
    let of_runs = taken.iter().filter(|event| event["type"] == "WORKFLOW_INSTANCE_STATUS_CHANGE_EVENT");
    let statuses: Vec<_> = of_runs.map(|event| event["data"]["new_status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["IN_PROGRESS", "SUCCEEDED"]);
    let of_steps = taken.iter().filter(|event| event["type"] == "STEP_INSTANCE_STATUS_CHANGE_EVENT");
    let records = of_steps.flat_map(|event| event["data"]["status_change_records"].as_array().unwrap());
    let last = records.last().unwrap();
    assert_eq!(last["new_status"], "SUCCEEDED");
    assert_eq!(taken[0]["type"], "WORKFLOW_DEFINITION_CHANGE_EVENT");
}
