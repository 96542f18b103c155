//! Where letters of other nodes come in, over HTTP.
//!
//! A batch must name this very process by its node id, which is random and stands only in the store that the nodes share: whoever
//! cannot read the store cannot say anything here. Nodes should still listen on a network of their own.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    routing::post,
};
use tokio::net::TcpListener;

use super::{
    letter::Letter,
    link::{Batch, Incoming},
};
use crate::{node::Node, store::NodeId};

/// Where letters are posted.
pub(super) const PATH: &str = "/node/v1/letters";

/// The largest batch that is taken: a single letter may carry a definition of its largest size several times.
const BODY_MAX: usize = 256 << 20;

/// What the door knows.
#[derive(Debug)]
pub(crate) struct Door {
    own: NodeId,
    incoming: Mutex<Incoming>,
    node: Weak<Node>,
}

impl Door {
    pub(crate) fn new(own: NodeId, node: &Arc<Node>) -> Arc<Self> {
        Arc::new(Self { own, incoming: Mutex::default(), node: Arc::downgrade(node) })
    }

    /// Takes letters from these nodes only.
    pub(crate) fn follow(&self, living: &BTreeSet<NodeId>) {
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner).follow(living);
    }

    /// Keeps letters waiting while something is read that they may change.
    pub(crate) fn hold<T>(&self, read: impl FnOnce() -> T) -> T {
        let _held = self.incoming.lock().unwrap_or_else(PoisonError::into_inner);
        read()
    }

    fn take(&self, text: &str) -> StatusCode {
        let batch = match Batch::decode(text) {
            Ok(batch) => batch,
            Err(error) => {
                tracing::warn!(%error, "something that is no batch of letters was refused");
                return StatusCode::BAD_REQUEST;
            }
        };
        if batch.cover.to != self.own {
            return StatusCode::GONE;
        }
        let Some(node) = self.node.upgrade() else { return StatusCode::GONE };
        // Held until all are handled: a copy that comes meanwhile is acknowledged only when this is true.
        let mut incoming = self.incoming.lock().unwrap_or_else(PoisonError::into_inner);
        if !incoming.knows(&batch.cover.from) {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        if incoming.is_new(&batch.cover) {
            for letter in &batch.letters {
                match serde_json::from_str::<Letter>(letter) {
                    Ok(letter) => node.receive(&batch.cover.from, letter),
                    // Of a node of another version; whoever waits for it asks again.
                    Err(error) => tracing::error!(%error, from = %batch.cover.from, "a letter could not be read"),
                }
            }
        }
        StatusCode::NO_CONTENT
    }
}

/// Takes letters until it is dropped.
pub(crate) async fn serve(door: Arc<Door>, listener: TcpListener) -> io::Result<()> {
    let take = async |State(door): State<Arc<Door>>, text: String| door.take(&text);
    let routes = Router::new().route(PATH, post(take)).layer(DefaultBodyLimit::max(BODY_MAX)).with_state(door);
    axum::serve(listener, routes).await
}
