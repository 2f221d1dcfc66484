//! Two copies of a gate, and a list of calls to them: whatever is called, an error changes nothing,
//! and the state is what it says it is.

use onceward::{
    Claimed, Error, ErrorCode, Event, Gate, Options, Resolution, Stats, UnixMs, Verdict,
};

use super::events::{self, Known, Sent};
use super::frame::Frame;
use super::held::{assert_idempotent, assert_restorable, assert_same, merge, show, snapshot};
use super::repair;
use super::script::Script;
use super::settings::{self, OPENED, ROOMY, open};
use super::states::{believed, is_horizon_ahead, is_settled, is_settled_at};

/// No history is longer: its end is what is looked at hardest.
const CALLS_MAX: usize = 250;

/// A commit may need a new segment in a few tables, which its claim has not set aside in full.
const SLACK: u64 = 1 << 11;

/// One copy, with what its users hold.
#[derive(Debug)]
struct Copy {
    gate: Gate,
    claims: Vec<onceward::Claim>,
    stages: Vec<u64>,
    /// What its store was told.
    store: Option<Vec<Vec<u8>>>,
}

/// Two copies, and the time around them.
#[derive(Debug)]
pub struct World {
    options: Options,
    copies: [Copy; 2],
    now: u64,
    /// What was told to whoever wants to hear it.
    heard: Vec<Vec<u8>>,
    /// The last reading of the clock, which may have been wild.
    reading: u64,
    /// Whether a horizon was ever ahead of the clock: it came from a copy whose clock was not believed.
    was_ahead: bool,
}

/// Runs an input: options, then calls.
pub fn run(input: &[u8]) {
    let mut script = Script::new(input);
    let is_carried = script.is_below(40);
    let options = settings::draw(&mut script);
    let gate = settings::gate(&options, is_carried);
    World::around(gate, &options).run(&mut script);
}

impl Copy {
    fn new(gate: Gate) -> Self {
        Self { gate, claims: Vec::new(), stages: Vec::new(), store: None }
    }
}

impl World {
    /// Puts a gate beside an empty one.
    pub fn around(gate: Gate, options: &Options) -> Self {
        let other = empty_beside(&gate, options);
        let was_ahead = is_horizon_ahead(&snapshot(&gate));
        let copies = [gate, other].map(Copy::new);
        Self {
            options: options.clone(),
            copies,
            now: OPENED,
            heard: Vec::new(),
            reading: OPENED,
            was_ahead,
        }
    }

    /// Returns the gate that was put in.
    pub fn into_gate(self) -> Gate {
        let [Copy { gate, .. }, _] = self.copies;
        gate
    }

    /// Makes the calls, and looks at what has come of them.
    pub fn run(&mut self, script: &mut Script<'_>) {
        for _ in 0..CALLS_MAX {
            if script.is_over() {
                break;
            }
            self.step(script);
        }
        for copy in &mut self.copies {
            let is_plain = self.options.max_bytes >= ROOMY && !self.was_ahead;
            if is_plain {
                assert_restorable(&copy.gate, &self.options);
            }
            if is_plain && is_settled(&snapshot(&copy.gate), &self.options) {
                assert_idempotent(&mut copy.gate);
            }
        }
    }

    fn step(&mut self, script: &mut Script<'_>) {
        let index = usize::from(script.is_below(60));
        let before = (snapshot(&self.copies[index].gate), self.copies[index].gate.stats());
        let call = script.byte() % 32;
        let outcome = self.call(call, index, script);
        let Copy { gate, .. } = &self.copies[index];
        let after = (snapshot(gate), gate.stats());
        if let Err(error) = outcome {
            assert!(error.code() != ErrorCode::Corrupt, "call {call}: {error:?}");
            let mut before = before;
            if error.code() == ErrorCode::Capacity {
                before.0 = self.without_old_claims(&before.0, &after.0);
            }
            assert_unchanged(&format!("call {call}: {error:?}"), &before, &after);
        }
        self.was_ahead |= is_horizon_ahead(&after.0);
        assert!(after.1.bytes <= self.options.max_bytes + SLACK, "call {call}: {:?}", after.1);
    }

    /// Returns a state without the claims that another one lacks, as long as they are over at the last
    /// reading: such a claim goes where there is no room, also when that does not help.
    fn without_old_claims(&self, state: &[u8], other: &[u8]) -> Vec<u8> {
        let [mut frame, other] = [state, other].map(|state| Frame::read(state).expect("a frame"));
        let retention = self.options.retention.as_u64();
        frame.claims.retain(|claim| {
            let is_over = claim.times[3].saturating_add(retention) <= self.reading;
            !is_over || other.claims.iter().any(|other| other.token == claim.token)
        });
        let mut bytes = frame.write();
        repair::frame(&mut bytes);
        bytes
    }

