//! Signals: params, operators, matching, triggers.
