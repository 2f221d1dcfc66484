//! Two copies act on one key: every copy says so, and all of them agree on who has won.

use onceward::{
    Claim, Content, DoubleRun, ErrorCode, Event, Gate, Inspection, Options, UnixMs, Verdict,
};

use crate::copies::plain::{claim, copy, gate, open};
use crate::copies::random::Random;
use crate::copies::{OPENED, same, seeds};

const HISTORIES: u64 = 3_000;
const RESULTS: [Option<&[u8]>; 4] = [None, Some(b""), Some(b"one"), Some(b"two")];

/// One of two runs.
#[derive(Clone, Debug)]
struct Ran {
    token: u64,
    at: u64,
    result: Option<&'static [u8]>,
}

fn event() -> Event<'static> {
    Event::new().id("k")
}

fn commit(gate: &mut Gate, held: &Claim, ran: &Ran) {
    let result = ran.result.map(Content::bytes);
    gate.commit(held, result.as_ref(), UnixMs::new(OPENED + ran.at)).unwrap();
}

/// Acts on the key in a copy.
fn run(gate: &mut Gate, random: &mut Random) -> Ran {
    let ms = random.up_to(2);
    let held = claim(gate, &event(), ms);
    let ran = Ran { token: held.token(), at: ms + random.up_to(2), result: *random.pick(&RESULTS) };
    commit(gate, &held, &ran);
    ran
}

fn seen(gate: &Gate) -> Inspection {
    gate.inspect(&event(), UnixMs::new(OPENED + 10)).unwrap()
}

/// Returns the bytes that a copy sends: a snapshot or changes.
fn sent(gate: &mut Gate, random: &mut Random) -> Vec<u8> {
    if random.chance(50) { gate.snapshot().unwrap() } else { gate.changes().unwrap() }
}

fn check_runs(runs: &[DoubleRun], winner: &Ran, loser: &Ran) {
    assert_eq!(runs.len(), 1, "it is told once");
    assert_eq!((runs[0].winner.token, runs[0].loser.token), (winner.token, loser.token));
    assert_eq!(runs[0].winner.result.is_some(), winner.result.is_some());
    assert_eq!(runs[0].key, gate_name());
}

fn gate_name() -> onceward::Fingerprint {
    gate().fingerprint(&event()).unwrap()
}

/// A claim that a third copy has on the key is lost, and it is told the result that counts.
fn check_third(third: &mut Gate, held: &Claim, theirs: &[u8], winner: &Inspection) {
    third.merge(theirs).unwrap();
    let other = Content::bytes(b"another");
    let lost = third.commit(held, Some(&other), UnixMs::new(OPENED + 5)).unwrap_err();
    assert_eq!(lost.code(), ErrorCode::LostClaim);
    let refusal = lost.refusal().unwrap();
    assert_eq!((refusal.verdict, &refusal.result), (Verdict::Duplicate, &winner.result));
}

#[test]
fn a_double_run_is_told_alike_everywhere() {
    let mut told = 0;
    for seed in seeds(HISTORIES) {
        let mut random = Random::new(seed.0);
        let (mut a, mut b, mut third) = (gate(), gate(), gate());
        let held = claim(&mut third, &event().content(Content::bytes(b"x")), 0);
        let (in_a, in_b) = (run(&mut a, &mut random), run(&mut b, &mut random));
        let (from_a, from_b) = (sent(&mut a, &mut random), sent(&mut b, &mut random));
        let first = [a.merge(&from_b), b.merge(&from_a)].map(|report| report.unwrap().double_runs);
        same("after the merge", &a.snapshot().unwrap(), &b.snapshot().unwrap());
        assert_eq!(seen(&a), seen(&b));
        assert_eq!(seen(&a).verdict, Verdict::Duplicate);
        check_third(&mut third, &held, &a.snapshot().unwrap(), &seen(&a));
        if (in_a.token, in_a.result) == (in_b.token, in_b.result) {
            assert_eq!(first, [vec![], vec![]], "it is one run");
            continue;
        }
        told += 1;
        assert_eq!(first[0], first[1], "both directions tell the same");
        let a_won = (in_a.at, in_a.token) > (in_b.at, in_b.token)
            || ((in_a.at, in_a.token) == (in_b.at, in_b.token)
                && seen(&a).result.map(|it| it.bytes).as_deref() == in_a.result);
        let (winner, loser) = if a_won { (&in_a, &in_b) } else { (&in_b, &in_a) };
        check_runs(&first[0], winner, loser);
        assert_eq!(seen(&a).result.map(|it| it.bytes).as_deref(), winner.result);
        // The loser's bytes still tell of it, in the same words; the winner's are nothing new.
        let theirs = if a_won { [&from_b, &from_a] } else { [&from_a, &from_b] };
        for gate in [&mut a, &mut b] {
            assert_eq!(gate.merge(theirs[0]).unwrap().double_runs, first[0]);
            assert_eq!(gate.merge(theirs[1]).unwrap().double_runs, []);
        }
    }
    println!("{told} double runs");
}

#[test]
fn a_claim_that_two_copies_share_can_be_committed_in_both() {
    let mut a = open(Options::default());
    let held = claim(&mut a, &event(), 0);
    let mut b = copy(&a, Options::default());
    let runs = [&b"one"[..], &b"two"[..]].map(|result| Ran {
        token: held.token(),
        at: 1,
        result: Some(result),
    });
    commit(&mut a, &held, &runs[0]);
    commit(&mut b, &held, &runs[1]);
    let (from_a, from_b) = (a.snapshot().unwrap(), b.snapshot().unwrap());
    let told = [a.merge(&from_b), b.merge(&from_a)].map(|report| report.unwrap().double_runs);
    assert_eq!((told[0].len(), &told[0]), (1, &told[1]));
    assert_ne!(told[0][0].winner.result, told[0][0].loser.result);
    same("after the merge", &a.snapshot().unwrap(), &b.snapshot().unwrap());
}
