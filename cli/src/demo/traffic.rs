//! Traffic: both engines behind one gateway, shares by a flag, a breach and the way back.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, anyhow};
use gateway::{
    Fleet, Gateway, Options,
    audit::{self, Change, Entry},
    rollout::{Bounds, Bundle, Policy, Stage, State, Stratum},
};
use replay::{campaign::Report, corpus::Location};
use serde_json::{Value as Json, json};
use tokio::{net::TcpListener, sync::oneshot};
use workflow::{
    id::{InstanceId, InstanceKey},
    life::started_instance,
    port::{Caller, Engine, EngineName, Request},
    time::Millis,
    user::User,
};

use super::Plan;
use crate::{
    campaign::{play, samples},
    clock::{self, SystemClock},
    engines::{self, Place, Running, Terms},
    exit::{Exit, Failure},
    output::Output,
};

/// Where the new engine counts from, so that a number tells whose instance it is.
const FIRST_OF_CANDIDATE: InstanceId = InstanceId(1_000_000_000);

/// Workflows whose runs are routed; shares are dealt by workflow.
const WORKFLOWS: usize = 60;

/// Runs that fail on the new engine before traffic goes back.
const FAILING: usize = 8;

/// How long something may take that takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks at something that another task changes.
const LOOK: Duration = Duration::from_millis(5);

/// What the demo's few hundred samples can carry; production asks for less.
const RATE_MAX: f64 = 0.02;

/// Shifts traffic and lets it go back.
pub(super) async fn shift(plan: &Plan, report: &Report, output: &mut Output) -> Result<(), Failure> {
    if report.totals.differ > 0 {
        output.line("  the engines differ: no traffic is shifted");
        return Ok(());
    }
    let folder = plan.folder.join("gateway");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::new(Exit::Storage, error))?;
    }
    fs::create_dir_all(&folder).map_err(|error| Failure::new(Exit::Storage, error))?;
    // The slip that the breach is about: nobody allowed the new engine to call out.
    let legacy = engines::legacy(None, &["127.0.0.1".to_owned()], 0.02).await?;
    let candidate =
        engines::actor(Place::Folder(&folder), &[], Terms { first: FIRST_OF_CANDIDATE, ..Terms::default() }).await?;
    let stage = Scene::open(plan, &folder, &legacy, &candidate).await?;
    let told = stage.play(output).await;
    stage.close().await;
    candidate.shutdown().await;
    legacy.shutdown().await;
    told
}

/// The gateway with everything around it.
struct Scene<'a> {
    plan: &'a Plan,
    gateway: Gateway,
    flags: PathBuf,
    audit: PathBuf,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<()>,
}

