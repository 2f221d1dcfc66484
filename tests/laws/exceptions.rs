//! Where copies may differ for a while all the same: what that looks like, and that it heals.

use onceward::{AfterCrash, Event, Gate, Millis, Options, Ordinal, Resolution, Verdict};

use crate::copies::plain::{at, claim, copy, open, short};
use crate::copies::same;

fn exchange(a: &mut Gate, b: &mut Gate) {
    let (was, is) = (a.snapshot().unwrap(), b.snapshot().unwrap());
    a.merge(&is).unwrap();
    b.merge(&was).unwrap();
    same("after an exchange", &a.snapshot().unwrap(), &b.snapshot().unwrap());
}

#[test]
fn a_refuted_reading_comes_back_with_older_bytes_and_is_refuted_again() {
    let mut gate = open(short());
    drop(claim(&mut gate, &Event::new().id("k"), 200));
    let older = gate.snapshot().unwrap();
    gate.read(at(1));
    let mut newer = copy(&gate, short());
    gate.merge(&older).unwrap();
    assert_ne!(gate.snapshot().unwrap(), newer.snapshot().unwrap());
    for gate in [&mut gate, &mut newer] {
        gate.read(at(2));
    }
    same("after the next reading", &gate.snapshot().unwrap(), &newer.snapshot().unwrap());
}

#[test]
fn a_key_that_was_stamped_ahead_of_time_has_one_age_after_an_exchange() {
    let mut a = open(short());
    assert_eq!(a.check(&Event::new().id("k"), at(200)).unwrap(), Verdict::Fresh);
    let mut b = copy(&a, short());
    // One copy has the reading confirmed, the other one has it refuted.
    a.read(at(205));
    for ms in [50, 150, 205] {
        b.read(at(ms));
    }
    assert_ne!(a.snapshot().unwrap(), b.snapshot().unwrap());
    exchange(&mut a, &mut b);
}

#[test]
fn a_claim_that_ended_before_the_retention_comes_back_and_can_be_resolved() {
    let options = Options {
        lease: Millis::new(10),
        retention: Millis::new(100),
        after_crash: AfterCrash::Hold,
        ..Options::default()
    };
    let mut a = open(options.clone());
    let event = Event::new().id("k");
    let held = claim(&mut a, &event, 0);
    let older = a.snapshot().unwrap();
    a.release(&held, at(1)).unwrap();
    a.merge(&older).unwrap();
    assert_eq!(a.stats().claims, 0, "its end is remembered");
    a.read(at(200));
    let mut b = copy(&a, options);
    a.merge(&older).unwrap();
    assert_eq!((a.stats().claims, b.stats().claims), (1, 0));
    assert_eq!(a.inspect(&event, at(200)).unwrap().verdict, Verdict::InDoubt);
    exchange(&mut a, &mut b);
    b.resolve(&event, Resolution::Released, at(200)).unwrap();
    exchange(&mut a, &mut b);
    assert_eq!((a.stats().claims, b.stats().claims), (0, 0));
}

#[test]
fn a_claim_that_ended_before_it_was_made_has_one_end_after_an_exchange() {
    let mut start = open(short());
    let entity = |revision: u64| Event::new().entity("e").revision(Ordinal::from(revision));
    let held = claim(&mut start, &entity(1).id("k"), 200);
    let [mut a, mut b, mut c] = [0; 3].map(|_| {
        let mut gate = open(short());
        gate.merge(&start.snapshot().unwrap()).unwrap();
        gate
    });
    // Two copies take it away in parts, after the reading was confirmed; in the third it is refuted.
    assert_eq!(a.check(&entity(2), at(250)).unwrap(), Verdict::Fresh);
    assert_eq!(b.check(&Event::new().id("k"), at(250)).unwrap(), Verdict::Fresh);
    c.release(&held, at(1)).unwrap();
    for ms in [90, 180, 250] {
        c.read(at(ms));
    }
    let [in_a, in_b, in_c] = [&a, &b, &c].map(|gate| gate.snapshot().unwrap());
    let mut b_and_c = copy(&b, short());
    b_and_c.merge(&in_c).unwrap();
    a.merge(&in_b).unwrap();
    a.merge(&in_c).unwrap();
    let mut other = copy(&b_and_c, short());
    other.merge(&in_a).unwrap();
    assert_ne!(a.snapshot().unwrap(), other.snapshot().unwrap());
    exchange(&mut a, &mut other);
}
