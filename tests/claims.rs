//! Claims, sentence by sentence: semantics, section 6, and what section 3 says of results.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]
#![allow(clippy::arithmetic_side_effects, reason = "small numbers")]

use onceward::{
    AfterCrash, Answer, Claim, Claimed, Content, ErrorCode, Event, Gate, Inspection, Millis,
    Options, Ordinal, Positions, Resolution, Secret, Timing, UnixMs, Verdict,
};

const START: u64 = 1_790_000_000_000;
const LEASE: u64 = 60_000;

fn at(ms: u64) -> UnixMs {
    UnixMs::new(START + ms)
}

fn gate(options: Options) -> Gate {
    Gate::new(options, Secret::new(b"any").unwrap(), at(0)).unwrap()
}

fn retry() -> Gate {
    gate(Options::default())
}

fn hold() -> Gate {
    gate(Options { after_crash: AfterCrash::Hold, ..Options::default() })
}

fn key(id: &str) -> Event<'_> {
    Event::new().scope("s").id(id)
}

fn revision(entity: &str, revision: u64) -> Event<'_> {
    Event::new().scope("s").entity(entity).revision(Ordinal::from(revision))
}

#[track_caller]
fn claim(gate: &mut Gate, event: &Event<'_>, ms: u64) -> Claim {
    match gate.claim(event, None, at(ms)).unwrap() {
        Claimed::Fresh(claim) => claim,
        Claimed::Refused(refusal) => panic!("refused: {refusal:?}"),
    }
}

#[track_caller]
fn refused(gate: &mut Gate, event: &Event<'_>, ms: u64) -> Inspection {
    match gate.claim(event, None, at(ms)).unwrap() {
        Claimed::Refused(refusal) => refusal,
        Claimed::Fresh(claim) => panic!("not refused: {claim:?}"),
    }
}

#[track_caller]
fn check(gate: &mut Gate, event: &Event<'_>, ms: u64, expected: Verdict) {
    assert_eq!(gate.inspect(event, at(ms)).unwrap().verdict, expected, "inspected");
    assert_eq!(gate.check(event, at(ms)).unwrap(), expected);
}

#[track_caller]
fn lost<T: core::fmt::Debug>(result: Result<T, onceward::Error>) -> Option<Inspection> {
    let error = result.unwrap_err();
    assert_eq!(error.code(), ErrorCode::LostClaim);
    error.refusal().cloned()
}

fn bytes(bytes: &[u8]) -> Content<'_> {
    Content::bytes(bytes)
}

#[test]
fn a_live_claim_is_pending_until_exactly_its_lease() {
    let mut gate = retry();
    let first = claim(&mut gate, &key("k"), 0);
    assert_eq!((first.attempt(), first.is_takeover()), (1, false));
    assert_eq!(first.lease_until(), at(LEASE));
    let refusal = refused(&mut gate, &key("k"), LEASE - 1);
    assert_eq!(refusal.verdict, Verdict::Pending);
    assert_eq!((refusal.retry_after, refusal.since), (Some(Millis::new(1)), Some(at(0))));
    let second = claim(&mut gate, &key("k"), LEASE);
    assert_eq!((second.attempt(), second.is_takeover()), (2, true));
    assert!(second.token() > first.token());
}

#[test]
fn a_slow_worker_cannot_touch_what_the_winner_did() {
    let mut gate = retry();
    let slow = claim(&mut gate, &key("k"), 0);
    let winner = claim(&mut gate, &key("k"), LEASE);
    for result in [gate.release(&slow, at(LEASE)), gate.doubt(&slow, at(LEASE))] {
        assert_eq!(lost(result).unwrap().verdict, Verdict::Pending);
    }
    lost(gate.extend(&slow, Millis::new(1), at(LEASE)));
    assert_eq!(gate.commit(&winner, Some(&bytes(b"won")), at(LEASE + 1)), Ok(Timing::Committed));
    let refusal = lost(gate.commit(&slow, Some(&bytes(b"late")), at(LEASE + 2))).unwrap();
    let won = Some(Answer { is_json: false, bytes: b"won".to_vec() });
    assert_eq!((refusal.verdict, &refusal.result), (Verdict::Duplicate, &won));
    lost(gate.release(&slow, at(LEASE + 3)));
    lost(gate.release(&winner, at(LEASE + 3)));
    assert_eq!(refused(&mut gate, &key("k"), LEASE + 4).result, won);
}

