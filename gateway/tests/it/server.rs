//! The server on a real socket.

use std::sync::Arc;

use gateway::api::serve;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use workflow::{
    id::RunKey,
    port::{Answer, Caller, Engine, EngineName, Pending, Refusal, Request},
    status::InstanceStatus,
};

/// Answers when it is let go.
#[derive(Default)]
struct Slow {
    arrived: Notify,
    go_on: Notify,
}

impl Engine for Slow {
    fn name(&self) -> EngineName {
        EngineName(Arc::from("slow"))
    }

    fn call(&self, _caller: Caller, _request: Request) -> Pending<'_, Result<Answer, Refusal>> {
        Box::pin(async {
            self.arrived.notify_one();
            self.go_on.notified().await;
            Ok(Answer::ok(json!({"done": true})))
        })
    }

    fn ended(&self, _run: RunKey) -> Pending<'_, Result<InstanceStatus, Refusal>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_call_in_work_is_answered_although_the_server_was_told_to_stop() {
    let engine = Arc::new(Slow::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = gateway::api::router(gateway::api::Service {
        engine: Arc::<Slow>::clone(&engine),
        metrics: None,
        is_ready: Arc::default(),
    });
    let stop = Arc::new(Notify::new());
    let stopped = Arc::clone(&stop);
    let server = tokio::spawn(serve(listener, router, async move { stopped.notified().await }));

    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /api/v3/workflows/a/overview HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    engine.arrived.notified().await;
    stop.notify_one();
    // The listener is gone as soon as the server has heard of it.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    engine.go_on.notify_one();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(r#"{"done":true}"#), "{answer}");
    server.await.unwrap().unwrap();
}
