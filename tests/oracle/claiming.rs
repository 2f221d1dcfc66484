//! What can be done with claims: every rule goes through all of them, one by one.

use super::claims::{Doubt, Held, State, Taken};
use super::content::Content;
use super::event::{Event, Facts};
use super::results::Record;
use super::time::Reading;
use super::{Answer, Entity, Failure, Judgement, Key, Oracle, Verdict, choose, sources};

/// What was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) token: u64,
    pub(crate) attempt: u32,
    pub(crate) takeover: bool,
    pub(crate) until: u64,
}

/// What a claim is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claimed {
    Fresh(Grant),
    Refused(Judgement),
}

/// A doubt as an operator sees it: token, attempt, and since when.
pub(crate) type Listed = (u64, u32, u64);

impl Oracle {
    /// Judges an event, and grants a claim on it where it is fresh.
    pub(crate) fn claim(
        &mut self,
        event: &Event,
        lease: Option<u64>,
        now: u64,
        seen: Option<Answer>,
        granted: Option<(u32, bool)>,
    ) -> Result<Claimed, Failure> {
        let reading = self.read(now);
        let judgement = choose(self.outcomes(event, &reading), seen)?;
        let reading = self.adopt(reading);
        if judgement.verdict != Verdict::Fresh {
            self.record(event, &judgement, &reading);
            return Ok(Claimed::Refused(judgement));
        }
        *self.counts.entry(Verdict::Fresh).or_default() += 1;
        let facts = event.facts(&self.options, reading.stamp).expect("what is fresh is valid");
        let overdue = |held: &Held| self.is_overdue(held, &reading);
        let overdue: Vec<u64> =
            self.claims.values().filter(|it| overdue(it)).map(|it| it.token).collect();
        let displaced = self.displace(&facts);
        let (attempt, takeover) = successor(&displaced, &overdue, &facts, granted);
        self.token = (self.token + 1).max(reading.stamp << 20);
        // What is forgotten may still be in the map, as ticks leave open when exactly it went.
        if let Some(name) = &facts.key {
            self.keys.remove(name);
        }
        let token = self.token;
        let event = event.clone();
        let mut held = Held {
            token,
            event,
            facts,
            attempt,
            end: 0,
            floating: None,
            doubt: None,
            taken: Taken::default(),
        };
        held.extend(lease.unwrap_or(self.options.lease), &reading);
        let until = held.end(reading.stamp);
        if self.granted.len() == 40 {
            self.granted.pop_first();
        }
        self.granted.insert(token, held.clone());
        self.claims.insert(token, held);
        Ok(Claimed::Fresh(Grant { token, attempt, takeover, until }))
    }

    /// Commits a claim, and returns whether it was late, unless that is left open.
    ///
    /// Whether the same result is committed cannot always be known; then `seen` decides.
    pub(crate) fn commit(
        &mut self,
        token: u64,
        result: Option<&Content>,
        now: u64,
        seen: bool,
    ) -> Result<Option<bool>, Failure> {
        let reading = self.read(now);
        if self.is_again(token, result, &reading, seen) {
            self.adopt(reading);
            return Ok(None);
        }
        let held = self.current(token, &reading, seen)?.clone();
        let late = held.doubt.is_none().then(|| held.is_lapsed(&reading));
        let reading = self.adopt(reading);
        self.accept(&held, Some(token), result, &reading);
        Ok(late)
    }

    fn is_again(
        &self,
        token: u64,
        result: Option<&Content>,
        reading: &Reading,
        seen: bool,
    ) -> bool {
        let Some(name) = self.granted.get(&token).and_then(|held| held.facts.key.clone()) else {
            return false;
        };
        let Some(key) = self.keys.get(&name) else {
            return false;
        };
        let Some(record) = &key.record else {
            return false;
        };
        let mark = key.mark(reading.earlier);
        let same = record.result.as_ref().map(Content::text) == result.map(Content::text);
        match record.token {
            _ if mark < reading.horizon.low || self.claims.contains_key(&token) => false,
            Some(other) if other != token => false,
            // An operator's commit may count as the claim's own, if the result is the same.
            None => same && seen,
            Some(_) if mark < reading.horizon.high => same && seen,
            Some(_) => same,
        }
    }

    /// Returns a claim that is current.
    ///
    /// One that lapsed longer ago than anything is remembered may be gone: then `seen` decides.
    fn current(&self, token: u64, reading: &Reading, seen: bool) -> Result<&Held, Failure> {
        let held = self.claims.get(&token).filter(|held| !held.is_lost());
        let held = held.filter(|held| seen || !self.is_overdue(held, reading));
        held.ok_or(Failure::LostClaim)
    }

