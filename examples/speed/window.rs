//! A gate at work for long: for every key that comes, one is forgotten.

use core::error::Error;

use onceward::{Event, Gate, Millis, Options, UnixMs, Verdict};

use super::clock::{WORK_CLOCK, work_ns};
use super::judges::open;
use super::line::{Line, ensure, per};
use super::names::{CHUNK, Names, Random};

/// So many times the keys that are alive are replaced by others.
const WINDOWS: u64 = 5;

/// One key comes in a millisecond, so the keys of the last `size` milliseconds are alive.
#[derive(Debug)]
struct Slide {
    random: Random,
    size: u64,
    /// How many keys there have been.
    known: u64,
}

impl Slide {
    /// Draws events until `until` keys have been: their numbers, and when each of them comes.
    /// Returns how many of the keys are new.
    fn draw(&mut self, until: u64, numbers: &mut Vec<u64>, times: &mut Vec<UnixMs>) -> u64 {
        let known = self.known;
        numbers.clear();
        times.clear();
        while numbers.len() < CHUNK && self.known < until {
            let is_again = self.known >= self.size && self.random.below(5) == 0;
            let number = if is_again {
                self.known - 1 - self.random.below(self.size)
            } else {
                self.known += 1;
                self.known - 1
            };
            numbers.push(number);
            times.push(time(self.known));
        }
        self.known - known
    }
}

fn time(ms: u64) -> UnixMs {
    UnixMs::new(1_790_000_000_000 + ms)
}

pub(crate) fn run(size: u64, seed: u64, line: &mut Line) -> Result<(), Box<dyn Error>> {
    let options = Options { retention: Millis::new(size), ..Options::default() };
    let mut gate = open(options, time(0))?;
    let mut slide = Slide { random: Random::new(seed), size, known: 0 };
    let (_, _) = go(&mut gate, &mut slide, size)?;
    let mut peak = 0;
    let mut spent = 0;
    let mut events = 0;
    // A look now and then tells how much memory is in use at most.
    for step in 1..=WINDOWS * 10 {
        let (count, ns) = go(&mut gate, &mut slide, size + step * size / 10)?;
        events += count;
        spent += ns;
        peak = peak.max(gate.stats().bytes);
    }
    let stats = gate.stats();
    ensure("keys alive", stats.keys, size)?;
    line.integer("events", Some(events));
    line.number("ns", Some(per(spent, events)));
    line.number("bytesPerKey", Some(per(stats.bytes, size)));
    line.number("peakBytesPerKey", Some(per(peak, size)));
    line.text("clock", WORK_CLOCK);
    Ok(())
}

/// Lets events come until `until` keys have been; returns their count, and the time it took.
fn go(gate: &mut Gate, slide: &mut Slide, until: u64) -> Result<(u64, u64), Box<dyn Error>> {
    let mut names = Names::default();
    let (mut numbers, mut times) = (Vec::new(), Vec::new());
    let mut events = 0;
    let mut spent = 0;
    while slide.known < until {
        let expected = slide.draw(until, &mut numbers, &mut times);
        names.write(numbers.iter().copied());
        let start = work_ns();
        let mut fresh = 0;
        for (name, &time) in names.iter().zip(&times) {
            fresh += u64::from(gate.check(&Event::new().id(name), time)? == Verdict::Fresh);
        }
        spent += work_ns() - start;
        ensure("new keys", fresh, expected)?;
        events += names.len() as u64;
    }
    Ok((events, spent))
}
