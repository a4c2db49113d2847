//! A PState as a client sees it: on all tasks.

use super::kinds::{Map, Subindexed};
use super::lookup::{Lookup, Owned};
use super::path::{AtKey, Root};
use super::schema::{Key, Schema};
use super::site::{Read, Remote, Unroutable};
use super::state::PState;
use crate::client::App;
use crate::key::hash_of;
use crate::module::Module;
use futures_util::future::try_join_all;
use std::fmt;

/// How a key's hash is found, where the PState has its own partitioner.
type Partitioner<K> = fn(&K) -> Result<u64, postcard::Error>;

/// A PState of a running module, on all its tasks. Cheap to clone.
///
/// [`key`](PStateClient::key) leads to the task that owns a key, [`partition`](PStateClient::partition) to a given one; the
/// cursors are those of a topology, with reads that are futures. A read sees only the writes of finished events.
///
/// ```
/// # use rama_runtime::prelude::*;
/// # #[module]
/// # pub struct Posts {
/// #     #[depot(hash_by = |post| &post.0)] posts: Depot<(String, u64)>,
/// #     #[pstate(owner = post)] by_user: PState<Map<String, Subindexed<Map<u64, String>>>>,
/// # }
/// # topology! {
/// #     impl Posts {
/// #         #[stream(source = posts)]
/// #         async fn post(&mut self, (user, at): (String, u64)) {
/// #             self.by_user.key(&user).key(&at).set(format!("post at {at}"));
/// #         }
/// #     }
/// # }
/// # #[tokio::main]
/// # async fn main() -> rama_runtime::Result<()> {
/// # let cluster = InProcessCluster::start()?;
/// # let app = cluster.launch::<Posts>(Launch::tasks(2)).await?;
/// app.posts().append_batch(vec![("ann".into(), 1), ("ann".into(), 2), ("bob".into(), 3)]).await?;
/// let first = app.by_user().key("ann").range(2..).limit(50).items().await?;
/// assert_eq!(first, [(2, "post at 2".to_owned())]);
/// assert_eq!(app.by_user().key("bob").key(&3).get().await?, Some("post at 3".to_owned()));
/// let mut users = app.by_user().partition(0).keys().await?;     // those of one task
/// users.extend(app.by_user().partition(1).keys().await?);
/// assert_eq!(users.len(), 2);
/// # Ok(())
/// # }
/// ```
pub struct PStateClient<M: Module, S: Schema> {
    app: App<M>,
    state: fn(&M) -> &PState<S>,
    partitioner: Option<Partitioner<S::Partition>>,
}

impl<M: Module, S: Schema> Clone for PStateClient<M, S> {
    fn clone(&self) -> Self {
        PStateClient {
            app: self.app.clone(),
            state: self.state,
            partitioner: self.partitioner,
        }
    }
}

impl<M: Module, S: Schema> fmt::Debug for PStateClient<M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PStateClient").finish_non_exhaustive()
    }
}

impl<M: Module, S: Schema> PStateClient<M, S> {
    /// The PState that `state` finds in a task's view of the module. Made by the accessors of a module's client.
    #[must_use]
    pub fn new(app: &App<M>, state: fn(&M) -> &PState<S>) -> Self {
        PStateClient {
            app: app.clone(),
            state,
            partitioner: None,
        }
    }

    /// The same, for a PState with its own partitioner (`partition_by`): the hash it gives stands for that of the key.
    #[must_use]
    pub fn partitioned_by(
        app: &App<M>,
        state: fn(&M) -> &PState<S>,
        partitioner: fn(&S::Partition) -> Result<u64, postcard::Error>,
    ) -> Self {
        PStateClient {
            app: app.clone(),
            state,
            partitioner: Some(partitioner),
        }
    }

    /// The cursor at the root of the partition on `task`.
    ///
    /// # Errors
    /// Reads through it give [`Error::NoSuchTask`](crate::Error::NoSuchTask) when the module has no such task.
    pub fn partition(&self, task: u32) -> S::Cursor<Remote<M, S>, Root<S>> {
        S::cursor(self.on(task), Root::new())
    }

    fn on(&self, task: u32) -> Remote<M, S> {
        let tasks = self.app.tasks();
        let task = if task < tasks {
            Ok(task)
        } else {
            Err(Unroutable::NoSuchTask { task, tasks })
        };
        Remote {
            app: self.app.clone(),
            task,
            state: self.state,
        }
    }