    fn is_overdue(&self, held: &Held, reading: &Reading) -> bool {
        let gone = held.end(reading.earlier) + self.options.retention;
        self.state(held, reading) == State::Gone && gone <= reading.clock.believed
    }

    /// Gives a claim up.
    pub(crate) fn release(&mut self, token: u64, now: u64, seen: bool) -> Result<(), Failure> {
        let reading = self.read(now);
        self.current(token, &reading, seen)?;
        self.adopt(reading);
        self.claims.remove(&token);
        Ok(())
    }

    /// Says that what was claimed may have happened.
    pub(crate) fn doubt(&mut self, token: u64, now: u64, seen: bool) -> Result<(), Failure> {
        let reading = self.read(now);
        self.current(token, &reading, seen)?;
        let reading = self.adopt(reading);
        let since = reading.clock.ahead.is_none().then_some(reading.stamp);
        if let Some(held) = self.claims.get_mut(&token) {
            held.doubt.get_or_insert(Doubt { since });
        }
        Ok(())
    }

    /// Extends a lease, and returns its end.
    pub(crate) fn extend(&mut self, token: u64, lease: u64, now: u64) -> Result<u64, Failure> {
        let reading = self.read(now);
        let held = self.current(token, &reading, true)?;
        if held.doubt.is_some() || held.is_lapsed(&reading) {
            return Err(Failure::LostClaim);
        }
        let reading = self.adopt(reading);
        let held = self.claims.get_mut(&token).expect("a reading ends no claim");
        held.extend(lease, &reading);
        Ok(held.end(reading.stamp))
    }

    /// Ends a doubt, or a lapse that is held: as committed, with a result or none, or as released.
    #[expect(clippy::option_option, reason = "released is not committed without a result")]
    pub(crate) fn resolve(
        &mut self,
        event: &Event,
        committed: Option<Option<&Content>>,
        now: u64,
        seen: bool,
    ) -> Result<(), Failure> {
        let reading = self.read(now);
        let facts = event.facts(&self.options, reading.stamp).ok_or(Failure::InvalidEvent)?;
        let held = self.doubt_on(&facts, &reading).ok_or(Failure::NotInDoubt)?.clone();
        // Whether an event that shares only a part with the doubt can end it is left open.
        let is_same = held.facts.key == facts.key
            && held.facts.revision == facts.revision
            && held.facts.position == facts.position;
        if !is_same && !seen {
            return Err(Failure::NotInDoubt);
        }
        let reading = self.adopt(reading);
        self.claims.remove(&held.token);
        if let Some(result) = committed {
            self.accept(&held, None, result, &reading);
        }
        Ok(())
    }

    /// Returns the doubt that an event means: by its key, else by its revision, else by its
    /// position.
    fn doubt_on(&self, facts: &Facts, reading: &Reading) -> Option<&Held> {
        let doubts = || self.claims.values().filter(|it| self.state(it, reading) == State::InDoubt);
        let by_key = doubts().find(|it| it.has_key_of(facts));
        by_key
            .or_else(|| doubts().find(|it| it.has_revision_of(facts)))
            .or_else(|| doubts().find(|it| it.has_position_of(facts)))
    }

    /// Returns the doubts, and the lapses that are held.
    pub(crate) fn doubts(&self, now: u64) -> Vec<Listed> {
        let reading = self.read(now);
        let doubts = self.claims.values().filter(|it| self.state(it, &reading) == State::InDoubt);
        let listed = |held: &Held| (held.token, held.attempt, held.in_doubt_since(&reading));
        doubts.map(listed).collect()
    }

    /// Returns whether the page leaves open what becomes of a claim that is used at a time.
    pub(crate) fn is_open(&self, token: u64, now: u64) -> bool {
        let reading = self.read(now);
        let overdue = self.claims.get(&token).is_some_and(|held| self.is_overdue(held, &reading));
        let key = self.granted.get(&token).and_then(|held| held.facts.key.as_ref());
        let key = key.and_then(|name| self.keys.get(name));
        overdue
            || key.is_some_and(|key| {
                key.mark(reading.earlier) < reading.horizon.high
                    || key.record.as_ref().is_some_and(|record| record.token.is_none())
            })
    }

    /// Returns whether the page leaves open which claims an event would take over or resolve.
    pub(crate) fn is_partly_claimed(&self, event: &Event, now: u64) -> bool {
        let reading = self.read(now);
        let Some(facts) = event.facts(&self.options, reading.stamp) else {
            return false;
        };
        let positions = &self.options.positions;
        self.claims.values().any(|held| {
            let meets = held.has_key_of(&facts)
                || held.has_entity_of(&facts)
                || held.locks_position_of(&facts, positions);
            let is_same = held.facts.key == facts.key
                && held.facts.revision == facts.revision
                && held.facts.position == facts.position;
            meets && (!is_same || self.is_overdue(held, &reading))
        })
    }

