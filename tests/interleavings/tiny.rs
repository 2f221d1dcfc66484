//! A world of two keys in a few lines: right, or wrong in one way that the search must find.

use super::{KEYS, LEASE, RESOLVED, Seen, Setting, Shape, Step, Told, View, WORKERS, World};

/// What is wrong with a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// A claim is known by its key alone, so that its next owner's is taken for it.
    TokenUnchecked,
    /// A release deletes the key, though it is committed.
    ReleaseUncommits,
    /// An extension brings a claim back that lapsed and was taken over.
    ExtendRevives,
    /// A second commit replaces the result.
    CommitReplaces,
    /// A lapsed claim is taken over though it should be held.
    HoldForgotten,
    /// Only the key is locked, and nothing else.
    KeyLockedAlone,
    /// A lapsed claim cannot be committed, though nobody has taken over.
    LateRefused,
    /// A takeover is given the token of the claim before it.
    TokenReused,
    /// A lease still holds at its very end.
    EndIncluded,
    /// A doubt lapses like a claim.
    DoubtLapses,
    /// A release that is refused ends the claim of whoever took over.
    ClaimSwallowed,
}

/// A claim that has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) token: u64,
    pub(crate) end: u64,
    pub(crate) attempt: u32,
    pub(crate) doubted: Option<u64>,
    /// Whether someone took over what it shares with them: then only its attempt still counts.
    pub(crate) lost: bool,
}

/// A key that is accepted: with the token of its claim, if it was claimed, and its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) token: u64,
    pub(crate) result: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    None,
    Pending(u64),
    InDoubt,
}

/// The whole state.
#[derive(Clone, Debug)]
pub(crate) struct Tiny {
    setting: Setting,
    bug: Option<Bug>,
    pub(crate) accepted: [Option<Accepted>; KEYS],
    pub(crate) claims: [Option<Live>; KEYS],
    pub(crate) revision: u8,
    pub(crate) settled: [bool; KEYS],
    last: u64,
    tickets: [Option<(usize, u64)>; WORKERS],
}

