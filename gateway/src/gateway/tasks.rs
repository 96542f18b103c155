//! What happens beside the calls: flags are read again, and runs end.

use std::sync::{Arc, PoisonError};

use tokio::time::MissedTickBehavior;
use workflow::{id::RunKey, port::EngineName, status::InstanceStatus};

use super::{Gateway, control::GATEWAY};
use crate::{
    audit::Change,
    flags::{LOOK_EVERY, Look},
    rollout::Event,
};

/// Runs whose end is waited for at once. Ends of further ones are not counted; a sample is enough to see a breach.
pub(super) const WATCHED_MAX: usize = 10_000;

impl Gateway {
    /// Looks at the flags now, and again and again.
    pub(super) fn watch_flags(&self) {
        let Some(first) = self.two().and_then(|two| two.flags.as_ref()).map(crate::flags::Watch::look) else { return };
        let gateway = self.clone();
        let stop = self.inner.stop.clone();
        let watch = async move {
            gateway.looked(first).await;
            let mut ticks = tokio::time::interval(LOOK_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let looking = gateway.clone();
                // Reading a file may block, on a network's file system for long.
                let look = tokio::task::spawn_blocking(move || looking.look_at_flags()).await;
                gateway.looked(look.unwrap_or(Look::Same)).await;
            }
        };
        self.inner.tasks.spawn(stop.run_until_cancelled_owned(watch));
    }

    fn look_at_flags(&self) -> Look {
        self.two().and_then(|two| two.flags.as_ref()).map_or(Look::Same, crate::flags::Watch::look)
    }

    async fn looked(&self, look: Look) {
        let Some(two) = self.two() else { return };
        let change = match look {
            Look::Same => return,
            Look::Taken(version) => Change::Flags { version },
            Look::Refused(error) => {
                tracing::error!(%error, "the flags were not taken; those before stay in force");
                Change::FlagsRefused { why: error.to_string() }
            }
        };
        two.note(GATEWAY, change).await;
    }

    /// Counts a run once it has ended.
    pub(super) fn watch_end(&self, engine: &EngineName, run: Option<RunKey>) {
        let (Some(two), Some(run)) = (self.two(), run) else { return };
        let Ok(permit) = Arc::clone(&two.watched).try_acquire_owned() else { return };
        let (gateway, owner, engine) = (self.clone(), Arc::clone(two.fleet.named(engine)), engine.clone());
        let stop = self.inner.stop.clone();
        let watch = async move {
            let ended = owner.ended(run).await;
            drop(permit);
            if let Ok(status) = ended {
                gateway.ended(&engine, matches!(status, InstanceStatus::Failed | InstanceStatus::TimedOut));
            }
        };
        self.inner.tasks.spawn(stop.run_until_cancelled_owned(watch));
    }

    /// Counts how a run of an engine came out, and goes back if that is too much.
    pub(super) fn ended(&self, engine: &EngineName, is_failed: bool) {
        let Some(two) = self.two() else { return };
        {
            let mut live = two.live.lock().unwrap_or_else(PoisonError::into_inner);
            if *engine == two.policy.candidate { live.candidate_ended(is_failed) } else { live.legacy_ended(is_failed) }
        }
        self.go_back_on_breach();
    }

    /// Counts a live run that was repeated and compared, and goes back if too many differ.
    pub fn compared(&self, differs: bool) {
        let Some(two) = self.two() else { return };
        two.live.lock().unwrap_or_else(PoisonError::into_inner).compared(differs);
        self.go_back_on_breach();
    }

    fn go_back_on_breach(&self) {
        let Some(two) = self.two() else { return };
        let breach = two.live.lock().unwrap_or_else(PoisonError::into_inner).breach();
        let Some(breach) = breach else { return };
        if !two.rollout().state.routes_by().is_some_and(crate::rollout::Stage::is_live) {
            return;
        }
        tracing::error!(%breach, "new runs go back to the legacy engine");
        // In force before it is written down: going back must not wait for a disk.
        let Ok(step) = two.brake(Event::RollBack) else { return };
        let gateway = self.clone();
        self.inner.tasks.spawn(async move {
            if let Some(two) = gateway.two() {
                two.note(GATEWAY, step.into_change(None, breach.to_string())).await;
            }
        });
    }
}
