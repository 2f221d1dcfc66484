//! Writes inputs to start from, most of them frames of gates that have lived a little:
//!
//! ```text
//! cargo run --manifest-path fuzz/Cargo.toml --example seeds -- FOLDER
//! ```

use std::fs;
use std::path::Path;

use onceward::{Gate, Journal};
use onceward_fuzz::held::snapshot;
use onceward_fuzz::mutate::Random;
use onceward_fuzz::ops::World;
use onceward_fuzz::script::Script;
use onceward_fuzz::settings;

const TEXTS: [&str; 24] = [
    "0",
    "18446744073709551616,18446744073709551615",
    "340282366920938463463374607431768211456,340282366920938463463374607431768211455",
    "49590338271490256608559692538361571095921575989136588898,9",
    "007",
    "hlc",
    "uuid7",
    "1701102296662969433.0000000000",
    "9223372036854775807.2147483647",
    "145",
    "16/B374D848",
    "0/019A2720",
    "FFFFFFFF/FFFFFFFF",
    "1526919030474-55",
    "18446744073709551615-18446744073709551615",
    "1970-01-01T00:00Z",
    "2000-02-29T12:00:00.123456789-05:30",
    "2015-09-12T00:46:58.771Z",
    "9999-12-31T23:59:59.999999999+23:59",
    "2100-03-01T00:00:00+00:00",
    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
    "01ARYZ6S41TSV4RRFFQ69G5FAV",
    "2020-01-01T00:00:60Z",
];

/// So many lives are lived.
const LIVES: u64 = 120;

fn main() {
    let folder = std::env::args().nth(1).expect("the folder to write to");
    let put = |target: &str, name: String, bytes: &[u8]| {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    };
    for (index, text) in TEXTS.iter().enumerate() {
        put("notations", format!("text-{index}"), text.as_bytes());
    }
    for life in 0..LIVES {
        let mut random = Random(life);
        let script: Vec<u8> =
            (0..40 + random.bits() % 1_200).map(|_| random.bits() as u8).collect();
        put("ops", format!("life-{life}"), &script);
        put("sequencer", format!("life-{life}"), &script);
        let mut gate = lived(&script);
        let first = snapshot(&gate);
        let second = gate.changes().unwrap_or_default();
        for (name, frame) in [("snapshot", &first), ("changes", &second)] {
            put("restore", format!("{name}-{life}"), frame);
            put("repaired", format!("{name}-{life}"), frame);
        }
        let length = (first.len() as u32).to_le_bytes();
        put("merge", format!("pair-{life}"), &[&length, first.as_slice(), &second].concat());
        if life % 8 == 0 {
            let mut journal = Journal::new(&first[..first.len().min(80)], life);
            let mut bytes = [&life.to_le_bytes()[..], &[80], &first[..80], &[255]].concat();
            for record in [first.as_slice(), b"", &second] {
                bytes.extend(journal.append(record).unwrap());
            }
            put("journal", format!("three-{life}"), &bytes);
            put("journal_repaired", format!("three-{life}"), &bytes);
        }
    }
}

/// Has a gate live as a script says.
fn lived(script: &[u8]) -> Gate {
    let mut script = Script::new(script);
    let is_carried = script.is_below(40);
    let options = settings::draw(&mut script);
    let mut world = World::around(settings::gate(&options, is_carried), &options);
    world.run(&mut script);
    world.into_gate()
}
