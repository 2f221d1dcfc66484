//! Acting once: claim, then commit, release or doubt. Semantics, section 6.

use alloc::vec::Vec;

use super::Gate;
use super::judge::make_room;
use crate::answers::Given;
use crate::claims::{Claim, Doubt, Held, Hold, Locks, Moment, Record};
use crate::content::Content;
use crate::error::{Error, ErrorCode};
use crate::event::{Event, Resolved};
use crate::fingerprint::Fingerprint;
use crate::keys::RETENTION_MAX;
use crate::table::NoRoom;
use crate::time::{Millis, UnixMs};
use crate::verdict::{Inspection, Verdict};

/// What came of asking for a claim.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// Leave to act.
    Fresh(Claim),
    /// None, and why.
    Refused(Inspection),
}

/// When a commit came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// Within the lease.
    Committed,
    /// After the lease, before anyone took over.
    Late,
}

/// How a doubt is resolved.
#[derive(Clone, Copy, Debug)]
pub enum Resolution<'a> {
    /// The effect happened, perhaps with a result.
    Committed(Option<Content<'a>>),
    /// It did not happen: a retry is safe.
    Released,
}

impl Gate {
    /// Asks for leave to act on an event: for the option's lease, or another one.
    ///
    /// # Errors
    /// As [`Gate::check`], and `invalid_option` for a lease that is not from 1 ms to 100 years.
    pub fn claim(
        &mut self,
        event: &Event<'_>,
        lease: Option<Millis>,
        now: UnixMs,
    ) -> Result<Claimed, Error> {
        let lease_ms = lease.map_or(Ok(self.lease_ms), valid_lease)?;
        let reading = self.clock.read(now);
        let intake = self.intake(&reading.clock);
        let fingerprint = event.fingerprint(&intake);
        let event = event.resolve(&intake)?;
        let before = self.begin(&reading);
        let claimed = self.claim_resolved(&event, fingerprint, lease_ms);
        self.end(&before, claimed.is_ok());
        claimed
    }

    fn claim_resolved(
        &mut self,
        event: &Resolved,
        fingerprint: Option<Fingerprint>,
        lease_ms: u64,
    ) -> Result<Claimed, Error> {
        let moment = self.moment();
        let known = event.key.and_then(|key| self.keys.get(key));
        let since =
            event.key.zip(known).map(|(key, known)| self.keys.since(key, &known, &self.clock));
        let judgement = self.judge(event, known, self.keys.horizon(), moment)?;
        let verdict = judgement.judged.verdict;
        if verdict != Verdict::Fresh {
            let settles = judgement.settles_position();
            let refusal = self.report(judgement, since, moment);
            if settles && let Some(place) = &event.position {
                self.settle(place).map_err(|_| Error::capacity())?;
            }
            self.count(verdict);
            return Ok(Claimed::Refused(refusal));
        }
        let claim = self.new_claim(event, lease_ms);
        let record = Record {
            token: claim.token,
            attempt: claim.attempt,
            // An event that was resolved has at least one identity, and so a name.
            fingerprint: fingerprint.ok_or(Error::event("the event carries no identity"))?,
            locks: claim.locks.clone(),
            content: event.content,
            time: event.time,
            stamp: self.clock.stamp(),
            lease_from: self.clock.stamp(),
            lease_until: claim.lease_until,
            lease_least: 0,
            doubt: None,
            held: claim.locks.all(),
            end: claim.locks.end(&self.fingerprinter, claim.token, event.content, event.time),
            edits: 0,
            stage: None,
            reserved: event.position.as_ref().map_or(0, |place| self.sources.reserve_for(place)),
        };
        self.add_claim(record).map_err(|_| Error::capacity())?;
        self.count(verdict);
        Ok(Claimed::Fresh(claim))
    }

    fn new_claim(&self, event: &Resolved, lease_ms: u64) -> Claim {
        let locks = self.locks_of(event);
        let moment = self.moment();
        let lapsed = |lock| match self.claims.hold(lock, moment) {
            Hold::Lapsed(record) => Some(record),
            Hold::Free | Hold::Live(_) | Hold::Doubt(_) => None,
        };
        let is_takeover = locks.prints().any(|lock| lapsed(lock).is_some());
        // Counted for the same key, else for the same revision or position.
        let earlier = locks.prints().next().and_then(lapsed).filter(|record| {
            let (was, is) = (&record.locks, &locks);
            is.key.is_some() || was.is_same_revision(is) || was.is_same_position(is)
        });
        Claim {
            token: self.claims.next_token(&self.clock),
            attempt: earlier.map_or(1, |record| record.attempt.saturating_add(1)),
            is_takeover,
            lease_until: self.clock.stamp().saturating_add(lease_ms),
            locks,
        }
    }

