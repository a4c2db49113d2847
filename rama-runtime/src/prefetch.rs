//! The one thing here that safe Rust has no word for: "this will be read soon".
//!
//! It pays, in November 2026, on W2 of `benches/compare` (a million different numbers): without it for lookups, 20 % slower (medians
//! of 5 interleaved runs); and the wait for the next record, which another thread had made, was a sixth of a task thread's time
//! (`perf`) until records were asked for, too. On W1, whose words fit the caches better, lookups that are not prepared make 20 %.

/// Asks for the cache line of `value`, without waiting for it. Changes nothing that a program can see.
#[inline(always)]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the address is that of a live value; and a prefetch neither reads nor writes memory as the language sees
        // it, and never faults, so any address would do.
        #[expect(unsafe_code, reason = "a hint to the processor; see above")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
        }
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse", not(miri))))]
    let _ = value;
}

#[cfg(test)]
mod tests {
    #[test]
    fn any_value_may_be_asked_for() {
        super::prefetch(&7u64);
        super::prefetch(&[0u8; 300]);
        super::prefetch(&());
    }
}
