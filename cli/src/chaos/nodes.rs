//! The nodes: processes of this very program, started again whenever they end, as a supervisor would.

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::anyhow;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::exit::{Exit, Failure};

/// The wait before a process that ended is started again.
const AGAIN: Duration = Duration::from_millis(200);
/// How long the first process of a node may take to listen.
const START_MAX: Duration = Duration::from_mins(1);
/// Orders that a node can be behind with; one that comes while no process is there meets the next.
const ORDERS: usize = 1;

/// What is done to a process.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// kill -9.
    Kill,
    /// SIGSTOP, and SIGCONT after a while.
    Pause(Duration),
}

/// A time in which a process could not do what it should.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) process: u32,
    pub(super) from: Duration,
    pub(super) to: Duration,
}

/// What has become of the processes so far.
#[derive(Debug, Default)]
pub(super) struct Lives {
    pub(super) cuts: Vec<Cut>,
    /// Ends that nobody ordered, by how the process ended.
    pub(super) ends: BTreeMap<String, usize>,
    pub(super) started: usize,
}

/// A node under supervision.
#[derive(Debug)]
pub(super) struct Node {
    orders: mpsc::Sender<Order>,
    url: watch::Receiver<Option<String>>,
    supervisor: JoinHandle<()>,
}

/// What all processes of a node have in common.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) program: PathBuf,
    pub(super) number: usize,
    /// The database as the n-th process of the node is known there.
    pub(super) store: String,
    pub(super) folder: PathBuf,
    /// What all moments are counted from.
    pub(super) start: Instant,
    pub(super) lives: Arc<Mutex<Lives>>,
}

impl Node {
    /// Starts the node, and waits until it listens.
    pub(super) async fn start(plan: Plan) -> Result<Self, Failure> {
        let narration = plan.narration();
        let (orders, ordered) = mpsc::channel(ORDERS);
        let (listens, mut url) = watch::channel(None);
        let supervisor = tokio::spawn(supervise(plan, ordered, listens));
        let is_up = timeout(START_MAX, url.wait_for(Option::is_some)).await.is_ok_and(|listens| listens.is_ok());
        if !is_up {
            let said = std::fs::read_to_string(narration).unwrap_or_default();
            let last = said.lines().next_back().unwrap_or("it said nothing");
            return Err(Failure::new(Exit::Unreachable, anyhow!("a node did not start: {last}")));
        }
        Ok(Self { orders, url, supervisor })
    }

    /// Where its process listens at this moment, if it does.
    pub(super) fn url(&self) -> Option<String> {
        self.url.borrow().clone()
    }

    /// Does something to the process; `false` if it is not there, or has enough to suffer already.
    pub(super) fn order(&self, order: Order) -> bool {
        self.url.borrow().is_some() && self.orders.try_send(order).is_ok()
    }

    /// Ends the process and its supervision.
    pub(super) async fn end(self) {
        drop(self.orders);
        // A supervisor that failed has nothing more to end: its process ends with it.
        let _ended = self.supervisor.await;
    }
}

impl Plan {
    /// Where all processes of the node narrate.
    fn narration(&self) -> PathBuf {
        narration(&self.folder, self.number)
    }

    fn spawn(&self, nth: usize) -> std::io::Result<Child> {
        let log = OpenOptions::new().create(true).append(true).open(self.narration())?;
        let mut command = Command::new(&self.program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--peer-listen", "127.0.0.1:0", "--http-allow", "127.0.0.1"]);
        command.arg("--store").arg(format!("{}-{nth}", self.store)).env("NO_COLOR", "1");
        for setting in ["SEGUE_LISTEN", "SEGUE_PEER_LISTEN", "SEGUE_PEER_URL", "SEGUE_STORE", "SEGUE_KEEP_DAYS"] {
            command.env_remove(setting);
        }
        command.process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true).spawn()
    }

    fn note(&self, change: impl FnOnce(&mut Lives)) {
        change(&mut self.lives.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Where the processes of a node narrate.
pub(super) fn narration(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("node-{number}.log"))
}

async fn supervise(plan: Plan, mut orders: mpsc::Receiver<Order>, url: watch::Sender<Option<String>>) {
    for nth in 0.. {
        let mut child = match plan.spawn(nth) {
            Ok(child) => child,
            Err(error) => {
                tracing::error!(%error, "a node could not be started");
                return;
            }
        };
        plan.note(|lives| lives.started += 1);
        let listening = child.stdout.take().map(|stdout| {
            let url = url.clone();
            tokio::spawn(async move {
                // One line is all that it says; its later ends are seen by its exit.
                let mut lines = BufReader::new(stdout).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    let address = line.split_whitespace().find(|word| word.starts_with("http://"));
                    url.send_replace(address.map(str::to_owned));
                }
            })
        });
        let end = live(&plan, &mut child, &mut orders).await;
        if let Some(listening) = listening {
            // Its output has ended with it; what it said may still be on the way.
            let _ended = listening.await;
        }
        url.send_replace(None);
        match end {
            End::Over => return,
            End::Killed => {}
            End::ByItself(status) => {
                let told = status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"));
                plan.note(|lives| *lives.ends.entry(told).or_default() += 1);
            }
        }
        sleep(AGAIN).await;
    }
}

/// How the life of a process ended.
enum End {
    /// All is over.
    Over,
    Killed,
    ByItself(ExitStatus),
}

async fn live(plan: &Plan, child: &mut Child, orders: &mut mpsc::Receiver<Order>) -> End {
    let Some(process) = child.id() else { return End::Killed };
    loop {
        let order = tokio::select! {
            status = child.wait() => return status.map_or(End::Killed, End::ByItself),
            order = orders.recv() => order,
        };
        let from = plan.start.elapsed();
        match order {
            None | Some(Order::Kill) => {
                // It may have ended at this very moment.
                let _ended = child.kill().await;
                plan.note(|lives| lives.cuts.push(Cut { process, from, to: plan.start.elapsed() }));
                return if order.is_none() { End::Over } else { End::Killed };
            }
            Some(Order::Pause(length)) => {
                signal("STOP", process).await;
                sleep(length).await;
                signal("CONT", process).await;
                plan.note(|lives| lives.cuts.push(Cut { process, from, to: plan.start.elapsed() }));
            }
        }
    }
}

/// The process was not waited for, so the number is still its own.
async fn signal(name: &str, process: u32) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).stderr(Stdio::null()).status().await;
    if let Err(error) = sent {
        tracing::error!(%error, "a signal could not be sent");
    }
}
