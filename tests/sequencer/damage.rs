//! State that is cut, flipped or made up: it is refused, or it is a state like any other.

use core::hash::Hasher as _;

use onceward::{Error, ErrorCode, Millis, Ordinal, Release, Sequencer, SequencerOptions, UnixMs};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::number_from;
use super::random::Random;

const NOW: UnixMs = UnixMs::new(1_790_000_000_000);

type Bytes = Sequencer<Vec<u8>>;

fn options() -> [SequencerOptions; 3] {
    let next = |max_wait| Release::Next { first: None, max_wait };
    let late = Release::EventTime { lateness: Millis::new(20) };
    [next(None), next(Some(Millis::new(30))), late].map(SequencerOptions::new)
}

/// A sequencer in the middle of its life.
fn lived(options: &SequencerOptions, seed: u64) -> Bytes {
    let mut random = Random::new(seed);
    let mut sequencer = Sequencer::new(options.clone(), NOW);
    let mut now = NOW.as_u64();
    for _ in 0..40 {
        now += random.up_to(5);
        let order = Ordinal::from(100 + (now - NOW.as_u64()) + random.up_to(12));
        let item = vec![random.next() as u8; random.up_to(3) as usize];
        let scope = *random.pick(&["", "a", "feed"]);
        let _ = sequencer.push(scope, &order, item, 3, UnixMs::new(now)).unwrap();
    }
    sequencer
}

fn state(sequencer: &Bytes) -> Vec<u8> {
    sequencer.snapshot(|item| item).unwrap()
}

fn restore(options: &SequencerOptions, bytes: &[u8]) -> Result<Bytes, Error> {
    Sequencer::restore(options.clone(), bytes, NOW, |item| Ok(item.to_vec()))
}

fn checked(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len() - 16;
    let mut hasher = SipHasher13::new_with_key(b"onceward in turn");
    hasher.write(&bytes[..body]);
    bytes[body..].copy_from_slice(&hasher.finish128().as_bytes());
    bytes
}

#[track_caller]
fn refuse(options: &SequencerOptions, bytes: &[u8], codes: &[ErrorCode]) {
    let code = restore(options, bytes).unwrap_err().code();
    assert!(codes.contains(&code), "{code:?}");
}

#[test]
fn every_cut_and_every_flipped_bit_is_noticed() {
    for options in options() {
        let whole = state(&lived(&options, 1));
        assert_eq!(state(&restore(&options, &whole).unwrap()), whole);
        for length in 0..whole.len() {
            refuse(&options, &whole[..length], &[ErrorCode::Corrupt]);
        }
        refuse(&options, &[&whole[..], &[0]].concat(), &[ErrorCode::Corrupt]);
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            refuse(&options, &bytes, &[ErrorCode::Corrupt]);
        }
    }
}

#[test]
fn a_newer_version_and_another_kind_of_order_are_told_apart() {
    let [hold, skip, late] = options();
    let mut newer = state(&lived(&hold, 1));
    newer[4] = 2;
    refuse(&hold, &checked(newer), &[ErrorCode::UnsupportedVersion]);
    refuse(&late, &state(&lived(&hold, 1)), &[ErrorCode::InvalidOption]);
    refuse(&hold, &state(&lived(&late, 1)), &[ErrorCode::InvalidOption]);
    // What to do with gaps is no part of the state.
    assert!(restore(&skip, &state(&lived(&hold, 1))).is_ok());
    let full = lived(&hold, 1);
    let small = SequencerOptions { max_held: full.held() - 1, ..hold.clone() };
    refuse(&small, &state(&full), &[ErrorCode::Capacity]);
    let small = SequencerOptions { max_bytes: full.bytes() - 1, ..hold };
    refuse(&small, &state(&full), &[ErrorCode::Capacity]);
}

/// Whatever is taken lives on: it keeps its own laws, and can be written down and read again.
fn live_on(options: &SequencerOptions, mut sequencer: Bytes, seed: u64) {
    let again = restore(options, &state(&sequencer)).unwrap();
    assert_eq!(state(&again), state(&sequencer), "seed {seed}");
    let mut now = NOW.as_u64();
    let mut random = Random::new(seed);
    for order in [0, 90, 101, 110, 125, 140, 150] {
        now += random.up_to(40);
        let order = Ordinal::from(order + random.up_to(9));
        let scope = *random.pick(&["", "a", "feed", "new"]);
        let _ = sequencer.push(scope, &order, vec![], 0, UnixMs::new(now));
        let _ = sequencer.flush(UnixMs::new(now));
        assert!(sequencer.held() <= options.max_held && sequencer.bytes() <= options.max_bytes);
    }
    let _ = restore(options, &state(&sequencer)).unwrap();
    let _ = sequencer.drain();
    assert_eq!(sequencer.held(), 0, "seed {seed}");
    for scope in ["", "a", "feed", "new"] {
        let _ = sequencer.forget(scope);
    }
    let _ = restore(options, &state(&sequencer)).unwrap();
}

#[test]
fn hostile_bytes_whose_checks_are_right_are_refused_or_live_on() {
    let seed = number_from("ONCEWARD_SEED").unwrap_or(1);
    let (mut taken, mut refused) = (0, 0);
    for options in options() {
        let whole = state(&lived(&options, seed));
        let mut random = Random::new(seed);
        let flips = (0..(whole.len() - 16) * 8).map(|bit| vec![(bit / 8, 1 << (bit % 8))]);
        let many: Vec<Vec<(usize, u8)>> = (0..3_000)
            .map(|_| {
                let count = 1 + random.up_to(3);
                let at = |random: &mut Random| random.up_to(whole.len() as u64 - 17) as usize;
                (0..count).map(|_| (at(&mut random), random.next() as u8)).collect()
            })
            .collect();
        for changes in flips.chain(many) {
            let mut bytes = whole.clone();
            for (at, change) in changes {
                bytes[at] ^= change;
            }
            match restore(&options, &checked(bytes)) {
                Ok(sequencer) => {
                    taken += 1;
                    live_on(&options, sequencer, seed);
                }
                Err(error) => {
                    refused += 1;
                    let codes = [
                        ErrorCode::Corrupt,
                        ErrorCode::UnsupportedVersion,
                        ErrorCode::InvalidOption,
                        ErrorCode::Capacity,
                    ];
                    assert!(codes.contains(&error.code()), "{error:?}");
                }
            }
        }
    }
    assert!(taken > 500 && refused > 5_000, "{taken} taken, {refused} refused");
}
