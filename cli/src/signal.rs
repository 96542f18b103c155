//! How a process is told to end.

/// Resolves at the first SIGINT or SIGTERM.
pub(crate) async fn to_end() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be watched for; SIGINT still ends the process");
            // Without either signal the process is ended by SIGKILL, which loses nothing.
            let _ = interrupt.await;
        }
    }
}
