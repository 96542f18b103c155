//! The real server for tests that need one.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

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