    /// One read on every task, in order of the tasks. They are sent at the same time.
    async fn on_all<R>(&self, read: impl Fn(Remote<M, S>) -> super::Answer<R>) -> crate::Result<Vec<R>> {
        try_join_all((0..self.app.tasks()).map(|task| read(self.on(task)))).await
    }
}

macro_rules! map_client {
    ($schema:ty) => {
        /// A PState that is a map: partitioned by its keys.
        impl<M: Module, K: Key, S: Schema> PStateClient<M, $schema> {
            /// The entry of `key`, on the task that owns it.
            ///
            /// # Errors
            /// Reads through it give [`Error::Key`](crate::Error::Key) when the key cannot be encoded.
            pub fn key<Q>(&self, key: &Q) -> S::Cursor<Remote<M, $schema>, AtKey<Root<$schema>, Owned<K>>>
            where
                Q: Lookup<K> + ?Sized,
            {
                let (site, path) = self.owner(key);
                S::cursor(site, path)
            }

            fn owner<Q>(&self, key: &Q) -> (Remote<M, $schema>, AtKey<Root<$schema>, Owned<K>>)
            where
                Q: Lookup<K> + ?Sized,
            {
                let key = key.to_owned();
                let hash = match self.partitioner {
                    Some(partitioner) => partitioner(&key),
                    None => hash_of(&key),
                };
                // The number of tasks is a power of two: the mask keeps the hash's lowest bits.
                let task = hash
                    .map(|hash| hash as u32 & (self.app.tasks() - 1))
                    .map_err(Unroutable::Key);
                let site = Remote {
                    app: self.app.clone(),
                    task,
                    state: self.state,
                };
                (
                    site,
                    AtKey {
                        parent: Root::new(),
                        key: Owned(key),
                    },
                )
            }

            /// Whether there is an entry of `key`.
            ///
            /// # Errors
            /// As every read by a client.
            pub async fn contains<Q>(&self, key: &Q) -> crate::Result<bool>
            where
                Q: Lookup<K> + ?Sized,
            {
                let (site, path) = self.owner(key);
                site.read(path, |node| node.is_some()).await
            }

            /// The entries of all tasks, in key order.
            ///
            /// One read a task, not one snapshot: an event that ends in between may show in part.
            ///
            /// # Errors
            /// As every read by a client.
            pub async fn items(&self) -> crate::Result<Vec<(K, S::Value)>> {
                let parts = self
                    .on_all(|site| <$schema>::cursor(site, Root::new()).items())
                    .await?;
                let mut items: Vec<_> = parts.into_iter().flatten().collect();
                // Stable, because it is fast on runs that are sorted already: one a task.
                items.sort_by(|a, b| a.0.cmp(&b.0));
                Ok(items)
            }

            /// The keys of all tasks, in their order. Several reads, as [`items`](Self::items).
            ///
            /// # Errors
            /// As every read by a client.
            pub async fn keys(&self) -> crate::Result<Vec<K>> {
                let parts = self
                    .on_all(|site| <$schema>::cursor(site, Root::new()).keys())
                    .await?;
                let mut keys: Vec<_> = parts.into_iter().flatten().collect();
                keys.sort();
                Ok(keys)
            }

            /// The number of entries on all tasks. Several reads, as [`items`](Self::items).
            ///
            /// # Errors
            /// As every read by a client.
            pub async fn len(&self) -> crate::Result<usize> {
                Ok(self
                    .on_all(|site| <$schema>::cursor(site, Root::new()).len())
                    .await?
                    .into_iter()
                    .sum())
            }

            /// Whether there is no entry on any task. Several reads, as [`items`](Self::items).
            ///
            /// # Errors
            /// As every read by a client.
            pub async fn is_empty(&self) -> crate::Result<bool> {
                Ok(self.len().await? == 0)
            }
        }
    };
}

map_client!(Map<K, S>);
map_client!(Subindexed<Map<K, S>>);

/// The cursor at the root of a global PState, which is on task 0.
pub fn global_pstate<M: Module, S: Schema>(
    app: &App<M>,
    state: fn(&M) -> &PState<S>,
) -> S::Cursor<Remote<M, S>, Root<S>> {
    PStateClient::new(app, state).partition(0)
}
