//! The class that stands behind the package's `Sequencer`. The items stay in JavaScript; here they are
//! the numbers of the places where it keeps them.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

use super::convert::{Fields, count};
use super::error::{JsResult, thrown};
use crate::error::Error;
use crate::ordinal::Ordinal;
use crate::sequencer::{Dropped, Rejected, Release, Sequencer, SequencerOptions, Skipped, Turn};
use crate::time::{UnixMs, whole};

/// What a push has brought about: nothing came out, the item itself and nothing else, or it was dropped.
const HELD: u32 = 0;
const PASSED: u32 = 1;
const DUPLICATE: u32 = 2;
const LATE: u32 = 3;
/// Added when there is more to take.
const MORE: u32 = 4;

/// A sequencer, and what its last call has brought about and was not taken yet.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Orderer {
    sequencer: Sequencer<u32>,
    /// The scope of what is pushed next. Most pushes are of the same one as the last.
    scope: String,
    turn: Turn<u32>,
    /// The items that were read from a state, one after the other, and where each ends.
    items: Vec<u8>,
    ends: Vec<u32>,
}

#[wasm_bindgen]
impl Orderer {
    /// Returns an empty sequencer, or one as the state has it when there are bytes of it.
    ///
    /// # Errors
    /// `invalid_option` when an option is out of range; otherwise as `Sequencer::restore`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, state: &[u8], now: f64) -> JsResult<Self> {
        let open = || {
            let options = sequencer_options(&Fields(options))?;
            let now = UnixMs::from_reading(now)?;
            let (mut items, mut ends) = (Vec::new(), Vec::new());
            let sequencer = if state.is_empty() {
                Sequencer::new(options, now)
            } else {
                Sequencer::restore(options, state, now, |item| keep(&mut items, &mut ends, item))?
            };
            Ok(Self { sequencer, scope: String::new(), turn: Turn::default(), items, ends })
        };
        open().map_err(thrown)
    }

    /// Sets the scope of what is pushed next.
    #[wasm_bindgen(js_name = useScope)]
    pub fn use_scope(&mut self, scope: String) {
        self.scope = scope;
    }

    /// Takes an item, by the number of its place, whose order is given in decimal digits; returns what
    /// that has brought about.
    ///
    /// # Errors
    /// As `Sequencer::push`; `invalid_event` when the order is not an ordinal.
    pub fn push(&mut self, order: &str, place: u32, bytes: f64, now: f64) -> JsResult<u32> {
        let order = Ordinal::parse(order).map_err(thrown)?;
        self.take(&order, place, bytes, now)
    }

    /// Takes an item whose order is a safe integer; this is the quicker way.
    ///
    /// # Errors
    /// As `Orderer::push`.
    #[wasm_bindgen(js_name = pushNumber)]
    pub fn push_number(&mut self, order: f64, place: u32, bytes: f64, now: f64) -> JsResult<u32> {
        let order = whole(order).ok_or(Error::event("the order must be a whole number"));
        self.take(&order.map(Ordinal::from).map_err(thrown)?, place, bytes, now)
    }

    fn take(&mut self, order: &Ordinal, place: u32, bytes: f64, now: f64) -> JsResult<u32> {
        let mut push = || {
            let bytes = whole(bytes).ok_or(Error::event("an item's size must be whole bytes"))?;
            let now = UnixMs::from_reading(now)?;
            let taken = self.sequencer.push(&self.scope, order, place, bytes, now);
            taken.map_err(|Rejected { error, .. }| error)
        };
        let mut turn = push().map_err(thrown)?;
        let fate = match (turn.dropped.take(), turn.released.first()) {
            (Some((_, Dropped::Duplicate)), _) => DUPLICATE,
            (Some((_, Dropped::Late)), _) => LATE,
            (None, Some(first)) if *first == place => {
                turn.released.remove(0);
                PASSED
            }
            (None, _) => HELD,
        };
        let has_more = !turn.released.is_empty() || !turn.skipped.is_empty();
        self.turn = turn;
        Ok(if has_more { fate | MORE } else { fate })
    }

    /// Lets time pass; returns whether there is something to take.
    ///
    /// # Errors
    /// `invalid_option` when the reading is out of range.
    pub fn flush(&mut self, now: f64) -> JsResult<bool> {
        self.turn = self.sequencer.flush(UnixMs::from_reading(now).map_err(thrown)?);
        Ok(!self.turn.released.is_empty() || !self.turn.skipped.is_empty())
    }

    /// Lets everything out.
    pub fn drain(&mut self) {
        self.turn = self.sequencer.drain();
    }

    /// Forgets a scope; its items are to be taken.
    pub fn forget(&mut self, scope: &str) {
        self.turn = Turn { released: self.sequencer.forget(scope), ..Turn::default() };
    }

    /// Takes the places of the items that came out, in order.
    #[wasm_bindgen(js_name = takeReleased)]
    pub fn take_released(&mut self) -> Vec<u32> {
        core::mem::take(&mut self.turn.released)
    }

    /// Takes the gaps that were skipped: scope, first and last order of each, one after the other.
    #[wasm_bindgen(js_name = takeSkipped)]
    pub fn take_skipped(&mut self) -> Array {
        let texts = Array::new();
        for Skipped { scope, from, to } in core::mem::take(&mut self.turn.skipped) {
            for text in [scope, from.to_string(), to.to_string()] {
                texts.push(&text.into());
            }
        }
        texts
    }

    /// Returns how many items are held, how many were dropped, and how many bytes are taken.
    pub fn stats(&self) -> Vec<f64> {
        let Self { sequencer, .. } = self;
        [sequencer.held(), sequencer.dropped(), sequencer.bytes()].into_iter().map(count).collect()
    }

    /// Returns the state. The items are given one after the other, with the end of each, by their
    /// places.
    ///
    /// # Errors
    /// As `Sequencer::snapshot`.
    pub fn snapshot(&self, items: &[u8], ends: &[u32]) -> JsResult<Uint8Array> {
        let end = |place: usize| ends.get(place).and_then(|&end| usize::try_from(end).ok());
        let item = |place: &u32| {
            let place = usize::try_from(*place).ok()?;
            let start = place.checked_sub(1).map_or(Some(0), end)?;
            items.get(start..end(place)?)
        };
        let state = self.sequencer.snapshot(|place| item(place).unwrap_or_default());
        state.map(|state| Uint8Array::from(state.as_slice())).map_err(thrown)
    }

    /// Takes the items that were read from a state: all their bytes, and where each ends. They are at
    /// places that count up from 0.
    #[wasm_bindgen(js_name = takeItems)]
    pub fn take_items(&mut self) -> JsResult<Object> {
        let taken = Object::new();
        let items = core::mem::take(&mut self.items);
        let ends = core::mem::take(&mut self.ends);
        Reflect::set(&taken, &"bytes".into(), &Uint8Array::from(items.as_slice()))?;
        Reflect::set(&taken, &"ends".into(), &js_sys::Uint32Array::from(ends.as_slice()))?;
        Ok(taken)
    }
}

