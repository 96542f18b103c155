//! An S3 server on a socket of its own.

use std::path::Path;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::{net::TcpListener, task::JoinHandle};

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves the folder's subfolders as buckets, for whoever has the key.
    pub(crate) async fn over(folder: &Path, key: (&str, &str)) -> Self {
        let files = FileSystem::new(folder).expect("the folder exists");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(key.0, key.1));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // Without this every answer waits for a delayed acknowledgement.
                let _ = socket.set_nodelay(true);
                let service = service.clone();
                tokio::spawn(async move {
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self { endpoint, task }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
