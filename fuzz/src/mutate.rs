//! Changes to frames that know what a frame is made of: records come, go, and change one field.

use super::frame::{Claim, Commit, Entity, Frame, Key, Number, Print, Source};
use super::repair;

/// Times and counts at which something may turn.
const NUMBERS: [u64; 12] = [
    0,
    1,
    2,
    1_000,
    0x7fff_ffff,
    0xffff_ffff,
    1_790_000_000_000,
    (1 << 53) - 2,
    (1 << 53) - 1,
    1 << 53,
    u64::MAX - 1,
    u64::MAX,
];

/// Numbers drawn from a seed (splitmix64).
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// Draws 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.bits() % bound.max(1) as u64) as usize
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// Draws what a number may become: a little more or less, or something else.
    fn number(&mut self, old: u64) -> u64 {
        match self.below(6) {
            0 => old.wrapping_add(1),
            1 => old.wrapping_sub(1),
            2 => old.wrapping_add(self.bits() % 0x1_0000_0000),
            3 => old ^ 1 << self.below(64),
            4 => self.bits(),
            _ => NUMBERS[self.below(NUMBERS.len())],
        }
    }

    fn digest(&mut self) -> [u8; 16] {
        let word = self.bits() % 3;
        [word as u8; 16]
    }

    fn print(&mut self, old: Print) -> Print {
        match self.below(4) {
            0 => Print { high: old.high.wrapping_add(1), low: old.low },
            1 => Print { high: old.high, low: old.low ^ 1 << self.below(32) },
            2 => Print { high: self.number(old.high), low: old.low },
            _ => Print { high: self.bits(), low: self.bits() as u32 & !1 },
        }
    }

    fn ordinal(&mut self, number: &mut Number) {
        match self.below(6) {
            0 => number.flag = !number.flag,
            1 => number.bytes.push(self.bits() as u8),
            2 => drop(number.bytes.pop()),
            3 => number.bytes = vec![0xff; self.below(58)],
            4 => number.bytes = vec![self.below(20) as u8 + 1],
            _ => {
                let at = self.below(number.bytes.len());
                if let Some(byte) = number.bytes.get_mut(at) {
                    *byte = byte.wrapping_add(self.bits() as u8);
                }
            }
        }
    }
}

