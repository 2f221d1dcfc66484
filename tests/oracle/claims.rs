//! Claims, as the page has them: what they lock, and until when.

use super::event::{Event, Facts, Name};
use super::options::Positions;
use super::time::Reading;
use super::{Judgement, Oracle, Target, Verdict};

/// A claim that has not ended.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) token: u64,
    pub(crate) event: Event,
    pub(super) facts: Facts,
    pub(super) attempt: u32,
    /// The end of the lease, as far as it is certain.
    pub(super) end: u64,
    /// A lease that is counted from a reading which is not confirmed.
    pub(super) floating: Option<u64>,
    pub(super) doubt: Option<Doubt>,
    /// Which of its locks were taken over by others: it is lost with the first, and gone with all.
    pub(super) taken: Taken,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken {
    pub(super) key: bool,
    pub(super) entity: bool,
    pub(super) position: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt {
    /// Absent while the reading is not confirmed.
    pub(super) since: Option<u64>,
}

/// What a claim does to those who meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Live {
        end: u64,
    },
    InDoubt,
    /// Lapsed, and whoever comes next may take over: it is as if it were not there.
    Gone,
}

impl Held {
    /// Fixes what was stamped at a reading that is now worth `stamp`.
    pub(super) fn settle(&mut self, stamp: u64) {
        if let Some(lease) = self.floating.take() {
            self.end = self.end.max(stamp + lease);
        }
        if let Some(doubt) = &mut self.doubt {
            doubt.since.get_or_insert(stamp);
        }
    }

    /// Returns the end of the lease, given what an unconfirmed stamp is worth.
    pub(crate) fn end(&self, unconfirmed: u64) -> u64 {
        self.floating.map_or(0, |lease| unconfirmed + lease).max(self.end)
    }

    pub(super) fn extend(&mut self, lease: u64, reading: &Reading) {
        if reading.clock.ahead.is_some() {
            self.floating = self.floating.max(Some(lease));
        } else {
            self.end = self.end.max(reading.stamp + lease);
        }
    }

    pub(super) fn is_lapsed(&self, reading: &Reading) -> bool {
        reading.clock.believed >= self.end(reading.earlier)
    }

    /// Returns whether someone has taken over one of its locks.
    pub(super) fn is_lost(&self) -> bool {
        let Taken { key, entity, position } = self.taken;
        key || entity || position
    }

    /// Takes away what a fresh event locks, and returns whether that was anything.
    pub(super) fn give_way(&mut self, facts: &Facts, positions: &Positions) -> bool {
        let key = self.has_key_of(facts) && !self.taken.key;
        let entity = self.has_entity_of(facts) && !self.taken.entity;
        let position = self.locks_position_of(facts, positions) && !self.taken.position;
        self.taken.key |= key;
        self.taken.entity |= entity;
        self.taken.position |= position;
        key || entity || position
    }

    pub(super) fn holds_any(&self) -> bool {
        let Facts { key, revision, position, .. } = &self.facts;
        (key.is_some() && !self.taken.key)
            || (revision.is_some() && !self.taken.entity)
            || (position.is_some() && !self.taken.position)
    }

    pub(super) fn state(&self, hold: bool, reading: &Reading) -> State {
        let end = self.end(reading.earlier);
        match self.doubt {
            _ if self.is_lost() => State::Gone,
            Some(_) => State::InDoubt,
            None if !self.is_lapsed(reading) => State::Live { end },
            None if hold => State::InDoubt,
            None => State::Gone,
        }
    }

    pub(super) fn in_doubt_since(&self, reading: &Reading) -> u64 {
        match self.doubt {
            Some(doubt) => doubt.since.unwrap_or(reading.earlier),
            None => self.end(reading.earlier),
        }
    }

    pub(super) fn has_key_of(&self, facts: &Facts) -> bool {
        facts.key.is_some() && self.facts.key == facts.key
    }

