//! Bytes that were damaged, by accident or on purpose, change nothing.

use core::hash::Hasher as _;
use std::collections::BTreeMap;

use onceward::{
    Error, ErrorCode, Event, Gate, Options, Ordinal, Positions, Restoration, Revisions, Secret,
    Stats, UnixMs,
};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::KINDS;
use crate::copies::plain::{at, gate, open};
use crate::copies::random::Random;
use crate::copies::shown::believed;
use crate::copies::{Copy, World, same, seeds};

const HISTORIES: u64 = 1_500;
const SECRET: &[u8] = b"what all copies share";

/// Writes the checks anew, as only someone who knows the secret can.
fn repair(bytes: &mut [u8], secret: &[u8]) {
    let mut prelude = SipHasher13::new_with_key(b"onceward prelude");
    prelude.write(&bytes[..16]);
    let check = prelude.finish128().h1.to_le_bytes();
    bytes[16..24].copy_from_slice(&check);
    let mut condensed = SipHasher13::new_with_key(b"onceward secret\0");
    condensed.write(secret);
    let mut checksum = SipHasher13::new_with_key(&condensed.finish128().as_bytes());
    checksum.write(&8_u64.to_le_bytes());
    let end = bytes.len() - 16;
    checksum.write(&bytes[..end]);
    let sum = checksum.finish128().as_bytes();
    bytes[end..].copy_from_slice(&sum);
}

/// Everything that can be seen of a gate, but for how densely its tables lie.
fn seen(gate: &Gate) -> (Vec<u8>, String) {
    let stats = gate.stats();
    assert!(stats.bytes <= stats.max_bytes, "{stats:?}");
    let stats = Stats { bytes: 0, ..stats };
    (gate.snapshot().unwrap(), format!("{stats:?} {:?}", gate.doubts(UnixMs::new(0))))
}

/// Merges what is expected to be refused; nothing may change.
#[track_caller]
fn refused(gate: &mut Gate, bytes: &[u8]) -> Error {
    let (before, others) = seen(gate);
    let error = gate.merge(bytes).unwrap_err();
    let (after, others_after) = seen(gate);
    same("after an error", &after, &before);
    assert_eq!(others_after, others);
    error
}

/// Damages bytes by chance; tells what was done.
fn damaged(random: &mut Random, good: &[u8]) -> (&'static str, Vec<u8>) {
    let mut bytes = good.to_vec();
    let last = bytes.len() as u64 - 1;
    match random.up_to(3) {
        0 => {
            bytes.truncate(random.up_to(last) as usize);
            ("cut", bytes)
        }
        1 => {
            bytes[random.up_to(last) as usize] ^= 1 << random.up_to(7);
            ("a flipped bit", bytes)
        }
        2 => {
            bytes.push(random.next() as u8);
            ("a byte too many", bytes)
        }
        _ => {
            let mut noise = vec![0; random.up_to(300) as usize];
            noise.fill_with(|| random.next() as u8);
            ("noise", noise)
        }
    }
}

/// Damages a field or two, and repairs the checks.
fn forged(random: &mut Random, good: &[u8]) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..=random.up_to(1) {
        let at = 24 + random.up_to(bytes.len() as u64 - 41) as usize;
        bytes[at] = match random.up_to(3) {
            0 => 0,
            1 => 255,
            _ => bytes[at] ^ (1 << random.up_to(7)),
        };
    }
    if random.chance(10) {
        let length = bytes.len() - 1 - random.up_to(30) as usize;
        bytes.truncate(length.max(128));
    }
    repair(&mut bytes, SECRET);
    bytes
}

/// What forged bytes made of a gate is sound: it can be written and read, and lives on.
fn check_sound(world: &World, gate: Gate, copy: &Copy) {
    let state = gate.snapshot().unwrap();
    let restoration =
        Restoration::new(state.clone(), world.options(), Some(World::secret())).unwrap();
    same("forged, and read again", &restoration.finish().unwrap().snapshot().unwrap(), &state);
    let mut living = Copy { gate, now: copy.now, claims: copy.claims.clone() };
    world.clone().live(&mut living, 12);
    drop(living.gate.snapshot().unwrap());
}