/// Keeps the bytes of an item, and returns its place.
fn keep(items: &mut Vec<u8>, ends: &mut Vec<u32>, item: &[u8]) -> Result<u32, Error> {
    items.try_reserve(item.len()).map_err(|_| Error::capacity())?;
    items.extend_from_slice(item);
    ends.try_reserve(1).map_err(|_| Error::capacity())?;
    let place = u32::try_from(ends.len()).map_err(|_| Error::capacity())?;
    ends.push(u32::try_from(items.len()).map_err(|_| Error::capacity())?);
    Ok(place)
}

fn sequencer_options(fields: &Fields<'_>) -> Result<SequencerOptions, Error> {
    let lateness = fields.get("lateness");
    let release = if lateness.is_undefined() {
        let wait = fields.get("maxWait");
        let max_wait = if wait.is_undefined() {
            None
        } else {
            Some(fields.millis("maxWait", "maxWait must be whole milliseconds")?)
        };
        Release::Next { first: fields.ordinal("first", "first is not an ordinal")?, max_wait }
    } else {
        Release::EventTime {
            lateness: fields.millis("lateness", "lateness must be whole milliseconds")?,
        }
    };
    Ok(SequencerOptions {
        release,
        max_held: fields.whole("maxHeld", "maxHeld must be a whole number")?,
        max_bytes: fields.whole("maxBytes", "maxBytes must be whole bytes")?,
        max_clock_jump: fields.millis("maxClockJump", "maxClockJump must be milliseconds")?,
    })
}
