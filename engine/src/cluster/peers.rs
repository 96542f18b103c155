//! The other nodes, and one task for each that carries letters to it.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    door::PATH,
    letter::Letter,
    link::{Mark, Outgoing},
};
use crate::store::{Member, NodeId, chain};

/// How long a node may take to acknowledge a batch before it is sent again.
const ACKNOWLEDGE_MAX: Duration = Duration::from_secs(5);
/// The wait before a batch that was not acknowledged is sent again.
const AGAIN: Duration = Duration::from_millis(100);

/// Bits of a ticket that count the callers of one node; those above name the node.
const TICKET_BITS: u32 = 40;

/// What a node's tickets begin with, so that whoever answers one knows whose it is.
pub(crate) fn tag(node: &NodeId) -> u64 {
    // FNV-1a, folded into the bits that a ticket has for it.
    let hash = node
        .0
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash >> TICKET_BITS).max(1) << TICKET_BITS
}

/// The tag in a ticket.
pub(crate) fn tag_of(ticket: u64) -> u64 {
    ticket >> TICKET_BITS << TICKET_BITS
}

/// A moment of every link.
pub(crate) type Marks = HashMap<NodeId, Mark>;

/// What is called when letters were lost: machines must ask again.
pub(crate) type Lost = Box<dyn Fn() + Send + Sync>;

/// The links to all other living nodes.
pub(crate) struct Peers {
    own: NodeId,
    client: reqwest::Client,
    links: RwLock<HashMap<NodeId, Link>>,
    opened: AtomicU64,
    couriers: Mutex<JoinSet<()>>,
    lost: Lost,
}

#[derive(Clone)]
struct Link {
    outgoing: Arc<Mutex<Outgoing>>,
    bell: Arc<Notify>,
    end: CancellationToken,
}

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peers").field("own", &self.own).finish_non_exhaustive()
    }
}

impl Peers {
    pub(crate) fn new(own: NodeId, lost: Lost) -> Result<Self, reqwest::Error> {
        // Whoever comes first decides; all of ours choose the same one.
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(ACKNOWLEDGE_MAX).no_proxy().build()?;
        Ok(Self {
            own,
            client,
            links: RwLock::default(),
            opened: AtomicU64::default(),
            couriers: Mutex::default(),
            lost,
        })
    }

    pub(crate) fn own(&self) -> &NodeId {
        &self.own
    }

    /// Posts a letter; it is lost if the node dies or is not known.
    pub(crate) fn post(&self, to: &NodeId, letter: &Letter) {
        let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = links.get(to) {
            link.push(letter);
        }
    }

    /// Posts a letter to the node whose tickets begin with `tag`.
    pub(crate) fn post_by_tag(&self, wanted: u64, letter: &Letter) {
        let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, link)) = links.iter().find(|(node, _)| tag(node) == wanted) {
            link.push(letter);
        }
    }

    /// Posts a letter to everybody.
    pub(crate) fn post_all(&self, letter: &Letter) {
        for link in self.links.read().unwrap_or_else(PoisonError::into_inner).values() {
            link.push(letter);
        }
    }

    /// Letters that are not acknowledged, and the bytes of those that were not sent yet, of all links.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
        let each = links.values().map(|link| link.outgoing().waiting());
        each.fold((0, 0), |(letters, bytes), (more, more_bytes)| (letters + more, bytes + more_bytes))
    }

    /// The present moment of every link.
    pub(crate) fn marks(&self) -> Marks {
        let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
        links.iter().map(|(node, link)| (node.clone(), link.outgoing().mark())).collect()
    }

    /// Whether everything that was posted up to a moment has arrived where it still can.
    pub(crate) fn have_settled(&self, marks: &Marks) -> bool {
        let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
        marks.iter().all(|(node, mark)| links.get(node).is_none_or(|link| link.outgoing().has_settled(*mark)))
    }

    /// Opens links to nodes that came, and ends those to nodes that are gone.
    pub(crate) fn follow(self: &Arc<Self>, living: &[&Member]) {
        let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
        links.retain(|node, link| {
            let is_there = living.iter().any(|member| member.node == *node);
            if !is_there {
                link.end.cancel();
            }
            is_there
        });
        let mut couriers = self.couriers.lock().unwrap_or_else(PoisonError::into_inner);
        while couriers.try_join_next().is_some() {}
        for member in living.iter().filter(|member| member.node != self.own) {
            links.entry(member.node.clone()).or_insert_with(|| {
                let opening = self.opened.fetch_add(1, Ordering::Relaxed) + 1;
                let outgoing = Outgoing::new(self.own.clone(), member.node.clone(), opening);
                let (bell, end) = (Arc::new(Notify::new()), CancellationToken::new());
                let link = Link { outgoing: Arc::new(Mutex::new(outgoing)), bell, end };
                let url = format!("{}{PATH}", member.address.trim_end_matches('/'));
                let (peers, carried) = (Arc::downgrade(self), link.clone());
                let client = self.client.clone();
                couriers.spawn(async move {
                    let end = carried.end.clone();
                    end.run_until_cancelled(carry(peers, carried, client, url)).await;
                });
                link
            });
        }
    }
}

impl Link {
    fn push(&self, letter: &Letter) {
        let text = match serde_json::to_string(letter) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(%error, ?letter, "a letter could not be written");
                return;
            }
        };
        let ask_again =
            || Arc::from(serde_json::to_string(&Letter::AskAgain).expect("a unit variant is a JSON string"));
        self.outgoing().push(text.into(), ask_again);
        self.bell.notify_one();
    }

    fn outgoing(&self) -> MutexGuard<'_, Outgoing> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries letters for as long as the other node lives.
async fn carry(peers: Weak<Peers>, link: Link, client: reqwest::Client, url: String) {
    loop {
        let batch = link.outgoing().batch();
        let Some(batch) = batch else {
            link.bell.notified().await;
            continue;
        };
        let body = match batch.encode() {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, "a batch of letters could not be written");
                return;
            }
        };
        let sent = client.post(&url).body(body).send().await.and_then(reqwest::Response::error_for_status);
        match sent {
            Ok(_) => {
                if link.outgoing().acknowledged(&batch.cover)
                    && let Some(peers) = peers.upgrade()
                {
                    (peers.lost)();
                }
            }
            // It restarts, or is gone for good: then the store will say so, and this link ends.
            Err(error) => {
                tracing::debug!(error = chain(&error), to = %batch.cover.to, "letters will be sent again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}
