//! Judged now, and recorded later or not at all.

use onceward::{
    Claimed, Content, ErrorCode, Event, Gate, Inspection, Options, Ordinal, UnixMs, Verdict,
};

use crate::copies::plain::{at, claim, copy, gate, open, short};
use crate::copies::{Kind, Sent, World, same, seeds};

fn look(gate: &Gate, event: &Event<'_>, ms: u64) -> Inspection {
    gate.inspect(event, at(ms)).unwrap()
}

fn full() -> Event<'static> {
    let event = Event::new().id("k").entity("e").revision(Ordinal::from(3_u64));
    event.source("s").position(Ordinal::from(4_u64)).content(Content::bytes(b"x"))
}

#[test]
fn what_is_staged_is_pending_until_it_is_kept_or_dropped() {
    for is_kept in [true, false] {
        let mut gate = gate();
        let staged = gate.stage(&[full(), full()], at(5)).unwrap();
        assert_eq!(staged.verdicts, [Verdict::Fresh, Verdict::Duplicate]);
        for event in [
            full(),
            Event::new().id("k"),
            Event::new().entity("e").revision(Ordinal::from(9_u64)),
            Event::new().source("s").position(Ordinal::from(9_u64)),
        ] {
            let seen = look(&gate, &event, 1_000_000_000);
            assert_eq!((seen.verdict, seen.retry_after), (Verdict::Pending, None), "{event:?}");
        }
        let other = Event::new().id("k").content(Content::bytes(b"y"));
        assert_eq!(look(&gate, &other, 5).verdict, Verdict::Conflict);
        assert_eq!(gate.check(&Event::new().id("k"), at(5)).unwrap(), Verdict::Pending);
        assert_eq!(gate.stats().claims, 0, "it is no claim");
        assert!(gate.doubts(at(1_000_000_000)).is_empty());
        let number = staged.number;
        let ended = if is_kept { gate.keep(number).unwrap() } else { gate.drop_stage(number) };
        assert!(ended, "it was neither kept nor dropped before");
        assert!(!gate.keep(number).unwrap() && !gate.drop_stage(number), "only once");
        let now = if is_kept { Verdict::Duplicate } else { Verdict::Fresh };
        assert_eq!(gate.check(&full(), at(6)).unwrap(), now);
    }
}

#[test]
fn a_stage_is_no_state_until_it_is_kept() {
    let (mut kept, mut dropped) = (0, 0);
    for seed in seeds(4_000) {
        // A claim that was over for longer than anything is remembered is in no snapshot.
        let kinds = [Kind::Claims, Kind::Forgetting, Kind::Wild];
        let mut world = World::new(seed.0, &kinds);
        let mut copy = world.open();
        world.live(&mut copy, 12);
        let mut twin = world.copy_of(&copy).gate;
        copy.now += world.random.up_to(5);
        let now = UnixMs::new(copy.now);
        let sent: Vec<Sent> = (0..world.random.up_to(3)).map(|_| world.sent(now)).collect();
        let events: Vec<Event<'_>> = sent.iter().map(Sent::event).collect();
        let Ok(staged) = copy.gate.stage(&events, now) else { continue };
        twin.read(now);
        same("staged", &copy.gate.snapshot().unwrap(), &twin.snapshot().unwrap());
        let has_claims = twin.stats().claims > 0;
        if world.random.chance(50) {
            kept += 1;
            twin.merge(&staged.changes).unwrap();
            assert!(copy.gate.keep(staged.number).unwrap());
            // That a lapsed claim has lost is in no bytes of the stage, but in those of the copy.
            if has_claims {
                twin.merge(&copy.gate.snapshot().unwrap()).unwrap();
            }
            same("kept", &copy.gate.snapshot().unwrap(), &twin.snapshot().unwrap());
        } else {
            dropped += 1;
            assert!(copy.gate.drop_stage(staged.number));
            same("dropped", &copy.gate.snapshot().unwrap(), &twin.snapshot().unwrap());
        }
    }
    println!("{kept} stages kept, {dropped} dropped");
}

#[test]
fn what_is_staged_is_told_to_nobody() {
    let mut gate = gate();
    drop(gate.changes().unwrap());
    drop(gate.store_changes().unwrap());
    let empty = gate.snapshot().unwrap();
    let staged = gate.stage(&[full()], at(0)).unwrap();
    same("a snapshot", &gate.snapshot().unwrap(), &empty);
    for bytes in [gate.changes().unwrap(), gate.store_changes().unwrap().0] {
        let mut follower = open(Options::default());
        follower.merge(&bytes).unwrap();
        same("changes", &follower.snapshot().unwrap(), &empty);
    }
    assert!(gate.keep(staged.number).unwrap());
    assert!(!gate.is_stored(), "now there is something to tell");
    for bytes in [gate.changes().unwrap(), gate.store_changes().unwrap().0, staged.changes] {
        let mut follower = open(Options::default());
        follower.merge(&bytes).unwrap();
        same("kept", &follower.snapshot().unwrap(), &gate.snapshot().unwrap());
    }
}

#[test]
fn a_stage_over_a_lapsed_claim_ends_it_only_when_it_is_kept() {
    for is_kept in [true, false] {
        let mut gate = open(short());
        let lapsed = claim(&mut gate, &full(), 0);
        let before = copy(&gate, short());
        let staged = gate.stage(&[full()], at(20)).unwrap();
        assert_eq!(staged.verdicts, [Verdict::Fresh]);
        assert!(matches!(gate.claim(&full(), None, at(20)).unwrap(), Claimed::Refused(_)));
        assert_eq!(gate.commit(&lapsed, None, at(20)).unwrap_err().code(), ErrorCode::LostClaim);
        if is_kept {
            assert!(gate.keep(staged.number).unwrap());
            assert_eq!(gate.stats().claims, 0);
            let lost = gate.commit(&lapsed, None, at(20)).unwrap_err();
            assert_eq!(lost.refusal().unwrap().verdict, Verdict::Duplicate);
        } else {
            assert!(gate.drop_stage(staged.number));
            let mut before = before;
            before.read(at(20));
            same("dropped", &gate.snapshot().unwrap(), &before.snapshot().unwrap());
            assert!(gate.commit(&lapsed, None, at(20)).is_ok(), "late, but in time");
        }
    }
}

#[test]
fn what_was_staged_always_finds_room() {
    let (mut kept, mut refused) = (0, 0);
    for max_bytes in [2_000, 5_000, 9_000, 20_000, 50_000] {
        let mut gate = open(Options { max_bytes, ..Options::default() });
        let mut stages = Vec::new();
        for index in 0..400_u64 {
            let name = format!("n{index}");
            let full = Event::new().id(&name).entity(&name).revision(Ordinal::from(index));
            let full = full.source(&name).position(Ordinal::from(index));
            // All within one tick, so that nothing can be forgotten for it.
            match gate.stage(&[full.content(Content::bytes(b"x"))], at(0)) {
                Ok(one) => stages.push((one.number, name)),
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::Capacity);
                    refused += 1;
                }
            }
            drop(gate.check(&Event::new().id(&format!("k{index}")), at(0)));
            drop(
                gate.check(
                    &Event::new().entity(&format!("k{index}")).revision(1_u64.into()),
                    at(0),
                ),
            );
        }
        assert!(gate.stats().bytes <= max_bytes);
        for (number, name) in stages {
            assert!(gate.keep(number).unwrap());
            assert_eq!(look(&gate, &Event::new().id(&name), 0).verdict, Verdict::Duplicate);
            kept += 1;
        }
    }
    println!("{kept} stages kept, {refused} refused");
    assert!(kept > 0 && refused > 0);
}