#[test]
fn committing_again_is_fine_with_the_same_result_only() {
    let mut gate = retry();
    let claim = claim(&mut gate, &key("k"), 0);
    assert_eq!(gate.commit(&claim, Some(&bytes(b"a")), at(1)), Ok(Timing::Committed));
    assert_eq!(gate.commit(&claim, Some(&bytes(b"a")), at(2)), Ok(Timing::Committed));
    lost(gate.commit(&claim, Some(&bytes(b"b")), at(3)));
    lost(gate.commit(&claim, None, at(3)));
    assert_eq!(refused(&mut gate, &key("k"), 4).result.unwrap().bytes, b"a");
}

#[test]
fn a_lapsed_claim_may_still_end_late_but_not_be_extended() {
    let mut gate = retry();
    let late = claim(&mut gate, &key("a"), 0);
    lost(gate.extend(&late, Millis::new(LEASE), at(LEASE)));
    assert_eq!(gate.commit(&late, None, at(LEASE)), Ok(Timing::Late));
    check(&mut gate, &key("a"), LEASE, Verdict::Duplicate);
    let released = claim(&mut gate, &key("b"), LEASE);
    gate.release(&released, at(3 * LEASE)).unwrap();
    let doubted = claim(&mut gate, &key("c"), LEASE);
    gate.doubt(&doubted, at(3 * LEASE)).unwrap();
    check(&mut gate, &key("c"), 3 * LEASE, Verdict::InDoubt);
}

#[test]
fn extend_never_shortens() {
    let mut gate = retry();
    let held = claim(&mut gate, &key("k"), 0);
    assert_eq!(gate.extend(&held, Millis::new(1), at(10)), Ok(at(LEASE)));
    assert_eq!(gate.extend(&held, Millis::new(LEASE), at(10)), Ok(at(LEASE + 10)));
    assert_eq!(refused(&mut gate, &key("k"), LEASE + 9).verdict, Verdict::Pending);
    assert!(claim(&mut gate, &key("k"), LEASE + 10).is_takeover());
}

#[test]
fn after_a_release_everything_may_come_again() {
    let mut gate = retry();
    let event = revision("e", 5).id("k");
    let released = claim(&mut gate, &event, 0);
    gate.release(&released, at(1)).unwrap();
    let again = claim(&mut gate, &event, 2);
    assert_eq!((again.attempt(), again.is_takeover()), (1, false));
    gate.commit(&again, None, at(3)).unwrap();
    check(&mut gate, &revision("e", 4), 4, Verdict::Stale);
}

#[test]
fn two_revisions_of_one_entity_are_never_in_flight_at_once() {
    let mut gate = retry();
    let first = claim(&mut gate, &revision("e", 5).id("a"), 0);
    assert_eq!(refused(&mut gate, &revision("e", 6).id("b"), 1).verdict, Verdict::Pending);
    check(&mut gate, &revision("e", 6), 1, Verdict::Pending);
    // The revision advances at commit, not before.
    gate.commit(&first, None, at(2)).unwrap();
    check(&mut gate, &revision("e", 5), 3, Verdict::Duplicate);
    check(&mut gate, &revision("e", 6), 3, Verdict::Fresh);
}

#[test]
fn a_mismatch_is_told_while_the_first_is_in_flight() {
    let mut gate = retry();
    let event = revision("e", 5).id("k").content(bytes(b"one"));
    claim(&mut gate, &event, 0);
    check(&mut gate, &key("k").content(bytes(b"two")), 1, Verdict::Conflict);
    check(&mut gate, &revision("e", 5).content(bytes(b"two")), 1, Verdict::Conflict);
    check(&mut gate, &revision("e", 6).content(bytes(b"two")), 1, Verdict::Pending);
}

#[test]
fn a_mismatch_never_reveals_the_result() {
    let mut gate = retry();
    let held = claim(&mut gate, &key("k").content(bytes(b"one")), 0);
    gate.commit(&held, Some(&bytes(b"secret")), at(1)).unwrap();
    let refusal = refused(&mut gate, &key("k").content(bytes(b"two")), 2);
    assert_eq!((refusal.verdict, refusal.result), (Verdict::Conflict, None));
}

