//! Values that do not fit a slot, by number.

use alloc::vec::Vec;

use super::{NoRoom, Room};

/// A place for values of one kind; numbers of removed ones are used again.
#[derive(Debug)]
pub(crate) struct Arena<T> {
    values: Vec<Option<T>>,
    vacant: Vec<u32>,
    /// What each value is accounted with.
    bytes: u64,
}

impl<T> Arena<T> {
    pub(crate) const fn new(bytes: u64) -> Self {
        Self { values: Vec::new(), vacant: Vec::new(), bytes }
    }

    pub(crate) fn get(&self, index: u64) -> Option<&T> {
        self.values.get(usize::try_from(index).ok()?)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, index: u64) -> Option<&mut T> {
        self.values.get_mut(usize::try_from(index).ok()?)?.as_mut()
    }

    /// Returns how many values there are.
    pub(crate) fn len(&self) -> u64 {
        self.values.len().saturating_sub(self.vacant.len()) as u64
    }

    /// Returns the number above all that are in use.
    pub(crate) fn capacity(&self) -> u64 {
        self.values.len() as u64
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.values.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.values.iter_mut().flatten()
    }

    /// Puts a value in, and returns its number.
    pub(crate) fn insert(&mut self, value: T, room: &mut Room) -> Result<u64, NoRoom> {
        if self.vacant.is_empty() {
            self.values.try_reserve(1).map_err(|_| NoRoom)?;
            // So that taking it out again needs no memory.
            let count = self.values.len().saturating_add(1);
            self.vacant.try_reserve(count).map_err(|_| NoRoom)?;
            let index = u32::try_from(self.values.len()).map_err(|_| NoRoom)?;
            room.take(self.bytes)?;
            self.values.push(Some(value));
            return Ok(u64::from(index));
        }
        room.take(self.bytes)?;
        let index = self.vacant.pop().ok_or(NoRoom)?;
        if let Some(place) = self.values.get_mut(index as usize) {
            *place = Some(value);
        }
        Ok(u64::from(index))
    }

    /// Takes a value out.
    pub(crate) fn remove(&mut self, index: u64, room: &mut Room) -> Option<T> {
        let number = u32::try_from(index).ok()?;
        let value = self.values.get_mut(number as usize)?.take()?;
        self.vacant.push(number);
        room.give(self.bytes);
        Some(value)
    }
}
