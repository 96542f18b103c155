//! Retry policies and the wait before the next attempt.
