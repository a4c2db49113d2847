//! Short texts on their way to another thread: side by side, not each on the heap.
//!
//! Memory that one thread allocates and another one frees costs more than the whole rest of a hop (with most allocators: a
//! free of another thread's memory is an atomic operation on a cache line that both use). So a batch for another thread carries the
//! short texts of its scopes in one buffer: the sender frees its own copies, the receiver makes and frees its own. What a
//! variable *is* does not change, only where its bytes are meanwhile. It is done for variables that are a `String` or a
//! `Vec<u8>`; whatever else travels is moved.

use compact_str::CompactString;
use std::any::Any;

/// What is done with each variable of a scope that is a text or bytes. Called by generated code, in order of the fields.
pub trait Leaves {
    /// The variable is a text.
    fn text(&mut self, text: &mut String);

    /// The variable is bytes.
    fn bytes(&mut self, bytes: &mut Vec<u8>);

    /// The variable is a borrowed text, on its way.
    fn lent(&mut self, text: &mut CompactString);
}

/// Hands `value` to `leaves`, if it is a text or bytes. (Which it is, is known when this is compiled for a type.)
#[inline(always)]
pub(super) fn leaf<T: 'static, L: Leaves>(value: &mut T, leaves: &mut L) {
    let any: &mut dyn Any = value;
    if let Some(text) = any.downcast_mut::<String>() {
        leaves.text(text);
    } else if let Some(bytes) = any.downcast_mut::<Vec<u8>>() {
        leaves.bytes(bytes);
    } else if let Some(text) = any.downcast_mut::<CompactString>() {
        leaves.lent(text);
    }
}

/// Longer ones are moved: copying them twice costs more than freeing them elsewhere.
const SHORT: usize = 256;

/// Instead of a length: this one was moved.
const MOVED: u32 = u32::MAX;

/// A buffer that has grown beyond this gives its memory back when it has been emptied.
const KEPT: usize = 1 << 20;

/// The short texts and bytes of a batch's scopes, in the order in which they were packed.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    bytes: Vec<u8>,
    text: String,
    lengths: Vec<u32>,
    /// How many borrowed texts there were.
    lent: u32,
    /// Which of them are packed, with their lengths: most are so short that they need no memory.
    packed: Vec<(u32, u32)>,
}

impl Arena {
    /// Forgets everything, to be used again.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.text.clear();
        self.lengths.clear();
        self.lent = 0;
        self.packed.clear();
        if self.bytes.capacity() + self.text.capacity() > KEPT {
            *self = Arena::default();
        }
    }

    /// Whether nothing was packed.
    pub(crate) fn is_empty(&self) -> bool {
        self.lengths.is_empty() && self.packed.is_empty()
    }

    /// What takes them out again, in the same order.
    pub(crate) fn unpack(&self) -> Unpack<'_> {
        Unpack {
            bytes: &self.bytes,
            text: &self.text,
            lengths: self.lengths.iter(),
            lent: 0,
            packed: self.packed.iter(),
        }
    }
}

/// Packing.
impl Leaves for Arena {
    #[inline]
    fn text(&mut self, text: &mut String) {
        if text.len() > SHORT {
            return self.lengths.push(MOVED);
        }
        // Checked above.
        self.lengths.push(text.len() as u32);
        self.text.push_str(text);
        *text = String::new();
    }

    #[inline]
    fn bytes(&mut self, bytes: &mut Vec<u8>) {
        if bytes.len() > SHORT {
            return self.lengths.push(MOVED);
        }
        // Checked above.
        self.lengths.push(bytes.len() as u32);
        self.bytes.extend_from_slice(bytes);
        *bytes = Vec::new();
    }

    #[inline]
    fn lent(&mut self, text: &mut CompactString) {
        if text.is_heap_allocated() && text.len() <= SHORT {
            // Checked above.
            self.packed.push((self.lent, text.len() as u32));
            self.text.push_str(text);
            *text = CompactString::default();
        }
        self.lent += 1;
    }
}

/// Takes out what an [`Arena`] holds.
#[derive(Debug)]
pub(crate) struct Unpack<'a> {
    bytes: &'a [u8],
    text: &'a str,
    lengths: std::slice::Iter<'a, u32>,
    lent: u32,
    packed: std::slice::Iter<'a, (u32, u32)>,
}

impl Unpack<'_> {
    #[inline]
    fn length(&mut self) -> Option<usize> {
        let length = *self.lengths.next()?;
        (length != MOVED).then_some(length as usize)
    }
}

impl Leaves for Unpack<'_> {
    #[inline]
    fn text(&mut self, text: &mut String) {
        if let Some(length) = self.length()
            && let Some((first, rest)) = self.text.split_at_checked(length)
        {
            first.clone_into(text);
            self.text = rest;
        }
    }

    #[inline]
    fn bytes(&mut self, bytes: &mut Vec<u8>) {
        if let Some(length) = self.length()
            && let Some((first, rest)) = self.bytes.split_at_checked(length)
        {
            first.clone_into(bytes);
            self.bytes = rest;
        }
    }

    #[inline]
    fn lent(&mut self, text: &mut CompactString) {
        if let Some((number, length)) = self.packed.as_slice().first()
            && *number == self.lent
        {
            self.packed.next();
            if let Some((first, rest)) = self.text.split_at_checked(*length as usize) {
                *text = CompactString::new(first);
                self.text = rest;
            }
        }
        self.lent += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is handed over of each.
    fn leaves<L: Leaves>((text, bytes, borrowed, number): &mut Scope, leaves: &mut L) {
        leaf(text, leaves);
        leaf(number, leaves);
        leaf(borrowed, leaves);
        leaf(bytes, leaves);
    }

    type Scope = (String, Vec<u8>, CompactString, u64);

    proptest! {
        #[test]
        fn what_is_packed_comes_out_as_it_was(
            scopes: Vec<(String, Vec<u8>, String)>, long in "[aé]{0,400}", short in "[aé]{0,30}", number: u64
        ) {
            let mut arena = Arena::default();
            let scope = |(text, bytes, borrowed): (String, Vec<u8>, String)| (text, bytes, borrowed.into(), number);
            let mut scopes: Vec<Scope> = scopes.into_iter().map(scope).collect();
            scopes.push((long.clone(), long.clone().into_bytes(), short.into(), number));
            scopes.push((String::new(), Vec::new(), long.into(), number));
            let before = scopes.clone();
            for scope in &mut scopes {
                leaves(scope, &mut arena);
            }
            let packed = |length: usize| length == 0 || length > SHORT;
            let all_packed = scopes.iter().all(|(text, bytes, borrowed, _)| {
                packed(text.len()) && packed(bytes.len()) && (!borrowed.is_heap_allocated() || packed(borrowed.len()))
            });
            prop_assert!(all_packed);
            let mut unpack = arena.unpack();
            for scope in &mut scopes {
                leaves(scope, &mut unpack);
            }
            prop_assert_eq!(scopes, before);
            arena.clear();
            prop_assert!(arena.is_empty());
        }
    }
}
