//! Borrowed text and bytes: what a variable refers to crosses a hop, and is lent to the code behind it.
//!
//! A `&str` cannot leave the event that owns the text. Where the compiler knows that a variable is one (`let word: &str`), a copy
//! travels, without an allocation if it is short, and the variable refers to that behind the hop, as long as its event runs.

use compact_str::CompactString;

/// The text that travels for a `&str`: up to 24 bytes need no allocation.
#[inline(always)]
pub fn lend_text(text: &str) -> CompactString {
    CompactString::new(text)
}

/// What a variable refers to behind the hop.
#[inline(always)]
pub fn lent_text(text: &CompactString) -> &str {
    text.as_str()
}

/// The bytes that travel for a `&[u8]`.
#[inline(always)]
pub fn lend_bytes(bytes: &[u8]) -> Vec<u8> {
    bytes.to_owned()
}

/// What a variable refers to behind the hop.
#[inline(always)]
pub fn lent_bytes(bytes: &Vec<u8>) -> &[u8] {
    bytes
}
