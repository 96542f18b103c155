//! The DAG of a workflow: translation, paths, what may run, what a restart re-runs.
