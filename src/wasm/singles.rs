//! One key or one revision at a time, without a frame around it and without ever throwing.
//!
//! A result that may be an error crosses the boundary as a list, which costs as much as judging
//! does. So these give a code, or say that they have done nothing and the general way is to be
//! taken; whatever is wrong then comes to light there.

use wasm_bindgen::prelude::*;

use super::core::Core;
use crate::fingerprint::{Kind, Scoped};
use crate::gate::Gate;
use crate::time::UnixMs;
use crate::verdict::Verdict;

/// Nothing was done: the general way must be taken.
const UNDECIDED: u8 = u8::MAX;

/// What precedes the name in the scratch: the revision, or nothing.
const REVISION_BYTES: usize = 8;

/// One scope, hashed for keys and for entities.
#[derive(Debug)]
pub(super) struct Scopes {
    keys: Scoped,
    entities: Scoped,
}

impl Scopes {
    pub(super) fn of(gate: &Gate, scope: &[u8]) -> Self {
        Self { keys: gate.scoped(Kind::Key, scope), entities: gate.scoped(Kind::Entity, scope) }
    }
}

#[wasm_bindgen]
impl Core {
    /// Sets the scope of what [`Core::check_key`] and [`Core::check_revision`] judge next: the text
    /// in the scratch.
    #[wasm_bindgen(js_name = useScope)]
    pub fn use_scope(&mut self, bytes: usize) {
        let scope = self.scratch.get(..bytes).unwrap_or_default();
        self.scopes = Scopes::of(&self.gate, scope);
    }

    /// Judges a key: eight bytes of no meaning in the scratch, then its name. Returns the code of
    /// the verdict, or 255.
    #[wasm_bindgen(js_name = checkKey)]
    pub fn check_key(&mut self, name_bytes: usize, now: f64) -> u8 {
        self.memory.grow_ahead();
        let Self { gate, scratch, scopes, .. } = self;
        let mut judge = || {
            let (_, name) = split(scratch, name_bytes)?;
            gate.glance_at_key(&scopes.keys, name, UnixMs::from_reading(now).ok()?)
        };
        judge().map_or(UNDECIDED, Verdict::code)
    }

    /// Judges a revision: the revision in the scratch, then the name of the entity. Returns the
    /// code of the verdict, or 255.
    #[wasm_bindgen(js_name = checkRevision)]
    pub fn check_revision(&mut self, name_bytes: usize, now: f64) -> u8 {
        self.memory.grow_ahead();
        let Self { gate, scratch, scopes, .. } = self;
        let mut judge = || {
            let (revision, name) = split(scratch, name_bytes)?;
            let now = UnixMs::from_reading(now).ok()?;
            gate.glance_at_revision(&scopes.entities, name, revision, now)
        };
        judge().map_or(UNDECIDED, Verdict::code)
    }
}

fn split(scratch: &[u8], name_bytes: usize) -> Option<(u64, &[u8])> {
    let (revision, rest) = scratch.split_first_chunk::<REVISION_BYTES>()?;
    Some((u64::from_le_bytes(*revision), rest.get(..name_bytes)?))
}
