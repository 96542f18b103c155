//! What runs steps in a cluster, as this build and this machine have it.

use std::sync::Arc;

use engine::{runtime::Unavailable, steps::Runtimes};
use workflow::{definition::StepType, port::StepRuntime};

/// The types of steps that run as jobs in a cluster.
const TYPES: [StepType; 2] = [StepType::Kubernetes, StepType::Notebook];

/// Runtimes of the cluster that is configured; without one, steps fail and say what to do.
#[cfg(feature = "kubernetes")]
pub(crate) async fn runtimes() -> Runtimes {
    use engine::runtime::kubernetes::{Cluster, Kubernetes, Notebook};
    match Cluster::configured().await {
        Ok(cluster) => Runtimes::from([
            (StepType::Kubernetes, Arc::new(Kubernetes::new(cluster.clone())) as Arc<dyn StepRuntime>),
            (StepType::Notebook, Arc::new(Notebook::new(cluster))),
        ]),
        Err(error) => {
            let source = std::error::Error::source(&error).map(|cause| format!(" ({cause})")).unwrap_or_default();
            unavailable(&format!("{error}{source}; then start segue again"))
        }
    }
}

/// This build has no client for clusters.
#[cfg(not(feature = "kubernetes"))]
#[expect(clippy::unused_async, reason = "the same shape in every build")]
pub(crate) async fn runtimes() -> Runtimes {
    unavailable(
        "this build of segue has no Kubernetes client; build it with `cargo build --release --features kubernetes`",
    )
}

fn unavailable(because: &str) -> Runtimes {
    let runtime = || Arc::new(Unavailable { because: because.to_owned() }) as Arc<dyn StepRuntime>;
    TYPES.map(|step_type| (step_type, runtime())).into()
}