    /// Returns what is said of the event of a claim that was granted.
    pub(crate) fn refusal(&self, token: u64, now: u64) -> Vec<Result<Judgement, Failure>> {
        let Some(held) = self.granted.get(&token) else {
            return Vec::new();
        };
        let facts = Facts { content: None, time: None, ..held.facts.clone() };
        self.outcomes_of(&facts, &self.read(now))
    }

    /// Returns the numbers of claims, from those that lock to those that may be in memory.
    pub(crate) fn claim_sizes(&self) -> core::ops::RangeInclusive<u64> {
        let reading = self.read(self.clock.believed);
        let locking = self.claims.values().filter(|it| self.state(it, &reading) != State::Gone);
        locking.count() as u64..=self.claims.len() as u64
    }

    /// Returns the claims that were granted of late.
    pub(crate) fn granted(&self) -> impl Iterator<Item = &Held> {
        self.granted.values()
    }

    /// Returns where the lease of a claim ends that has not ended.
    pub(crate) fn lease_end(&self, token: u64) -> Option<u64> {
        let unconfirmed = self.clock.ahead.unwrap_or(self.clock.believed);
        self.claims.get(&token).map(|held| held.end(unconfirmed))
    }

    /// Records all identities of a claim, and ends it.
    fn accept(
        &mut self,
        held: &Held,
        token: Option<u64>,
        result: Option<&Content>,
        reading: &Reading,
    ) {
        self.claims.remove(&held.token);
        let Facts { key, revision, position, content, time } = held.facts.clone();
        let believed = reading.clock.ahead.is_none();
        let committed = believed.then_some(reading.stamp);
        if let Some(name) = key {
            let record = Some(Record { token, committed, result: result.cloned() });
            let key = Key { accepted: committed, time, content: content.clone(), record };
            self.first.get_or_insert_with(|| key.clone());
            self.keys.insert(name, key);
        }
        // What has moved on while the lease was over stays where it is.
        let last = revision.as_ref().and_then(|(name, _)| self.last_revision(name));
        let is_ahead = last.is_none_or(|last| revision.as_ref().is_some_and(|(_, it)| it > last));
        if let (Some((name, revision)), true) = (revision, is_ahead) {
            self.entities.insert(name, Entity { revision, content });
        }
        if let Some((name, epoch, position)) = position {
            let rules = &self.options.positions;
            let source = self.sources.get(&name);
            // In a window, others may have gone past it in the meantime.
            if !sources::is_behind(rules, source, &epoch, &position) {
                let source = sources::settle(rules, source, &epoch, &position);
                self.sources.insert(name, source);
            }
        }
    }
}

/// Returns the attempt of a claim and whether it takes over, from the claims that gave way.
///
/// The page counts attempts for the same key, else for the same revision or position; of events
/// that share only a part it leaves open which of them counts, and `seen` decides. So it does where
/// claims gave way that are overdue, and may be gone.
fn successor(
    displaced: &[Held],
    overdue: &[u64],
    facts: &Facts,
    seen: Option<(u32, bool)>,
) -> (u32, bool) {
    let is_overdue = |held: &&Held| overdue.contains(&held.token);
    let attempts = |same: &dyn Fn(&Held) -> bool| -> Vec<u32> {
        displaced.iter().filter(|held| same(held)).map(|held| held.attempt + 1).collect()
    };
    let same_key = attempts(&|held| held.has_key_of(facts) && !held.taken.key);
    let same_revision = attempts(&|held| held.has_revision_of(facts) && !held.taken.entity);
    let same_position = attempts(&|held| held.has_position_of(facts) && !held.taken.position);
    let mut allowed = if facts.key.is_some() && !same_key.is_empty() {
        same_key
    } else if facts.key.is_none() && !same_revision.is_empty() {
        same_revision
    } else if facts.key.is_none() && facts.revision.is_none() && !same_position.is_empty() {
        same_position
    } else {
        [vec![1], same_revision, same_position].concat()
    };
    let mut takeovers = vec![!displaced.is_empty()];
    if displaced.iter().any(|held| is_overdue(&held)) {
        allowed.push(1);
        takeovers.push(displaced.iter().any(|held| !is_overdue(&held)));
    }
    let seen_attempt = seen.map(|(attempt, _)| attempt).filter(|it| allowed.contains(it));
    let seen_takeover = seen.map(|(_, takeover)| takeover).filter(|it| takeovers.contains(it));
    (seen_attempt.unwrap_or(allowed[0]), seen_takeover.unwrap_or(takeovers[0]))
}
