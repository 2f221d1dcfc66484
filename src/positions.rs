//! How far each source has been processed: its epoch, its mark, and in `window` mode what of the
//! last positions is settled.

mod stored;
mod window;

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::event::Place;
use crate::fingerprint::Print;
use crate::ordinal::Ordinal;
use crate::table::{Arena, NoRoom, Room, Table, WideSlot};
use crate::verdict::{Judged, Verdict};
pub(crate) use stored::StoredSource;
use window::Window;

/// The widest window.
pub const WINDOW_MAX: u32 = 65_536;

/// Which position of a source may follow the mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Positions {
    /// Any later one: gaps are normal.
    #[default]
    Newer,
    /// Exactly the next one.
    Next {
        /// The first position of a source, and of each of its epochs, or any.
        first: Option<Ordinal>,
    },
    /// Any order, each once, as far back as this many positions from the highest (RFC 6479).
    Window(u32),
}

/// How far a source has been processed.
#[derive(Debug)]
struct Progress {
    epoch: Ordinal,
    /// The last settled position; the highest in `window` mode.
    mark: Ordinal,
    window: Option<Window>,
}

/// A source's slot: mark and epoch themselves, or its number among those that need more.
const LARGE: u32 = 1;

/// What a progress beside its slot is accounted with, without the bits of its window.
const LARGE_BYTES: u64 = 128;

/// The memory of sources.
#[derive(Debug)]
pub(crate) struct Sources {
    table: Table<WideSlot>,
    /// Progresses with a window, or with an ordinal beyond 64 bits.
    larges: Arena<Progress>,
    order: Positions,
    /// What a failing batch goes back to, latest last.
    before: Vec<(Print, Option<Progress>)>,
    /// The sources with a window that are noted there.
    noted: Vec<Print>,
}

impl Sources {
    pub(crate) const fn new(order: Positions) -> Self {
        Self {
            table: Table::new(),
            larges: Arena::new(LARGE_BYTES),
            order,
            before: Vec::new(),
            noted: Vec::new(),
        }
    }

    pub(crate) const fn count(&self) -> usize {
        self.table.len()
    }

    pub(crate) const fn order(&self) -> &Positions {
        &self.order
    }

    /// Judges a position: semantics, section 5.
    pub(crate) fn judge(&self, place: &Place) -> Judged {
        let Some((slot, _)) = self.table.get(place.source) else { return self.judge_first(place) };
        let inline = Progress::inline(slot);
        let [number, _] = slot.words;
        let large = if slot.tag == LARGE { self.larges.get(number) } else { None };
        let progress = large.unwrap_or(&inline);
        match place.epoch.cmp(&progress.epoch) {
            Ordering::Less => Judged::stale(progress.epoch.clone()),
            Ordering::Greater => self.judge_first(place),
            Ordering::Equal => self.judge_next(&place.position, progress),
        }
    }

    fn judge_first(&self, place: &Place) -> Judged {
        match &self.order {
            Positions::Next { first: Some(first) } => Judged::first(&place.position, first),
            Positions::Newer | Positions::Next { first: None } | Positions::Window(_) => {
                Verdict::Fresh.into()
            }
        }
    }

    fn judge_next(&self, position: &Ordinal, progress: &Progress) -> Judged {
        let is_ahead = *position > progress.mark;
        match &self.order {
            Positions::Next { .. } if is_ahead => Judged::next(position, &progress.mark),
            Positions::Newer | Positions::Window(_) if is_ahead => Verdict::Fresh.into(),
            Positions::Newer | Positions::Next { .. } => Verdict::Duplicate.into(),
            Positions::Window(width) => {
                let back = progress.mark.minus(position).and_then(|back| back.to_u64());
                let is_settled =
                    |back| progress.window.as_ref().is_some_and(|window| window.is_settled(back));
                match back {
                    Some(back) if back > u64::from(*width) => Verdict::Expired,
                    Some(back) if is_settled(back) => Verdict::Duplicate,
                    Some(_) => Verdict::Fresh,
                    // Below the window it cannot be known (RFC 6479, section 2).
                    None => Verdict::Expired,
                }
                .into()
            }
        }
    }

    /// Judges a position that comes alone, and settles it when it is fresh, where its source's slot
    /// says it all; `None`, with nothing done, where it does not.
    pub(crate) fn admit(&mut self, source: Print, epoch: u64, position: u64) -> Option<Verdict> {
        let slot = self.table.get_mut(source).filter(|slot| slot.tag != LARGE)?;
        let [mark, current] = slot.words;
        let is_fresh = match self.order {
            _ if current != epoch => return None,
            Positions::Window(_) => return None,
            Positions::Next { .. } if position > mark.saturating_add(1) => return None,
            Positions::Newer | Positions::Next { .. } => position > mark,
        };
        if !is_fresh {
            return Some(Verdict::Duplicate);
        }
        let is_noted = self.before.last().is_some_and(|(last, _)| *last == source);
        if is_noted {
            slot.words = [position, epoch];
            return Some(Verdict::Fresh);
        }
        // The first of its source in a batch is noted, and then the slot is looked up again.
        self.note(source).ok()?;
        self.table.get_mut(source)?.words = [position, epoch];
        Some(Verdict::Fresh)
    }