impl<'a> Scene<'a> {
    async fn open(plan: &'a Plan, folder: &Path, legacy: &Running, candidate: &Running) -> Result<Self, Failure> {
        let defect = |error: anyhow::Error| Failure::new(Exit::Defect, error);
        let (legacy, candidate) = (legacy.engine(), candidate.engine());
        let policy = Policy {
            baseline: legacy.name(),
            candidate: candidate.name(),
            age_max: Millis::from_secs(3_600),
            rate_max: RATE_MAX,
        };
        let flags = folder.join("flags.json");
        write_flags(&flags, 0)?;
        let options = Options {
            fleet: Fleet::new(legacy, candidate).map_err(|error| defect(error.into()))?,
            folder: folder.to_owned(),
            flags: Some(flags.clone()),
            policy,
            bounds: Bounds::CAREFUL,
            clock: Arc::new(SystemClock),
        };
        let gateway = Gateway::open(options).map_err(|error| Failure::new(Exit::Storage, error))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|error| Failure::new(Exit::Unreachable, error))?;
        let address = listener.local_addr().map_err(|error| Failure::new(Exit::Unreachable, error))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let served = gateway.clone();
        let serving = tokio::spawn(async move {
            let until = async move { drop(stopped.await) };
            if let Err(error) = served.serve(listener, None, until).await {
                tracing::error!(%error, "the gateway stopped serving");
            }
        });
        Ok(Self { plan, gateway, flags, audit: folder.join("audit.jsonl"), address, stop, serving })
    }

    async fn play(&self, output: &mut Output) -> Result<(), Failure> {
        output.line(format_args!(
            "  the gateway listens on http://{}, flags in {}",
            self.address,
            self.flags.display()
        ));
        for number in 0..WORKFLOWS {
            self.push(&definition(&format!("orders-{number:02}"), "NoOp", &json!({}))).await?;
        }
        self.advance(output).await?;
        for percent in [0_u16, 25, 100] {
            write_flags(&self.flags, percent)?;
            self.flags_in_force().await?;
            let [old, new] = self.start_all().await?;
            output.line(format_args!(
                "  flag at {percent:>3} %: {old:>2} new runs on the legacy engine, {new:>2} on the actor engine"
            ));
        }
        self.stays(output).await?;
        self.breaks_flags(output).await?;
        self.breach(output).await?;
        output.line("\n  What happened, as the audit log keeps it (hash-chained, verified as it was read):");
        let entries = self.entries()?;
        output.line(
            audit::list(&entries).trim_end().lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"),
        );
        Ok(())
    }

    /// Every stage rests on evidence made after it began.
    async fn advance(&self, output: &mut Output) -> Result<(), Failure> {
        for to in [Stage::Replay, Stage::Shadow, Stage::OptIn] {
            let evidence = if to == Stage::Replay { None } else { Some(self.evidence(output).await?) };
            let moved = self.gateway.advance("demo", to, evidence, "the replays agree").await;
            moved.map_err(|error| Failure::new(Exit::Findings, error))?;
        }
        output.line("  rollout: OFF → REPLAY → SHADOW → OPT-IN, each step on a fresh replay of the corpus");
        Ok(())
    }

    async fn evidence(&self, output: &Output) -> Result<Bundle, Failure> {
        let samples = samples(&Location::folder(self.plan.folder.join("corpus")), &[], None, self.plan.seed).await?;
        let plan = super::campaign_plan(self.plan, None, String::new());
        let (report, _) = tokio::task::block_in_place(|| play(&samples, &plan, output));
        let tally = report.totals;
        let bound = replay::verdict::upper_bound(tally.differ, tally.conclusive(), report.gate.confidence);
        // Production asks of every kind of workflow; the demo's corpus is too small for more than one.
        let stratum = Stratum { name: "all kinds".to_owned(), n: tally.conclusive(), differ: tally.differ, bound };
        let name = |text: &str| EngineName(text.into());
        Ok(Bundle::sealed(name(&report.baseline), name(&report.candidate), clock::now(), vec![stratum]))
    }

    /// Starts every workflow once; how many runs each engine got.
    async fn start_all(&self) -> Result<[usize; 2], Failure> {
        let mut counts = [0; 2];
        for number in 0..WORKFLOWS {
            let instance = self.start(&format!("orders-{number:02}")).await?;
            counts[usize::from(instance.instance >= FIRST_OF_CANDIDATE)] += 1;
        }
        Ok(counts)
    }

    /// What began on one engine is still answered by it.
    async fn stays(&self, output: &mut Output) -> Result<(), Failure> {
        let first = InstanceKey { workflow: "orders-00".into(), instance: InstanceId::FIRST };
        let run = workflow::id::RunKey {
            workflow: first.workflow.clone(),
            instance: first.instance,
            run: workflow::id::RunId::FIRST,
        };
        let ended = self.gateway.ended(run).await.map_err(refused)?;
        output.line(format_args!("  orders-00's first run began on the legacy engine, stayed there and {ended}"));
        Ok(())
    }

    /// A broken file changes nothing.
    async fn breaks_flags(&self, output: &mut Output) -> Result<(), Failure> {
        let good = fs::read_to_string(&self.flags).map_err(|error| Failure::new(Exit::Storage, error))?;
        replace(&self.flags, &good.replace("\"variants\"", "\"variant"))?;
        let why = self
            .wait_for("the broken flags were noticed", |entries| {
                entries.iter().rev().find_map(|entry| match &entry.change {
                    Change::FlagsRefused { why } => Some(why.clone()),
                    _ => None,
                })
            })
            .await?;
        let [_, new] = self.start_all().await?;
        output.line(format_args!(
            "  a broken flag file is refused ({why}); the last good one holds: {new} of {WORKFLOWS} on the actor engine"
        ));
        replace(&self.flags, &good)?;
        Ok(())
    }

    /// Runs that call out fail on the new engine, and new starts go back by themselves.
    async fn breach(&self, output: &mut Output) -> Result<(), Failure> {
        let url = format!("http://{}/healthz", self.address);
        let http = json!({ "http": { "type": "MAP", "value": { "url": { "type": "STRING", "value": url } } } });
        self.push(&definition("calls-out", "Http", &http)).await?;
        for _ in 0..FAILING {
            self.start("calls-out").await?;
        }
        let gave_up =
            wait(|| self.gateway.rollout().is_some_and(|rollout| matches!(rollout.state, State::RolledBack { .. })));
        gave_up
            .await
            .context("the gateway did not go back by itself")
            .map_err(|error| Failure::new(Exit::Findings, error))?;
        let [old, new] = self.start_all().await?;
        output.line(format_args!(
            "  {FAILING} runs that call out fail on the actor engine (its allow-list is empty): a breach, and by itself back to {old} \
             on legacy, {new} on actor"
        ));
        Ok(())
    }

    async fn push(&self, body: &Json) -> Result<(), Failure> {
        self.gateway.call(caller(), Request::Push { body: body.clone() }).await.map_err(refused).map(drop)
    }

    async fn start(&self, workflow: &str) -> Result<InstanceKey, Failure> {
        let body = json!({ "initiator": { "type": "manual" } });
        let request = Request::Start { workflow: workflow.into(), version: "active".to_owned(), body };
        let answer = self.gateway.call(caller(), request).await.map_err(refused)?;
        started_instance(&answer)
            .ok_or_else(|| Failure::new(Exit::Defect, anyhow!("the start of {workflow} made no instance")))
    }

    /// Waits until the flags that were written last are in force.
    async fn flags_in_force(&self) -> Result<(), Failure> {
        let text = fs::read_to_string(&self.flags).map_err(|error| Failure::new(Exit::Storage, error))?;
        let version = gateway::flags::Flags::parse(&text).map_err(|error| Failure::new(Exit::Defect, error))?.version;
        self.wait_for("the flags were taken", |entries| {
            entries
                .iter()
                .any(|entry| matches!(&entry.change, Change::Flags { version: taken } if *taken == version))
                .then_some(())
        })
        .await
    }

    async fn wait_for<T>(&self, what: &str, seen: impl Fn(&[Entry]) -> Option<T>) -> Result<T, Failure> {
        let mut found = None;
        wait(|| {
            found = self.entries().ok().and_then(|entries| seen(&entries));
            found.is_some()
        })
        .await
        .with_context(|| format!("waiting until {what} failed"))
        .map_err(|error| Failure::new(Exit::Defect, error))?;
        found.ok_or_else(|| Failure::new(Exit::Defect, anyhow!("nothing was found")))
    }

    fn entries(&self) -> Result<Vec<Entry>, Failure> {
        audit::read(&self.audit).map_err(|error| Failure::new(Exit::Storage, error))
    }

    async fn close(self) {
        // The receiver is gone only if serving has ended by itself, which it has said.
        let _ = self.stop.send(());
        let _ = self.serving.await;
        self.gateway.close().await;
    }
}