impl Tiny {
    /// Opens a world, which is right unless something is said to be wrong with it.
    pub(crate) fn new(setting: Setting, bug: Option<Bug>) -> Self {
        Self {
            setting,
            bug,
            accepted: [None; KEYS],
            claims: [None; KEYS],
            revision: 0,
            settled: [false; KEYS],
            last: 0,
            tickets: [None; WORKERS],
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    fn is_over(&self, claim: Live, now: u64) -> bool {
        now >= claim.end + u64::from(self.has(Bug::EndIncluded))
    }

    fn hold(&self, key: usize, now: u64) -> Hold {
        let held = self.setting.hold && !self.has(Bug::HoldForgotten);
        match self.claims[key].filter(|claim| !claim.lost) {
            Some(claim) if claim.doubted.is_some() => {
                let lapses = self.has(Bug::DoubtLapses) && self.is_over(claim, now);
                if lapses { Hold::None } else { Hold::InDoubt }
            }
            Some(claim) if !self.is_over(claim, now) => {
                Hold::Pending(claim.end - now.min(claim.end))
            }
            Some(_) if held => Hold::InDoubt,
            Some(_) | None => Hold::None,
        }
    }

    fn judge(&self, key: usize, now: u64) -> Seen {
        let of = |verdict| Seen { verdict, result: None, omitted: false, retry_after: None };
        let locked = |hold| match hold {
            Hold::None => None,
            Hold::Pending(after) => Some(Seen { retry_after: Some(after), ..of("pending") }),
            Hold::InDoubt => Some(of("in-doubt")),
        };
        if let Some(accepted) = self.accepted[key] {
            return Seen { result: accepted.result, ..of("duplicate") };
        }
        if let Some(seen) = locked(self.hold(key, now)) {
            return seen;
        }
        let other = 1 - key;
        let shared = self.setting.exclude(key, other) && !self.has(Bug::KeyLockedAlone);
        let lock = if shared { locked(self.hold(other, now)) } else { None };
        if self.setting.position(key).is_some() {
            if self.is_settled(key) {
                return of("duplicate");
            }
            if let Some(seen) = lock {
                return seen;
            }
        }
        match self.setting.revision(key) {
            Some(revision) if revision == self.revision => of("duplicate"),
            Some(revision) if revision < self.revision => of("stale"),
            Some(_) => lock.unwrap_or_else(|| of("fresh")),
            None => of("fresh"),
        }
    }

    fn is_settled(&self, key: usize) -> bool {
        let later = self.setting.shape != Shape::Window && self.settled[key..].contains(&true);
        later || self.settled[key]
    }

    /// Judges for someone who wants to act, which is also when a final refusal settles.
    fn judged(&mut self, key: usize, now: u64) -> Seen {
        let seen = self.judge(key, now);
        let is_final = ["duplicate", "stale"].contains(&seen.verdict);
        let free = self.hold(1 - key, now) == Hold::None || self.setting.shape == Shape::Window;
        if is_final && self.setting.position(key).is_some() && free {
            self.settled[key] = true;
        }
        seen
    }

    /// Takes the locks of lapsed claims away, and returns the attempt and whether there were any.
    fn displace(&mut self, key: usize) -> (u32, bool) {
        let own = self.claims[key].take();
        let shared = self.setting.exclude(key, 1 - key) && !self.has(Bug::KeyLockedAlone);
        let other = self.claims[1 - key].as_mut().filter(|claim| shared && !claim.lost);
        let takeover = own.is_some() || other.is_some();
        if let Some(other) = other {
            other.lost = true;
        }
        (own.map_or(1, |claim| claim.attempt + 1), takeover)
    }

    fn accept(&mut self, key: usize, token: u64, result: Option<u8>) {
        self.accepted[key] = Some(Accepted { token, result });
        self.claims[key] = None;
        if let Some(revision) = self.setting.revision(key) {
            self.revision = self.revision.max(revision);
        }
        if self.setting.position(key).is_some() {
            self.settled[key] = true;
        }
    }

    fn claim(&mut self, worker: usize, key: usize, now: u64) -> Told {
        let seen = self.judged(key, now);
        if seen.verdict != "fresh" {
            return Told::Refused(seen);
        }
        let (attempt, takeover) = self.displace(key);
        if !(takeover && self.has(Bug::TokenReused)) {
            self.last = (self.last + 1).max(now << 20);
        }
        let (token, end) = (self.last, now + LEASE);
        self.claims[key] = Some(Live { token, end, attempt, doubted: None, lost: false });
        self.tickets[worker] = Some((key, token));
        Told::Granted { token, attempt, takeover, until: end }
    }

    fn check(&mut self, key: usize, now: u64) -> Told {
        let seen = self.judged(key, now);
        if seen.verdict == "fresh" {
            self.displace(key);
            self.accept(key, 0, None);
        }
        Told::Verdict(seen.verdict)
    }

    /// Returns the worker's claim if it is current, or what is said instead.
    fn current(&self, worker: usize, now: u64) -> Result<(usize, Live), Told> {
        let (key, token) = self.tickets[worker].expect("only a worker with a claim acts on it");
        let any = self.has(Bug::TokenUnchecked);
        match self.claims[key] {
            Some(claim) if any || (claim.token == token && !claim.lost) => Ok((key, claim)),
            _ => Err(Told::Lost(Some(self.judge(key, now)))),
        }
    }

    fn commit(&mut self, worker: usize, result: u8, now: u64) -> Result<Told, Told> {
        if let Some((key, token)) = self.tickets[worker]
            && let Some(accepted) = &mut self.accepted[key]
            && accepted.token == token
        {
            if self.bug == Some(Bug::CommitReplaces) {
                accepted.result = Some(result);
            }
            if accepted.result == Some(result) {
                return Ok(Told::Committed { late: false });
            }
        }
        let (key, claim) = self.current(worker, now)?;
        let late = self.is_over(claim, now);
        if late && self.has(Bug::LateRefused) {
            return Err(Told::Lost(None));
        }
        self.accept(key, claim.token, Some(result));
        Ok(Told::Committed { late })
    }

    fn release(&mut self, worker: usize, now: u64) -> Result<Told, Told> {
        let (key, token) = self.tickets[worker].expect("a worker releases what it was granted");
        let own = self.accepted[key].is_some_and(|accepted| accepted.token == token);
        if own && self.has(Bug::ReleaseUncommits) {
            self.accepted[key] = None;
            return Ok(Told::Done);
        }
        let current = self.current(worker, now);
        if current.is_ok() || self.has(Bug::ClaimSwallowed) {
            self.claims[key] = None;
        }
        current.map(|_| Told::Done)
    }

    fn doubt(&mut self, worker: usize, now: u64) -> Result<Told, Told> {
        let (key, claim) = self.current(worker, now)?;
        let doubted = claim.doubted.or(Some(now));
        self.claims[key] = Some(Live { doubted, ..claim });
        Ok(Told::Done)
    }

    fn extend(&mut self, worker: usize, now: u64) -> Result<Told, Told> {
        let (key, token) = self.tickets[worker].expect("a worker extends what it was granted");
        if self.has(Bug::ExtendRevives) && self.accepted[key].is_none() {
            let end = now + LEASE;
            self.claims[key] = Some(Live { token, end, attempt: 1, doubted: None, lost: false });
            return Ok(Told::Extended { until: end });
        }
        let (key, claim) = self.current(worker, now)?;
        if claim.doubted.is_some() || self.is_over(claim, now) {
            return Err(Told::Lost(Some(self.judge(key, now))));
        }
        let end = claim.end.max(now + LEASE);
        self.claims[key] = Some(Live { end, ..claim });
        Ok(Told::Extended { until: end })
    }

    fn resolve(&mut self, key: usize, committed: bool, now: u64) -> Told {
        match self.claims[key] {
            Some(claim) if self.hold(key, now) == Hold::InDoubt => {
                if committed {
                    self.accept(key, claim.token, Some(RESOLVED));
                } else {
                    self.claims[key] = None;
                }
                Told::Done
            }
            _ => Told::Failed("not_in_doubt"),
        }
    }
}

impl World for Tiny {
    fn take(&mut self, step: Step, now: u64) -> Told {
        let outcome = match step {
            Step::Claim { worker, key } => Ok(self.claim(worker, key, now)),
            Step::Check { key } => Ok(self.check(key, now)),
            Step::Commit { worker, result } => self.commit(worker, result, now),
            Step::Release { worker } => self.release(worker, now),
            Step::Doubt { worker } => self.doubt(worker, now),
            Step::Extend { worker } => self.extend(worker, now),
            Step::Resolve { key, committed } => Ok(self.resolve(key, committed, now)),
            Step::Effect { .. } | Step::Crash { .. } | Step::Pass { .. } => Ok(Told::Done),
        };
        outcome.unwrap_or_else(|lost| lost)
    }

    fn view(&self, now: u64) -> View {
        let in_doubt = |key: &usize| self.hold(*key, now) == Hold::InDoubt;
        let doubts = (0..KEYS).filter(in_doubt).filter_map(|key| self.claims[key]);
        View {
            keys: (0..KEYS).map(|key| self.judge(key, now)).collect(),
            doubts: doubts
                .map(|claim| (claim.token, claim.attempt, claim.doubted.unwrap_or(claim.end)))
                .collect(),
            counts: [0; 4],
            details: format!("{:?}{:?}{:?}", self.accepted, self.claims, self.settled),
        }
    }
}
