//! Measures a gate as a native program would use it, and prints one line of JSON.
//!
//! ```text
//! cargo run --quiet --release --example speed -- keys-single 1000000
//! cargo run --quiet --release --example speed -- --help
//! ```
//!
//! `cargo bench --bench gate` does the same work in smaller pieces, more often.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "this is a tool for measuring: a panic is its way to fail"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it runs on a command line")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "it does what an application does: read the clock, or use the standard library's maps"
)]

#[path = "speed/clock.rs"]
mod clock;
#[path = "speed/judges.rs"]
mod judges;
#[path = "speed/keys.rs"]
mod keys;
#[path = "speed/line.rs"]
mod line;
#[path = "speed/names.rs"]
mod names;
#[path = "speed/revisions.rs"]
mod revisions;
#[path = "speed/window.rs"]
mod window;
#[path = "speed/worst.rs"]
mod worst;

use core::error::Error;
use std::process::ExitCode;

use judges::{Batch, Map, Set, Single};
use line::Line;

const USAGE: &str = "\
usage: speed SCENARIO SIZE [SEED]

Prints one line of JSON. Wrong answers are an error (1); so are wrong arguments (2).
Keys and entities are UUIDs of 36 characters, the same ones for the same SEED (1). They are
written down 8192 at a time, and only then the clock runs. Times are of this process, in ns per
event. `rss` is what the process grew by, per key.

SCENARIO
  keys-single     a gate asked about one key at a time, the time being read for each
  keys-batch      the same, 8192 keys at a time
  std-set         the same with a HashSet<String>, which has no time
  std-map         the same with a HashMap<String, u64> of times
      fill: from empty to SIZE keys, every second one known. probe: only known ones, up to a
      million. Up to SIZE 1000 only probe, of what has been in use for a while.
      bytes: what the gate says it takes.
  revisions-single, revisions-batch, std-revisions
      SIZE entities, four times as many events, a fifth of them overtaken.
  worst           a gate filled as above, three times: the time by the clock on the wall of each
                  call, at its best, in µs; of all calls the worst, and the one that only 1 in
                  10,000, in 1000, in 2 is above. worstAt: which call it was, from 0.
  window          SIZE keys are remembered at any time, one coming and one going in each simulated
                  millisecond, five times SIZE of them; a fifth of the events are repeated.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let Some(task) = Task::read(&arguments) else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    match task.run() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("speed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What can be measured: with a size, a seed, and the line that is written to.
type Scenario = fn(u64, u64, &mut Line) -> Result<(), Box<dyn Error>>;

const SCENARIOS: [(&str, Scenario); 9] = [
    ("keys-single", keys::run::<Single>),
    ("keys-batch", keys::run::<Batch>),
    ("std-set", keys::run::<Set>),
    ("std-map", keys::run::<Map>),
    ("revisions-single", revisions::run::<Single>),
    ("revisions-batch", revisions::run::<Batch>),
    ("std-revisions", revisions::run::<Map>),
    ("worst", worst::run),
    ("window", window::run),
];

/// The largest size: some scenarios note a figure for every event.
const SIZE_MAX: u64 = 100_000_000;

struct Task {
    name: &'static str,
    scenario: Scenario,
    size: u64,
    seed: u64,
}

impl Task {
    fn read(arguments: &[String]) -> Option<Self> {
        let (scenario, size, seed) = match arguments {
            [scenario, size] => (scenario, size, 1),
            [scenario, size, seed] => (scenario, size, seed.parse().ok()?),
            _ => return None,
        };
        let &(name, scenario) = SCENARIOS.iter().find(|(name, _)| name == scenario)?;
        let size = size.parse().ok().filter(|size| (1..=SIZE_MAX).contains(size))?;
        Some(Self { name, scenario, size, seed })
    }

    fn run(&self) -> Result<Line, Box<dyn Error>> {
        let mut line = Line::default();
        line.text("scenario", self.name);
        line.integer("size", Some(self.size));
        (self.scenario)(self.size, self.seed, &mut line)?;
        Ok(line)
    }
}