/// Changes a frame; returns how long it is then. What the mutator of the fuzzer does to plain bytes is
/// `plain`; it is used for what no reader of a frame would think of.
pub fn frame(
    data: &mut [u8],
    size: usize,
    size_max: usize,
    seed: u32,
    plain: impl FnOnce(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut random = Random(u64::from(seed));
    let read = if random.one_in(4) { None } else { Frame::read(&data[..size]) };
    let written = read.and_then(|mut frame| {
        for _ in 0..=random.below(4) {
            change(&mut frame, &mut random);
        }
        if !random.one_in(8) {
            repair::records(&mut frame);
        }
        let written = frame.write();
        (written.len() <= size_max).then_some(written)
    });
    let size = match written {
        Some(written) => {
            data[..written.len()].copy_from_slice(&written);
            written.len()
        }
        None => plain(data, size, size_max),
    };
    repair::frame(&mut data[..size]);
    size
}

fn change(frame: &mut Frame, random: &mut Random) {
    match random.below(16) {
        0 => change_kind(frame, random),
        1..3 => {
            let number = &mut frame.head.numbers[random.below(6)];
            *number = random.number(*number);
        }
        3..7 => one(&mut frame.keys, random, change_key),
        7..9 => one(&mut frame.entities, random, change_entity),
        9..12 => one(&mut frame.sources, random, change_source),
        _ => one(&mut frame.claims, random, change_claim),
    }
}

fn change_kind(frame: &mut Frame, random: &mut Random) {
    match random.below(8) {
        0 => frame.head.modes[0] ^= 1,
        1 => frame.head.modes[1] = random.below(4) as u8,
        2 => {
            let tick = if random.one_in(2) { 1_u16 } else { 1_000 };
            frame.head.modes[2..].copy_from_slice(&tick.to_le_bytes());
        }
        3 => frame.head.window = [0, 1, 3, 200, 65_536, 65_537][random.below(6)],
        4 => frame.kind[1] ^= 3,
        5 => frame.kind[random.below(4)] ^= 1 << random.below(8),
        6 => frame.secret = if frame.secret.is_some() { None } else { Some(random.digest()) },
        _ => frame.head.modes[random.below(4)] = random.bits() as u8,
    }
}

/// Changes one of some records, or takes it away, or doubles it and changes the double.
fn one<T: Clone + Default>(
    list: &mut Vec<T>,
    random: &mut Random,
    change: fn(&mut T, &mut Random),
) {
    let at = random.below(list.len());
    match random.below(10) {
        0 if !list.is_empty() => drop(list.remove(at)),
        1 => {
            let other = random.below(list.len());
            if at < list.len() {
                list.swap(at, other);
            }
        }
        2..5 => {
            let mut double = list.get(at).cloned().unwrap_or_default();
            change(&mut double, random);
            list.insert(at, double);
        }
        _ => {
            if let Some(record) = list.get_mut(at) {
                change(record, random);
            }
        }
    }
}

fn change_key(key: &mut Key, random: &mut Random) {
    match random.below(8) {
        0 => key.print = random.print(key.print),
        1 => key.age = random.number(u64::from(key.age)) as u32,
        2 => (key.age, key.far) = (u32::MAX, random.number(key.far)),
        3 => key.content = key.content.is_none().then(|| random.digest()),
        4 => key.unsettled = key.unsettled.is_none().then(|| random.number(0)),
        5 => key.unsettled = key.unsettled.map(|time| random.number(time)),
        6 => key.commit = key.commit.is_none().then(Commit::default),
        _ => {
            if let Some(commit) = &mut key.commit {
                change_commit(commit, random);
            }
        }
    }
}

fn change_commit(commit: &mut Commit, random: &mut Random) {
    match random.below(6) {
        0 => commit.token = random.number(commit.token),
        1 => commit.stamp = random.number(commit.stamp),
        2 => commit.flags = random.bits() as u8 & 7,
        3 => commit.digest = random.digest(),
        4 => commit.second = random.number(commit.second),
        _ => commit.answer = vec![b'0' + random.below(99) as u8; random.below(120)],
    }
}

fn change_entity(entity: &mut Entity, random: &mut Random) {
    match random.below(4) {
        0 => entity.print = random.print(entity.print),
        1 => (entity.revision.flag, entity.content) = (true, random.digest()),
        _ => random.ordinal(&mut entity.revision),
    }
}

fn change_source(source: &mut Source, random: &mut Random) {
    match random.below(8) {
        0 => source.print = random.print(source.print),
        1 => random.ordinal(&mut source.epoch),
        2..4 => random.ordinal(&mut source.mark),
        4 => (source.mark.flag, source.window) = (true, vec![0xff; random.below(30) + 1]),
        5 => (source.mark.flag, source.window) = (true, vec![1]),
        6 => source.window.push(random.bits() as u8),
        _ => {
            let at = random.below(source.window.len());
            if let Some(byte) = source.window.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
    }
}

fn change_claim(claim: &mut Claim, random: &mut Random) {
    match random.below(12) {
        0 => claim.token = random.number(claim.token),
        1..3 => {
            let count = &mut claim.counts[random.below(2)];
            *count = random.number(u64::from(*count)) as u32;
        }
        3 => claim.on ^= 1 << random.below(4),
        4..6 => claim.held ^= 1 << random.below(3),
        6..9 => {
            let time = &mut claim.times[random.below(6)];
            *time = random.number(*time);
        }
        9 => claim.name[1] = random.number(claim.name[1]),
        10 => {
            claim.revision.0 = random.print(claim.revision.0);
            random.ordinal(&mut claim.revision.1);
        }
        _ => {
            claim.place.0 = random.print(claim.place.0);
            random.ordinal(&mut claim.place.1);
            random.ordinal(&mut claim.place.2);
        }
    }
}