    fn add_claim(&mut self, record: Record) -> Result<(), NoRoom> {
        let Self { claims, keys, clock, room, .. } = self;
        claims.tidy(clock.believed(), room);
        let bytes = claims.growth_of(&record.locks).saturating_add(record.reserved);
        // Asked for beforehand, since a record that found no room would be gone.
        if room.free() < bytes {
            make_room(keys, clock, room, bytes)?;
        }
        claims.add(record, room)
    }

    /// Ends a claim with the effect done: its event is accepted, with a result if there is one.
    ///
    /// Committing again with the same result is fine. A result that is larger than the option
    /// allows, or finds no room, is left out: the key then answers `omitted`.
    ///
    /// # Errors
    /// `lost_claim` when the claim is no longer current; nothing is changed then, and
    /// [`Error::refusal`] tells the winner's verdict and result.
    pub fn commit(
        &mut self,
        claim: &Claim,
        result: Option<&Content<'_>>,
        now: UnixMs,
    ) -> Result<Timing, Error> {
        self.with_claims(now, |gate| {
            let given = result.map(|content| gate.given(content));
            let Some((number, record)) = gate.claims.current(claim) else {
                let digest = given.map(|given| given.digest);
                return gate.commit_again(claim, digest);
            };
            let is_late = gate.clock.believed() >= gate.moment().lease_until(record);
            gate.accept_claim(number, given.as_ref()).map_err(|_| Error::capacity())?;
            Ok(if is_late { Timing::Late } else { Timing::Committed })
        })
    }

    /// Ends a claim with nothing done: a retry is safe.
    ///
    /// # Errors
    /// `lost_claim` when the claim is no longer current.
    pub fn release(&mut self, claim: &Claim, now: UnixMs) -> Result<(), Error> {
        self.with_claims(now, |gate| {
            let number = gate.number_of(claim)?;
            gate.claims.finish_noted(number, &mut gate.room);
            Ok(())
        })
    }

    /// Says that the effect may have happened. The owner may still commit or release.
    ///
    /// # Errors
    /// `lost_claim` when the claim is no longer current.
    pub fn doubt(&mut self, claim: &Claim, now: UnixMs) -> Result<(), Error> {
        self.with_claims(now, |gate| {
            let number = gate.number_of(claim)?;
            let since = gate.clock.stamp();
            gate.claims.set_doubt(number, since);
            Ok(())
        })
    }

    /// Prolongs a lease, counted from now; it is never shortened. Returns its end.
    ///
    /// # Errors
    /// `lost_claim` when the claim is no longer current, or its lease is over; `invalid_option` for
    /// a lease that is not from 1 ms to 100 years.
    pub fn extend(&mut self, claim: &Claim, lease: Millis, now: UnixMs) -> Result<UnixMs, Error> {
        let lease_ms = valid_lease(lease)?;
        self.with_claims(now, |gate| {
            let number = gate.number_of(claim)?;
            let (believed, stamp) = (gate.clock.believed(), gate.clock.stamp());
            let until = gate.claims.current(claim).filter(|(_, record)| record.doubt.is_none());
            let until = until.map_or(0, |(_, record)| gate.moment().lease_until(record));
            // To ask for a record counts as an edit of it.
            let record = if believed < until { gate.claims.record_mut(number) } else { None };
            let Some(record) = record else { return Err(gate.lost(claim)) };
            // Now that it is written to, it is stamped as this batch's reading says.
            record.lease_until = until;
            record.lease_from = record.lease_from.min(stamp);
            Ok(UnixMs::new(record.extend(lease_ms, stamp, believed)))
        })
    }

    /// Ends a doubt, or a lapse that is held, with all of its identities.
    ///
    /// # Errors
    /// `not_in_doubt` when there is none on the event; `invalid_event` when it is malformed.
    pub fn resolve(
        &mut self,
        event: &Event<'_>,
        how: Resolution<'_>,
        now: UnixMs,
    ) -> Result<(), Error> {
        let reading = self.clock.read(now);
        let event = event.resolve(&self.intake(&reading.clock))?;
        self.with_claims(now, |gate| {
            let locks = gate.locks_of(&event);
            let moment = gate.moment();
            let first = locks.prints().next();
            let found =
                first.and_then(|lock| gate.claims.in_doubt(lock, moment)).filter(|(_, record)| {
                    let was = &record.locks;
                    locks.key.is_some()
                        || was.is_same_revision(&locks)
                        || was.is_same_position(&locks)
                });
            let Some((number, _)) = found else {
                return Err(Error::new(ErrorCode::NotInDoubt, "the event is not in doubt"));
            };
            match how {
                Resolution::Released => {
                    gate.claims.finish_noted(number, &mut gate.room);
                    Ok(())
                }
                Resolution::Committed(result) => {
                    let given = result.as_ref().map(|content| gate.given(content));
                    gate.accept_claim(number, given.as_ref()).map_err(|_| Error::capacity())
                }
            }
        })
    }