#[test]
fn damaged_bytes_change_nothing() {
    let mut cases: BTreeMap<String, u64> = BTreeMap::new();
    for seed in seeds(HISTORIES) {
        let mut world = World::new(seed.0, &KINDS);
        let (mut copy, mut other) = (world.open(), world.open());
        world.live(&mut copy, 15);
        world.live(&mut other, 15);
        let good = copy.gate.snapshot().unwrap();
        let mut again = good.clone();
        repair(&mut again, SECRET);
        same("the checks are known", &again, &good);
        for _ in 0..20 {
            let (name, bytes) = damaged(&mut world.random, &good);
            assert_eq!(refused(&mut other.gate, &bytes).code(), ErrorCode::Corrupt, "{name}");
            let secret = Some(World::secret());
            let opened = Gate::restore(&bytes, world.options(), secret, UnixMs::new(0));
            assert_eq!(opened.unwrap_err().code(), ErrorCode::Corrupt, "{name}");
            *cases.entry(name.to_owned()).or_default() += 2;
        }
        for _ in 0..20 {
            let bytes = forged(&mut world.random, &good);
            let mut target = world.copy_of(&other);
            let before = seen(&target.gate);
            let told = match target.gate.merge(&bytes) {
                Ok(_) => {
                    check_sound(&world, target.gate, &copy);
                    "forged, and taken".to_owned()
                }
                Err(error) => {
                    assert_eq!(seen(&target.gate), before, "after {error}");
                    format!("forged: {}", error.code().as_str())
                }
            };
            *cases.entry(told).or_default() += 1;
            // To open it may fail, but does not break anything.
            let secret = Some(World::secret());
            drop(Gate::restore(&bytes, world.options(), secret, UnixMs::new(copy.now)));
        }
    }
    println!("{cases:?}");
}

#[test]
fn foreign_bytes_are_told_apart() {
    let mut gate = gate();
    let _ =
        gate.check(&Event::new().id("k").content(onceward::Content::bytes(b"x")), at(0)).unwrap();
    let other = |secret: &[u8], options: Options| {
        let mut gate = Gate::new(options, Secret::new(secret).unwrap(), at(0)).unwrap();
        let _ = gate.check(&Event::new().id("l"), at(0)).unwrap();
        gate.snapshot().unwrap()
    };
    let error = refused(&mut gate, &other(b"another", Options::default()));
    assert_eq!(error.code(), ErrorCode::WrongSecret);
    for options in [
        Options { revisions: Revisions::Next { first: None }, ..Options::default() },
        Options { positions: Positions::Next { first: None }, ..Options::default() },
        Options { positions: Positions::Window(64), ..Options::default() },
    ] {
        let bytes = other(b"any", options.clone());
        assert_eq!(refused(&mut gate, &bytes).code(), ErrorCode::InvalidOption, "{options:?}");
        let secret = Some(Secret::new(b"any").unwrap());
        let opened = Gate::restore(&bytes, Options::default(), secret, at(0));
        assert_eq!(opened.unwrap_err().code(), ErrorCode::InvalidOption);
    }
    let wide = open(Options { positions: Positions::Window(65), ..Options::default() });
    let mut narrow = open(Options { positions: Positions::Window(64), ..Options::default() });
    let error = refused(&mut narrow, &wide.snapshot().unwrap());
    assert_eq!(error.code(), ErrorCode::InvalidOption);
    let mut newer = other(b"any", Options::default());
    newer[4] += 1;
    assert_eq!(
        refused(&mut gate, &newer).code(),
        ErrorCode::Corrupt,
        "a flipped bit is no version"
    );
    repair(&mut newer, b"any");
    assert_eq!(refused(&mut gate, &newer).code(), ErrorCode::UnsupportedVersion);
    assert_eq!(believed(&gate.snapshot().unwrap()), at(0).as_u64());
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut large = gate();
    for index in 0..400_u64 {
        let name = format!("n{index}");
        let event = Event::new().id(&name).entity(&name).revision(Ordinal::from(index));
        let _ = large.check(&event, at(index)).unwrap();
    }
    let bytes = large.snapshot().unwrap();
    let mut small = open(Options { max_bytes: 8_000, ..Options::default() });
    for index in 0..200_u64 {
        let _ = small.check(&Event::new().id(&format!("own {index}")), at(index)).unwrap();
    }
    assert_eq!(refused(&mut small, &bytes).code(), ErrorCode::Capacity);
    let secret = Some(Secret::new(b"any").unwrap());
    let options = Options { max_bytes: 8_000, ..Options::default() };
    let opened = Gate::restore(&bytes, options, secret, at(400));
    assert_eq!(opened.unwrap_err().code(), ErrorCode::Capacity);
}
