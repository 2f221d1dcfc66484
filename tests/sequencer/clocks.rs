//! Revision clocks against a naive one, and ids.

use onceward::{
    CanonicalJson, Content, ErrorCode, IdSource, Json, Millis, Notation, Ordinal, RevisionClock,
    UnixMs, content_id,
};

use super::number_from;
use super::random::Random;

const LIVES: u64 = 200;
const START: u64 = 1_790_000_000_000;

/// A hybrid logical clock in three numbers (Kulkarni and others, 2014, figure 5).
#[derive(Clone, Debug, Default)]
struct Naive {
    highest: u128,
    last: Option<(u128, u128, u128)>,
}

impl Naive {
    fn next(&mut self, node: u128, drift: u128, now: u128) -> Option<u128> {
        let highest = self.highest.max(now);
        let next = match self.last {
            Some((ms, 65_535, _)) if ms >= highest => (ms + 1, 0, node),
            Some((ms, counter, _)) if ms >= highest => (ms, counter + 1, node),
            _ => (highest, 0, node),
        };
        if next.0 > highest + drift {
            return None;
        }
        (self.highest, self.last) = (highest, Some(next));
        Some(packed(next))
    }

    fn observe(&mut self, revision: u128, drift: u128, now: u128) -> bool {
        let highest = self.highest.max(now);
        let parts = (revision >> 26, revision >> 10 & 0xffff, revision & 0x3ff);
        if parts.0 > highest + drift {
            return false;
        }
        self.highest = highest;
        self.last = self.last.max(Some(parts));
        true
    }
}

fn packed((ms, counter, node): (u128, u128, u128)) -> u128 {
    (ms << 26) + (counter << 10) + node
}

#[test]
fn a_revision_clock_agrees_with_the_naive_one_and_never_goes_back() {
    let seeds = number_from("ONCEWARD_SEED").map_or(1..=LIVES, |seed| seed..=seed);
    let (mut jumps, mut issued) = (0, 0);
    for seed in seeds {
        let mut random = Random::new(seed);
        let (node, drift) = (random.up_to(1_023), *random.pick(&[0, 1, 3, 500]));
        let wide = |number: u64| u128::from(number);
        let mut clock = RevisionClock::new(node as u16, Millis::new(drift)).unwrap();
        let mut naive = Naive::default();
        let (mut now, mut before) = (START, None);
        for _ in 0..300 {
            now = match random.weighted(&[50, 30, 15, 5]) {
                0 => now,
                1 => now + random.up_to(3),
                2 => now - random.up_to(5),
                _ => now + random.up_to(1_000),
            };
            let at = UnixMs::new(now);
            if random.chance(30) {
                let ms = wide(now + random.up_to(drift + 4)) - wide(random.up_to(4));
                let counter = wide(*random.pick(&[0, 1, 7, 65_533, 65_534, 65_535]));
                let revision = packed((ms, counter, wide(random.up_to(1_023))));
                let noted = clock.observe(&Ordinal::from(revision), at);
                assert_eq!(
                    noted.is_ok(),
                    naive.observe(revision, wide(drift), wide(now)),
                    "{seed}"
                );
                jumps += u64::from(noted.is_err_and(|error| error.code() == ErrorCode::Jump));
            } else {
                let next = clock.next(at);
                let expected = naive.next(wide(node), wide(drift), wide(now)).map(Ordinal::from);
                assert_eq!(next.as_ref().ok(), expected.as_ref(), "seed {seed}");
                if let Ok(next) = next {
                    assert!(before.is_none_or(|before| before < next), "seed {seed}");
                    before = Some(next);
                    issued += 1;
                }
            }
            assert_eq!(clock.last(), naive.last.map(packed).map(Ordinal::from), "seed {seed}");
            if let Some(last) = clock.last().filter(|_| random.chance(5)) {
                let fresh = RevisionClock::new(node as u16, Millis::new(drift)).unwrap();
                clock = fresh.after(&last).unwrap();
                naive.highest = naive.last.unwrap().0;
            }
        }
    }
    assert!(number_from("ONCEWARD_SEED").is_some() || (jumps > 500 && issued > 10_000));
}

/// There is nothing above the last of all, and it must not start anew.
#[test]
fn a_revision_clock_ends_rather_than_going_back() {
    let mut clock = RevisionClock::new(0, Millis::new(u64::MAX)).unwrap();
    let last = packed((u128::from(u64::MAX), 65_535, 1_023));
    clock.observe(&Ordinal::from(last), UnixMs::new(START)).unwrap();
    assert_eq!(clock.next(UnixMs::new(START)).unwrap_err().code(), ErrorCode::Jump);
    assert_eq!(clock.last(), Some(Ordinal::from(last)));
}

#[test]
fn producers_with_nodes_of_their_own_never_issue_the_same_revision() {
    let mut random = Random::new(7);
    let mut clocks: Vec<_> =
        (0..8).map(|node| RevisionClock::new(node, Millis::new(500)).unwrap()).collect();
    let mut issued = std::collections::BTreeSet::new();
    let mut now = START;
    for _ in 0..20_000 {
        now += random.up_to(1);
        let from = random.up_to(7) as usize;
        let revision = clocks[from].next(UnixMs::new(now)).unwrap();
        if random.chance(50) {
            let to = random.up_to(7) as usize;
            clocks[to].observe(&revision, UnixMs::new(now)).unwrap();
            assert!(clocks[to].clone().next(UnixMs::new(now)).unwrap() > revision);
        }
        assert!(issued.insert(revision));
    }
}

#[test]
fn ids_are_uuids_of_version_7_that_only_go_up() {
    let mut random = Random::new(7);
    let mut ids = IdSource::default();
    let (mut now, mut before, mut latest) = (START, String::new(), 0);
    for _ in 0..100_000 {
        now = (now + random.up_to(1)).saturating_sub(random.up_to(1));
        latest = latest.max(now);
        let drawn = if random.chance(5) { [0xff; 10] } else { [random.next() as u8; 10] };
        let id = ids.next(UnixMs::new(now), drawn).unwrap();
        let bits: u128 = Notation::Uuid7.parse(&id).unwrap().to_string().parse().unwrap();
        assert_eq!(bits >> 80, u128::from(latest));
        assert!(id > before, "{id} after {before}");
        before = id;
    }
}

#[test]
fn ids_of_contents_tell_contents_and_secrets_apart() {
    let text = |text: &str| CanonicalJson::new(&Json::String(text.into())).unwrap();
    let [one, two] = [text("one"), text("two")];
    let mut ids = vec![
        content_id(&Content::json(&one), None).unwrap(),
        content_id(&Content::json(&two), None).unwrap(),
        content_id(&Content::bytes(one.as_str().as_bytes()), None).unwrap(),
        content_id(&Content::json(&one), Some(b"secret")).unwrap(),
        content_id(&Content::json(&one), Some(b"another")).unwrap(),
        content_id(&Content::bytes(b""), None).unwrap(),
    ];
    for id in &ids {
        assert_eq!((id.len(), &id[14..15]), (36, "8"), "{id}");
        assert!(["8", "9", "a", "b"].contains(&&id[19..20]), "{id}");
        assert!(Notation::Uuid7.parse(id).is_err(), "{id} is none of a time");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    let empty = content_id(&Content::json(&one), Some(b""));
    assert_eq!(empty.unwrap_err().code(), ErrorCode::InvalidOption);
}
