//! The facts of order and issue that every language must agree on, `tests/vectors/order.json`, and
//! published ones about clocks and ids, where they lie beside the clone.

#![allow(clippy::print_stdout, reason = "these are tests")]
#![allow(clippy::std_instead_of_alloc, reason = "a test has the whole standard library")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the numbers are small, and a panic is how a test fails"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use onceward::{
    CanonicalJson, Content, Dropped, IdSource, Json, Millis, Notation, Ordinal, Release,
    RevisionClock, Sequencer, SequencerOptions, Turn, UnixMs, content_id,
};
use serde_json::{Map, Value, json};

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/order.json")).unwrap()
}

fn published(name: &str) -> Option<Value> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("ONCEWARD_SHARED").map_or(beside, Into::into);
    let path = folder.join("vectors").join(name);
    if !path.exists() {
        println!("skipped: {name} does not lie beside the clone");
        return None;
    }
    Some(serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn ordinal(value: &Value) -> Ordinal {
    text(value).parse().unwrap()
}

fn options(given: &Value) -> SequencerOptions {
    let lateness = given["release"].get("lateness");
    let release = if let Some(lateness) = lateness {
        Release::EventTime { lateness: Millis::new(number(lateness)) }
    } else {
        let max_wait = (given["onGap"] == "skip").then(|| Millis::new(number(&given["maxWait"])));
        Release::Next { first: given.get("first").map(ordinal), max_wait }
    };
    SequencerOptions {
        release,
        max_held: number(&given["maxHeld"]),
        max_bytes: number(&given["maxBytes"]),
        max_clock_jump: Millis::new(number(&given["maxClockJump"])),
    }
}

type Item = (String, u64);

/// Says what a call has brought about as the file does.
fn told(turn: Turn<Item>) -> Map<String, Value> {
    let mut told = Map::new();
    let mut out: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (scope, id) in turn.released {
        out.entry(scope).or_default().push(id);
    }
    if !out.is_empty() {
        told.insert("out".into(), json!(out));
    }
    let mut skip: BTreeMap<String, Vec<[String; 2]>> = BTreeMap::new();
    for gap in turn.skipped {
        skip.entry(gap.scope).or_default().push([gap.from.to_string(), gap.to.to_string()]);
    }
    if !skip.is_empty() {
        told.insert("skip".into(), json!(skip));
    }
    if let Some((_, why)) = turn.dropped {
        let why = if why == Dropped::Late { "late" } else { "duplicate" };
        told.insert("drop".into(), json!(why));
    }
    told
}

fn play(sequencer: &mut Sequencer<Item>, step: &Value, opened: u64) -> Map<String, Value> {
    let now = UnixMs::new(opened + step.get("at").map_or(0, number));
    if let Some(push) = step.get("push") {
        let (scope, id) = (text(&push[0]), number(&push[2]));
        let item = (scope.to_owned(), id);
        return match sequencer.push(scope, &ordinal(&push[1]), item, number(&push[3]), now) {
            Ok(turn) => told(turn),
            Err(rejected) => {
                assert_eq!(rejected.item.1, id);
                Map::from_iter([("error".into(), json!(rejected.error.code().as_str()))])
            }
        };
    }
    if step.get("flush").is_some() {
        return told(sequencer.flush(now));
    }
    if step.get("drain").is_some() {
        return told(sequencer.drain());
    }
    let released = sequencer.forget(text(&step["forget"]));
    told(Turn { released, ..Turn::default() })
}

#[test]
fn lives_of_sequencers_are_as_told() {
    let vectors = vectors();
    let opened = number(&vectors["opened"]);
    let mut steps = 0;
    for history in list(&vectors["histories"]) {
        let options = options(&history["options"]);
        let mut sequencer = Sequencer::new(options, UnixMs::new(opened));
        for step in list(&history["steps"]) {
            let place = format!("{}: {step}", history["title"]);
            let mut expected = step.as_object().unwrap().clone();
            expected.retain(|name, _| ["out", "skip", "drop", "error"].contains(&name.as_str()));
            assert_eq!(play(&mut sequencer, step, opened), expected, "{place}");
            assert_eq!(sequencer.held(), number(&step["held"]), "{place}");
            steps += 1;
        }
        assert_eq!(sequencer.dropped(), number(&history["dropped"]), "{}", history["title"]);
    }
    assert!(steps > 500, "{steps} steps");
}

#[test]
fn revisions_are_issued_as_told() {
    for life in list(&vectors()["clocks"]) {
        let node = u16::try_from(number(&life["node"])).unwrap();
        let mut clock = RevisionClock::new(node, Millis::new(number(&life["maxDrift"]))).unwrap();
        if let Some(last) = life.get("last") {
            clock = clock.after(&ordinal(last)).unwrap();
        }
        for step in list(&life["steps"]) {
            let said = if let Some(now) = step.get("next") {
                clock.next(UnixMs::new(number(now))).map(Some)
            } else {
                let now = UnixMs::new(number(&step["at"]));
                clock.observe(&ordinal(&step["observe"]), now).map(|()| None)
            };
            let place = format!("{}: {step}", life["title"]);
            match said {
                Ok(said) => assert_eq!(said, step.get("revision").map(ordinal), "{place}"),
                Err(error) => assert_eq!(step["error"], error.code().as_str(), "{place}"),
            }
        }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn ids_are_made_as_told() {
    for life in list(&vectors()["ids"]) {
        let mut ids = IdSource::default();
        for step in list(&life["steps"]) {
            let now = UnixMs::new(number(&step["now"]));
            let random = bytes(text(&step["random"])).try_into().unwrap();
            let id =
                if life["given"] == true { ids.at(now, random) } else { ids.next(now, random) };
            assert_eq!(id.unwrap(), text(&step["id"]), "{step}");
        }
    }
}

fn value_of(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Number(number) => Json::Number(number.as_f64().unwrap()),
        Value::String(text) => Json::String(text.clone()),
        Value::Array(items) => Json::Array(items.iter().map(value_of).collect()),
        Value::Object(members) => Json::Object(
            members.iter().map(|(name, item)| (name.clone(), value_of(item))).collect(),
        ),
    }
}

#[test]
fn contents_have_the_ids_that_others_compute() {
    for case in list(&vectors()["contents"]) {
        let secret = case.get("secret").map(|secret| text(secret).as_bytes());
        let id = if let Some(hex) = case.get("bytes") {
            content_id(&Content::bytes(&bytes(text(hex))), secret)
        } else {
            let mut value = case["json"].clone();
            for name in case.get("omit").map_or(&[][..], list) {
                value.as_object_mut().unwrap().remove(text(name));
            }
            let canonical = CanonicalJson::new(&value_of(&value)).unwrap();
            assert_eq!(canonical.as_str(), text(&case["canonical"]));
            content_id(&Content::json(&canonical), secret)
        };
        assert_eq!(id.unwrap(), text(&case["id"]), "{case}");
    }
}

/// Walls are taken for milliseconds, whatever they count.
fn revision(stamp: &Value) -> Ordinal {
    Ordinal::from(
        u128::from(number(&stamp["wall"])) << 26 | u128::from(number(&stamp["logical"])) << 10,
    )
}

#[test]
fn clocks_go_as_published() {
    let Some(vectors) = published("hlc.json") else { return };
    let (mut steps, mut refused) = (0, 0);
    for case in list(&vectors["cases"]) {
        let drift = case.get("max_offset_ms").or_else(|| case.get("max_delta_ms"));
        let drift = Millis::new(drift.map_or(500, number));
        let mut clock = RevisionClock::new(0, drift).unwrap();
        // Milliseconds, as in the other cases; nothing is known of what these start at.
        let start = case.get("initial_physical").map_or(1_000_000, number);
        let mut now = UnixMs::new(start);
        let mut last = case.get("initial_physical").is_none().then(|| clock.next(now).unwrap());
        if let Some(jump) = case.get("jump_ms").and_then(Value::as_i64) {
            now = UnixMs::new(start.saturating_add_signed(jump));
            assert!(clock.next(now).ok() > last, "{case}");
        }
        for step in case.get("steps").map_or(&[][..], list) {
            now = step.get("physical").map_or(now, |now| UnixMs::new(number(now)));
            steps += 1;
            if step["op"] == "now" {
                let next = clock.next(now).unwrap();
                assert!(last.is_none_or(|last| last < next), "{step}");
                if step["expect"].is_object() {
                    assert_eq!(next, revision(&step["expect"]), "{step}");
                }
                last = Some(next);
                continue;
            }
            let far =
                step.get("remote_offset_ms").map(|far| far.as_u64().map_or(0, |far| start + far));
            let remote = far.map_or_else(
                || revision(&step["remote"]),
                |ms| Ordinal::from(u128::from(ms) << 26),
            );
            let is_taken = clock.observe(&remote, now).is_ok();
            assert_eq!(is_taken, step.get("accept").is_none_or(|accept| accept == true), "{step}");
            refused += u64::from(!is_taken);
        }
    }
    assert!(steps > 20 && refused == 2, "{steps} steps, {refused} refused");
    for case in list(&vectors["compare"]) {
        let order = revision(&case["a"]).cmp(&revision(&case["b"])) as i64;
        assert_eq!(case["expect"].as_i64(), Some(order), "{case}");
    }
    for case in list(&vectors["forward"]) {
        let clock = RevisionClock::new(0, Millis::new(500)).unwrap();
        let mut clock = clock.after(&revision(&case["ts"])).unwrap();
        clock.observe(&revision(&case["arg"]), UnixMs::new(0)).unwrap();
        assert_eq!(clock.last(), Some(revision(&case["expect"])), "{case}");
    }
}

#[test]
fn timestamps_and_ids_are_read_as_published() {
    if let Some(vectors) = published("hlc.json") {
        for case in list(&vectors["decimal_parse"]).iter().chain(list(&vectors["decimal_format"])) {
            let read = Notation::Hlc.parse(text(&case["text"])).ok().map(|value| value.to_string());
            let expected = case.get("ts").map(|ts| {
                let wall = u128::from(number(&ts["wall"])) * 10_000_000_000;
                (wall + u128::from(number(&ts["logical"]))).to_string()
            });
            assert_eq!(read, expected, "{case}");
        }
    }
    let Some(vectors) = published("uuid-ulid.json") else { return };
    for case in list(&vectors["uuid_validity"]) {
        let Some(uuid) = case["value"].as_str() else { continue };
        let is_ours =
            case["valid"] == true && uuid.get(14..15) == Some("7") && uuid == uuid.to_lowercase();
        assert_eq!(Notation::Uuid7.parse(uuid).is_ok(), is_ours, "{case}");
    }
    let ms = |read: &Ordinal| read.to_string().parse::<u128>().unwrap() >> 80;
    for case in list(&vectors["v7"]) {
        let read = Notation::Uuid7.parse(text(&case["uuid"])).unwrap();
        assert_eq!(ms(&read), u128::from(number(&case["unix_ms"])));
    }
    let ulids = &vectors["ulid"];
    for case in list(&ulids["decode_time"]) {
        let read = Notation::Ulid.parse(text(&case["ulid"])).unwrap();
        assert_eq!(ms(&read), u128::from(number(&case["ms"])), "{case}");
    }
    for case in list(&ulids["overflow"]) {
        assert_eq!(Notation::Ulid.parse(text(&case["ulid"])).is_ok(), case["ok"] == true, "{case}");
    }
    for case in list(&ulids["to_uuid"]) {
        let bits = u128::from_str_radix(&text(&case["uuid"]).replace('-', ""), 16).unwrap();
        assert_eq!(Notation::Ulid.parse(text(&case["ulid"])).unwrap(), Ordinal::from(bits));
    }
    let rising: Vec<_> = list(&ulids["monotonic"])
        .iter()
        .map(|case| Notation::Ulid.parse(text(&case["ulid"])).unwrap())
        .collect();
    assert!(rising.is_sorted());
}
