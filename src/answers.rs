//! What committed keys were answered with: results, kept for a while, and who committed.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::content::Content;
use crate::fingerprint::{Digest, Fingerprint};
use crate::sort::sort;
use crate::table::{Arena, NoRoom, Room};
use crate::time::Millis;
use crate::verdict::Answer;

/// What the record of a commit is accounted with, without its result.
const COMMIT_BYTES: u64 = 96;

/// The commit of one key.
#[derive(Debug)]
struct Commit {
    token: u64,
    /// How the key is named in reports.
    fingerprint: Fingerprint,
    /// When it was committed.
    stamp: u64,
    /// What tells its result from another one, also when the result itself is gone.
    digest: Option<Digest>,
    answer: Option<Answer>,
}

/// A commit as state carries it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredCommit<'a> {
    pub(crate) token: u64,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) stamp: u64,
    pub(crate) digest: Option<Digest>,
    /// Whether the result is JSON, and its bytes; none when there was none, or it is gone.
    pub(crate) answer: Option<(bool, &'a [u8])>,
}

/// A result on its way into a commit.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    pub(crate) content: &'a Content<'a>,
    pub(crate) digest: Digest,
}

/// What a commit still tells.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) answer: Option<&'a Answer>,
    /// There was a result, and it is gone or never fitted.
    pub(crate) is_omitted: bool,
}

/// Commits by number.
#[derive(Debug)]
pub(crate) struct Answers {
    commits: Arena<Commit>,
    /// Numbers and tokens in the order of their commits, so that results go in that order.
    queue: VecDeque<(u64, u64)>,
    retention_ms: u64,
    bytes_max: u64,
}

impl Answers {
    pub(crate) const fn new(retention: Millis, bytes_max: u64) -> Self {
        let retention_ms = retention.as_u64();
        Self { commits: Arena::new(COMMIT_BYTES), queue: VecDeque::new(), retention_ms, bytes_max }
    }

    /// Notes a commit, with its result if that fits; returns its number.
    pub(crate) fn insert(
        &mut self,
        token: u64,
        fingerprint: Fingerprint,
        stamp: u64,
        result: Option<&Given<'_>>,
        room: &mut Room,
    ) -> Result<u64, NoRoom> {
        let answer = result.map(|given| (given.content.is_json(), given.content.as_bytes()));
        let digest = result.map(|given| given.digest);
        let commit = StoredCommit { token, fingerprint, stamp, digest, answer };
        // The room for the record itself was set aside with the claim.
        self.put(&commit, room, |commits, commit, room| {
            let max = room.lift();
            let number = commits.insert(commit, room);
            room.limit(max);
            number
        })
    }

    /// Takes a commit from another copy, with its result if that fits and is not over.
    pub(crate) fn adopt(
        &mut self,
        commit: &StoredCommit<'_>,
        now: u64,
        room: &mut Room,
    ) -> Result<u64, NoRoom> {
        let is_over = now >= commit.stamp.saturating_add(self.retention_ms);
        let answer = commit.answer.filter(|_| !is_over);
        self.put(&StoredCommit { answer, ..*commit }, room, Arena::insert)
    }

    fn put(
        &mut self,
        commit: &StoredCommit<'_>,
        room: &mut Room,
        insert: impl FnOnce(&mut Arena<Commit>, Commit, &mut Room) -> Result<u64, NoRoom>,
    ) -> Result<u64, NoRoom> {
        let StoredCommit { token, fingerprint, stamp, digest, answer } = *commit;
        let answer = answer.and_then(|(is_json, bytes)| self.copy(is_json, bytes, room).ok());
        let size = answer.as_ref().map(|answer| answer.bytes.len() as u64);
        let number =
            insert(&mut self.commits, Commit { token, fingerprint, stamp, digest, answer }, room)
                .inspect_err(|_| room.give(size.unwrap_or(0)))?;
        if size.is_some() && self.queue.try_reserve(1).is_ok() {
            self.queue.push_back((number, token));
        }
        Ok(number)
    }

    fn copy(&self, is_json: bool, given: &[u8], room: &mut Room) -> Result<Answer, NoRoom> {
        let size = given.len() as u64;
        if size > self.bytes_max {
            return Err(NoRoom);
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(given.len()).map_err(|_| NoRoom)?;
        room.take(size)?;
        bytes.extend_from_slice(given);
        Ok(Answer { is_json, bytes })
    }

    /// Returns a commit as state carries it at a time.
    pub(crate) fn stored(&self, number: u64, now: u64) -> Option<StoredCommit<'_>> {
        let told = self.told(number, now)?;
        let answer = told.answer.map(|answer| (answer.is_json, answer.bytes.as_slice()));
        let Commit { token, fingerprint, stamp, digest, .. } = *self.commits.get(number)?;
        Some(StoredCommit { token, fingerprint, stamp, digest, answer })
    }

    /// Puts the queue in order again after commits of other times were adopted.
    pub(crate) fn sort(&mut self) {
        let stamp = |number| self.commits.get(number).map_or(0, |commit| commit.stamp);
        let mut order = Vec::new();
        // Without memory for it results only stay a little longer than they need.
        if order.try_reserve_exact(self.queue.len()).is_ok() {
            order.extend(self.queue.iter().map(|&(number, token)| [stamp(number), number, token]));
            sort(&mut order);
            self.queue.clear();
            self.queue.extend(order.into_iter().map(|[_, number, token]| (number, token)));
        }
    }

    /// Returns what a commit tells at a time.
    pub(crate) fn told(&self, number: u64, now: u64) -> Option<Told<'_>> {
        let commit = self.commits.get(number)?;
        let is_over = now >= commit.stamp.saturating_add(self.retention_ms);
        let answer = commit.answer.as_ref().filter(|_| !is_over);
        Some(Told { answer, is_omitted: commit.digest.is_some() && answer.is_none() })
    }

    /// Whether a commit was this token's, with this result.
    pub(crate) fn is_same(&self, number: u64, token: u64, result: Option<Digest>) -> bool {
        let commit = self.commits.get(number);
        commit.is_some_and(|commit| commit.token == token && commit.digest == result)
    }

    /// Changes when a commit was made; returns when it was before.
    pub(crate) fn restamp(&mut self, number: u64, stamp: u64) -> Option<u64> {
        let commit = self.commits.get_mut(number)?;
        Some(core::mem::replace(&mut commit.stamp, stamp))
    }

    /// Forgets a commit.
    pub(crate) fn remove(&mut self, number: u64, room: &mut Room) {
        if let Some(commit) = self.commits.remove(number, room) {
            room.give(commit.answer.map_or(0, |answer| answer.bytes.len() as u64));
        }
    }

    /// Drops the results whose time was over at a time that will not be taken back.
    pub(crate) fn expire(&mut self, now: u64, room: &mut Room) {
        while let Some(&(number, token)) = self.queue.front() {
            let commit = self.commits.get_mut(number).filter(|commit| commit.token == token);
            if let Some(commit) = commit {
                if now < commit.stamp.saturating_add(self.retention_ms) {
                    break;
                }
                room.give(commit.answer.take().map_or(0, |answer| answer.bytes.len() as u64));
            }
            self.queue.pop_front();
        }
    }
}
