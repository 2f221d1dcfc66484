//! How far each source has been processed: its epoch, its mark, and in `window` mode what of the
//! last positions is settled.

mod window;

use alloc::vec::Vec;

use crate::event::Place;
use crate::fingerprint::Print;
use crate::ordinal::Ordinal;
use crate::table::{NoRoom, Room, Slot, Table};
use crate::verdict::{Judged, Verdict};
use window::Window;

/// The widest window.
pub const WINDOW_MAX: u32 = 65_536;

/// Which position of a source may follow the mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Debug)]
struct Progress {
    epoch: Ordinal,
    /// The last settled position; the highest in `window` mode.
    mark: Ordinal,
    window: Option<Window>,
}

/// A source in 48 bytes; a window, or an ordinal that does not fit, lies in an [`ExtraSlot`].
#[derive(Debug)]
struct SourceSlot {
    high: u64,
    low: u32,
    has_extra: bool,
    /// The batch that has noted what the source was before.
    noted_in: u64,
    epoch: u64,
    mark: [u64; 2],
}

impl Default for SourceSlot {
    fn default() -> Self {
        let Print { high, low } = Print::VACANT;
        Self { high, low, has_extra: false, noted_in: 0, epoch: 0, mark: [0, 0] }
    }
}

impl Slot for SourceSlot {
    const BYTES: u64 = 48;

    fn print(&self) -> Print {
        Print { high: self.high, low: self.low }
    }
}

/// What does not fit a [`SourceSlot`].
#[derive(Debug)]
struct ExtraSlot {
    print: Print,
    progress: Progress,
}

impl Default for ExtraSlot {
    fn default() -> Self {
        let progress = Progress { epoch: Ordinal::ZERO, mark: Ordinal::ZERO, window: None };
        Self { print: Print::VACANT, progress }
    }
}

impl Slot for ExtraSlot {
    const BYTES: u64 = 224;

    fn print(&self) -> Print {
        self.print
    }
}

/// The memory of sources.
#[derive(Debug)]
pub(crate) struct Sources {
    table: Table<SourceSlot>,
    extras: Table<ExtraSlot>,
    order: Positions,
    batch: u64,
    /// What a failing batch goes back to: each source as it was before.
    before: Vec<(Print, Option<Progress>)>,
}

impl Sources {
    pub(crate) const fn new(order: Positions) -> Self {
        Self { table: Table::new(), extras: Table::new(), order, batch: 1, before: Vec::new() }
    }

    pub(crate) const fn count(&self) -> usize {
        self.table.len()
    }

    /// Judges a position: semantics, section 5.
    pub(crate) fn judge(&self, place: &Place) -> Judged {
        let Some((slot, _)) = self.table.get(place.source) else {
            return self.judge_first(place);
        };
        let (epoch, mark, window) = if slot.has_extra {
            let Some((extra, _)) = self.extras.get(place.source) else {
                return self.judge_first(place);
            };
            (extra.progress.epoch, extra.progress.mark, extra.progress.window.as_ref())
        } else {
            (Ordinal::from(slot.epoch), Ordinal::from_halves(slot.mark), None)
        };
        if place.epoch < epoch {
            return Judged::stale(epoch);
        }
        if place.epoch > epoch {
            return self.judge_first(place);
        }
        let back = mark.minus(place.position);
        match (self.order, back) {
            (Positions::Window(width), Some(back)) => match back.to_u64() {
                Some(back) if back <= u64::from(width) => {
                    let is_settled = window.is_some_and(|window| window.is_settled(back));
                    if is_settled { Verdict::Duplicate } else { Verdict::Fresh }.into()
                }
                // Below the window it cannot be known (RFC 6479, section 2).
                Some(_) | None => Verdict::Expired.into(),
            },
            (Positions::Newer | Positions::Next { .. }, Some(_)) => Verdict::Duplicate.into(),
            (Positions::Next { .. }, None) => match mark.successor() {
                Some(next) if place.position > next => Judged::early(next),
                Some(_) | None => Verdict::Fresh.into(),
            },
            (Positions::Newer | Positions::Window(_), None) => Verdict::Fresh.into(),
        }
    }

    /// Settles a position that was judged fresh.
    pub(crate) fn accept(&mut self, place: &Place, room: &mut Room) -> Result<(), NoRoom> {
        self.note(place.source)?;
        if self.advance_inline(place) {
            return Ok(());
        }
        if let Some(extra) = self.extras.get_mut(place.source)
            && extra.progress.epoch == place.epoch
        {
            let Progress { mark, window, .. } = &mut extra.progress;
            if let Some(window) = window {
                window.settle(*mark, place.position);
            }
            *mark = (*mark).max(place.position);
            return Ok(());
        }
        let window = match self.order {
            Positions::Window(width) => Some(Window::new(width)?),
            Positions::Newer | Positions::Next { .. } => None,
        };
        let Place { source, epoch, position } = *place;
        self.set(source, Progress { epoch, mark: position, window }, room)
    }

