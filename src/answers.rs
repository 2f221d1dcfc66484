//! What committed keys were answered with: results, kept for a while, and who committed.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::content::Content;
use crate::fingerprint::Digest;
use crate::table::{Arena, NoRoom, Room};
use crate::time::Millis;
use crate::verdict::Answer;

/// What the record of a commit is accounted with, without its result.
const COMMIT_BYTES: u64 = 96;

/// The commit of one key.
#[derive(Debug)]
struct Commit {
    token: u64,
    /// When it was committed.
    stamp: u64,
    /// What tells its result from another one, also when the result itself is gone.
    digest: Option<Digest>,
    answer: Option<Answer>,
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
        stamp: u64,
        result: Option<&Given<'_>>,
        room: &mut Room,
    ) -> Result<u64, NoRoom> {
        let answer = result.and_then(|given| self.copy(given.content, room).ok());
        let digest = result.map(|given| given.digest);
        let has_answer = answer.is_some();
        // The room for the record itself was set aside with the claim.
        let max = room.lift();
        let number = self.commits.insert(Commit { token, stamp, digest, answer }, room);
        room.limit(max);
        let number = number?;
        if has_answer && self.queue.try_reserve(1).is_ok() {
            self.queue.push_back((number, token));
        }
        Ok(number)
    }

    fn copy(&self, content: &Content<'_>, room: &mut Room) -> Result<Answer, NoRoom> {
        let size = content.as_bytes().len() as u64;
        if size > self.bytes_max {
            return Err(NoRoom);
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(content.as_bytes().len()).map_err(|_| NoRoom)?;
        room.take(size)?;
        bytes.extend_from_slice(content.as_bytes());
        Ok(Answer { is_json: content.is_json(), bytes })
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
