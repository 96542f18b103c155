//! The groups that this node owns now: started, stopped and checked.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future;
use tokio::{sync::watch, task::JoinSet, time};
use workflow::{
    id::RunKey,
    life::{Address, Message, Rest},
};

use crate::{
    actor::{self, Handle},
    group::{Group, ToGroup},
    lives::Lives,
    metric,
    node::Node,
    router::Envelope,
    store::{Error, Fence, GroupId, Store},
};

/// Calls that may wait for one group to take them up.
pub(crate) const GROUP_CALLS_MAX: usize = 4096;
/// Live rows read at once when a group is taken over.
const RECOVERY_PAGE: usize = 1000;
/// How long a group that is given up may take to write what it has decided.
const STOP_MAX: Duration = Duration::from_secs(3);

/// The groups of one node.
pub(crate) struct Groups {
    node: Arc<Node>,
    running: Mutex<BTreeMap<GroupId, Running>>,
    /// The fences of all of them, for those who follow what comes and goes.
    fences: watch::Sender<Vec<Fence>>,
}

struct Running {
    fence: Fence,
    door: Handle<ToGroup>,
    tasks: JoinSet<()>,
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Groups").field("fences", &*self.fences.borrow()).finish_non_exhaustive()
    }
}

impl Groups {
    pub(crate) fn new(node: Arc<Node>) -> Arc<Self> {
        Arc::new(Self { node, running: Mutex::default(), fences: watch::Sender::default() })
    }

    /// The fences of all groups, now and as they change.
    pub(crate) fn fences(&self) -> watch::Receiver<Vec<Fence>> {
        self.fences.subscribe()
    }

    /// Starts groups that were taken, and tells every machine that was live in them to ask again for what it waits for. Machines are
    /// loaded concurrently, each by its own actor.
    pub(crate) async fn start(&self, taken: &[Fence]) -> Result<(), Error> {
        let mut has_missed = false;
        for fence in taken {
            let (node, fence) = (Arc::clone(&self.node), *fence);
            let mut tasks = JoinSet::new();
            let door = actor::spawn_with(|own| Group::new(node, fence, own), GROUP_CALLS_MAX, &mut tasks);
            has_missed |= self.node.router.open(fence.group, door.clone());
            self.running().insert(fence.group, Running { fence, door, tasks });
        }
        metric::groups_taken(taken.len());
        self.say();
        let fences = taken.to_vec();
        let node = Arc::clone(&self.node);
        let Live { awake, mut dormant } = self.node.ask(move |store| live(store, &*node.lives, &fences)).await?;
        let at_rest: usize = dormant.values().map(Vec::len).sum();
        // Machines that run elsewhere may have asked these, but not if there is no elsewhere.
        let is_all = taken.len() == self.node.router.count();
        let has_news = !is_all || !awake.is_empty() || at_rest > 0 || has_missed;
        if has_news {
            tracing::info!(machines = awake.len(), at_rest, groups = taken.len(), "going on with what was live");
        }
        // Only runs hold permits.
        let is_idle = is_all && at_rest == 0 && !awake.iter().any(|live| matches!(live, Address::Run(_)));
        // What others wait for first, if it is here.
        let is_asked = |address: &Address| {
            (*address != Address::Permits || !is_idle)
                && taken.iter().any(|fence| fence.group == self.node.router.group_of(address))
        };
        for to in Address::SHARED.into_iter().filter(|address| has_news && is_asked(address)) {
            self.node.router.tell(Envelope { to, from: None, message: Message::Recovered });
        }
        // Before their workflows ask how they are.
        for fence in taken {
            if let Some(group) = self.running().get(&fence.group) {
                let _shut_down = group.door.tell(ToGroup::Dormant(dormant.remove(&fence.group).unwrap_or_default()));
            }
        }
        for to in awake.into_iter().filter(|address| !address.is_shared()) {
            self.node.router.tell(Envelope { to, from: None, message: Message::Recovered });
        }
        if has_missed {
            self.node.ask_everybody_again();
        }
        Ok(())
    }

