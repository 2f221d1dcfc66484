//! The steps of those who claim, on both gates.

use super::{History, failure};
use crate::histories::Resolution;
use crate::oracle::claiming::Claimed;
use crate::oracle::content::Content;
use crate::oracle::event::Event;
use crate::oracle::{Failure, Judgement, Verdict};
use crate::subject::{Code, claims::Refusal};

impl History {
    pub(crate) fn claim(&mut self, event: &Event, lease: Option<u64>, now: u64) {
        let found = self.subject.claim(event, lease, now);
        let seen = match &found {
            Ok(Claimed::Fresh(_)) => Some(Ok(Verdict::Fresh)),
            Ok(Claimed::Refused(judgement)) => Some(Ok(judgement.verdict)),
            Err(code) => failure(code),
        };
        let granted = match &found {
            Ok(Claimed::Fresh(grant)) => Some((grant.attempt, grant.takeover)),
            _ => None,
        };
        let expected = self.oracle.claim(event, lease, now, seen, granted).map_err(Failure::code);
        self.note(&format!("found {found:?}, expected {expected:?}"));
        let agrees = match (&found, &expected) {
            (Ok(Claimed::Refused(found)), Ok(Claimed::Refused(expected))) => {
                self.agrees(found, expected)
            }
            _ => found == expected,
        };
        assert!(agrees, "the answer to the claim differs");
        if let Ok(Claimed::Refused(judgement)) = &found {
            self.tally_result(judgement);
        }
        self.tally(match &found {
            Ok(Claimed::Fresh(grant)) if grant.takeover => "claim: takeover",
            Ok(Claimed::Fresh(_)) => "claim: fresh",
            Ok(Claimed::Refused(judgement)) => judgement.verdict.name(),
            Err(code) => code,
        });
    }

    pub(crate) fn commit(&mut self, token: u64, result: Option<&Content>, now: u64) {
        let refusal = self.oracle.refusal(token, now);
        let found = self.subject.commit(token, result, now);
        let expected = self.oracle.commit(token, result, now, found.is_ok());
        self.note(&format!("found {found:?}, expected {expected:?}"));
        self.tally(match &found {
            Ok(true) => "commit: late",
            Ok(false) => "commit: in time",
            Err((code, _)) => code,
        });
        // Of some commits it is left open whether they are late.
        let found = found.map(|late| expected.ok().flatten().map(|_| late));
        self.compare_use(found, expected, &refusal);
    }

    pub(crate) fn release(&mut self, token: u64, now: u64) {
        let refusal = self.oracle.refusal(token, now);
        let found = self.subject.release(token, now);
        let expected = self.oracle.release(token, now, found.is_ok());
        self.tally(if found.is_ok() { "release" } else { "lost_claim" });
        self.compare_use(found, expected, &refusal);
    }

    pub(crate) fn doubt(&mut self, token: u64, now: u64) {
        let refusal = self.oracle.refusal(token, now);
        let found = self.subject.doubt(token, now);
        let expected = self.oracle.doubt(token, now, found.is_ok());
        self.tally(if found.is_ok() { "doubt" } else { "lost_claim" });
        self.compare_use(found, expected, &refusal);
    }

    pub(crate) fn extend(&mut self, token: u64, lease: u64, now: u64) {
        let refusal = self.oracle.refusal(token, now);
        let found = self.subject.extend(token, lease, now);
        let expected = self.oracle.extend(token, lease, now);
        self.tally(if found.is_ok() { "extend" } else { "lost_claim" });
        self.compare_use(found, expected, &refusal);
    }

    pub(crate) fn resolve(&mut self, event: &Event, how: &Resolution, now: u64) {
        let committed = match how {
            Resolution::Committed(result) => Some(result.as_ref()),
            Resolution::Released => None,
        };
        let found = self.subject.resolve(event, committed, now);
        let expected = self.oracle.resolve(event, committed, now, found.is_ok());
        let expected = expected.map_err(Failure::code);
        self.note(&format!("found {found:?}, expected {expected:?}"));
        assert_eq!(found, expected, "the resolution differs");
        self.tally(found.map_or_else(|code| code, |()| "resolve"));
    }

    pub(crate) fn doubts(&mut self, now: u64) {
        let (found, expected) = (self.subject.doubts(now), self.oracle.doubts(now));
        self.note(&format!("found {found:?}, expected {expected:?}"));
        assert_eq!(found, expected, "the doubts differ");
        self.tally("doubts");
    }

    /// Compares what became of using a claim, and what is told of the winner where it is lost.
    fn compare_use<T: PartialEq + core::fmt::Debug>(
        &mut self,
        found: Result<T, Refusal>,
        expected: Result<T, Failure>,
        refusal: &[Result<Judgement, Failure>],
    ) {
        let expected = expected.map_err(Failure::code);
        self.note(&format!("found {found:?}, expected {expected:?}, or {refusal:?}"));
        let told = found.as_ref().err().and_then(|(_, told)| told.clone());
        let found: Result<T, Code> = found.map_err(|(code, _)| code);
        assert_eq!(found, expected, "the use of a claim differs");
        if found.is_ok() {
            return;
        }
        let agrees = refusal.iter().any(|outcome| match (outcome, &told) {
            (Ok(expected), Some(told)) => self.agrees(told, expected),
            // Nobody has won, or nothing can be said of it.
            (Ok(expected), None) => expected.verdict == Verdict::Fresh,
            (Err(_), told) => told.is_none(),
        });
        assert!(agrees || refusal.is_empty(), "what is told of the winner differs");
    }

    /// Returns whether two judgements agree, up to what the page leaves open.
    pub(crate) fn agrees(&self, found: &Judgement, expected: &Judgement) -> bool {
        let mut expected = expected.clone();
        match (expected.since, found.since) {
            // A time that is kept in ticks may be told in ticks.
            (Some(exact), Some(told)) if exact.abs_diff(told) < self.world.options.tick() => {
                expected.since = Some(told);
            }
            // Since when a claim is in the way is told, but nowhere laid down.
            (None, told) if [Verdict::Pending, Verdict::Conflict].contains(&found.verdict) => {
                expected.since = told;
            }
            _ => {}
        }
        expected == *found
    }
}
