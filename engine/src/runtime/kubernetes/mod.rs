//! Steps that run as pods in a Kubernetes cluster: one pod an attempt, named so that it is never launched twice.

mod cluster;
mod job;
mod notebook;

pub use cluster::{Cluster, Error};
pub use job::Kubernetes;
pub use notebook::Notebook;
