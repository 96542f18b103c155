//! What the engine publishes when a status or a definition changes.