    pub(super) fn has_entity_of(&self, facts: &Facts) -> bool {
        let name = |facts: &Facts| facts.revision.as_ref().map(|(name, _)| name.clone());
        facts.revision.is_some() && name(&self.facts) == name(facts)
    }

    pub(super) fn has_revision_of(&self, facts: &Facts) -> bool {
        facts.revision.is_some() && self.facts.revision == facts.revision
    }

    pub(super) fn has_position_of(&self, facts: &Facts) -> bool {
        facts.position.is_some() && self.facts.position == facts.position
    }

    /// Returns whether it locks the position of an event: a whole source, or just one place in a
    /// window.
    pub(super) fn locks_position_of(&self, facts: &Facts, positions: &Positions) -> bool {
        let name = |facts: &Facts| facts.position.as_ref().map(|(name, ..)| name.clone());
        match positions {
            Positions::Window(_) => self.has_position_of(facts),
            Positions::Newer | Positions::Next { .. } => {
                facts.position.is_some() && name(&self.facts) == name(facts)
            }
        }
    }
}

/// Which of an event's locks is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lock {
    Key,
    Entity,
    Position,
}

impl Oracle {
    pub(super) fn state(&self, held: &Held, reading: &Reading) -> State {
        held.state(self.options.hold, reading)
    }

    /// Returns what a lock says of an event, if it is taken.
    pub(super) fn locked(&self, facts: &Facts, lock: Lock, reading: &Reading) -> Option<Judgement> {
        let positions = &self.options.positions;
        let found = self.claims.values().find(|held| {
            let locks = match lock {
                Lock::Key => held.has_key_of(facts),
                Lock::Entity => held.has_entity_of(facts),
                Lock::Position => held.locks_position_of(facts, positions),
            };
            locks && self.state(held, reading) != State::Gone
        });
        let found = found?;
        match self.state(found, reading) {
            State::Live { end } => {
                let retry_after = Some(end - reading.clock.believed);
                Some(Judgement { retry_after, ..Judgement::of(Verdict::Pending) })
            }
            State::InDoubt => {
                let since = Some(found.in_doubt_since(reading));
                Some(Judgement { since, ..Judgement::of(Verdict::InDoubt) })
            }
            State::Gone => None,
        }
    }

    /// Returns the content in flight for an event's key, or for its very revision.
    pub(super) fn in_flight(&self, facts: &Facts, lock: Lock, reading: &Reading) -> Option<String> {
        let mut held = self.claims.values().filter(|held| {
            let same = match lock {
                Lock::Key => held.has_key_of(facts),
                Lock::Entity => held.has_revision_of(facts),
                Lock::Position => false,
            };
            same && self.state(held, reading) != State::Gone
        });
        held.find_map(|held| held.facts.content.clone())
    }

    /// Takes the locks of a fresh event away from whoever let them lapse, and returns those claims.
    pub(super) fn displace(&mut self, facts: &Facts) -> Vec<Held> {
        let positions = &self.options.positions;
        let mut displaced = Vec::new();
        self.claims.retain(|_, held| {
            let before = held.clone();
            if held.give_way(facts, positions) {
                displaced.push(before);
            }
            held.holds_any()
        });
        displaced
    }

    /// Ends the claims that hold what is to be forgotten, and returns how many those are.
    pub(super) fn end_touched(&mut self, target: &Target) -> u64 {
        let before = self.claims.len();
        self.claims.retain(|_, held| {
            let Facts { key, revision, position, .. } = &held.facts;
            let taken = held.taken;
            let touches = |it: Option<&Name>, name, taken: bool| it == Some(name) && !taken;
            !match target {
                Target::Key(name) => touches(key.as_ref(), name, taken.key),
                Target::Entity(name) => {
                    touches(revision.as_ref().map(|(it, _)| it), name, taken.entity)
                }
                Target::Source(name) => {
                    touches(position.as_ref().map(|(it, ..)| it), name, taken.position)
                }
            }
        });
        (before - self.claims.len()) as u64
    }
}
