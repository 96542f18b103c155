//! Bookkeeping of loop iterations: which ended how, and from where to go on.
