//! States as text, so that the story of a failure can be read.

use core::fmt::Write as _;
use std::collections::BTreeSet;

/// Returns what only one of two states holds.
pub(crate) fn difference(left: &[u8], right: &[u8]) -> String {
    let (left, right): (BTreeSet<_>, BTreeSet<_>) =
        (lines(left).into_iter().collect(), lines(right).into_iter().collect());
    let left_only = left.difference(&right).map(|line| format!("  left:  {line}\n"));
    let right_only = right.difference(&left).map(|line| format!("  right: {line}\n"));
    left_only.chain(right_only).collect()
}

/// Returns the time that a state's clock believes.
pub(crate) fn believed(state: &[u8]) -> u64 {
    let mut reading = Reading { bytes: state, at: 6 };
    let carries = reading.number(2);
    reading.at = if carries == 1 { 48 } else { 32 };
    reading.number(8)
}

/// Whether a state holds a reading that is not confirmed.
pub(crate) fn is_unconfirmed(state: &[u8]) -> bool {
    let mut reading = Reading { bytes: state, at: 6 };
    let carries = reading.number(2);
    reading.at = if carries == 1 { 56 } else { 40 };
    reading.number(8) != 0
}

/// Returns when the claims of a state were made: tokens count from that time.
pub(crate) fn claimed(state: &[u8]) -> Vec<u64> {
    let lines = lines(state);
    let tokens = lines.iter().filter(|line| line.starts_with("claim "));
    let token = |line: &String| line.split(' ').nth(3).unwrap().parse::<u64>().unwrap();
    tokens.map(|line| token(line) >> 20).collect()
}

/// Returns the records of a state, without the times at which claims have ended.
pub(crate) fn lines_without_end_ages(state: &[u8]) -> Vec<String> {
    let short = |line: String| match line.strip_prefix("key end ") {
        Some(end) => end.split(' ').next().unwrap().to_owned(),
        None => line,
    };
    lines(state).into_iter().map(short).collect()
}

/// Returns the records of a state, one a line.
pub(crate) fn lines(state: &[u8]) -> Vec<String> {
    let mut r = Reading { bytes: state, at: 6 };
    let carries = r.number(2);
    r.at = if carries == 1 { 40 } else { 24 };
    let modes = format!(
        "modes {} {} tick {} window {}",
        r.number(1),
        r.number(1),
        r.number(2),
        r.number(4)
    );
    let tick = u64::from_le_bytes(state[r.at - 8..r.at].try_into().unwrap()) >> 16 & 0xffff;
    let mut lines = vec![modes];
    let believed = r.number(8);
    let (ahead, token, horizon) = (r.maybe(), r.number(8), r.number(8));
    lines.push(format!("believed {believed}, unconfirmed {ahead}"));
    lines.push(format!("token {token}"));
    lines.push(format!("horizon {horizon}"));
    lines.push(format!("first {} {}", r.maybe(), r.maybe()));
    let counts: [u64; 8] = core::array::from_fn(|_| r.number(4));
    lines.push(format!("counts {counts:?}"));
    let base = (believed / tick.max(1)).saturating_sub(1 << 31);
    let mut keys = Vec::new();
    for _ in 0..counts[0] {
        let print = r.print();
        keys.push((print, r.number(4)));
    }
    let mut texts: Vec<String> = keys
        .iter()
        .map(|(print, age)| match *age {
            0xffff_ffff => format!("key {print} age {}", r.number(8)),
            age => format!("key {print} age {}", (base + age) * tick),
        })
        .collect();
    for _ in 0..counts[2] {
        let index = r.number(4) as usize;
        write!(texts[index], " content {}", r.digest()).unwrap();
    }
    for _ in 0..counts[3] {
        let index = r.number(4) as usize;
        write!(texts[index], " unsettled {}", r.number(8)).unwrap();
    }
    for _ in 0..counts[4] {
        let index = r.number(4) as usize;
        texts[index] += &r.commit();
    }
    lines.append(&mut texts);
    lines.extend((0..counts[5]).map(|_| r.entity()));
    lines.extend((0..counts[6]).map(|_| r.source()));
    lines.extend((0..counts[7]).map(|_| r.claim()));
    lines
}

struct Reading<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reading<'_> {
    fn number(&mut self, size: usize) -> u64 {
        let bytes = &self.bytes[self.at..self.at + size];
        self.at += size;
        bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn maybe(&mut self) -> String {
        self.number(8).checked_sub(1).map_or("-".to_owned(), |number| number.to_string())
    }

    fn print(&mut self) -> String {
        let (high, low) = (self.number(8), self.number(4));
        let kind = if low & 1 == 1 { "end " } else { "" };
        format!("{kind}{:04x}", high >> 48)
    }

    fn digest(&mut self) -> String {
        let (high, _) = (self.number(8), self.number(8));
        format!("{:04x}", high >> 48)
    }

    fn hex(&mut self, size: usize) -> String {
        let bytes = &self.bytes[self.at..self.at + size];
        self.at += size;
        bytes.iter().rev().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    fn ordinal(&mut self) -> (String, bool) {
        let length = self.number(1);
        (format!("0x{}", self.hex(length as usize & 0x7f)), length & 0x80 != 0)
    }

    fn commit(&mut self) -> String {
        self.at += 8;
        let (token, stamp, given) = (self.number(8), self.number(8), self.number(1));
        let digest = if given & 1 != 0 { self.digest() } else { "-".to_owned() };
        let answer = if given & 2 != 0 {
            let length = self.number(4);
            format!("0x{}", self.hex(length as usize))
        } else {
            "-".to_owned()
        };
        format!(" token {token} at {stamp} result {digest} {answer}")
    }

    fn entity(&mut self) -> String {
        let entity = self.print();
        let (revision, has_content) = self.ordinal();
        let content = if has_content { self.digest() } else { "-".to_owned() };
        format!("entity {entity} at {revision} content {content}")
    }

    fn source(&mut self) -> String {
        let source = self.print();
        let (epoch, mark) = (self.ordinal().0, self.ordinal());
        let window = if mark.1 {
            let length = self.number(4);
            self.hex(length as usize)
        } else {
            "-".to_owned()
        };
        format!("source {source} epoch {epoch} at {} window {window}", mark.0)
    }

    fn claim(&mut self) -> String {
        let name = self.number(8);
        self.at += 8;
        let (token, attempt, edits) = (self.number(8), self.number(4), self.number(4));
        let (given, held) = (self.number(1), self.number(1));
        let time = self.maybe();
        let times: [u64; 4] = core::array::from_fn(|_| self.number(8));
        let doubt = self.maybe();
        let mut text = format!(
            "claim {:04x} token {token} attempt {attempt} edits {edits} on {given:04b} \
             holds {held:03b} time {time} stamp {} lease from {} until {} least {} doubt {doubt}",
            name >> 48,
            times[0],
            times[1],
            times[2],
            times[3],
        );
        if given & 8 != 0 {
            write!(text, " content {}", self.digest()).unwrap();
        }
        if given & 2 != 0 {
            write!(text, " entity {} at {}", self.print(), self.ordinal().0).unwrap();
        }
        if given & 4 != 0 {
            let (source, epoch, position) = (self.print(), self.ordinal().0, self.ordinal().0);
            write!(text, " source {source} epoch {epoch} at {position}").unwrap();
        }
        text
    }
}
