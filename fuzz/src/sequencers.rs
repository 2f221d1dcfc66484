//! Lives of sequencers, some of which begin with bytes that may be anything.

use core::hash::Hasher as _;

use onceward::{ErrorCode, Millis, Ordinal, Release, Sequencer, SequencerOptions, Turn, UnixMs};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::script::Script;

const CHECKSUM_BYTES: usize = 16;

const SCOPES: [&str; 4] = ["", "a", "b", "\u{e4}"];

type Item = Vec<u8>;

/// A sequencer, and the clock that it is told.
struct Life {
    options: SequencerOptions,
    sequencer: Sequencer<Item>,
    now: u64,
    /// Whether it began with nothing, so that all that is held was pushed here.
    is_own: bool,
    /// What came out last, by scope; nothing once a scope was forgotten.
    last: [Option<Ordinal>; SCOPES.len()],
}

/// Has a sequencer live as the input says: options, whether it begins with bytes, these, and calls.
pub fn run(input: &[u8]) {
    let mut script = Script::new(input);
    let options = options(&mut script);
    let opened = script.pick(&[0, 5, 1_790_000_000_000, (1 << 53) - 1]);
    let is_own = !script.is_below(128);
    let sequencer = if is_own {
        Sequencer::new(options.clone(), UnixMs::new(opened))
    } else {
        let length = script.number(2) as usize;
        let state = checked(script.take(length));
        match Sequencer::restore(options.clone(), &state, UnixMs::new(opened), take) {
            Ok(sequencer) => sequencer,
            Err(error) => return assert_typed(error.code()),
        }
    };
    let last = [const { None }; SCOPES.len()];
    let mut life = Life { options, sequencer, now: opened, is_own, last };
    life.assert_same_again();
    while !script.is_over() {
        life.step(&mut script);
        let Life { sequencer, options, .. } = &life;
        assert!(sequencer.held() <= options.max_held && sequencer.bytes() <= options.max_bytes);
    }
    life.assert_same_again();
    let turn = life.sequencer.drain();
    life.note(turn);
    assert_eq!(life.sequencer.held(), 0);
}

fn assert_typed(code: ErrorCode) {
    let codes = [
        ErrorCode::Corrupt,
        ErrorCode::UnsupportedVersion,
        ErrorCode::InvalidOption,
        ErrorCode::Capacity,
    ];
    assert!(codes.contains(&code), "{code:?}");
}

fn options(script: &mut Script<'_>) -> SequencerOptions {
    let release = match script.byte() % 4 {
        0 => Release::EventTime { lateness: Millis::new(script.pick(&[0, 3, 40, u64::MAX])) },
        1 => Release::Next { first: None, max_wait: None },
        2 => Release::Next { first: Some(Ordinal::from(1_u64)), max_wait: None },
        _ => Release::Next { first: None, max_wait: Some(Millis::new(script.pick(&[0, 9, 50]))) },
    };
    SequencerOptions {
        release,
        max_held: script.pick(&[0, 1, 3, 9, 65_536]),
        max_bytes: script.pick(&[0, 600, 1_500, 4_000, 1 << 25, u64::MAX]),
        max_clock_jump: Millis::new(script.pick(&[0, 100, 86_400_000])),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is asked for as what may fail")]
fn take(item: &[u8]) -> Result<Item, onceward::Error> {
    Ok(item.to_vec())
}

/// Returns bytes with a right checksum, so that what is behind it is reached.
fn checked(bytes: &[u8]) -> Vec<u8> {
    let body = &bytes[..bytes.len().saturating_sub(CHECKSUM_BYTES)];
    let mut hasher = SipHasher13::new_with_key(b"onceward in turn");
    hasher.write(body);
    [body, &hasher.finish128().as_bytes()].concat()
}

impl Life {
    fn step(&mut self, script: &mut Script<'_>) {
        let choice = script.byte();
        self.now = match choice >> 5 {
            0 => self.now.saturating_sub(40),
            1 => self.now.saturating_add(1_000_000_000),
            2..5 => self.now,
            _ => self.now.saturating_add(u64::from(choice & 7)),
        };
        let now = UnixMs::new(self.now);
        match choice & 31 {
            0 => self.reopen(),
            1 => {
                let turn = self.sequencer.drain();
                self.note(turn);
            }
            2 => self.forget(script.byte()),
            3..6 => {
                let turn = self.sequencer.flush(now);
                self.note(turn);
            }
            _ => self.push(script),
        }
    }

    fn push(&mut self, script: &mut Script<'_>) {
        let index = usize::from(script.byte()) % SCOPES.len();
        let order = match script.byte() {
            byte @ 0..250 => Ordinal::from(u64::from(byte)),
            250..253 => Ordinal::from(script.number(8)),
            _ => "9".repeat(129).parse().expect("129 digits"),
        };
        let bytes = script.pick(&[0, 1, 700, u64::MAX]);
        let item = [&[index as u8], order.to_string().as_bytes()].concat();
        let before = self.state();
        let now = UnixMs::new(self.now);
        match self.sequencer.push(SCOPES[index], &order, item.clone(), bytes, now) {
            Ok(turn) => self.note(turn),
            Err(rejected) => {
                assert_eq!((rejected.item, rejected.error.code()), (item, ErrorCode::Capacity));
                assert_eq!(self.state(), before, "a refusal changed something");
            }
        }
    }

    /// Nothing comes out that is before what has come out.
    fn note(&mut self, turn: Turn<Item>) {
        for item in turn.released {
            // What was restored may be called anything.
            let Some((&index, digits)) = item.split_first() else { continue };
            let order = str::from_utf8(digits).ok().and_then(|digits| Ordinal::parse(digits).ok());
            let place = self.last.get_mut(usize::from(index));
            let (Some(order), Some(last)) = (order, place) else { continue };
            if self.is_own {
                assert!(last.as_ref() <= Some(&order), "{order} after {last:?}");
            }
            *last = Some(order);
        }
        for gap in turn.skipped {
            assert!(gap.from <= gap.to, "{gap:?}");
        }
    }

    fn forget(&mut self, byte: u8) {
        let index = usize::from(byte) % SCOPES.len();
        let _ = self.sequencer.forget(SCOPES[index]);
        self.last[index] = None;
    }

    fn state(&self) -> Vec<u8> {
        self.sequencer.snapshot(|item| item).expect("there is memory")
    }

    fn reopened(&self, state: &[u8], now: u64) -> Sequencer<Item> {
        let restored = Sequencer::restore(self.options.clone(), state, UnixMs::new(now), take);
        restored.expect("its own bytes are taken")
    }

    fn reopen(&mut self) {
        self.sequencer = self.reopened(&self.state(), self.now);
    }

    /// What was read is written as it was; a reading of the clock that goes back settles it first.
    fn assert_same_again(&self) {
        let state = |sequencer: &Sequencer<Item>| sequencer.snapshot(|item| item);
        let once = state(&self.reopened(&self.state(), 0)).expect("there is memory");
        let again = state(&self.reopened(&once, 0)).expect("there is memory");
        assert_eq!(again, once);
    }
}