    /// Makes one call; whatever does not judge, claim or read the clock must not move it.
    fn call(&mut self, call: u8, index: usize, script: &mut Script<'_>) -> Result<(), Error> {
        match call {
            0..14 => self.judge(call, index, script),
            14..22 => self.use_claims(call, index, script),
            _ => self.carry_state(call, index, script),
        }
    }

    /// Moves the time on, mostly by little, and returns a reading of the clock.
    fn reading(&mut self, script: &mut Script<'_>) -> UnixMs {
        let Options { retention, lease, max_clock_jump, .. } = &self.options;
        let jump = max_clock_jump.as_u64();
        let (ahead, off) = match script.byte() {
            0..120 => (0, 0),
            step @ 120..200 => (u64::from(step - 119), 0),
            200..215 => (lease.as_u64(), 0),
            215..225 => (retention.as_u64(), 0),
            225..235 => (jump, 0),
            235..245 => (0, jump + 1 + u64::from(script.byte())),
            245..250 => (jump + 1, 0),
            250..253 => (0, u64::MAX),
            253 => (0, 1 << 43),
            _ => {
                self.reading = *[0, self.now - 7].get(usize::from(script.byte())).unwrap_or(&0);
                return UnixMs::new(self.reading);
            }
        };
        self.now = self.now.saturating_add(ahead);
        self.reading = self.now.saturating_add(off);
        UnixMs::new(self.reading)
    }

    fn judge(&mut self, call: u8, index: usize, script: &mut Script<'_>) -> Result<(), Error> {
        let now = self.reading(script);
        let clock = self.now;
        let gate = &mut self.copies[index].gate;
        match call {
            0..6 => {
                let sent = Sent::draw(script, clock);
                let told = gate.inspect(&sent.event(), now).map(|inspection| inspection.verdict);
                let verdict = gate.check(&sent.event(), now)?;
                // Where the horizon is ahead of the clock nothing is kept.
                if !self.was_ahead {
                    assert_eq!(told, Ok(verdict), "{sent:?} at {now:?}");
                    let state = snapshot(gate);
                    let again = gate.check(&sent.event(), now);
                    let is_twice = verdict == Verdict::Fresh && again == Ok(Verdict::Fresh);
                    assert!(!is_twice, "twice: {sent:?} at {now:?}\n{}", show(&state));
                }
            }
            6..8 => {
                let sent = draw_all(script, clock);
                let events: Vec<Event<'_>> = sent.iter().map(Sent::event).collect();
                assert_eq!(gate.check_all(&events, now)?.len(), events.len());
            }
            8 => {
                let scope = events::scope(script);
                let ids: Vec<_> =
                    (0..script.byte() % 40).map(|_| (events::id(script), None)).collect();
                assert_eq!(gate.check_ids(scope, &ids, now)?.len(), ids.len());
            }
            9 => {
                let row = |script: &mut _| (events::entity(script), events::ordinal(script));
                let rows: Vec<_> = (0..script.byte() % 8).map(|_| row(script)).collect();
                assert_eq!(gate.check_revisions("", &rows, now)?.len(), rows.len());
            }
            10 => {
                let (source, epoch) = (events::source(script), events::ordinal(script));
                let rows: Vec<_> =
                    (0..script.byte() % 8).map(|_| events::ordinal(script)).collect();
                assert_eq!(gate.check_positions("", source, &epoch, &rows, now)?.len(), rows.len());
            }
            11 => gate.read(now),
            12 => {
                let before = snapshot(gate);
                let _ = gate.inspect(&Sent::draw(script, clock).event(), now);
                let _ = gate.fingerprint(&Sent::draw(script, clock).event());
                let _ = gate.doubts(now);
                assert_same("looked at", &snapshot(gate), &before);
            }
            _ => {
                let sent = Sent::draw(script, clock);
                gate.forget(&sent.target())?;
                self.copies[index].claims.truncate(8);
            }
        }
        Ok(())
    }

    fn use_claims(&mut self, call: u8, index: usize, script: &mut Script<'_>) -> Result<(), Error> {
        let now = self.reading(script);
        let clock = self.now;
        let lease = self.options.lease;
        // A claim may be used in another copy than the one that has given it.
        let from = if script.is_below(20) { 1 - index } else { index };
        let held = &self.copies[from].claims;
        let chosen = usize::from(script.byte()) % held.len().max(1);
        let claim = held.iter().rev().nth(chosen).cloned();
        let Copy { gate, claims, .. } = &mut self.copies[index];
        match (call, claim) {
            (14..17, _) | (_, None) => {
                let longer = script.is_below(60).then_some(lease);
                let sent = Sent::draw(script, clock);
                if let Claimed::Fresh(claim) = gate.claim(&sent.event(), longer, now)? {
                    claims.push(claim);
                }
            }
            (17..19, Some(claim)) => {
                let result = (script.byte() & 1 == 0).then(|| Known::draw(script));
                let result = result.as_ref().map(Known::content);
                gate.commit(&claim, result.as_ref(), now)?;
                gate.commit(&claim, result.as_ref(), now).map(drop).or_else(allow_lost)?;
            }
            (19, Some(claim)) => match script.byte() % 3 {
                0 => gate.release(&claim, now)?,
                _ => gate.doubt(&claim, now)?,
            },
            (20, Some(claim)) => drop(gate.extend(&claim, lease, now)?),
            (_, Some(_)) => {
                let sent = Sent::draw(script, clock);
                let result = Known::draw(script);
                let how = match script.byte() % 3 {
                    0 => Resolution::Released,
                    1 => Resolution::Committed(None),
                    _ => Resolution::Committed(Some(result.content())),
                };
                gate.resolve(&sent.event(), how, now)?;
            }
        }
        Ok(())
    }

