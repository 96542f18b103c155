//! Timeline events of instances, steps and workflows.
