//! The partition hash: which task owns a key. Part of the stored format.
//!
//! A key's *canonical encoding* is its [`postcard`](https://postcard.jamesmunns.com/wire-format) encoding; its *hash* is
//! xxh3 (64 bits, seed 0) of these bytes; its *task* is the hash modulo the number of tasks, which is a power of two: the
//! hash's lowest bits. So `&str`, `String` and `Box<str>` of the same text have one owner, as do `K`, `&K` and `Box<K>`,
//! and unsigned integers of one value, whatever their width from 16 bits on. Signed integers are zigzag encoded: `1i32` and `1u32`
//! differ. (`u8` and `i8` are one byte as they are: below 128 the same as wider unsigned ones, `200u8` not.)
//!
//! The hash never changes: data is placed by it. The test vectors below pin it.

mod primitive;
mod short;

use serde::Serialize;
use serde::ser::Error as _;
use xxhash_rust::xxh3::xxh3_64;

/// Keys of at most this many bytes are hashed without an allocation.
const INLINE: usize = 128;

/// The hash of `key`, from its canonical encoding.
///
/// # Errors
/// When the key's own `Serialize` fails (it may be called twice), or it is of unknown length (such types have no canonical encoding).
///
/// ```
/// use rama_runtime::key::hash_of;
/// assert_eq!(hash_of("be")?, hash_of(&String::from("be"))?);
/// assert_eq!(hash_of(&7u8)?, hash_of(&7u64)?);
/// assert_ne!(hash_of(&7u32)?, hash_of(&8u32)?);
/// assert_ne!(hash_of(&200u8)?, hash_of(&200u64)?);
/// # Ok::<(), postcard::Error>(())
/// ```
#[inline]
pub fn hash_of<K: Serialize + ?Sized>(key: &K) -> Result<u64, postcard::Error> {
    match primitive::hash_of(key) {
        Ok(hash) => Ok(hash),
        Err(primitive::Other) => hash_of_encoding(key),
    }
}

fn hash_of_encoding<K: Serialize + ?Sized>(key: &K) -> Result<u64, postcard::Error> {
    let mut buffer = [0u8; INLINE];
    match postcard::to_slice(key, &mut buffer) {
        Ok(bytes) => Ok(xxh3_64(bytes)),
        Err(postcard::Error::SerializeBufferFull) => Ok(xxh3_64(&postcard::to_stdvec(key)?)),
        Err(error) => Err(error),
    }
}

/// The task, of `tasks`, that owns `key`.
///
/// # Errors
/// As [`hash_of`], and when `tasks` is no power of two.
pub fn task_of<K: Serialize + ?Sized>(key: &K, tasks: u32) -> Result<u32, postcard::Error> {
    if !tasks.is_power_of_two() {
        return Err(postcard::Error::custom("the number of tasks is a power of two"));
    }
    owner(key, tasks - 1)
}

/// The same, for the number of tasks of a module: a power of two, of which this is one less.
#[inline]
pub(crate) fn owner<K: Serialize + ?Sized>(key: &K, mask: u32) -> Result<u32, postcard::Error> {
    // Truncation keeps the lowest 32 bits, which hold every bit the mask can select.
    Ok((hash_of(key)? as u32) & mask)
}

/// Numbers whose owner is `task`, in rising order. None when there is no such task.
pub(crate) fn numbers_owned_by(task: u32, tasks: u32) -> impl Iterator<Item = u64> {
    let end = if task < tasks { u64::MAX } else { 0 };
    (0..end).filter(move |key| task_of(key, tasks) == Ok(task))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::borrow::Cow;

    /// The format: these numbers never change.
    #[test]
    fn the_hash_is_that_of_the_test_vectors() {
        let vectors: [(&str, u64, u64); 9] = [
            ("unit", hash_of(&()).unwrap(), 0x2D06_8005_38D3_94C2),
            ("false", hash_of(&false).unwrap(), 0xC44B_DFF4_074E_ECDB),
            ("0u64", hash_of(&0u64).unwrap(), 0xC44B_DFF4_074E_ECDB),
            ("300u64", hash_of(&300u64).unwrap(), 0xA6B4_4AEE_D67A_4FDF),
            ("-1i64", hash_of(&-1i64).unwrap(), 0xE12E_F9D2_EB86_CEEB),
            ("empty text", hash_of("").unwrap(), 0xC44B_DFF4_074E_ECDB),
            ("be", hash_of("be").unwrap(), 0x30C4_AF5F_0FB9_5AC4),
            ("(be, 7)", hash_of(&("be", 7u8)).unwrap(), 0x27CB_405E_F1D7_83ED),
            ("long text", hash_of(&"x".repeat(1000)).unwrap(), 0xAD6C_C431_9DB4_8958),
        ];
        for (name, hash, expected) in vectors {
            assert_eq!(hash, expected, "{name}: {hash:#018x}");
        }
    }

    #[test]
    fn the_hash_is_xxh3_of_the_postcard_encoding() {
        assert_eq!(hash_of("be").unwrap(), xxh3_64(&[2, b'b', b'e']));
        assert_eq!(hash_of(&300u64).unwrap(), xxh3_64(&[0xAC, 0x02]));
        assert_eq!(hash_of(&-1i64).unwrap(), xxh3_64(&[1]));
    }

    proptest! {
        #[test]
        fn primitive_keys_have_the_hash_of_their_encoding(
            number: u64, shift in 0u32..64, signed: i64, text in ".{0,20}", long in "[a-zé]{0,90}"
        ) {
            let number = number >> shift;
            prop_assert_eq!(hash_of(&number).unwrap(), hash_of_encoding(&number).unwrap());
            prop_assert_eq!(hash_of(&(number as u32)).unwrap(), hash_of_encoding(&(number as u32)).unwrap());
            prop_assert_eq!(hash_of(&(number as u16)).unwrap(), hash_of_encoding(&(number as u16)).unwrap());
            let signed = signed >> shift;
            prop_assert_eq!(hash_of(&signed).unwrap(), hash_of_encoding(&signed).unwrap());
            prop_assert_eq!(hash_of(&(signed as i32)).unwrap(), hash_of_encoding(&(signed as i32)).unwrap());
            prop_assert_eq!(hash_of(&text).unwrap(), hash_of_encoding(&text).unwrap());
            prop_assert_eq!(hash_of(&long).unwrap(), hash_of_encoding(&long).unwrap());
        }
    }

    #[test]
    fn a_key_and_what_borrows_or_owns_it_have_one_hash() {
        let text = String::from("to be");
        let expected = hash_of("to be").unwrap();
        assert_eq!(hash_of(&text).unwrap(), expected);
        assert_eq!(hash_of(&&text).unwrap(), expected);
        assert_eq!(hash_of(&Box::<str>::from("to be")).unwrap(), expected);
        assert_eq!(hash_of(&Cow::Borrowed("to be")).unwrap(), expected);
        assert_eq!(hash_of(&(&text, &7u64)).unwrap(), hash_of(&("to be", 7u32)).unwrap());
        assert_ne!(hash_of(&1i32).unwrap(), hash_of(&1u32).unwrap());
    }

    #[test]
    fn the_task_is_the_lowest_bits() {
        for key in 0..1000u64 {
            let hash = hash_of(&key).unwrap();
            for tasks in [1, 2, 8, 1024] {
                assert_eq!(u64::from(task_of(&key, tasks).unwrap()), hash % u64::from(tasks));
            }
        }
        assert!(task_of(&1, 3).is_err());
    }
}
