//! Histories that once broke the laws of merging, made as small as they go.

use onceward::{AfterCrash, Content, Event, Gate, Millis, Options, Ordinal, Resolution, Verdict};

use crate::copies::plain::{at, claim, copy, gate, open, restored, short};
use crate::copies::same as same_bytes;

fn at_source(position: u64) -> Event<'static> {
    Event::new().id("k").source("s").position(Ordinal::from(position))
}

fn revision(revision: u64) -> Event<'static> {
    Event::new().id("k").entity("e").revision(Ordinal::from(revision))
}

#[track_caller]
fn same(left: &Gate, right: &Gate) {
    same_bytes("the copies differ", &left.snapshot().unwrap(), &right.snapshot().unwrap());
}

/// A lapsed claim that lost its key, but not its source, is ended by a merge and by nothing else.
#[test]
fn a_merge_of_its_own_bytes_changes_nothing() {
    let mut gate = open(short());
    drop(claim(&mut gate, &at_source(1), 0));
    assert_eq!(gate.check(&Event::new().id("k"), at(10)).unwrap(), Verdict::Fresh);
    same(&gate, &copy(&gate, short()));
}

/// Two copies issue one token for one key, but for different events.
#[test]
fn equal_tokens_of_two_copies_are_not_mixed_up() {
    let (mut a, mut b) = (gate(), gate());
    drop(claim(&mut a, &at_source(1), 0));
    drop(claim(&mut b, &revision(1).content(Content::bytes(b"x")), 0));
    let (was, is) = (a.snapshot().unwrap(), b.snapshot().unwrap());
    a.merge(&is).unwrap();
    b.merge(&was).unwrap();
    same(&a, &b);
}

/// In b the claim has lost its source, in c its key; in a the key was accepted.
#[test]
fn what_is_lost_in_parts_ends_alike_in_any_order() {
    let mut start = open(short());
    drop(claim(&mut start, &at_source(1), 0));
    let [mut a, mut b, mut c] = [0; 3].map(|_| copy(&start, short()));
    assert_eq!(a.check(&Event::new().id("k"), at(10)).unwrap(), Verdict::Fresh);
    let source = Event::new().source("s").position(Ordinal::from(1_u64));
    assert_eq!(b.check(&source, at(10)).unwrap(), Verdict::Fresh);
    drop(claim(&mut c, &Event::new().id("k"), 10));
    let [a, b, c] = [a, b, c].map(|gate| gate.snapshot().unwrap());
    let join = |states: &[&[u8]]| {
        let mut gate = gate_of(states[0]);
        states[1..].iter().for_each(|state| drop(gate.merge(state).unwrap()));
        gate
    };
    let ab = join(&[&a, &b]).snapshot().unwrap();
    let bc = join(&[&b, &c]).snapshot().unwrap();
    same(&join(&[&ab, &c]), &join(&[&a, &bc]));
}

fn gate_of(state: &[u8]) -> Gate {
    restored(state, short())
}

/// Keys that are merged into an empty memory are not told to those who follow.
#[test]
fn keys_that_were_built_at_once_are_among_the_changes() {
    let mut other = gate();
    assert_eq!(other.check(&Event::new().id("k"), at(0)).unwrap(), Verdict::Fresh);
    let mut gate = gate();
    drop(gate.changes().unwrap());
    gate.merge(&other.snapshot().unwrap()).unwrap();
    let mut follower = open(Options::default());
    follower.merge(&gate.changes().unwrap()).unwrap();
    same(&follower, &gate);
}

/// They stay when the merge fails after them.
#[test]
fn keys_that_were_built_at_once_go_when_the_merge_fails() {
    let mut other = gate();
    assert_eq!(other.check(&Event::new().id("k"), at(0)).unwrap(), Verdict::Fresh);
    for index in 0..400 {
        let name = format!("e{index}");
        let event = Event::new().entity(&name).revision(Ordinal::from(1_u64));
        assert_eq!(other.check(&event, at(0)).unwrap(), Verdict::Fresh);
    }
    let mut small = open(Options { max_bytes: 8_000, ..Options::default() });
    assert_eq!(small.merge(&other.snapshot().unwrap()).unwrap_err().code().as_str(), "capacity");
    same(&small, &gate());
}