    /// Stops groups and makes durable what they decided. The work of their steps stays where it is.
    pub(crate) async fn stop(&self, fences: &[Fence]) -> Result<(), Error> {
        let stopping: Vec<Running> = fences.iter().filter_map(|fence| self.running().remove(&fence.group)).collect();
        for group in &stopping {
            self.node.router.close(group.fence.group);
            group.door.close();
        }
        metric::groups_given_up(stopping.len());
        self.say();
        let ended = future::join_all(stopping.into_iter().map(|group| group.tasks.join_all()));
        let settled = async {
            ended.await;
            self.node.committer.settled().await
        };
        match time::timeout(STOP_MAX, settled).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(Error::Lost { what: "the groups that were given up".to_owned() }),
            Err(_) => return Err(Error::Silent { within: STOP_MAX }),
        }
        let left: Vec<GroupId> = fences.iter().map(|fence| fence.group).collect();
        if let Some(steps) = self.node.steps.get() {
            let router = &self.node.router;
            steps.leave(|attempt| left.contains(&router.group_of(&Address::Run(attempt.run.clone()))));
        }
        Ok(())
    }

    /// Stops everything, for a shutdown. What is cut off after `within` goes on at the next start.
    pub(crate) async fn end(&self, within: Duration) {
        let running = std::mem::take(&mut *self.running());
        for group in running.values() {
            group.door.close();
        }
        let mut tasks: Vec<JoinSet<()>> = running.into_values().map(|group| group.tasks).collect();
        let joined = async {
            for tasks in &mut tasks {
                while tasks.join_next().await.is_some() {}
            }
        };
        if time::timeout(within, joined).await.is_err() {
            tracing::warn!("machines were still busy at shutdown; they go on at the next start");
            for mut tasks in tasks {
                tasks.shutdown().await;
            }
        }
    }

    /// Whether the store still knows this node as the owner of all that runs here.
    pub(crate) fn check(&self, owned: &[Fence]) -> Result<(), Error> {
        let running = self.running();
        match running.values().find(|group| !owned.contains(&group.fence)) {
            Some(Running { fence: Fence { group, generation }, .. }) => {
                metric::group_lost();
                Err(Error::Taken { group: *group, generation: *generation })
            }
            None => Ok(()),
        }
    }

    /// Lets the machines that know only in memory what others asked of them begin anew, if they are here; everybody must ask again then.
    pub(crate) fn forget_asked(&self) -> bool {
        let running = self.running();
        let home = self.node.router.group_of(&Address::Permits);
        let Some(group) = running.get(&home) else { return false };
        for address in Address::SHARED {
            let _shut_down = group.door.tell(ToGroup::Renew(address));
        }
        true
    }

    fn say(&self) {
        let fences: Vec<Fence> = self.running().values().map(|group| group.fence).collect();
        metric::groups_owned(fences.len());
        self.fences.send_replace(fences);
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<GroupId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was live in groups that were taken.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Has to be loaded.
    pub(crate) awake: Vec<Address>,
    /// Need not be.
    pub(crate) dormant: BTreeMap<GroupId, Vec<(RunKey, Rest)>>,
}

/// Looks through the live rows of groups.
pub(crate) fn live(store: &dyn Store, lives: &dyn Lives, fences: &[Fence]) -> Result<Live, Error> {
    let mut live = Live::default();
    for fence in fences {
        let mut after = None;
        loop {
            let page = store.live(fence.group, after.as_ref(), RECOVERY_PAGE)?;
            for (key, body) in &page {
                match (Address::of_row(key), lives.rest(key, body)) {
                    (Some(Address::Run(run)), Some(rest)) => {
                        live.dormant.entry(fence.group).or_default().push((run, rest));
                    }
                    (Some(address), _) => live.awake.push(address),
                    (None, _) => {}
                }
            }
            let Some((last, _)) = page.into_iter().next_back() else { break };
            after = Some(last);
        }
    }
    live.awake.dedup();
    Ok(live)
}
