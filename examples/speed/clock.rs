//! What an application reads: the time, the time its process was at work, and the memory it takes.

#[cfg(not(unix))]
use std::time::Instant;
use std::time::{SystemTime, UNIX_EPOCH};

use onceward::UnixMs;

/// Returns the time as an application would read it.
pub(crate) fn now() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// What [`work_ns`] counts.
pub(crate) const WORK_CLOCK: &str = if cfg!(unix) { "process CPU" } else { "wall" };

/// Returns how long this process has been at work, on some machines since its first question.
///
/// What other processes do on the same cores must not count. Linux keeps a figure for that in
/// /proc, too, but brings it up to date only every few milliseconds.
#[cfg(unix)]
pub(crate) fn work_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
        + u64::try_from(time.tv_nsec).unwrap_or(0)
}

#[cfg(not(unix))]
pub(crate) fn work_ns() -> u64 {
    static FIRST: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let passed = FIRST.get_or_init(Instant::now).elapsed();
    u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX)
}

/// Returns how much memory the process has, where the system tells.
pub(crate) fn resident_bytes() -> Option<u64> {
    // The same figure as in /proc/self/statm, which counts it in pages of a size it does not tell.
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}
