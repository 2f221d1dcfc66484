//! Which of the last positions are settled: a ring of bits behind the highest one (RFC 6479).

use alloc::vec::Vec;

use crate::ordinal::Ordinal;
use crate::table::NoRoom;

/// A ring of bits; `head` stands for the highest settled position.
#[derive(Debug)]
pub(super) struct Window {
    bits: Vec<u64>,
    head: u64,
}

impl Window {
    /// Returns a window in which only the highest position is settled.
    pub(super) fn new(width: u32) -> Result<Self, NoRoom> {
        let words = usize::try_from(Self::bytes(width) / 8).map_err(|_| NoRoom)?;
        let mut bits = Vec::new();
        bits.try_reserve_exact(words).map_err(|_| NoRoom)?;
        bits.resize(words, 0);
        let mut window = Self { bits, head: 0 };
        window.mark(0, true);
        Ok(window)
    }

    /// Returns how much memory a window of that width takes: the highest and `width` below it.
    pub(super) fn bytes(width: u32) -> u64 {
        u64::from(width).saturating_add(1).div_ceil(64).saturating_mul(8)
    }

    pub(super) fn len_bytes(&self) -> u64 {
        (self.bits.len() as u64).saturating_mul(8)
    }

    pub(super) fn try_clone(&self) -> Result<Self, NoRoom> {
        let mut bits = Vec::new();
        bits.try_reserve_exact(self.bits.len()).map_err(|_| NoRoom)?;
        bits.extend_from_slice(&self.bits);
        Ok(Self { bits, head: self.head })
    }

    /// Whether the position so many below the highest is settled.
    pub(super) fn is_settled(&self, back: u64) -> bool {
        let (word, bit) = split(self.behind(back));
        self.bits.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Settles a position within the window or above it; `highest` is the highest until now.
    pub(super) fn settle(&mut self, highest: &Ordinal, position: &Ordinal) {
        if let Some(back) = highest.minus(position) {
            let at = self.behind(back.to_u64().unwrap_or(0));
            self.mark(at, true);
            return;
        }
        let ahead = position.minus(highest).and_then(|ahead| ahead.to_u64()).unwrap_or(u64::MAX);
        let size = self.size();
        if ahead >= size {
            self.bits.fill(0);
        } else {
            for _ in 0..ahead {
                self.head = self.head.wrapping_add(1);
                self.head = if self.head == size { 0 } else { self.head };
                self.mark(self.head, false);
            }
        }
        self.mark(self.head, true);
    }

    /// Settles the position so many below the highest.
    pub(super) fn settle_back(&mut self, back: u64) {
        let at = self.behind(back);
        self.mark(at, true);
    }

    fn size(&self) -> u64 {
        (self.bits.len() as u64).saturating_mul(64)
    }

    /// Returns the place of the position so many below the highest.
    fn behind(&self, back: u64) -> u64 {
        match self.head.checked_sub(back) {
            Some(at) => at,
            None => self.head.wrapping_add(self.size()).saturating_sub(back),
        }
    }

    fn mark(&mut self, at: u64, is_settled: bool) {
        let (word, bit) = split(at);
        if let Some(word) = self.bits.get_mut(word) {
            *word = if is_settled { *word | bit } else { *word & !bit };
        }
    }
}

fn split(at: u64) -> (usize, u64) {
    (usize::try_from(at / 64).unwrap_or(usize::MAX), 1 << (at % 64))
}
