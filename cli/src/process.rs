//! What this process takes of the machine.

use std::fs;

use metrics::{Unit, describe_gauge, gauge};

const MEMORY: &str = "process_resident_memory_bytes";

/// Tells the exporter what the metrics mean; once a process.
pub(crate) fn describe() {
    describe_gauge!(MEMORY, Unit::Bytes, "Bytes of memory that the process holds, where the system says so");
}

/// Brings them up to date.
pub(crate) fn measure() {
    if let Some(bytes) = memory() {
        #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
        gauge!(MEMORY).set(bytes as f64);
    }
}

/// Bytes of memory that the process holds; `None` where the system does not say.
pub(crate) fn memory() -> Option<u64> {
    status("VmRSS:")
}

/// The most that it ever held.
pub(crate) fn memory_peak() -> Option<u64> {
    status("VmHWM:")
}

/// A figure in KiB of Linux's `/proc/self/status`, in bytes.
fn status(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let figure = text.lines().find_map(|line| line.strip_prefix(name))?;
    figure.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
