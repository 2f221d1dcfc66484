//! The one sort that everything uses which has to be put in order: each kind of element of its own
//! would cost kilobytes of the WebAssembly module.

/// Three words that are compared one after the other.
pub(crate) type Words = [u64; 3];

/// Sorts words; those that are equal are kept once.
pub(crate) fn sort(words: &mut alloc::vec::Vec<Words>) {
    words.sort_unstable();
    words.dedup();
}
