//! An allocator that counts. The one file here with `unsafe` code: `GlobalAlloc` is an unsafe trait.
#![allow(unsafe_code)]

use super::Allocated;
use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(feature = "mimalloc")]
static INNER: mimalloc::MiMalloc = mimalloc::MiMalloc;
#[cfg(not(feature = "mimalloc"))]
static INNER: std::alloc::System = std::alloc::System;

#[global_allocator]
static GLOBAL: Counting = Counting;

static TIMES: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

struct Counting;

fn count(bytes: usize) {
    // Relaxed: each is right by itself, and whoever reads them has heard of the end of the work by other means.
    TIMES.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
}

// SAFETY: every call is handed on, with the arguments it came with, to an allocator that keeps the contract of `GlobalAlloc`,
// and its answer is handed back as it is. The counting in between allocates nothing and cannot panic.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's own promises.
        unsafe { INNER.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's own promises.
        unsafe { INNER.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the caller's own promises; `old` came from `INNER`, as every pointer that this allocator gave.
        unsafe { INNER.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: the caller's own promises; `old` came from `INNER`, as every pointer that this allocator gave.
        unsafe { INNER.dealloc(old, layout) }
    }
}

/// What was allocated so far.
#[must_use]
pub fn allocated() -> Option<Allocated> {
    Some(Allocated {
        times: TIMES.load(Ordering::Relaxed),
        bytes: BYTES.load(Ordering::Relaxed),
    })
}
