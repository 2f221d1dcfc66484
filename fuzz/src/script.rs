//! An input that is read as a list of choices.

/// Choices, taken from the front. Where they have run out every choice is the first one.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    bytes: &'a [u8],
}

impl<'a> Script<'a> {
    /// Starts at the front of an input.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Whether nothing is left to choose by.
    pub const fn is_over(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes so many bytes, or what is left.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, tail) = self.bytes.split_at(count.min(self.bytes.len()));
        self.bytes = tail;
        head
    }

    /// Takes what is left.
    pub fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }

    /// Takes a byte.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// Takes a little-endian number of so many bytes.
    pub fn number(&mut self, size: usize) -> u64 {
        self.take(size).iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// Chooses one of some things.
    pub fn pick<T: Clone>(&mut self, things: &[T]) -> T {
        things[usize::from(self.byte()) % things.len()].clone()
    }

    /// Chooses yes about so many times out of 256.
    pub fn is_below(&mut self, bound: u8) -> bool {
        // Where the choices have run out the answer is no.
        u8::MAX - self.byte() < bound
    }
}
