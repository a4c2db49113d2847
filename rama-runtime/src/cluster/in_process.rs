//! A cluster inside this process.

use super::Launch;
use super::running::{self, Running};
use crate::client::App;
use crate::env::{Env, Externals};
use crate::error::{Error, Result};
use crate::group::Folder;
use crate::module::Module;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A cluster inside this process: modules run on threads of their own, and clients call them directly.
///
/// Everything is in memory, or in a folder ([`open`](Self::open)). Dropping it stops all modules promptly: what is not processed then
/// stays unprocessed; in a folder, until the module is launched there again. Use [`shutdown`](Self::shutdown) to finish first.
pub struct InProcessCluster {
    env: Env,
    externals: Arc<Externals>,
    folder: Place,
    modules: Mutex<Modules>,
}

/// Where modules are kept.
enum Place {
    Memory,
    /// `None` when the cluster is shut down: then the folder is free.
    Folder(Mutex<Option<Arc<Folder>>>),
}

#[derive(Default)]
struct Modules {
    /// Modules that run or are being launched.
    names: Vec<&'static str>,
    running: Vec<Box<dyn Running>>,
    closed: bool,
}

impl InProcessCluster {
    /// A cluster in the real world that keeps everything in memory. Costs nothing until modules are launched.
    ///
    /// # Errors
    /// None.
    pub fn start() -> Result<Self> {
        Self::start_in(Env::real())
    }

    /// A cluster in that world.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_in(env: Env) -> Result<Self> {
        Ok(Self::new(env, Place::Memory))
    }

    /// A cluster that keeps everything in the folder at `path`, which is made if it does not exist. Costs nothing much until
    /// modules are launched; each has a folder of its own in there.
    ///
    /// # What is promised
    /// After a crash at any instant, of the process or (with [`SyncPolicy::Always`](super::SyncPolicy), the default) of the machine, a module that
    /// is launched here again goes on: every append that was acknowledged is in its depot, and what its records did is in the PStates
    /// exactly once. Records that were half done go on where they were, not from their start. (Where one waits for an `external`
    /// future, that is made again.) What a client has read was durable, and never goes back.
    ///
    /// # Errors
    /// [`Error::Storage`] with [`Io`](crate::StorageError::Io) or, when another cluster has the folder open,
    /// [`Locked`](crate::StorageError::Locked).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_in(Env::real(), path)
    }

    /// A cluster in that world, which keeps everything in that folder.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_in(env: Env, path: impl AsRef<Path>) -> Result<Self> {
        let folder = Folder::open(&env, path.as_ref()).map_err(|error| Error::Storage { module: "", error })?;
        Ok(Self::new(env, Place::Folder(Mutex::new(Some(Arc::new(folder))))))
    }

    fn new(env: Env, folder: Place) -> Self {
        InProcessCluster {
            env,
            externals: Arc::default(),
            folder,
            modules: Mutex::default(),
        }
    }

    /// Launches module `M`: makes the views of all its tasks, in parallel, and starts its threads. Several modules may
    /// run in one cluster.
    ///
    /// # Errors
    /// [`Error::TasksNotPowerOfTwo`], [`Error::BadThreads`], [`Error::AlreadyLaunched`], [`Error::LaunchFailed`] when an
    /// initial value panics, [`Error::System`] when there are no more threads, [`Error::ShutDown`]. Of a cluster with a
    /// folder, [`Error::Storage`]: its [`StorageError`](crate::StorageError) says what is wrong with the module's folder, and what to do.
    pub async fn launch<M: Module>(&self, launch: Launch) -> Result<M::Client> {
        let launch = launch.checked()?;
        let name = M::DESCRIPTOR.name;
        {
            let mut modules = self.modules();
            if modules.closed {
                return Err(Error::ShutDown);
            }
            if modules.names.contains(&name) {
                return Err(Error::AlreadyLaunched { module: name });
            }
            modules.names.push(name);
        }
        // Whatever happens to this future, the name is free again unless the module runs.
        let mut claim = Claim {
            cluster: self,
            name,
            kept: false,
        };
        let folder = match &self.folder {
            Place::Memory => None,
            Place::Folder(folder) => Some(lock(folder).clone().ok_or(Error::ShutDown)?),
        };
        let (app, module): (App<M>, _) = running::start(&self.env, &self.externals, folder.as_ref(), launch).await?;
        let mut modules = self.modules();
        if modules.closed {
            return Err(Error::ShutDown);
        }
        modules.running.push(module);
        claim.kept = true;
        drop(modules);
        Ok(M::client(app))
    }

    /// Takes no more appends ([`Error::ShutDown`]), processes everything that was accepted, and stops all modules.
    /// Records behind halted sources stay. A record that never ends (an `external` future that never does, say) is waited
    /// for without end: drop the cluster to give up.
    ///
    /// # Errors
    /// [`Error::ShutDown`] when it was shut down already, or a module's thread has died.
    pub async fn shutdown(&self) -> Result<()> {
        let running = {
            let mut modules = self.modules();
            if modules.closed {
                return Err(Error::ShutDown);
            }
            modules.closed = true;
            std::mem::take(&mut modules.running)
        };
        // Held by a guard: if this future is dropped half way, the modules stop at once.
        let running = Stopping(running);
        let downs: Vec<_> = running.0.iter().map(|module| module.shut_down()).collect();
        let downs = futures_util::future::join_all(downs).await;
        self.externals.close();
        drop(running);
        if let Place::Folder(folder) = &self.folder {
            drop(lock(folder).take());
        }
        downs.into_iter().collect()
    }

    fn modules(&self) -> MutexGuard<'_, Modules> {
        lock(&self.modules)
    }
}

/// What is locked here is changed by single pushes and takes, so a panic cannot leave it half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for InProcessCluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let modules = self.modules();
        let names: Vec<&str> = modules.running.iter().map(|module| module.name()).collect();
        f.debug_struct("InProcessCluster")
            .field("modules", &names)
            .finish_non_exhaustive()
    }
}

impl Drop for InProcessCluster {
    fn drop(&mut self) {
        drop(Stopping(std::mem::take(&mut self.modules().running)));
        self.externals.close();
    }
}

/// Modules that are stopped, at the latest, when this is dropped.
struct Stopping(Vec<Box<dyn Running>>);

impl Drop for Stopping {
    fn drop(&mut self) {
        for module in &self.0 {
            module.stop();
        }
    }
}

/// A module's name, claimed while it is launched.
struct Claim<'a> {
    cluster: &'a InProcessCluster,
    name: &'static str,
    kept: bool,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.cluster.modules().names.retain(|name| *name != self.name);
        }
    }
}
