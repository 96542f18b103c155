//! Run strategies: which queued instance runs next.