#[test]
fn a_source_is_locked_and_a_window_only_at_the_position() {
    let place = |position: u64| Event::new().source("s").position(position.into());
    let mut gate = retry();
    let held = claim(&mut gate, &place(7), 0);
    check(&mut gate, &place(8), 1, Verdict::Pending);
    gate.commit(&held, None, at(2)).unwrap();
    check(&mut gate, &place(7), 3, Verdict::Duplicate);
    let options = Options { positions: Positions::Window(10), ..Options::default() };
    let mut gate = Gate::new(options, Secret::new(b"any").unwrap(), at(0)).unwrap();
    let held = claim(&mut gate, &place(7), 0);
    check(&mut gate, &place(8), 1, Verdict::Fresh);
    check(&mut gate, &place(7), 1, Verdict::Pending);
    gate.commit(&held, None, at(2)).unwrap();
    check(&mut gate, &place(7), 3, Verdict::Duplicate);
}

#[test]
fn a_refusal_settles_its_position_only_where_the_source_is_not_locked() {
    let place =
        |event: Event<'static>, position: u64| event.source("log").position(position.into());
    let mut gate = retry();
    check(&mut gate, &key("dup"), 0, Verdict::Fresh);
    let held = claim(&mut gate, &place(key("k"), 1), 0);
    check(&mut gate, &place(key("dup"), 2), 1, Verdict::Duplicate);
    gate.release(&held, at(2)).unwrap();
    check(&mut gate, &place(Event::new(), 1), 3, Verdict::Fresh);
}

#[test]
fn a_held_lapse_is_in_doubt_until_it_is_resolved() {
    let mut gate = hold();
    let event = revision("e", 5).id("k");
    let held = claim(&mut gate, &event, 0);
    assert!(gate.doubts(at(LEASE - 1)).is_empty());
    let refusal = refused(&mut gate, &event, LEASE);
    assert_eq!((refusal.verdict, refusal.since), (Verdict::InDoubt, Some(at(LEASE))));
    let doubts = gate.doubts(at(LEASE));
    assert_eq!(doubts.len(), 1);
    assert_eq!(doubts.first().unwrap().token, held.token());
    assert_eq!(doubts.first().unwrap().key, gate.fingerprint(&event).unwrap());
    let answer = bytes(b"found");
    gate.resolve(&key("k"), Resolution::Committed(Some(answer)), at(LEASE + 1)).unwrap();
    assert_eq!(refused(&mut gate, &event, LEASE + 2).result.unwrap().bytes, b"found");
    check(&mut gate, &revision("e", 5), LEASE + 2, Verdict::Duplicate);
    let error = gate.resolve(&key("k"), Resolution::Released, at(LEASE + 3)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotInDoubt);
}

#[test]
fn after_doubt_its_owner_may_still_commit_or_release() {
    let mut gate = retry();
    let committed = claim(&mut gate, &key("a"), 0);
    gate.doubt(&committed, at(1)).unwrap();
    // Even long after the lease nobody takes over.
    check(&mut gate, &key("a"), 2 * LEASE, Verdict::InDoubt);
    lost(gate.extend(&committed, Millis::new(1), at(2 * LEASE)));
    gate.commit(&committed, None, at(2 * LEASE)).unwrap();
    check(&mut gate, &key("a"), 2 * LEASE, Verdict::Duplicate);
    let released = claim(&mut gate, &key("b"), 2 * LEASE);
    gate.doubt(&released, at(2 * LEASE)).unwrap();
    gate.release(&released, at(2 * LEASE)).unwrap();
    check(&mut gate, &key("b"), 2 * LEASE, Verdict::Fresh);
}

#[test]
fn a_check_ends_a_lapsed_claim() {
    let mut gate = retry();
    let lapsed = claim(&mut gate, &key("k"), 0);
    check(&mut gate, &key("k"), LEASE, Verdict::Fresh);
    let refusal = lost(gate.commit(&lapsed, None, at(LEASE + 1))).unwrap();
    assert_eq!(refusal.verdict, Verdict::Duplicate);
    assert_eq!(gate.stats().claims, 0);
    // Unless the batch that did it fails.
    let lapsed = claim(&mut gate, &key("m"), LEASE);
    let batch = [key("m"), key("")];
    assert!(gate.check_all(&batch, at(2 * LEASE)).is_err());
    assert_eq!(gate.commit(&lapsed, None, at(2 * LEASE)), Ok(Timing::Late));
}

