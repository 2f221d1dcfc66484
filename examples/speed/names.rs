//! The names that are judged: UUIDs, drawn from a number each, and written down before the clock
//! runs.

/// So many events are written down at a time, and judged in one batch where there are batches.
pub(crate) const CHUNK: usize = 8192;

/// The length of a name.
const LENGTH: usize = 36;

/// Draws numbers that look random, the same ones for the same seed (`SplitMix64`; Steele, Lea
/// and Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: mix(seed) }
    }

    /// Returns a number below `bound`, which is at least 1.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        let product = u128::from(mix(self.state)) * u128::from(bound);
        // The upper half of it is below the bound.
        u64::try_from(product >> 64).unwrap_or(0)
    }
}

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

/// Names in one text, one behind the other.
///
/// A program has just parsed the names that it asks about, so they lie in its cache. Strings of
/// their own, drawn at random from a heap of millions, would mostly measure the way to the text.
#[derive(Debug, Default)]
pub(crate) struct Names {
    text: String,
}

impl Names {
    /// Writes the names with the given numbers, in place of those that were there.
    pub(crate) fn write(&mut self, numbers: impl Iterator<Item = u64>) {
        let mut text = core::mem::take(&mut self.text).into_bytes();
        text.clear();
        numbers.for_each(|number| write_name(number, &mut text));
        self.text = String::from_utf8(text).unwrap_or_default();
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len() / LENGTH
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.text.as_str();
        core::iter::from_fn(move || {
            let (name, others) = rest.split_at_checked(LENGTH)?;
            rest = others;
            Some(name)
        })
    }
}

/// Writes the UUID of a number: version 4, and different for each.
fn write_name(number: u64, text: &mut Vec<u8>) {
    let first = number.wrapping_mul(2).wrapping_mul(GAMMA);
    let high = mix(first) & !0xF000 | 0x4000;
    let low = mix(first.wrapping_add(GAMMA)) & !(0b11 << 62) | (0b10 << 62);
    let digits = [(high, 32..64), (high, 16..32), (high, 0..16), (low, 48..64), (low, 0..48)];
    for (index, (half, bits)) in digits.into_iter().enumerate() {
        if index > 0 {
            text.push(b'-');
        }
        let nibbles = bits.step_by(4).rev().map(|shift| (half >> shift).to_le_bytes()[0] & 0xF);
        text.extend(nibbles.map(|nibble| b"0123456789abcdef"[usize::from(nibble)]));
    }
}

/// A fill from empty: so many keys once, and as many repetitions of random ones of them between.
#[derive(Debug)]
pub(crate) struct Fill {
    random: Random,
    /// How many keys there have been.
    known: u64,
    keys_left: u64,
    events_left: u64,
}

impl Fill {
    pub(crate) const fn new(size: u64, seed: u64) -> Self {
        let random = Random::new(seed);
        Self { random, known: 0, keys_left: size, events_left: size * 2 }
    }

    /// Writes the next names and returns how many of them are new, or nothing at the end.
    pub(crate) fn write(&mut self, names: &mut Names) -> Option<u64> {
        if self.events_left == 0 {
            return None;
        }
        let known = self.known;
        let count = self.events_left.min(CHUNK as u64);
        names.write((0..count).map(|_| self.next()));
        Some(self.known - known)
    }

    fn next(&mut self) -> u64 {
        // As many chances in so many events as keys are left: in the end it is exactly half.
        let is_new = self.known == 0 || self.random.below(self.events_left) < self.keys_left;
        self.events_left -= 1;
        if !is_new {
            return self.random.below(self.known);
        }
        self.keys_left -= 1;
        self.known += 1;
        self.known - 1
    }
}

/// Random ones of the keys that a fill has left behind.
#[derive(Debug)]
pub(crate) struct Probe {
    random: Random,
    size: u64,
    left: u64,
}

impl Probe {
    pub(crate) const fn new(size: u64, count: u64, seed: u64) -> Self {
        Self { random: Random::new(!seed), size, left: count }
    }

    /// Writes the next names and returns whether there are any.
    pub(crate) fn write(&mut self, names: &mut Names) -> bool {
        let count = self.left.min(CHUNK as u64);
        self.left -= count;
        names.write((0..count).map(|_| self.random.below(self.size)));
        count > 0
    }
}

/// Revisions of entities: on average four each, a fifth of them overtaken by a later one.
#[derive(Debug)]
pub(crate) struct Updates {
    random: Random,
    /// The last revision of each entity, or 0.
    last: Vec<u64>,
    left: u64,
}

/// So many in a thousand events are overtaken, of those that can be: the first of an entity can't.
const OVERTAKEN: u64 = 265;

impl Updates {
    pub(crate) fn new(entities: usize, seed: u64) -> Self {
        let left = entities as u64 * 4;
        Self { random: Random::new(seed), last: vec![0; entities], left }
    }

    /// Writes the next events and returns how many of them are overtaken, or nothing at the end.
    pub(crate) fn write(&mut self, names: &mut Names, revisions: &mut Vec<u64>) -> Option<u64> {
        let Self { random, last, left } = self;
        let count = (*left).min(CHUNK as u64);
        *left -= count;
        let mut overtaken = 0;
        revisions.clear();
        names.write((0..count).map(|_| {
            let entity = random.below(last.len() as u64);
            let last = &mut last[usize::try_from(entity).unwrap_or(0)];
            if *last > 1 && random.below(1000) < OVERTAKEN {
                overtaken += 1;
                revisions.push(1 + random.below(*last - 1));
            } else {
                // One that may be overtaken: there is one before it.
                *last += 2 + random.below(3);
                revisions.push(*last);
            }
            entity
        }));
        (count > 0).then_some(overtaken)
    }
}
