//! The real gate, and what three workers hold of it.

use onceward::{
    AfterCrash, Claim, Claimed, Content, Error, Event, Gate, Inspection, Millis, Options,
    Positions, Resolution, Secret, Timing, UnixMs,
};

use super::{
    KEYS, LEASE, OPENED, RESOLVED, Seen, Setting, Shape, Step, Told, View, WORKERS, World,
};

const IDS: [&str; KEYS] = ["first", "second"];

/// A real gate with its workers.
#[derive(Debug)]
pub(crate) struct Real {
    setting: Setting,
    gate: Gate,
    claims: [Option<Claim>; WORKERS],
}

impl Real {
    /// Opens a gate.
    pub(crate) fn new(setting: Setting) -> Self {
        let options = Options {
            lease: Millis::new(LEASE),
            after_crash: if setting.hold { AfterCrash::Hold } else { AfterCrash::Retry },
            positions: match setting.shape {
                Shape::Window => Positions::Window(8),
                Shape::Entity | Shape::Source | Shape::Crossed => Positions::Newer,
            },
            ..Options::default()
        };
        let secret = Secret::new(b"a secret of the test").expect("the secret is long enough");
        let gate = Gate::new(options, secret, UnixMs::new(OPENED)).expect("the options are valid");
        Self { setting, gate, claims: [const { None }; WORKERS] }
    }

    fn event(&self, key: usize) -> Event<'static> {
        let mut event = Event::new().id(IDS[key]);
        if let Some(revision) = self.setting.revision(key) {
            event = event.entity("entity").revision(u64::from(revision).into());
        }
        if let Some(position) = self.setting.position(key) {
            event = event.source("source").position(u64::from(position).into());
        }
        event
    }

    fn held(&self, worker: usize) -> Claim {
        self.claims[worker].clone().expect("only a worker with a claim acts on it")
    }

    fn claim(&mut self, worker: usize, key: usize, now: UnixMs) -> Result<Told, Error> {
        Ok(match self.gate.claim(&self.event(key), None, now)? {
            Claimed::Fresh(claim) => {
                let told = Told::Granted {
                    token: claim.token(),
                    attempt: claim.attempt(),
                    takeover: claim.is_takeover(),
                    until: claim.lease_until().as_u64(),
                };
                self.claims[worker] = Some(claim);
                told
            }
            Claimed::Refused(inspection) => Told::Refused(seen(&inspection)),
        })
    }

    fn answer(&mut self, step: Step, now: UnixMs) -> Result<Told, Error> {
        match step {
            Step::Claim { worker, key } => self.claim(worker, key, now),
            Step::Check { key } => {
                self.gate.check(&self.event(key), now).map(|it| Told::Verdict(it.as_str()))
            }
            Step::Commit { worker, result } => {
                let (claim, result) = (self.held(worker), [result]);
                let timing = self.gate.commit(&claim, Some(&Content::bytes(&result)), now)?;
                Ok(Told::Committed { late: matches!(timing, Timing::Late) })
            }
            Step::Release { worker } => {
                self.gate.release(&self.held(worker), now).map(|()| Told::Done)
            }
            Step::Doubt { worker } => self.gate.doubt(&self.held(worker), now).map(|()| Told::Done),
            Step::Extend { worker } => {
                let until = self.gate.extend(&self.held(worker), Millis::new(LEASE), now)?;
                Ok(Told::Extended { until: until.as_u64() })
            }
            Step::Resolve { key, committed } => {
                let result = [RESOLVED];
                let how = if committed {
                    Resolution::Committed(Some(Content::bytes(&result)))
                } else {
                    Resolution::Released
                };
                self.gate.resolve(&self.event(key), how, now).map(|()| Told::Done)
            }
            Step::Effect { .. } | Step::Crash { .. } | Step::Pass { .. } => Ok(Told::Done),
        }
    }
}

impl World for Real {
    fn take(&mut self, step: Step, now: u64) -> Told {
        self.answer(step, UnixMs::new(now)).unwrap_or_else(|error| match error.code().as_str() {
            "lost_claim" => Told::Lost(error.refusal().map(seen)),
            code => Told::Failed(code),
        })
    }

    fn view(&self, now: u64) -> View {
        let now = UnixMs::new(now);
        let inspect = |key| self.gate.inspect(&self.event(key), now).expect("the event is valid");
        let inspections: Vec<Inspection> = (0..KEYS).map(inspect).collect();
        let doubts = self.gate.doubts(now);
        let stats = self.gate.stats();
        View {
            keys: inspections.iter().map(seen).collect(),
            doubts: doubts.iter().map(|it| (it.token, it.attempt, it.since.as_u64())).collect(),
            counts: [stats.keys, stats.entities, stats.sources, stats.claims],
            details: format!("{inspections:?} {doubts:?} {}", stats.horizon.as_u64()),
        }
    }
}

fn seen(inspection: &Inspection) -> Seen {
    let result = inspection.result.as_ref().map(|answer| {
        assert!(!answer.is_json, "results are bytes here");
        answer.bytes[0]
    });
    Seen {
        verdict: inspection.verdict.as_str(),
        result,
        omitted: inspection.omitted,
        retry_after: inspection.retry_after.map(Millis::as_u64),
    }
}
