//! The calls of those who claim: in time and late, twice, and after someone else took over.

use super::{Resolution, Step, World};
use crate::oracle::Oracle;
use crate::oracle::event::Event;

impl World {
    /// Draws a call that has to do with claims.
    pub(super) fn claim_step(&mut self, oracle: &Oracle) -> Step {
        let now = self.reading(oracle);
        let kind = self.random.weighted(&[40, 22, 6, 8, 10, 12, 2]);
        let token = self.token(oracle);
        match (kind, token) {
            (1, Some(token)) => Step::Commit { token, result: self.content(), now },
            (2, Some(token)) => Step::Release { token, now },
            (3, Some(token)) => Step::Doubt { token, now },
            (4, Some(token)) => Step::Extend { token, lease: self.lease(), now },
            (5, _) => self.resolution(oracle, now),
            (6, _) => Step::Doubts { now },
            _ => {
                let event = self.event(oracle, now);
                let lease = if self.random.chance(40) { Some(self.lease()) } else { None };
                Step::Claim { event, lease, now }
            }
        }
    }

    /// Draws where a lease ends, or just before, once in a while.
    pub(super) fn known_end(&mut self, oracle: &Oracle) -> Option<u64> {
        if !self.claims || !self.random.chance(12) {
            return None;
        }
        let token = self.token(oracle)?;
        Some(oracle.lease_end(token)?.saturating_sub(self.random.up_to(1)))
    }

    /// Draws an event that was claimed, every other time.
    pub(super) fn claimed(&mut self, oracle: &Oracle) -> Option<Event> {
        if !self.claims || self.random.chance(40) {
            return None;
        }
        let token = self.token(oracle)?;
        oracle.granted().find(|held| held.token == token).map(|held| held.event.clone())
    }

    fn lease(&mut self) -> u64 {
        let retention = self.options.retention;
        *self.random.pick(&[1, 2, 50, 60_000, retention.div_ceil(20), retention])
    }

    /// Draws a claim that was granted: mostly one of the last, ended or not.
    fn token(&mut self, oracle: &Oracle) -> Option<u64> {
        let tokens: Vec<u64> = oracle.granted().map(|held| held.token).collect();
        let live: Vec<u64> =
            tokens.iter().copied().filter(|token| oracle.lease_end(*token).is_some()).collect();
        let from = tokens.len().saturating_sub(3);
        match self.random.weighted(&[3, 5, 2]) {
            0 if !live.is_empty() => Some(*self.random.pick(&live)),
            1 if !tokens.is_empty() => Some(*self.random.pick(&tokens[from..])),
            _ if !tokens.is_empty() => Some(*self.random.pick(&tokens)),
            _ => None,
        }
    }

    fn resolution(&mut self, oracle: &Oracle, now: u64) -> Step {
        let tokens: Vec<u64> = oracle.doubts(now).into_iter().map(|(token, ..)| token).collect();
        let doubted = oracle.granted().filter(|held| tokens.contains(&held.token));
        let doubted: Vec<_> = doubted.map(|held| held.event.clone()).collect();
        let event = if doubted.is_empty() || self.random.chance(30) {
            self.event(oracle, now)
        } else {
            self.random.pick(&doubted).clone()
        };
        let released = self.random.chance(50);
        let how =
            if released { Resolution::Released } else { Resolution::Committed(self.content()) };
        Step::Resolve { event, how, now }
    }
}
