//! What engines offer, and what they need from the outside.
