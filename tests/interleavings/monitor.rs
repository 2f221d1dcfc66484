//! What must hold whatever happens: the promises about claims, seen from the outside alone.

use super::{KEYS, LEASE, OPENED, RESOLVED, Setting, Step, Told, View, WORKERS};

/// A claim as its worker, or whoever watches, knows it.
#[expect(clippy::struct_excessive_bools, reason = "each of them is a fact of its own")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) key: usize,
    pub(crate) token: u64,
    pub(crate) end: u64,
    /// Whether the worker has done what the claim permits.
    pub(crate) acted: bool,
    pub(crate) doubted: bool,
    pub(crate) committed: Option<u8>,
    /// Whether it has ended, by its own worker, an operator or someone who took over.
    pub(crate) ended: bool,
    /// Whether its worker knows.
    pub(crate) told: bool,
}

/// Everything that was promised so far.
#[derive(Clone, Debug)]
pub(crate) struct Monitor {
    pub(crate) setting: Setting,
    pub(crate) now: u64,
    pub(crate) workers: [Option<Ticket>; WORKERS],
    /// Claims that have not ended, but whose workers have crashed.
    pub(crate) orphans: Vec<Ticket>,
    /// The result of each key, once it is committed; a key that was checked has none.
    pub(crate) results: [Option<Option<u8>>; KEYS],
    /// How often each key may still be acted on before it is once too often, under hold.
    pub(crate) budgets: [u32; KEYS],
    last: u64,
}

/// What is wrong, in words.
pub(crate) type Broken = String;

impl Monitor {
    /// Begins where nothing has happened.
    pub(crate) fn new(setting: Setting) -> Self {
        Self {
            setting,
            now: OPENED,
            workers: [None; WORKERS],
            orphans: Vec::new(),
            results: [None; KEYS],
            budgets: [1; KEYS],
            last: 0,
        }
    }