#[test]
fn whoever_takes_one_lock_wins_them_all() {
    let mut gate = retry();
    let first = claim(&mut gate, &revision("e", 5).id("a"), 0);
    let second = claim(&mut gate, &revision("e", 6).id("b"), LEASE);
    assert_eq!((second.is_takeover(), second.attempt()), (true, 1));
    lost(gate.commit(&first, None, at(LEASE)));
    let third = claim(&mut gate, &key("a"), LEASE);
    assert_eq!((third.is_takeover(), third.attempt()), (true, 2));
}

#[test]
fn results_live_for_their_retention_and_within_their_size() {
    let options =
        Options { result_retention: Millis::new(1_000), max_result_bytes: 3, ..Options::default() };
    let mut gate = gate(options);
    let held = claim(&mut gate, &key("k"), 0);
    gate.commit(&held, Some(&bytes(b"abc")), at(0)).unwrap();
    assert_eq!(refused(&mut gate, &key("k"), 999).result.unwrap().bytes, b"abc");
    let refusal = refused(&mut gate, &key("k"), 1_000);
    assert_eq!((refusal.result, refusal.omitted), (None, true));
    let held = claim(&mut gate, &key("large"), 1_000);
    gate.commit(&held, Some(&bytes(b"abcd")), at(1_000)).unwrap();
    assert!(refused(&mut gate, &key("large"), 1_000).omitted);
    check(&mut gate, &key("checked"), 1_000, Verdict::Fresh);
    let refusal = refused(&mut gate, &key("checked"), 1_000);
    assert_eq!((refusal.result, refusal.omitted), (None, false));
}

#[test]
fn a_committed_key_is_remembered_from_its_commit_on() {
    let mut gate = gate(Options { retention: Millis::new(10_000), ..Options::default() });
    let held = claim(&mut gate, &key("k"), 0);
    gate.commit(&held, Some(&bytes(b"r")), at(5_000)).unwrap();
    check(&mut gate, &key("k"), 14_999, Verdict::Duplicate);
    check(&mut gate, &key("k"), 15_000, Verdict::Fresh);
    assert_eq!(refused(&mut gate, &key("k"), 15_001).result, None);
}

#[test]
fn tokens_grow_with_the_clock_and_never_repeat() {
    let mut gate = retry();
    let mut last = 0;
    for (step, ms) in [0, 0, 0, 5, 3, 100].into_iter().enumerate() {
        let id = format!("{step}");
        let token = claim(&mut gate, &key(&id), ms).token();
        assert!(token > last && token >= START << 20);
        last = token;
    }
}

#[test]
fn forget_ends_the_claims_it_touches() {
    let mut gate = retry();
    let held = claim(&mut gate, &key("k"), 0);
    assert_eq!(gate.forget(&onceward::Target::Key { scope: "s", id: "k" }), Ok(1));
    assert_eq!(lost(gate.commit(&held, None, at(1))), None);
    check(&mut gate, &key("k"), 2, Verdict::Fresh);
}

#[test]
fn a_claim_never_fails_to_commit_for_want_of_memory() {
    let mut gate = gate(Options { max_bytes: 24_000, ..Options::default() });
    let mut held = Vec::new();
    for step in 0_u64.. {
        let id = format!("k{step}");
        let event = revision(&id, step).id(&id).source(&id).position(step.into());
        match gate.claim(&event, None, at(0)) {
            Ok(Claimed::Fresh(claim)) => held.push(claim),
            Ok(Claimed::Refused(refusal)) => panic!("{refusal:?}"),
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::Capacity);
                break;
            }
        }
    }
    assert!(held.len() >= 10);
    for claim in &held {
        assert_eq!(gate.commit(claim, Some(&bytes(b"r")), at(1)), Ok(Timing::Committed));
    }
    assert!(gate.stats().bytes <= 24_000, "{:?}", gate.stats());
}

#[test]
fn leases_go_by_the_time_that_is_believed() {
    let day = 86_400_000;
    let mut gate = retry();
    let held = claim(&mut gate, &key("k"), 0);
    // A leap is not believed at once, so nothing lapses by it.
    check(&mut gate, &key("k"), 3 * day, Verdict::Pending);
    assert_eq!(gate.commit(&held, None, at(10)), Ok(Timing::Committed));
    let ahead = claim(&mut gate, &key("m"), 9 * day);
    assert_eq!(ahead.lease_until(), at(9 * day + LEASE));
    // Refuted: the lease counts from the lower time.
    check(&mut gate, &key("m"), 100 + LEASE - 1, Verdict::Pending);
    assert!(claim(&mut gate, &key("m"), 100 + 2 * LEASE).is_takeover());
}
