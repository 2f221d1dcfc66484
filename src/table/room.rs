//! The budget of memory that tables and whatever lies beside them share.

/// What is held back at least: one of the smallest segments.
const HELD_BACK: u64 = 256;

/// The memory that may be used, and what of it is in use.
#[derive(Debug)]
pub(crate) struct Room {
    used: u64,
    max: u64,
}

/// There is no room, in the budget or in the machine.
#[derive(Debug)]
pub(crate) struct NoRoom;

impl Room {
    /// A little is held back for what a failing batch puts back: it may lie less densely.
    pub(crate) const fn new(max: u64) -> Self {
        Self { used: 0, max: max.saturating_sub(max / 64).saturating_sub(HELD_BACK) }
    }

    pub(crate) const fn used(&self) -> u64 {
        self.used
    }

    pub(crate) const fn free(&self) -> u64 {
        self.max.saturating_sub(self.used)
    }

    /// Whether more is in use than may be.
    pub(crate) const fn is_over(&self) -> bool {
        self.used > self.max
    }

    pub(crate) fn take(&mut self, bytes: u64) -> Result<(), NoRoom> {
        if bytes > self.free() {
            return Err(NoRoom);
        }
        self.used = self.used.saturating_add(bytes);
        Ok(())
    }

    pub(crate) fn give(&mut self, bytes: u64) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Accounts for a change of size.
    pub(super) fn exchange(&mut self, old: u64, new: u64) -> Result<(), NoRoom> {
        self.take(new.saturating_sub(old))?;
        self.give(old.saturating_sub(new));
        Ok(())
    }

    /// Sets memory aside for good.
    pub(crate) fn hold_back(&mut self, bytes: u64) {
        self.max = self.max.saturating_sub(bytes);
    }

    /// Lifts the limit for as long as something is put back that was there before.
    pub(crate) fn lift(&mut self) -> u64 {
        core::mem::replace(&mut self.max, u64::MAX)
    }

    /// Sets the limit again.
    pub(crate) fn limit(&mut self, max: u64) {
        self.max = max;
    }
}
