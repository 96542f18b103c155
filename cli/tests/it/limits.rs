//! What a server says that has enough to do.

use tempfile::TempDir;

use crate::server::Server;

#[test]
fn a_server_at_a_limit_refuses_new_runs_and_says_which_limit_and_when_to_come_again() {
    for (limit, said) in [
        (["--live-max", "0"], "machines are in memory; try again later"),
        (["--starts-max", "0"], "0 runs were started within a second; try again later"),
        (["--memory-max", "1"], "1 MiB of memory are in use; try again later"),
    ] {
        let folder = TempDir::new().unwrap();
        let server = Server::start(folder.path(), &limit);
        server.push_noop();
        let answer = server.start_noop();
        assert!(answer.starts_with("HTTP/1.1 429"), "{limit:?}: {answer}");
        for part in ["retry-after: 1", said] {
            assert!(answer.contains(part), "{limit:?}: {part} is missing in {answer}");
        }
        let read = server.call("GET", "/api/v3/workflows/w/versions/latest", &serde_json::Value::Null);
        assert!(read.starts_with("HTTP/1.1 200"), "what is no start is answered: {read}");
    }
}
