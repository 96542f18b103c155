//! Why a run was not captured.

use workflow::{id::InstanceKey, port::Refusal};

/// Why a run was not captured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine refused to tell.
    #[error("the engine did not answer when {what} was read")]
    Refused {
        /// What was asked for.
        what: String,
        /// Its answer.
        source: Refusal,
    },
    /// An answer is not what the API promises.
    #[error("{what} cannot be understood: {because}")]
    Unreadable {
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        because: String,
    },
    /// It still runs, so nothing can be said about what it came to.
    #[error("the run {} has not ended", path(.0))]
    Alive(InstanceKey),
    /// It has more runs below it than a sample may have.
    #[error("the run {} has more than {most} runs below it", path(.instance))]
    TooLarge {
        /// Which run.
        instance: InstanceKey,
        /// The bound.
        most: usize,
    },
    /// Something was done to it that cannot be done again.
    #[error("the run {} cannot be replayed: {because}", path(.instance))]
    Unrepeatable {
        /// Which run.
        instance: InstanceKey,
        /// What it is.
        because: &'static str,
    },
}

fn path(instance: &InstanceKey) -> String {
    format!("{}/{}", instance.workflow, instance.instance)
}
