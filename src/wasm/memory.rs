//! The growth of the module's memory.

use alloc::vec::Vec;

/// A page of WebAssembly's memory.
const PAGE_BYTES: usize = 64 * 1024;

/// The least that is added at a time.
const STEP_BYTES_MIN: usize = 1024 * 1024;

/// This part of the memory is added at a time.
const STEP_SHARE: usize = 8;

/// How large the memory was when it was last looked at.
///
/// The allocator asks for memory in the smallest steps that will do. After each, JavaScript engines
/// count the whole memory as allocated anew, and soon collect garbage all the time. So whenever it
/// has grown, more is taken at once: a share of it, which makes the steps few. Pages that are not in
/// use are not backed by the machine's memory.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pages: usize,
}

impl Memory {
    #[inline]
    pub(super) fn grow_ahead(&mut self) {
        if self.pages != pages() {
            self.take_more();
        }
    }

    #[cold]
    fn take_more(&mut self) {
        let is_first = self.pages == 0;
        self.pages = pages();
        if !is_first {
            // What is freed stays with the allocator. Without the memory it goes on in small steps.
            let step = (self.pages.saturating_mul(PAGE_BYTES) / STEP_SHARE).max(STEP_BYTES_MIN);
            let mut ahead = Vec::<u8>::new();
            let _ = ahead.try_reserve_exact(step);
            // Nothing is ever written to it, and without this it would not be allocated either.
            core::hint::black_box(&ahead);
            drop(ahead);
            self.pages = pages();
        }
    }
}

#[cfg(target_arch = "wasm32")]
fn pages() -> usize {
    core::arch::wasm32::memory_size::<0>()
}

/// Elsewhere the module is only checked, never run.
#[cfg(not(target_arch = "wasm32"))]
const fn pages() -> usize {
    0
}
