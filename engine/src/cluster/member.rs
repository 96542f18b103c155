//! A node's life among others: its heartbeat, the groups that it takes and gives up, and what it tells its machines of changes.

use std::{fmt, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    time::{self, Instant, MissedTickBehavior},
};

use super::{
    Peers,
    door::Door,
    letter::Letter,
    outlook::{LOOKS, Outlook, Plan, living},
    peers::Marks,
};
use crate::{
    groups::Groups,
    metric,
    node::{Node, view},
    store::{Cluster, Error, Fence, NodeId, Store, chain},
};

/// How an engine works together with others over one store.
#[derive(Debug)]
pub struct Membership {
    /// The node; each process that opens the store is a new one.
    pub node: NodeId,
    /// Where letters of other nodes come in.
    pub listener: TcpListener,
    /// The base URL by which other nodes reach the listener.
    pub address: String,
    /// How long the node may be silent before others take its groups.
    pub lease: Duration,
}

impl Membership {
    /// A lease by which a dead node's groups are taken over within ten seconds.
    pub const LEASE: Duration = Duration::from_secs(6);
}

/// A member and what it has seen last.
pub(crate) struct Member {
    pub(crate) node: Arc<Node>,
    pub(crate) groups: Arc<Groups>,
    pub(crate) peers: Arc<Peers>,
    pub(crate) door: Arc<Door>,
    pub(crate) address: String,
    pub(crate) lease: Duration,
    outlook: Outlook,
    /// When the last heartbeat that arrived was sent.
    beaten: Instant,
    /// Groups that were stopped and are not yet free for others.
    leaving: Vec<Fence>,
    /// How far the links had come when they were stopped.
    said: Marks,
    /// Whether the breakpoints that are stored are known here.
    has_read: bool,
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").field("peers", &self.peers).field("outlook", &self.outlook).finish_non_exhaustive()
    }
}

impl Member {
    pub(crate) fn new(
        node: Arc<Node>,
        groups: Arc<Groups>,
        peers: Arc<Peers>,
        door: Arc<Door>,
        (address, lease): (String, Duration),
    ) -> Self {
        let outlook = Outlook::new(peers.own().clone());
        Self {
            node,
            groups,
            peers,
            door,
            address,
            lease,
            outlook,
            beaten: Instant::now(),
            leaving: Vec::new(),
            said: Marks::new(),
            has_read: false,
        }
    }

    /// Shows that it lives, looks around, and acts on what it sees.
    pub(crate) async fn beat(&mut self) -> Result<(), Error> {
        let sent = Instant::now();
        let (own, address, lease) = (self.peers.own().clone(), self.address.clone(), self.lease);
        // Others may take this node's groups when its lease is over; it must have stopped by then.
        let deadline = self.beaten + self.lease;
        let beating = self
            .node
            .ask(move |store| store.heartbeat(&own, &address, lease).and_then(|owned| Ok((owned, store.cluster()?))));
        let (owned, cluster) = match time::timeout_at(deadline, beating).await {
            Ok(Ok(seen)) => seen,
            Ok(Err(error)) if Instant::now() < deadline => {
                metric::heartbeat_failed();
                tracing::warn!(error = chain(&error), "a heartbeat failed and will be tried again");
                return Ok(());
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(Error::Silent { within: self.lease }),
        };
        self.beaten = sent;
        self.groups.check(&owned)?;
        self.follow(&cluster).await
    }

    async fn follow(&mut self, cluster: &Cluster) -> Result<(), Error> {
        let plan = self.outlook.look(cluster, &self.leaving);
        let living: Vec<_> = living(cluster).collect();
        metric::nodes_living(living.len());
        self.peers.follow(&living);
        self.door.follow(self.outlook.living());
        self.node.router.follow(cluster, self.peers.own());
        if !plan.release.is_empty() {
            tracing::info!(groups = plan.release.len(), "giving up groups to nodes that carry less");
            self.groups.stop(&plan.release).await?;
            self.leaving.extend(plan.release.iter().copied());
            self.said = self.peers.marks();
        }
        // What their machines said last must have arrived before others speak for them.
        if !self.leaving.is_empty() && self.peers.have_settled(&self.said) {
            let leaving = std::mem::take(&mut self.leaving);
            self.node.ask(move |store| store.release(&leaving)).await?;
        }
        if plan.take > 0 {
            let (own, limit) = (self.peers.own().clone(), plan.take);
            let taken = self.node.ask(move |store| store.take(&own, limit)).await?;
            if !taken.is_empty() {
                self.read_breakpoints().await?;
                self.groups.start(&taken).await?;
            }
        }
        self.tell(&plan);
        Ok(())
    }

    /// Before the first group is here: from then on others tell of every change.
    async fn read_breakpoints(&mut self) -> Result<(), Error> {
        if std::mem::replace(&mut self.has_read, true) {
            return Ok(());
        }
        let (door, node) = (Arc::clone(&self.door), Arc::clone(&self.node));
        let read = move |store: &dyn Store| {
            let read = door.hold(|| view(store, |rows| node.around.read(rows)).and_then(|read| read));
            read.map_err(|error| Error::Unreadable { what: error.to_string() })
        };
        self.node.ask(read).await
    }

    /// Tells machines that what was said may have been lost.
    fn tell(&self, plan: &Plan) {
        // It may have been about to say that permits are free again: only asking everybody tells who still holds one.
        if plan.has_died && self.groups.forget_asked() {
            self.peers.post_all(&Letter::AskAgain);
        }
        if plan.asks_again {
            self.node.router.ask_again();
        }
    }
}

/// Lives among others until something forbids it; the reason is the engine's failure.
pub(crate) async fn attend(mut member: Member) {
    let mut beats = time::interval(member.lease / LOOKS);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        if let Err(error) = member.beat().await {
            tracing::error!(error = chain(&error), "the node stops");
            member.node.fail(error);
            return;
        }
    }
}