    /// Settles a position that was judged fresh.
    pub(crate) fn accept(&mut self, place: &Place, room: &mut Room) -> Result<(), NoRoom> {
        self.note(place.source)?;
        if let Some(slot) = self.table.get_mut(place.source) {
            let [word, epoch] = slot.words;
            if slot.tag != LARGE {
                if let (Some(mark), Some(true)) =
                    (place.position.to_u64(), place.epoch.to_u64().map(|given| given == epoch))
                {
                    slot.words = [mark, epoch];
                    return Ok(());
                }
            } else if let Some(progress) = self.larges.get_mut(word)
                && progress.epoch == place.epoch
            {
                progress.settle(&place.position);
                return Ok(());
            }
        }
        let window = match self.order {
            Positions::Window(width) => Some(Window::new(width)?),
            Positions::Newer | Positions::Next { .. } => None,
        };
        let Place { source, epoch, position } = place.clone();
        self.set(source, Progress { epoch, mark: position, window }, room)
    }

    /// Returns at most how much memory it takes to settle a position.
    pub(crate) fn growth_of(&self, source: Print) -> u64 {
        let window = match self.order {
            Positions::Window(width) => Window::bytes(width),
            Positions::Newer | Positions::Next { .. } => 0,
        };
        self.table.growth_of(source).saturating_add(LARGE_BYTES).saturating_add(window)
    }

    /// Returns the memory to set aside for settling a position later, beside its slot.
    pub(crate) fn reserve_for(&self, place: &Place) -> u64 {
        let Positions::Window(width) = self.order else { return LARGE_BYTES };
        let known =
            self.table.get(place.source).and_then(|(slot, _)| self.larges.get(slot.words[0]));
        match known {
            Some(progress) if progress.epoch == place.epoch => 0,
            Some(_) | None => LARGE_BYTES.saturating_add(Window::bytes(width)),
        }
    }

    /// Forgets a source for good; returns whether it was known.
    pub(crate) fn forget(&mut self, source: Print, room: &mut Room) -> bool {
        self.drop_large(source, room);
        self.table.remove(source).is_some()
    }

    /// Returns what this batch has changed, while it is not over.
    pub(crate) fn touched(&self) -> impl Iterator<Item = Print> {
        self.before.iter().map(|(source, _)| *source)
    }

    /// Ends a batch that went well.
    pub(crate) fn commit(&mut self) {
        self.before.clear();
        self.noted.clear();
    }

    /// Ends a batch that failed: everything is as it was.
    pub(crate) fn rollback(&mut self, room: &mut Room) {
        self.noted.clear();
        while let Some((source, before)) = self.before.pop() {
            self.forget(source, room);
            if let Some(progress) = before {
                let set = self.set(source, progress, room);
                debug_assert!(set.is_ok(), "what was there before must fit again");
            }
            self.table.fit_around(source, room);
        }
    }

    /// Notes a source as it is before the batch first changes it.
    fn note(&mut self, source: Print) -> Result<(), NoRoom> {
        // A batch mostly reads from one source, and what it was comes first.
        if self.before.last().is_some_and(|(last, _)| *last == source) {
            return Ok(());
        }
        self.before.try_reserve(1).map_err(|_| NoRoom)?;
        let before = match self.table.get(source) {
            None => None,
            Some((slot, _)) if slot.tag != LARGE => Some(Progress::inline(slot)),
            Some((slot, _)) => {
                // A window is copied once, however often the batch comes back to its source.
                if let Err(at) = self.noted.binary_search(&source) {
                    self.noted.try_reserve(1).map_err(|_| NoRoom)?;
                    self.noted.insert(at, source);
                } else {
                    return Ok(());
                }
                self.larges.get(slot.words[0]).map(Progress::try_clone).transpose()?
            }
        };
        self.before.push((source, before));
        Ok(())
    }

    /// Writes all that is kept of a source, or changes nothing.
    fn set(&mut self, source: Print, progress: Progress, room: &mut Room) -> Result<(), NoRoom> {
        let inline = match (&progress.window, progress.mark.to_u64(), progress.epoch.to_u64()) {
            (None, Some(mark), Some(epoch)) => Some([mark, epoch]),
            (Some(_) | None, _, _) => None,
        };
        let is_new = self.table.get(source).is_none();
        if is_new {
            self.table.insert(WideSlot::new(source, 0, [0, 0]), 0, room)?;
        }
        let slot = match inline {
            Some(words) => Ok(WideSlot::new(source, 0, words)),
            None => self.put_large(progress, room).map(|n| WideSlot::new(source, LARGE, [n, 0])),
        };
        if slot.is_err() && is_new {
            self.table.remove(source);
        }
        let slot = slot?;
        self.drop_large(source, room);
        if let Some(place) = self.table.get_mut(source) {
            *place = slot;
        }
        Ok(())
    }

    fn put_large(&mut self, progress: Progress, room: &mut Room) -> Result<u64, NoRoom> {
        let bytes = progress.window_bytes();
        room.take(bytes)?;
        self.larges.insert(progress, room).inspect_err(|_| room.give(bytes))
    }

    fn drop_large(&mut self, source: Print, room: &mut Room) {
        if let Some((slot, _)) = self.table.get(source)
            && slot.tag == LARGE
            && let Some(progress) = self.larges.remove(slot.words[0], room)
        {
            room.give(progress.window_bytes());
        }
    }
}

impl Progress {
    fn inline(slot: &WideSlot) -> Self {
        let [mark, epoch] = slot.words;
        Self { epoch: epoch.into(), mark: mark.into(), window: None }
    }

    fn settle(&mut self, position: &Ordinal) {
        if let Some(window) = &mut self.window {
            window.settle(&self.mark, position);
        }
        if *position > self.mark {
            self.mark = position.clone();
        }
    }

    fn window_bytes(&self) -> u64 {
        self.window.as_ref().map_or(0, Window::len_bytes)
    }

    fn try_clone(&self) -> Result<Self, NoRoom> {
        let window = self.window.as_ref().map(Window::try_clone).transpose()?;
        Ok(Self { epoch: self.epoch.clone(), mark: self.mark.clone(), window })
    }
}