/// That a claim lost a part by a check is told one call too late.
#[test]
fn what_a_check_takes_from_a_claim_is_among_the_changes() {
    let mut gate = open(short());
    let mut follower = open(short());
    follower.merge(&gate.changes().unwrap()).unwrap();
    let entity = Event::new().entity("e").revision(Ordinal::from(1_u64));
    drop(claim(&mut gate, &entity.clone().source("s").position(Ordinal::from(1_u64)), 0));
    follower.merge(&gate.changes().unwrap()).unwrap();
    assert_eq!(gate.check(&entity, at(10)).unwrap(), Verdict::Fresh);
    follower.merge(&gate.changes().unwrap()).unwrap();
    same(&follower, &gate);
}

/// The first keys of two copies have the same age, both of them unconfirmed.
#[test]
fn the_first_key_ever_is_the_same_in_any_order() {
    let (mut a, mut b) = (open(short()), open(short()));
    for (gate, time) in [(&mut a, 5), (&mut b, 7)] {
        let event = Event::new().id("k").time(at(time));
        assert_eq!(gate.check(&event, at(200)).unwrap(), Verdict::Fresh);
    }
    let (was, is) = (a.snapshot().unwrap(), b.snapshot().unwrap());
    a.merge(&is).unwrap();
    b.merge(&was).unwrap();
    same(&a, &b);
}

/// Of one claim a copy knows that it lost its key, another that it lost its entity; the first of them
/// has accepted the key.
#[test]
fn a_claim_that_lost_each_part_somewhere_is_over_at_once() {
    let mut start = open(short());
    drop(claim(&mut start, &revision(1), 0));
    let [mut a, mut b] = [0; 2].map(|_| copy(&start, short()));
    assert_eq!(a.check(&Event::new().id("k"), at(10)).unwrap(), Verdict::Fresh);
    let entity = Event::new().entity("e").revision(Ordinal::from(2_u64));
    assert_eq!(b.check(&entity, at(10)).unwrap(), Verdict::Fresh);
    a.merge(&b.snapshot().unwrap()).unwrap();
    assert_eq!(a.stats().claims, 0);
    b.merge(&a.snapshot().unwrap()).unwrap();
    same(&a, &b);
}

/// Two copies issue one token for one event, at another attempt each.
#[test]
fn attempts_that_were_counted_apart_end_alike() {
    let (mut a, mut b) = (open(short()), open(short()));
    let event = Event::new().id("k");
    drop(claim(&mut a, &event, 0));
    for gate in [&mut a, &mut b] {
        drop(claim(gate, &event, 20));
    }
    let (was, is) = (a.snapshot().unwrap(), b.snapshot().unwrap());
    a.merge(&is).unwrap();
    b.merge(&was).unwrap();
    same(&a, &b);
}

/// To extend a claim that is lost changes nothing, not even how often it was edited.
#[test]
fn what_fails_to_be_extended_is_as_it_was() {
    let mut gate = open(short());
    let held = claim(&mut gate, &Event::new().id("k"), 0);
    gate.doubt(&held, at(1)).unwrap();
    let before = gate.snapshot().unwrap();
    assert!(gate.extend(&held, Millis::new(10), at(2)).is_err());
    same_bytes("after an error", &gate.snapshot().unwrap(), &before);
}

/// A claim in doubt has lost its key in another copy; its entity is resolved all the same.
#[test]
fn what_is_resolved_without_its_key_leaves_the_key_alone() {
    let options = Options { after_crash: AfterCrash::Hold, ..short() };
    let mut gate = open(options.clone());
    drop(claim(&mut gate, &revision(1), 0));
    let mut other = open(options);
    assert_eq!(other.check(&Event::new().id("k"), at(0)).unwrap(), Verdict::Fresh);
    gate.merge(&other.snapshot().unwrap()).unwrap();
    let entity = Event::new().entity("e").revision(Ordinal::from(1_u64));
    gate.resolve(&entity, Resolution::Committed(Some(Content::bytes(b"r"))), at(20)).unwrap();
    let seen = gate.inspect(&Event::new().id("k"), at(20)).unwrap();
    assert_eq!((seen.verdict, seen.since, seen.result), (Verdict::Duplicate, Some(at(0)), None));
    assert_eq!(gate.check(&entity, at(20)).unwrap(), Verdict::Duplicate);
}
