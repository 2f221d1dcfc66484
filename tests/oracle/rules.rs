//! The order of judgement, and what each verdict changes.

use super::claims::Lock;
use super::event::{Event, Facts, Name};
use super::number::Number;
use super::options::Revisions;
use super::time::Reading;
use super::{Entity, Failure, Judgement, Key, Oracle, Verdict, sources};

/// How much of an event's key the gate may remember.
#[derive(Clone, Copy, Debug)]
enum Memory<'a> {
    Kept(&'a Key),
    Gone { expired: bool },
}

impl Judgement {
    /// Returns a verdict with nothing beside it.
    pub(crate) fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            expected: None,
            current: None,
            since: None,
            retry_after: None,
            result: None,
            omitted: false,
        }
    }

    /// Returns the judgement on the first ordinal of its kind where it is fixed which comes first.
    pub(crate) fn of_first(first: &Number, ordinal: &Number) -> Self {
        if ordinal > first {
            return Self { expected: Some(first.clone()), ..Self::of(Verdict::Early) };
        }
        Self::of(if ordinal < first { Verdict::Stale } else { Verdict::Fresh })
    }
}

impl Oracle {
    /// Returns every answer that the page allows, without taking note of any.
    pub(super) fn outcomes(
        &self,
        event: &Event,
        reading: &Reading,
    ) -> Vec<Result<Judgement, Failure>> {
        let Some(facts) = event.facts(&self.options, reading.stamp) else {
            return vec![Err(Failure::InvalidEvent)];
        };
        self.outcomes_of(&facts, reading)
    }

    /// Returns every answer that the page allows for a valid event.
    pub(super) fn outcomes_of(
        &self,
        facts: &Facts,
        reading: &Reading,
    ) -> Vec<Result<Judgement, Failure>> {
        let memories = self.memories(facts, reading).into_iter();
        memories.map(|memory| self.judge(facts, memory, reading)).collect()
    }

    /// Counts a judgement and records what it changes.
    pub(super) fn record(&mut self, event: &Event, judgement: &Judgement, reading: &Reading) {
        *self.counts.entry(judgement.verdict).or_default() += 1;
        let Some(facts) = event.facts(&self.options, reading.stamp) else {
            return;
        };
        let verdict = judgement.verdict;
        let settles = match verdict {
            Verdict::Fresh => true,
            Verdict::Pending | Verdict::InDoubt | Verdict::Early => false,
            Verdict::Duplicate | Verdict::Stale | Verdict::Conflict | Verdict::Expired => {
                self.locked(&facts, Lock::Position, reading).is_none()
            }
        };
        if verdict == Verdict::Fresh {
            self.displace(&facts);
        }
        let Facts { key, revision, position, content, time } = facts;
        if let (Some((name, epoch, position)), true) = (position, settles) {
            let rules = &self.options.positions;
            let source = self.sources.get(&name);
            // A refused event settles its position too, lest the log be blocked by it.
            if sources::judge(rules, source, &epoch, &position).verdict == Verdict::Fresh {
                let source = sources::settle(rules, source, &epoch, &position);
                self.sources.insert(name, source);
            }
        }
        if judgement.verdict != Verdict::Fresh {
            return;
        }
        if let Some(name) = key {
            let believed = reading.clock.ahead.is_none();
            let accepted = believed.then_some(reading.stamp);
            let key = Key { accepted, time, content: content.clone(), record: None };
            self.first.get_or_insert_with(|| key.clone());
            self.keys.insert(name, key);
        }
        if let Some((name, revision)) = revision {
            self.entities.insert(name, Entity { revision, content });
        }
    }