    fn carry_state(
        &mut self,
        call: u8,
        index: usize,
        script: &mut Script<'_>,
    ) -> Result<(), Error> {
        let now = if call < 24 { self.reading(script) } else { UnixMs::new(self.now) };
        let [first, second] = &mut self.copies;
        let (copy, other) = if index == 0 { (first, second) } else { (second, first) };
        let Copy { gate, stages, store, .. } = copy;
        match call {
            22..24 => {
                let sent = draw_all(script, self.now);
                let events: Vec<Event<'_>> = sent.iter().map(Sent::event).collect();
                let staged = gate.stage(&events, now)?;
                stages.push(staged.number);
                self.heard.push(staged.changes);
            }
            24 => {
                let number = stages.pop().unwrap_or(7);
                if script.byte() & 1 == 0 {
                    gate.keep(number)?;
                } else {
                    gate.drop_stage(number);
                }
            }
            25 => self.heard.push(gate.changes()?),
            26 => {
                let (bytes, is_snapshot) = gate.store_changes()?;
                match store {
                    Some(frames) if !is_snapshot => frames.push(bytes),
                    _ => *store = Some(vec![bytes]),
                }
                assert!(gate.is_stored(), "all was told");
                if !self.was_ahead {
                    assert_stored(gate, store.iter().flatten(), &self.options);
                }
            }
            27 => {
                gate.restore_store();
            }
            28 => {
                gate.merge(&snapshot(&other.gate))?;
            }
            29 => {
                if let Some(frame) = self.heard.get(usize::from(script.byte())) {
                    gate.merge(frame)?;
                }
            }
            30 => {
                let step = usize::from(script.byte()) + 1;
                *gate = open(&snapshot(gate), &self.options, step)?;
                (*stages, *store) = (Vec::new(), None);
            }
            _ => {
                let frame = snapshot(gate);
                let cut = usize::from(script.byte()) % frame.len();
                merge(gate, &frame[..cut]).expect_err("a part of a frame");
            }
        }
        Ok(())
    }
}

/// Opens an empty gate with the secret of another one.
fn empty_beside(gate: &Gate, options: &Options) -> Gate {
    let mut frame = Frame::read(&snapshot(gate)).expect("a frame");
    if frame.secret.is_none() {
        return settings::gate(options, false);
    }
    (frame.keys, frame.claims) = (Vec::new(), Vec::new());
    (frame.entities, frame.sources) = (Vec::new(), Vec::new());
    let mut bytes = frame.write();
    repair::frame(&mut bytes);
    open(&bytes, options, usize::MAX).expect("a frame without records")
}

fn draw_all(script: &mut Script<'_>, now: u64) -> Vec<Sent> {
    (0..script.byte() % 6).map(|_| Sent::draw(script, now)).collect()
}

fn allow_lost(error: Error) -> Result<(), Error> {
    // Only a key remembers what a claim was committed with.
    if error.code() == ErrorCode::LostClaim { Ok(()) } else { Err(error) }
}

fn assert_unchanged(what: &str, before: &(Vec<u8>, Stats), after: &(Vec<u8>, Stats)) {
    assert_same(what, &after.0, &before.0);
    // The same may lie less or more densely, and what is long over may be dropped.
    let (before, mut after) = (before.1, after.1);
    after.bytes = before.bytes;
    after.claims = after.claims.max(before.claims);
    assert_eq!(after, before, "{what}");
}

/// Fails unless what a store was told is what the gate remembers.
fn assert_stored<'a>(gate: &Gate, told: impl Iterator<Item = &'a Vec<u8>>, options: &Options) {
    let state = snapshot(gate);
    let now = believed(&state);
    let told: Vec<_> = told.collect();
    if told.iter().any(|frame| !is_settled_at(frame, options, now)) {
        return;
    }
    let options = Options { max_bytes: ROOMY, ..options.clone() };
    let mut again = open(told[0], &options, usize::MAX).expect("what the store was told");
    for frame in &told[1..] {
        again.merge_stored(frame).expect("what the store was told");
    }
    // Opening is a reading, which confirms a leap from one flush to the next.
    again.read(UnixMs::new(now));
    assert_same("from the store", &snapshot(&again), &state);
}
