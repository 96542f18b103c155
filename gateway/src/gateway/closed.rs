//! The rollout of a gateway that does not run, as its folder keeps it; and the lock that tells whether one does.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use workflow::time::Timestamp;

use super::{AUDIT, ControlError, Error, control};
use crate::{
    audit::{Change, Log},
    rollout::{Event, Policy, Rollout},
};

/// Whoever writes to a gateway's folder holds a lock on this file.
const LOCK: &str = "lock";

/// The right to write to a folder; the system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Alone(File);

impl Alone {
    /// Takes the right, unless somebody has it.
    pub(super) fn take(folder: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Folder { path: folder.to_owned(), source };
        let file =
            OpenOptions::new().write(true).create(true).truncate(false).open(folder.join(LOCK)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Error::InUse { path: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Gives it back, while others may still hold on to what wrote there.
    pub(super) fn give_back(&self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the lock of a gateway's folder is kept until the process ends");
        }
    }
}

/// The rollout of a gateway that does not run. While this lives, none can be opened on its folder.
#[derive(Debug)]
pub struct Closed {
    audit: Log,
    rollout: Option<Rollout>,
    _alone: Alone,
}

impl Closed {
    /// Opens the folder of a gateway; must be called inside of a runtime.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let audit = folder.join(AUDIT);
        if !audit.is_file() {
            return Err(Error::NoGateway { path: folder.to_owned() });
        }
        let alone = Alone::take(folder)?;
        let (audit, entries) = Log::open(&audit)?;
        Ok(Self { audit, rollout: control::replayed(&entries), _alone: alone })
    }

    /// Moves the rollout; what comes back is on disk, and in force when the gateway is opened.
    pub async fn change(
        &mut self,
        who: &str,
        event: Event,
        now: Timestamp,
        policy: &Policy,
        why: &str,
    ) -> Result<Rollout, ControlError> {
        let from = self.rollout.clone().unwrap_or_else(|| Rollout::new(now));
        let step = from.on(event, now, policy)?;
        let (from, to) = (from.state, step.rollout.state.clone());
        let change = Change::Rollout { from, to, evidence: step.evidence, why: why.to_owned() };
        self.audit.note(now, who, change).await?;
        self.rollout = Some(step.rollout.clone());
        Ok(step.rollout)
    }
}
