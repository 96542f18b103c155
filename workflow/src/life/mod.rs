//! Life cycles as pure machines.