    fn memories(&self, facts: &Facts, reading: &Reading) -> Vec<Memory<'_>> {
        let Some(name) = &facts.key else {
            return vec![Memory::Gone { expired: false }];
        };
        let horizon = reading.horizon;
        let time = facts.time.unwrap_or(u64::MAX);
        let mut memories = Vec::new();
        let mut newest_gone = 0;
        if let Some(key) = self.keys.get(name) {
            let mark = key.mark(reading.earlier);
            if mark >= horizon.low {
                memories.push(Memory::Kept(key));
                // If it is gone all the same, the horizon has passed its age mark.
                newest_gone = mark + 1;
            }
            if mark >= horizon.high {
                return memories;
            }
        }
        if time < horizon.high {
            memories.push(Memory::Gone { expired: true });
        }
        if time >= horizon.low.max(newest_gone) {
            memories.push(Memory::Gone { expired: false });
        }
        memories
    }

    fn judge(
        &self,
        facts: &Facts,
        memory: Memory<'_>,
        reading: &Reading,
    ) -> Result<Judgement, Failure> {
        let content = facts.content.as_ref();
        if differ(self.in_flight(facts, Lock::Key, reading).as_ref(), content) {
            return Ok(Judgement::of(Verdict::Conflict));
        }
        if let Some(judgement) = self.locked(facts, Lock::Key, reading) {
            return Ok(judgement);
        }
        match memory {
            Memory::Kept(key) => return Ok(self.judge_kept(key, content, reading)),
            Memory::Gone { expired: true } => return Ok(Judgement::of(Verdict::Expired)),
            Memory::Gone { expired: false } => {}
        }
        if let Some((name, epoch, position)) = &facts.position {
            let source = self.sources.get(name);
            let judgement = sources::judge(&self.options.positions, source, epoch, position);
            let open = [Verdict::Fresh, Verdict::Early].contains(&judgement.verdict);
            if let (Some(locked), true) = (self.locked(facts, Lock::Position, reading), open) {
                return Ok(locked);
            }
            if judgement.verdict != Verdict::Fresh {
                return Ok(judgement);
            }
        }
        let Some((name, revision)) = &facts.revision else {
            return Ok(Judgement::of(Verdict::Fresh));
        };
        let judged = self.judge_revision(name, revision, content);
        let open = judged.as_ref().map_or(true, |judgement| {
            [Verdict::Fresh, Verdict::Early].contains(&judgement.verdict)
        });
        // Another content for the revision in flight comes before the jump, and the lock after it.
        if open && differ(self.in_flight(facts, Lock::Entity, reading).as_ref(), content) {
            return Ok(Judgement::of(Verdict::Conflict));
        }
        let judged = judged?;
        match self.locked(facts, Lock::Entity, reading) {
            Some(locked) if open => Ok(locked),
            _ => Ok(judged),
        }
    }

    fn judge_kept(&self, key: &Key, content: Option<&String>, reading: &Reading) -> Judgement {
        // Of the times, the age mark is the only one that the state keeps.
        let since = Some(key.mark(reading.earlier));
        if differ(key.content.as_ref(), content) {
            return Judgement { since, ..Judgement::of(Verdict::Conflict) };
        }
        let told = key
            .record
            .as_ref()
            .map(|record| record.told(&self.options, reading.clock.believed, reading.earlier));
        let (result, omitted) = told.unwrap_or((None, false));
        Judgement { since, result, omitted, ..Judgement::of(Verdict::Duplicate) }
    }

    fn judge_revision(
        &self,
        name: &Name,
        revision: &Number,
        content: Option<&String>,
    ) -> Result<Judgement, Failure> {
        let rules = &self.options.revisions;
        let Some(entity) = self.entities.get(name) else {
            return Ok(match rules {
                Revisions::Next { first: Some(first) } => Judgement::of_first(first, revision),
                Revisions::Next { first: None } | Revisions::Newer => Judgement::of(Verdict::Fresh),
            });
        };
        let last = &entity.revision;
        if revision == last {
            let other = differ(entity.content.as_ref(), content);
            return Ok(Judgement::of(if other { Verdict::Conflict } else { Verdict::Duplicate }));
        }
        if revision < last {
            let current = Some(last.clone());
            return Ok(Judgement { current, ..Judgement::of(Verdict::Stale) });
        }
        if self.options.max_jump.as_ref().is_some_and(|jump| *revision > last.plus(jump)) {
            return Err(Failure::Jump);
        }
        if matches!(rules, Revisions::Next { .. }) && *revision > last.next() {
            let expected = Some(last.next());
            return Ok(Judgement { expected, ..Judgement::of(Verdict::Early) });
        }
        Ok(Judgement::of(Verdict::Fresh))
    }
}

/// Returns whether two contents were given and are not the same.
fn differ(left: Option<&String>, right: Option<&String>) -> bool {
    matches!((left, right), (Some(left), Some(right)) if left != right)
}
