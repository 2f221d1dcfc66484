//! Sources as state carries them, and as copies merge them.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::window::Window;
use super::{LARGE, Positions, Progress, Sources};
use crate::fingerprint::Print;
use crate::ordinal::Ordinal;
use crate::table::{NoRoom, Room, Slot as _, WideSlot};

/// How far a source has been processed.
#[derive(Clone, Debug)]
pub(crate) struct StoredSource {
    pub(crate) epoch: Ordinal,
    pub(crate) mark: Ordinal,
    /// With a window: a bit for each settled position, from the mark down, lowest bit first, without
    /// zero bytes at the end.
    pub(crate) settled: Option<Vec<u8>>,
}

impl Sources {
    fn stored_at(&self, slot: &WideSlot) -> Option<StoredSource> {
        let inline = Progress::inline(slot);
        let progress = match slot.tag {
            LARGE => self.larges.get(slot.words[0])?,
            _ => &inline,
        };
        let Progress { epoch, mark, window } = progress;
        let settled = window.as_ref().map(|window| window.settled(self.width()));
        Some(StoredSource { epoch: epoch.clone(), mark: mark.clone(), settled })
    }

    /// Returns how far back a window goes.
    const fn width(&self) -> u64 {
        match self.order {
            Positions::Window(width) => width as u64,
            Positions::Newer | Positions::Next { .. } => 0,
        }
    }

    /// Returns all that is remembered of a source.
    pub(crate) fn stored(&self, source: Print) -> Option<StoredSource> {
        let (slot, _) = self.table.get(source)?;
        self.stored_at(slot)
    }

    /// Hands every source out, in the order of their prints.
    pub(crate) fn visit(&self, mut each: impl FnMut(Print, StoredSource)) {
        for (slot, _) in self.table.iter() {
            if let Some(stored) = self.stored_at(slot) {
                each(slot.print(), stored);
            }
        }
    }

    /// Whether what another copy says has the shape that this mode wants.
    pub(crate) fn is_sound(&self, theirs: &StoredSource) -> bool {
        let Some(settled) = &theirs.settled else { return self.width() == 0 };
        let last = settled.last().copied().unwrap_or(0);
        let highest = (settled.len() as u64).saturating_mul(8).saturating_sub(1);
        let back_max = highest.saturating_sub(u64::from(last.leading_zeros()));
        // The mark itself is settled, and nothing is before the first position.
        let is_within = theirs.mark.to_u64().is_none_or(|mark| back_max <= mark);
        let begins = settled.first().is_some_and(|byte| byte & 1 == 1);
        self.width() > 0 && last != 0 && begins && is_within && back_max <= self.width()
    }

    /// Merges what another copy knows of a source; returns whether anything is new.
    pub(crate) fn merge(
        &mut self,
        source: Print,
        theirs: &StoredSource,
        room: &mut Room,
    ) -> Result<bool, NoRoom> {
        let Some(ours) = self.stored(source) else {
            self.take_over(source, theirs, room)?;
            return Ok(true);
        };
        match theirs.epoch.cmp(&ours.epoch) {
            Ordering::Less => return Ok(false),
            Ordering::Greater => {
                self.take_over(source, theirs, room)?;
                return Ok(true);
            }
            Ordering::Equal => {}
        }
        if self.width() == 0 {
            if theirs.mark > ours.mark {
                self.take_over(source, theirs, room)?;
            }
            return Ok(theirs.mark > ours.mark);
        }
        self.note(source)?;
        let number = self.table.get(source).map(|(slot, _)| slot.words[0]);
        let progress = number.and_then(|number| self.larges.get_mut(number)).ok_or(NoRoom)?;
        if theirs.mark > progress.mark {
            progress.settle(&theirs.mark);
        }
        let ahead = progress.mark.minus(&theirs.mark).and_then(|ahead| ahead.to_u64());
        let settled = theirs.settled.as_deref().unwrap_or_default();
        if let Some(window) = &mut progress.window {
            let width = match self.order {
                Positions::Window(width) => u64::from(width),
                Positions::Newer | Positions::Next { .. } => 0,
            };
            window.unite(settled, ahead.unwrap_or(u64::MAX), width);
        }
        let after = self.stored(source);
        Ok(after.is_some_and(|after| (after.mark, after.settled) != (ours.mark, ours.settled)))
    }

    fn take_over(
        &mut self,
        source: Print,
        theirs: &StoredSource,
        room: &mut Room,
    ) -> Result<(), NoRoom> {
        self.note(source)?;
        let window = match self.order {
            Positions::Window(width) => {
                let mut window = Window::new(width)?;
                window.unite(theirs.settled.as_deref().unwrap_or_default(), 0, u64::from(width));
                Some(window)
            }
            Positions::Newer | Positions::Next { .. } => None,
        };
        let StoredSource { epoch, mark, .. } = theirs.clone();
        self.set(source, Progress { epoch, mark, window }, room)
    }
}

impl Window {
    /// Returns a bit for each settled position, from the highest down.
    fn settled(&self, width: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for back in (0..=width).step_by(8) {
            let bit = |offset: u64| {
                let back = back.saturating_add(offset);
                u8::from(back <= width && self.is_settled(back)).wrapping_shl(offset_bits(offset))
            };
            bytes.push((0..8).map(bit).fold(0, |byte, bit| byte | bit));
        }
        let zeros = bytes.iter().rev().take_while(|&&byte| byte == 0).count();
        bytes.truncate(bytes.len().saturating_sub(zeros));
        bytes
    }

    /// Settles what another copy has settled, whose highest position is so many below this one's.
    fn unite(&mut self, settled: &[u8], ahead: u64, width: u64) {
        for (index, byte) in settled.iter().enumerate() {
            for offset in 0..8 {
                let back = (index as u64).saturating_mul(8).saturating_add(offset);
                let back = back.saturating_add(ahead);
                if byte.wrapping_shr(offset_bits(offset)) & 1 == 1 && back <= width {
                    self.settle_back(back);
                }
            }
        }
    }
}

fn offset_bits(offset: u64) -> u32 {
    u32::try_from(offset).unwrap_or(0)
}
