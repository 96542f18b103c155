//! The real server for tests that need one.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value as Json, json};

/// `segue serve` on a port of its own; ends with the test.
pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
    /// Where it narrates.
    narration: PathBuf,
}

impl Server {
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_segue"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.join("data")).args(arguments);
        let narration = folder.join("narration");
        let stderr = File::create(&narration).unwrap();
        let mut process = command.stdout(Stdio::piped()).stderr(stderr).spawn().expect("segue starts");
        let mut line = String::new();
        let stdout = process.stdout.as_mut().expect("the output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the output is text");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned);
        let mut server = Self { process, url: String::new(), narration };
        server.url = url.unwrap_or_else(|| panic!("{line:?} names no address: {}", server.end()));
        server
    }

    /// One call over a connection of its own; the whole answer.
    pub(crate) fn call(&self, verb: &str, path: &str, body: &Json) -> String {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!("{verb} {path} HTTP/1.1\r\nhost: {address}\r\nuser: ann\r\nconnection: close\r\n");
        write!(stream, "{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Pushes a workflow `w` of one step that does nothing.
    pub(crate) fn push_noop(&self) {
        let steps = json!([{ "step": { "id": "a", "type": "NoOp" } }]);
        let definition = json!({ "properties": { "owner": "ann" }, "workflow": { "id": "w", "steps": steps } });
        let answer = self.call("POST", "/api/v3/workflows", &definition);
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
    }

    /// Asks for a run of `w`; the whole answer.
    pub(crate) fn start_noop(&self) -> String {
        let path = "/api/v3/workflows/w/versions/latest/actions/start";
        self.call("POST", path, &json!({ "initiator": { "type": "manual" } }))
    }

    /// Ends it and gives what it told on standard error.
    pub(crate) fn end(&mut self) -> String {
        let _ended_before = self.process.kill();
        std::fs::read_to_string(&self.narration).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_before = self.process.kill();
        let _its_code_says_nothing = self.process.wait();
    }
}