/// Looks until it is so, for [`PATIENCE`] at most.
async fn wait(mut is_so: impl FnMut() -> bool) -> anyhow::Result<()> {
    let looking = async {
        while !is_so() {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.map_err(|_| anyhow!("it took more than {} s", PATIENCE.as_secs()))
}

/// Flags in flagd's format: this share of the workflows goes to the new engine.
fn write_flags(path: &Path, percent: u16) -> Result<(), Failure> {
    let share = percent * 100;
    let flags = json!({
        "flags": { "engine": {
            "state": "ENABLED",
            "variants": { "old": "legacy", "new": "actor" },
            "defaultVariant": "old",
            // Which bucket function deals the shares; it never changes under a name.
            "metadata": { "bucket": gateway::flags::ALGORITHM },
            "targeting": { "fractional": [["new", share], ["old", 10_000 - share]] },
        } },
    });
    replace(path, &serde_json::to_string_pretty(&flags).unwrap_or_default())
}

/// Puts a whole new file in the place of the old one.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let partial = path.with_extension("partial");
    let written = fs::write(&partial, text).and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| Failure::new(Exit::Storage, anyhow!("{} could not be written: {error}", path.display())))
}

fn definition(id: &str, kind: &str, params: &Json) -> Json {
    json!({
        "properties": { "owner": "demo", "run_strategy": { "rule": "PARALLEL", "workflow_concurrency": 100 } },
        "workflow": { "id": id, "steps": [{ "step": { "id": "only", "type": kind, "params": params } }] },
    })
}

fn caller() -> Caller {
    Caller { user: Some(User::named("demo")) }
}

fn refused(refusal: workflow::port::Refusal) -> Failure {
    Failure::new(Exit::Defect, refusal)
}
