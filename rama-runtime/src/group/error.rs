//! What can go wrong with a durable module's folder.

use super::log::{AppendError, LogError};
use super::meta::MetaError;
use super::store::StoreError;
use std::io;
use std::path::Path;

/// What can go wrong with a durable module's folder: when it is opened, or while the module runs.
///
/// Whatever it says, nothing that was acknowledged has been changed by it. (Opening a folder may have cut off a commit that was not
/// whole, and brought others from the log to the store, before it was refused.)
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The disk refused something: it is full, read-only, broken, or not ours.
    #[error("{path}: {message}")]
    Io {
        /// What was accessed.
        path: String,
        /// The kind of error.
        kind: io::ErrorKind,
        /// The operating system's words.
        message: String,
    },
    /// Another cluster has the folder open, in this process or in another one.
    #[error("{path}: another cluster has this folder open: shut it down, or wait until its process has ended")]
    Locked {
        /// The folder.
        path: String,
    },
    /// The manifest is damaged.
    #[error("{path}: the manifest cannot be read: {reason}; restore it from a backup of the folder")]
    Manifest {
        /// The manifest.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer program has written the folder.
    #[error(
        "the folder has format {format}, and this program knows {known}: {}",
        if *format < u64::from(*known) {
            "it was written by an older program, which is the one that can open it; to go on with this one, begin a new folder and append to it what the old one has"
        } else {
            "open it with the program that wrote it, or a newer one"
        }
    )]
    Format {
        /// The folder's.
        format: u64,
        /// This program's.
        known: u32,
    },
    /// The folder is another module's.
    #[error("{path}: this is the folder of module `{stored}`, not of `{asked}`")]
    OtherModule {
        /// The folder.
        path: String,
        /// Whose it is.
        stored: String,
        /// Who asked.
        asked: String,
    },
    /// The number of tasks is fixed for a module's life: data is placed by it.
    #[error(
        "the folder was made with {stored} tasks, so it cannot be opened with {asked}: launch it with `Launch::tasks({stored})`"
    )]
    OtherTasks {
        /// With how many it was made.
        stored: u32,
        /// How many were asked for.
        asked: u32,
    },
    /// The module no longer declares something that is stored.
    #[error(
        "the folder holds the {what} `{name}`, which the module does not declare: if it has another name now{}, write \
         `#[renamed_from(\"{name}\")]` there; if a newer version of the module wrote it, launch that one; to delete what is stored of \
         it, for ever, launch with `.removed(\"{name}\")`",
        perhaps.as_ref().map_or_else(String::new, |perhaps| format!(" (`{perhaps}`?)"))
    )]
    Removed {
        /// A depot, a PState or a source.
        what: &'static str,
        /// Its name; of a source, behind that of its topology.
        name: String,
        /// Something of the same type that is declared, and not stored.
        perhaps: Option<String>,
    },
    /// The launch says that something is removed which the module declares.
    #[error("`.removed(\"{name}\")`: the module declares it; remove the field, or that call")]
    StillDeclared {
        /// Its name.
        name: String,
    },
    /// Something is declared with another type than the one that is stored.
    #[error(
        "the {what} `{name}` is stored as `{stored}`, and declared as `{declared}`: {}",
        match *what {
            "PState" => "declare how the old values become new ones, `#[migrate(with = path)]` with a function from the old to the new type; or declare it as it was",
            "source" => "give the function another name, so that it is another source",
            _ => "declare it as it was; a depot for the new records has another name",
        }
    )]
    Shape {
        /// A depot, a PState or a source.
        what: &'static str,
        /// Its name.
        name: String,
        /// The stored type; of a source, its depot.
        stored: String,
        /// The declared one.
        declared: String,
    },
    /// Values of a PState are of an earlier type, and the module does not say any more, or says otherwise, how they are migrated.
    #[error(
        "the PState `{name}` is being migrated from `{from}` to `{to}`, and that is not over: launch the version that declares \
         `{name}` as `{to}` with `#[migrate(with = ..)]` from `{from}`, until `App::migrating()` names `{name}` no longer; then this one"
    )]
    StillMigrating {
        /// The PState.
        name: String,
        /// The type from which.
        from: String,
        /// The type to which.
        to: String,
    },
    /// More than 65,535 depots, PStates, sources and topologies were ever declared.
    #[error("a module has at most 65,535 depots, PStates, sources and topologies, those that it once had included")]
    TooManyParts,
    /// Records are unfinished, and the hops that they wait in are those of another version of the topology.
    #[error(
        "{records} record(s) of `{topology}` are unfinished in a shape that this version of it does not know (the awaits, the variables that travel over them, and the module's \
         path `crate::module::Struct` must be the same): open the folder with the \
         version that wrote it and shut it down, or launch with `.restart_unfinished()` to process these records again from their \
         start (what they have written so far stays written)"
    )]
    Unfinished {
        /// The topology.
        topology: String,
        /// How many.
        records: u64,
    },
    /// What once was durable is damaged.
    #[error("{file}: damaged at byte {offset}: {reason}; restore the folder from a backup")]
    Corrupt {
        /// The file.
        file: String,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// The log is not what it should be.
    #[error("the log cannot be used: {reason}")]
    Log {
        /// What is wrong with it.
        reason: String,
    },
    /// A value cannot be stored, or what is stored cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StorageError {
    /// The disk's error on that path.
    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        StorageError::Io {
            path: path.display().to_string(),
            kind: error.kind(),
            message: error.to_string(),
        }
    }
}

impl From<LogError> for StorageError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Io { path, kind, message } => StorageError::Io { path, kind, message },
            LogError::Corrupt { file, offset, reason } => StorageError::Corrupt {
                file,
                offset,
                reason: reason.to_owned(),
            },
            other => StorageError::Log {
                reason: other.to_string(),
            },
        }
    }
}

impl From<MetaError> for StorageError {
    fn from(error: MetaError) -> Self {
        match error {
            MetaError::Io { path, kind, message } => StorageError::Io { path, kind, message },
            MetaError::Damaged { path, reason } => StorageError::Manifest {
                path,
                reason: reason.to_owned(),
            },
            // Neither comes of a folder that is locked.
            MetaError::Conflict { ref key, .. } | MetaError::Key { ref key } => StorageError::Manifest {
                path: key.clone(),
                reason: error.to_string(),
            },
        }
    }
}

impl From<AppendError> for StorageError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Failed(error) => error.into(),
            conflict => StorageError::Log {
                reason: conflict.to_string(),
            },
        }
    }
}
