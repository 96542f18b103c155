//! What a run came to, in terms that all engines share.
