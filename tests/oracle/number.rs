//! Non-negative integers of any length as decimal text, counted the way one does on paper.

/// A canonical decimal number.
///
/// The length comes first, so that the derived order is the order of the numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number {
    length: usize,
    digits: String,
}

/// More digits than this are not an ordinal.
const DIGITS_MAX: usize = 129;

impl Number {
    /// Returns the ordinal that `text` spells, if it is canonical and short enough.
    pub(crate) fn ordinal(text: &str) -> Option<Self> {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = text == "0" || !text.starts_with('0');
        (plain && canonical && text.len() <= DIGITS_MAX).then(|| Self::of(text))
    }

    /// Returns the number of a small integer.
    pub(crate) fn small(value: u64) -> Self {
        Self::of(&value.to_string())
    }

    /// Returns the number as decimal text, which may be longer than an ordinal can be.
    pub(crate) fn text(&self) -> &str {
        &self.digits
    }

    /// Returns the sum of both numbers.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.last_first(), other.last_first());
        let (mut sum, mut carry) = (Vec::new(), 0);
        loop {
            let (a, b) = (left.next(), right.next());
            if a.is_none() && b.is_none() && carry == 0 {
                return Self::of_last_first(sum);
            }
            let digit = a.unwrap_or(0) + b.unwrap_or(0) + carry;
            sum.push(digit % 10);
            carry = digit / 10;
        }
    }

    /// Returns the number after this one.
    pub(crate) fn next(&self) -> Self {
        self.plus(&Self::small(1))
    }

    /// Returns this number less the other, or zero where the other is greater.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        if self <= other {
            return Self::small(0);
        }
        let mut right = other.last_first();
        let (mut difference, mut borrow) = (Vec::new(), 0);
        for digit in self.last_first() {
            let taken = right.next().unwrap_or(0) + borrow;
            borrow = u8::from(digit < taken);
            difference.push(digit + 10 * borrow - taken);
        }
        Self::of_last_first(difference)
    }

    fn of(text: &str) -> Self {
        Self { length: text.len(), digits: text.to_owned() }
    }

    fn last_first(&self) -> impl Iterator<Item = u8> {
        self.digits.bytes().rev().map(|byte| byte - b'0')
    }

    fn of_last_first(mut digits: Vec<u8>) -> Self {
        while digits.len() > 1 && digits.last() == Some(&0) {
            digits.pop();
        }
        let text: String = digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect();
        Self::of(&text)
    }
}
