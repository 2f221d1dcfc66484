//! Merging where memory is short: it is never exceeded, and what does not fit changes nothing.

use onceward::{Claim, Claimed, Content, ErrorCode, Event, Gate, Millis, Options, Ordinal, UnixMs};

use crate::copies::plain::open;
use crate::copies::random::Random;
use crate::copies::{OPENED, same, seeds};

const HISTORIES: u64 = 600;

/// What claims and their commits may take beyond the limit: a step of growth of their tables.
const STEP: u64 = 4_096;

struct Small {
    gate: Gate,
    claims: Vec<Claim>,
    now: u64,
}

impl Small {
    fn new(max_bytes: u64) -> Self {
        let retention = Millis::new(5_000);
        let gate = open(Options { max_bytes, retention, ..Options::default() });
        Self { gate, claims: Vec::new(), now: OPENED }
    }

    /// Fills the memory a little more: keys, entities, sources, claims and results.
    fn live(&mut self, random: &mut Random, steps: u64) {
        for _ in 0..random.up_to(steps) {
            self.now += random.up_to(3);
            let now = UnixMs::new(self.now);
            let name = format!("n{}", random.up_to(400));
            let ordinal = Ordinal::from(random.up_to(9));
            let event = match random.up_to(9) {
                0 => Event::new().entity(&name).revision(ordinal),
                1 => Event::new().id(&name).source(&name).position(ordinal),
                2 => Event::new().id(&name).content(Content::bytes(b"some")),
                _ => Event::new().id(&name),
            };
            let code = match random.up_to(9) {
                0 => self.gate.claim(&event, None, now).map(|claimed| {
                    if let Claimed::Fresh(claim) = claimed {
                        self.claims.push(claim);
                    }
                }),
                1 if !self.claims.is_empty() => {
                    let claim = self.claims.swap_remove(0);
                    let result = Content::bytes(b"a result of some length");
                    self.gate.commit(&claim, Some(&result), now).map(drop)
                }
                _ => self.gate.check(&event, now).map(drop),
            };
            let code = code.map_err(|error| error.code());
            assert!(matches!(code, Ok(()) | Err(ErrorCode::Capacity | ErrorCode::LostClaim)));
        }
    }

    fn check(&self) {
        let stats = self.gate.stats();
        assert!(stats.bytes <= stats.max_bytes + STEP, "{stats:?}");
    }
}

#[test]
fn a_small_memory_is_not_exceeded_by_a_merge() {
    let (mut taken, mut refused) = (0, 0);
    for seed in seeds(HISTORIES) {
        let mut random = Random::new(seed.0);
        let sizes = [0; 2].map(|_| *random.pick(&[2_000, 5_000, 9_000, 20_000]));
        let mut copies = [Small::new(sizes[0]), Small::new(sizes[1]), Small::new(1 << 20)];
        for _ in 0..6 {
            for copy in &mut copies {
                copy.live(&mut random, 150);
            }
            let [from, to] = [0, 0].map(|_| random.up_to(2) as usize);
            let state = copies[from].gate.snapshot().unwrap();
            let is_stage = random.chance(20);
            let to = &mut copies[to];
            let before = to.gate.snapshot().unwrap();
            let merged =
                if is_stage { to.gate.merge_stored(&state) } else { to.gate.merge(&state) };
            match merged {
                Ok(_) => taken += 1,
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::Capacity);
                    same("after capacity", &to.gate.snapshot().unwrap(), &before);
                    refused += 1;
                }
            }
            to.check();
        }
    }
    println!("{taken} merges that fit, {refused} that did not");
}
