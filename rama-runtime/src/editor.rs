//! The operations as rust-analyzer sees them inside a topology, where they can be awaited: it gets a topology's body as the
//! user wrote it, and reads there what an await yields.
//!
//! Nothing else calls these functions. Their real documentation is that of [`ops`](crate::ops).

use std::future::Future;

/// Resumes once, on the task that owns `key`. See [`ops::hash_partition`](crate::ops::hash_partition).
pub async fn hash_partition<K: serde::Serialize + ?Sized>(_key: &K) {}

/// Resumes once, where that PState keeps `key`. See [`ops::path_partition`](crate::ops::path_partition).
pub async fn path_partition<P>(_path: P) {}

/// Resumes once, on task 0. See [`ops::global_partition`](crate::ops::global_partition).
pub async fn global_partition() {}

/// Resumes once, on that task. See [`ops::direct_partition`](crate::ops::direct_partition).
pub async fn direct_partition(_task: usize) {}

/// Resumes once, on a task chosen round robin. See [`ops::shuffle_partition`](crate::ops::shuffle_partition).
pub async fn shuffle_partition() {}

/// Resumes once on every task. See [`ops::all_partition`](crate::ops::all_partition).
pub async fn all_partition() {}

/// Resumes once, on the task that `choose` names. See [`ops::custom_partition`](crate::ops::custom_partition).
pub async fn custom_partition(_choose: impl FnOnce(usize) -> usize) {}

/// Resumes once per item, with the item, on this task. See [`ops::explode`](crate::ops::explode).
pub async fn explode<I: IntoIterator>(_items: I) -> I::Item {
    std::future::pending().await
}

/// Resumes once, after other events had their turn. See [`ops::yield_if_overtime`](crate::ops::yield_if_overtime).
pub async fn yield_if_overtime() {}

/// Resumes once, with what `future` yields. See [`ops::external`](crate::ops::external).
pub async fn external<F: Future + Send + 'static>(future: F) -> F::Output {
    future.await
}