    /// Returns what can happen next.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = (0..WORKERS).flat_map(|worker| self.steps_of(worker)).collect();
        for key in 0..KEYS {
            steps.push(Step::Check { key });
            steps.extend([true, false].map(|committed| Step::Resolve { key, committed }));
        }
        if let Some(end) = self.next_end() {
            steps.push(Step::Pass { lapse: true });
            if end > self.now + LEASE / 2 {
                steps.push(Step::Pass { lapse: false });
            }
        }
        steps
    }

    fn steps_of(&self, worker: usize) -> Vec<Step> {
        let result = worker as u8;
        let other = result + WORKERS as u8;
        let mut steps = Vec::new();
        let Some(ticket) = self.workers[worker] else {
            // Workers are alike, so the first of those who are idle claims for all of them.
            let first = self.workers.iter().position(Option::is_none) == Some(worker);
            let keys = if first { 0..KEYS } else { 0..0 };
            return keys.map(|key| Step::Claim { worker, key }).collect();
        };
        steps.push(Step::Crash { worker });
        steps.push(Step::Extend { worker });
        steps.push(Step::Doubt { worker });
        if !ticket.acted && !ticket.told && !ticket.doubted {
            steps.push(Step::Effect { worker });
        }
        // Nobody who keeps to the rules releases what was done; that it would be refused is tried.
        if !ticket.acted || ticket.ended {
            steps.push(Step::Release { worker });
        }
        if ticket.acted || ticket.doubted || ticket.told {
            steps.push(Step::Commit { worker, result });
        }
        if ticket.told {
            steps.push(Step::Commit { worker, result: other });
        }
        steps
    }

    /// Returns the time at which a step is taken.
    pub(crate) fn time_of(&self, step: Step) -> u64 {
        match (step, self.next_end()) {
            (Step::Pass { lapse: true }, Some(end)) => end,
            (Step::Pass { .. }, _) => self.now + LEASE / 2,
            _ => self.now,
        }
    }

    fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.workers.iter().flatten().chain(&self.orphans)
    }

    fn next_end(&self) -> Option<u64> {
        let live = self.tickets().filter(|ticket| !ticket.ended && !ticket.doubted);
        live.map(|ticket| ticket.end).filter(|end| *end > self.now).min()
    }

    /// Takes note of a step and its answer, between two views of the world, at one time.
    pub(crate) fn note(
        &mut self,
        step: Step,
        told: &Told,
        before: &View,
        after: &View,
    ) -> Result<(), Broken> {
        self.now = self.time_of(step);
        match told {
            Told::Failed("capacity") => return Err("nothing here can fill the memory".to_owned()),
            Told::Lost(_) | Told::Failed(_) if before != after => {
                return Err("a call that failed has changed something".to_owned());
            }
            _ => {}
        }
        match step {
            Step::Claim { worker, key } => self.claimed(worker, key, told)?,
            Step::Check { key } => self.checked(key, told)?,
            Step::Resolve { key, committed } => self.resolved(key, committed, told),
            Step::Crash { worker } => {
                let ticket = self.workers[worker].take();
                self.orphans.extend(ticket.filter(|ticket| !ticket.ended));
            }
            Step::Effect { worker } => {
                if let Some(ticket) = &mut self.workers[worker] {
                    ticket.acted = true;
                    let key = ticket.key;
                    self.act(key)?;
                }
            }
            Step::Pass { .. } => {}
            Step::Commit { worker, .. }
            | Step::Release { worker }
            | Step::Doubt { worker }
            | Step::Extend { worker } => self.used(worker, step, told)?,
        }
        // What has lapsed under retry, or has ended, can stand in nobody's way any more.
        let (now, hold) = (self.now, self.setting.hold);
        self.orphans.retain(|it| !it.ended && (hold || it.doubted || it.end > now));
        self.look(after)
    }

    fn act(&mut self, key: usize) -> Result<(), Broken> {
        if self.setting.hold {
            let left = self.budgets[key].checked_sub(1);
            self.budgets[key] = left.ok_or("the effect ran twice under hold")?;
        }
        Ok(())
    }

    /// Ends every claim that excludes one on the key.
    fn take_over(&mut self, key: usize) -> Result<(), Broken> {
        let (setting, now) = (self.setting, self.now);
        for ticket in self.workers.iter_mut().flatten().chain(&mut self.orphans) {
            if ticket.ended || !setting.exclude(ticket.key, key) {
                continue;
            }
            if ticket.doubted {
                return Err("a doubt was passed over".to_owned());
            }
            if ticket.end > now {
                return Err("two hold the same".to_owned());
            }
            if setting.hold {
                return Err("a lapsed claim was taken over under hold".to_owned());
            }
            ticket.ended = true;
        }
        Ok(())
    }

    fn claimed(&mut self, worker: usize, key: usize, told: &Told) -> Result<(), Broken> {
        let Told::Granted { token, until, .. } = *told else {
            return Ok(());
        };
        self.take_over(key)?;
        if token <= self.last {
            return Err(format!("the token {token} comes after {}", self.last));
        }
        if until != self.now + LEASE {
            return Err("the lease has another length".to_owned());
        }
        self.last = token;
        self.workers[worker] = Some(Ticket {
            key,
            token,
            end: until,
            acted: false,
            doubted: false,
            committed: None,
            ended: false,
            told: false,
        });
        Ok(())
    }

    fn checked(&mut self, key: usize, told: &Told) -> Result<(), Broken> {
        if *told != Told::Verdict("fresh") {
            return Ok(());
        }
        self.take_over(key)?;
        self.accepted(key, None)?;
        self.act(key)
    }

    fn accepted(&mut self, key: usize, result: Option<u8>) -> Result<(), Broken> {
        if self.results[key].is_some() {
            return Err("a key was accepted twice".to_owned());
        }
        self.results[key] = Some(result);
        Ok(())
    }

    fn resolved(&mut self, key: usize, committed: bool, told: &Told) {
        if *told != Told::Done {
            return;
        }
        for ticket in self.workers.iter_mut().flatten().chain(&mut self.orphans) {
            ticket.ended |= ticket.key == key;
        }
        if committed {
            self.results[key] = Some(Some(RESOLVED));
        } else {
            self.budgets[key] += 1;
        }
    }

    /// Takes note of what a worker does with its claim.
    fn used(&mut self, worker: usize, step: Step, told: &Told) -> Result<(), Broken> {
        let now = self.now;
        let mut ticket = self.workers[worker].ok_or("there is no claim to use")?;
        let lapsed = now >= ticket.end;
        let again = matches!(step, Step::Commit { result, .. } if ticket.committed == Some(result));
        let extends = matches!(step, Step::Extend { .. });
        let allowed = !ticket.ended && !(extends && (lapsed || ticket.doubted));
        match told {
            Told::Lost(_) if allowed => return Err("a current claim was refused".to_owned()),
            Told::Lost(_) if again => return Err("the same commit was refused".to_owned()),
            // A worker whose extension fails gives up.
            Told::Lost(_) => ticket.told = true,
            _ if again => {}
            Told::Committed { .. } | Told::Done | Told::Extended { .. } if !allowed => {
                return Err("a claim was used that is not current".to_owned());
            }
            Told::Committed { late } if *late != lapsed && !ticket.doubted => {
                return Err("a commit is late exactly if its lease is over".to_owned());
            }
            Told::Done if matches!(step, Step::Doubt { .. }) => ticket.doubted = true,
            Told::Committed { .. } | Told::Done => (ticket.ended, ticket.told) = (true, true),
            Told::Extended { until } if *until != ticket.end.max(now + LEASE) => {
                return Err("the lease was extended to another time".to_owned());
            }
            Told::Extended { until } => ticket.end = *until,
            _ => return Err("no such answer was expected".to_owned()),
        }
        if let (Step::Commit { result, .. }, Told::Committed { .. }, false) = (step, told, again) {
            ticket.committed = Some(result);
            self.accepted(ticket.key, Some(result))?;
        }
        self.workers[worker] = Some(ticket);
        Ok(())
    }

    /// Compares what can be seen with what was promised.
    fn look(&self, view: &View) -> Result<(), Broken> {
        for (key, result) in self.results.iter().enumerate() {
            let seen = &view.keys[key];
            match result {
                Some(result) if seen.verdict != "duplicate" || seen.result != *result => {
                    return Err(format!("the committed result of key {key} has changed"));
                }
                None if seen.result.is_some() => {
                    return Err(format!("key {key} has a result, but was not committed"));
                }
                _ => {}
            }
        }
        let holds = |ticket: &&Ticket| !ticket.ended && !ticket.doubted && ticket.end > self.now;
        let holders: Vec<&Ticket> = self.tickets().filter(holds).collect();
        for (index, one) in holders.iter().enumerate() {
            let mut others = holders[..index].iter();
            if others.any(|other| self.setting.exclude(one.key, other.key)) {
                return Err("two hold the same".to_owned());
            }
            let seen = &view.keys[one.key];
            if seen.verdict == "fresh" {
                return Err(format!("key {} is held, but looks fresh", one.key));
            }
        }
        Ok(())
    }
}