    /// Returns what is in doubt.
    pub fn doubts(&self, now: UnixMs) -> Vec<Doubt> {
        self.claims.doubts(Moment::new(&self.clock, &self.clock.read(now).clock)).collect()
    }

    /// Returns how an event is named in reports: by its key, else its entity, else its source.
    ///
    /// # Errors
    /// `invalid_event` when it is malformed; its time is not looked at.
    pub fn fingerprint(&self, event: &Event<'_>) -> Result<Fingerprint, Error> {
        let mut intake = self.intake(&self.clock);
        intake.latest = u64::MAX;
        event.resolve(&intake)?;
        event.fingerprint(&intake).ok_or(Error::event("the event carries no identity"))
    }

    /// Runs what ends or prolongs claims, at a reading of the clock.
    fn with_claims<T>(
        &mut self,
        now: UnixMs,
        run: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let before = self.begin(&self.clock.read(now));
        let result = run(self);
        self.end(&before, result.is_ok());
        result
    }

    fn number_of(&self, claim: &Claim) -> Result<u64, Error> {
        self.claims.current(claim).map(|(number, _)| number).ok_or_else(|| self.lost(claim))
    }

    fn given<'a>(&self, content: &'a Content<'a>) -> Given<'a> {
        Given { content, digest: self.fingerprinter.digest(content) }
    }

    /// Says who won a claim that was lost, if anyone did.
    fn lost(&self, claim: &Claim) -> Error {
        let event = claim.locks.resolved();
        let known = event.key.and_then(|key| self.keys.get(key));
        let since =
            event.key.zip(known).map(|(key, known)| self.keys.since(key, &known, &self.clock));
        let moment = self.moment();
        let refusal = self.judge(&event, known, self.keys.horizon(), moment).ok();
        let refusal = refusal.filter(|judgement| judgement.judged.verdict != Verdict::Fresh);
        Error::lost(refusal.map(|judgement| self.report(judgement, since, moment)))
    }

    /// Answers a commit of a claim that has ended: fine if it was this very one.
    fn commit_again(
        &self,
        claim: &Claim,
        result: Option<crate::fingerprint::Digest>,
    ) -> Result<Timing, Error> {
        let known = claim.locks.key.and_then(|key| self.keys.get(key));
        let number = known.and_then(|known| known.commit);
        let answers = self.keys.answers();
        if number.is_some_and(|number| answers.is_same(number, claim.token, result)) {
            return Ok(Timing::Committed);
        }
        Err(self.lost(claim))
    }

    /// Accepts the event of a claim, and ends it. The room was set aside with the claim.
    fn accept_claim(&mut self, number: u64, result: Option<&Given<'_>>) -> Result<(), NoRoom> {
        let Self { claims, room, .. } = self;
        // That its key was accepted says as much as that a claim on it alone has ended.
        let is_told = claims.record(number).is_some_and(Record::is_on_key_alone);
        let record =
            if is_told { claims.finish(number, room) } else { claims.finish_noted(number, room) };
        let Some(record) = record else { return Err(NoRoom) };
        let Record { token, fingerprint, locks, content, time, held, .. } = record;
        let Locks { key, revision, place } = locks;
        // A key that it has lost was accepted, or is someone else's now.
        let key = key.filter(|_| held.has(Held::KEY));
        if let Some(key) = key {
            // Claims of other copies that were below this one have lost the key.
            self.claims.displace(key)?;
        }
        // What has moved on while the lease was over stays where it is.
        let revision =
            revision.filter(|(entity, revision)| self.entities.is_ahead(*entity, revision));
        let position = place.map(|(place, _)| place);
        let position = position.filter(|place| self.sources.judge(place).verdict == Verdict::Fresh);
        let event = Resolved { key, revision, position, content, time };
        let Self { keys, clock, room, .. } = self;
        let commit = key.map(|_| keys.note_commit(token, fingerprint, result, clock, room));
        let max = self.room.lift();
        let accepted = commit.transpose().and_then(|commit| self.accept_all(&event, commit));
        self.room.limit(max);
        self.give_back();
        accepted
    }

    /// Forgets the oldest keys until memory is within its limit again.
    pub(crate) fn give_back(&mut self) {
        let Self { keys, clock, room, .. } = self;
        if room.is_over() {
            keys.make_room(1, clock, room);
        }
    }
}

fn valid_lease(lease: Millis) -> Result<u64, Error> {
    if lease < Millis::new(1) || lease > RETENTION_MAX {
        return Err(Error::option("the lease must be from 1 ms to 100 years"));
    }
    Ok(lease.as_u64())
}
