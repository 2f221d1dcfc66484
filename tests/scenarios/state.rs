//! A history of two copies whose snapshots and changes are the same bytes on every target.

use core::hash::Hasher as _;

use onceward::{
    CanonicalJson, Claim, Claimed, Content, Event, Gate, Json, Millis, Options, Ordinal, Positions,
    Resolution, Secret, UnixMs,
};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

const OPENED: u64 = 1_790_000_000_000;

/// What [`state`] returns, on every target: a hash of all bytes, and the length of the last ones.
/// It changes with the format of the bytes.
pub const STATE: (u128, usize) = (260_612_057_351_086_100_606_788_832_615_252_638_083, 24_258);

/// One of the two copies.
struct Part {
    gate: Gate,
    claims: Vec<Claim>,
}

/// Has two copies live, exchange their changes and stage; hashes what they tell.
pub fn state() -> (u128, usize) {
    let options = Options {
        retention: Millis::new(20_000),
        positions: Positions::Window(100),
        max_clock_jump: Millis::new(60_000),
        max_result_bytes: 100,
        ..Options::default()
    };
    let mut hasher = SipHasher13::new();
    let mut parts = [0; 2].map(|_| {
        let secret = Secret::drawn(b"drawn for every target").unwrap();
        let gate = Gate::new(options.clone(), secret, UnixMs::new(OPENED)).unwrap();
        Part { gate, claims: Vec::new() }
    });
    let mut bits = 1_u64;
    for step in 0..4_000_u64 {
        // A step of xorshift64.
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        let now = OPENED + step * 10;
        parts[usize::from(bits & 32 != 0)].call(bits, now);
        if step % 250 == 249 {
            for (from, to) in [(0, 1), (1, 0)] {
                let changes = parts[from].gate.changes().unwrap();
                hasher.write(&changes);
                parts[to].gate.merge(&changes).unwrap();
            }
        }
    }
    // The last reading is not confirmed, so that the bytes tell of one.
    let late = UnixMs::new(OPENED + 1_000_000_000);
    let _ = parts[0].gate.check(&Event::new().id("late").time(late), late).unwrap();
    let bytes = parts[0].gate.snapshot().unwrap();
    hasher.write(&bytes);
    let hash = hasher.finish128();
    (u128::from(hash.h1) << 64 | u128::from(hash.h2), bytes.len())
}

impl Part {
    fn call(&mut self, bits: u64, now: u64) {
        let (id, name) = (format!("id {}", bits % 900), format!("name {}", bits % 70));
        let at = UnixMs::new(now);
        let json = CanonicalJson::new(&Json::Number((bits % 1_000) as f64 / 8.0)).unwrap();
        let content = if bits & 64 == 0 { Content::json(&json) } else { Content::bytes(b"some") };
        let big = Ordinal::parse(&format!("{}{}", now, "0".repeat(40))).unwrap();
        let event = match bits % 5 {
            0 => Event::new().id(&id).entity(&name).revision(now.into()),
            1 => Event::new().id(&id).source("log").position((now / 9 - OPENED / 9).into()),
            2 => Event::new().entity(&name).revision(big).content(content),
            3 => Event::new().id(&id).time(UnixMs::new(now + 5)),
            _ => Event::new().id(&id).content(content),
        };
        let claim = self.claims.len().checked_sub(1 + (bits % 3) as usize);
        let claim = claim.map(|index| self.claims[index].clone());
        match (bits >> 8 & 7, claim) {
            (0 | 1, _) => {
                if let Ok(Claimed::Fresh(claim)) = self.gate.claim(&event, None, at) {
                    self.claims.push(claim);
                }
            }
            (2, Some(claim)) => drop(self.gate.commit(&claim, Some(&content), at)),
            (3, Some(claim)) if bits & 128 == 0 => drop(self.gate.release(&claim, at)),
            (3, Some(claim)) => drop(self.gate.doubt(&claim, at)),
            (4, _) => drop(self.gate.resolve(&event, Resolution::Committed(Some(content)), at)),
            (5, _) => {
                if let Ok(staged) = self.gate.stage(&[event], at)
                    && !self.gate.keep(staged.number).unwrap_or_default()
                {
                    self.gate.drop_stage(staged.number);
                }
            }
            _ => drop(self.gate.check(&event, at)),
        }
    }
}