    /// Returns at most how much memory it takes to settle a position.
    pub(crate) fn growth_of(&self, source: Print) -> u64 {
        let window = match self.order {
            Positions::Window(width) => Window::bytes(width),
            Positions::Newer | Positions::Next { .. } => 0,
        };
        let slots = self.table.growth_of(source).saturating_add(self.extras.growth_of(source));
        slots.saturating_add(window)
    }

    /// Forgets a source for good; returns whether it was known.
    pub(crate) fn forget(&mut self, source: Print, room: &mut Room) -> bool {
        self.drop_extra(source, room);
        self.table.remove(source).is_some()
    }

    /// Ends a batch that went well.
    pub(crate) fn commit(&mut self) {
        self.before.clear();
        self.batch = self.batch.wrapping_add(1);
    }

    /// Ends a batch that failed: everything is as it was.
    pub(crate) fn rollback(&mut self, room: &mut Room) {
        while let Some((source, before)) = self.before.pop() {
            self.forget(source, room);
            if let Some(progress) = before {
                let set = self.set(source, progress, room);
                debug_assert!(set.is_ok(), "what was there before must fit again");
            }
        }
        self.batch = self.batch.wrapping_add(1);
    }

    fn judge_first(&self, place: &Place) -> Judged {
        match self.order {
            Positions::Next { first: Some(first) } => Judged::first(place.position, first),
            Positions::Newer | Positions::Next { first: None } | Positions::Window(_) => {
                Verdict::Fresh.into()
            }
        }
    }

    /// Notes a source as it is before the batch first changes it.
    fn note(&mut self, source: Print) -> Result<(), NoRoom> {
        self.before.try_reserve(1).map_err(|_| NoRoom)?;
        let Some(slot) = self.table.get_mut(source) else {
            self.before.push((source, None));
            return Ok(());
        };
        if slot.noted_in == self.batch {
            return Ok(());
        }
        let progress = if slot.has_extra {
            let (extra, _) = self.extras.get(source).ok_or(NoRoom)?;
            extra.progress.try_clone()?
        } else {
            let mark = Ordinal::from_halves(slot.mark);
            Progress { epoch: Ordinal::from(slot.epoch), mark, window: None }
        };
        slot.noted_in = self.batch;
        self.before.push((source, Some(progress)));
        Ok(())
    }

    /// The common case: the same epoch, no window, and an ordinal that fits.
    fn advance_inline(&mut self, place: &Place) -> bool {
        let Some(slot) = self.table.get_mut(place.source) else {
            return false;
        };
        let fits = !slot.has_extra && place.epoch.to_u64() == Some(slot.epoch);
        match place.position.to_halves() {
            Some(mark) if fits => {
                slot.mark = mark;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Writes both slots of a source, or none.
    fn set(&mut self, source: Print, progress: Progress, room: &mut Room) -> Result<(), NoRoom> {
        let inline = match (&progress.window, progress.epoch.to_u64(), progress.mark.to_halves()) {
            (None, Some(epoch), Some(mark)) => Some((epoch, mark)),
            (Some(_) | None, _, _) => None,
        };
        let window_bytes = progress.window.as_ref().map_or(0, Window::len_bytes);
        self.drop_extra(source, room);
        if inline.is_none() {
            room.take(window_bytes)?;
            let extra = ExtraSlot { print: source, progress };
            self.extras.insert(extra, 0, room).inspect_err(|_| room.give(window_bytes))?;
        }
        let (epoch, mark) = inline.unwrap_or_default();
        let Print { high, low } = source;
        let has_extra = inline.is_none();
        let noted_in = self.batch;
        let slot = SourceSlot { high, low, has_extra, noted_in, epoch, mark };
        if let Some(known) = self.table.get_mut(source) {
            *known = slot;
            return Ok(());
        }
        let inserted = self.table.insert(slot, 0, room);
        if inserted.is_err() {
            self.drop_extra(source, room);
        }
        inserted
    }

    fn drop_extra(&mut self, source: Print, room: &mut Room) {
        if let Some(extra) = self.extras.remove(source) {
            room.give(extra.progress.window.as_ref().map_or(0, Window::len_bytes));
        }
    }
}

impl Progress {
    fn try_clone(&self) -> Result<Self, NoRoom> {
        let window = self.window.as_ref().map(Window::try_clone).transpose()?;
        Ok(Self { epoch: self.epoch, mark: self.mark, window })
    }
}
