//! What the folder of a module says of itself: of which module it is, in which format, and what the store calls its parts.

use super::StorageError;
use super::keys::Declared;
use crate::env::{Files, write_atomically};
use crate::module::{ModuleDescriptor, Shapes};
use serde::{Deserialize, Serialize};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// The format of everything in the folder. A program knows its own, and refuses newer ones.
pub(crate) const FORMAT: u32 = 1;

/// The name of the manifest's file.
const FILE: &str = "manifest.json";

/// A folder's description of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    pub(crate) module: String,
    pub(crate) tasks: u32,
    /// How often it was opened: the log's fencing epoch.
    pub(crate) opened: u64,
    /// The log's id.
    pub(crate) id: u64,
    pub(crate) depots: Vec<Part>,
    pub(crate) pstates: Vec<Part>,
    pub(crate) sources: Vec<Part>,
    pub(crate) topologies: Vec<Part>,
    /// The next number to be given: no number is used twice.
    pub(crate) next: u16,
}

/// Something that the module declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) number: u16,
    pub(crate) name: String,
    /// The type of a depot's records or of a PState; the depot of a source; the shape of a topology's hops.
    pub(crate) shape: String,
}

/// What the store calls the things that this program's module declares, by their indices in the descriptor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) pstates: Vec<u16>,
    pub(crate) depots: Vec<u16>,
    /// By kind: topology by topology, and their sources.
    pub(crate) sources: Vec<u16>,
    pub(crate) topologies: Vec<u16>,
    /// By topology: what its hops look like.
    pub(crate) fingerprints: Vec<u64>,
}

impl Numbers {
    /// Whether hops of that topology which look like that are those of this program.
    pub(crate) fn knows(&self, topology: u16, fingerprint: u64) -> bool {
        let place = self.topologies.iter().position(|number| *number == topology);
        place.and_then(|place| self.fingerprints.get(place)) == Some(&fingerprint)
    }
}

/// What this program's module declares.
pub(crate) struct Declaration {
    depots: Vec<(String, String)>,
    pstates: Vec<(String, String)>,
    sources: Vec<(String, String)>,
    topologies: Vec<(String, String)>,
    fingerprints: Vec<u64>,
}

impl Declaration {
    /// That of `module`. `fingerprints`: what its topologies' hops look like.
    pub(crate) fn of(module: &ModuleDescriptor, shapes: Shapes, fingerprints: &[u64]) -> Self {
        let named = |name: &str, shape| (name.to_owned(), shape);
        let sources = module.topologies.iter().flat_map(|topology| {
            topology.sources.iter().map(|source| {
                let depot = module.depots.get(source.depot).map_or("", |depot| depot.name);
                (format!("{}.{}", topology.name, source.name), depot.to_owned())
            })
        });
        let topologies = module.topologies.iter().zip(fingerprints);
        Declaration {
            depots: (module.depots.iter().zip(shapes.records))
                .map(|(depot, shape)| named(depot.name, shape))
                .collect(),
            pstates: (module.pstates.iter().zip(shapes.pstates))
                .map(|(pstate, shape)| named(pstate.name, shape))
                .collect(),
            sources: sources.collect(),
            fingerprints: fingerprints.to_vec(),
            topologies: topologies
                .map(|(topology, fingerprint)| (topology.name.to_owned(), format!("{fingerprint:016x}")))
                .collect(),
        }
    }
}

impl Manifest {
    /// That of a new folder.
    pub(crate) fn new(module: &str, tasks: u32, id: u64) -> Self {
        Manifest {
            format: FORMAT,
            module: module.to_owned(),
            tasks,
            opened: 0,
            id,
            depots: Vec::new(),
            pstates: Vec::new(),
            sources: Vec::new(),
            topologies: Vec::new(),
            next: 1,
        }
    }

    /// Reads the manifest of a folder, if there is one.
    pub(crate) fn read(files: &dyn Files, folder: &Path) -> Result<Option<Manifest>, StorageError> {
        let path = folder.join(FILE);
        if !files.exists(&path).map_err(|error| StorageError::io(&path, &error))? {
            return Ok(None);
        }
        let bytes = files.read(&path).map_err(|error| StorageError::io(&path, &error))?;
        let damaged = |reason: &str| StorageError::Manifest {
            path: path.display().to_string(),
            reason: reason.to_owned(),
        };
        let text = String::from_utf8(bytes).map_err(|_| damaged("it is no text"))?;
        // The last line is the checksum of all before it.
        let (body, sum) = text
            .trim_end()
            .rsplit_once('\n')
            .ok_or_else(|| damaged("it is not complete"))?;
        let expected = format!("{:016x}", xxh3_64(body.as_bytes()));
        if sum.trim() != expected {
            return Err(damaged("its checksum is wrong"));
        }
        // First the format alone: of a newer one, nothing else is known.
        let value: serde_json::Value = serde_json::from_str(body).map_err(|error| damaged(&error.to_string()))?;
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(format) => return Err(StorageError::Format { format, known: FORMAT }),
            None => return Err(damaged("it has no format version")),
        }
        serde_json::from_value(value)
            .map(Some)
            .map_err(|error| damaged(&error.to_string()))
    }

    /// Writes it, as a whole or not at all.
    pub(crate) fn write(&self, files: &dyn Files, folder: &Path) -> Result<(), StorageError> {
        let path = folder.join(FILE);
        let body = serde_json::to_string_pretty(self).map_err(|error| StorageError::Manifest {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        let sum = xxh3_64(body.as_bytes());
        let text = format!("{body}\n{sum:016x}\n");
        write_atomically(files, &path, text.as_bytes()).map_err(|error| StorageError::io(&path, &error))
    }

    /// Checks that this program's module can go on with what is stored, and gives numbers to what is new. What the module no longer
    /// declares, and `removed` does not name, is an error. Returns the numbers, and what is to be cleared.
    pub(crate) fn adopt(
        &mut self,
        declared: &Declaration,
        removed: &[String],
    ) -> Result<(Numbers, Vec<(Declared, u16)>), StorageError> {
        let mut gone = Vec::new();
        let next = &mut self.next;
        let mut adopt =
            |what: &'static str, of: Option<Declared>, stored: &mut Vec<Part>, declared: &[(String, String)]| {
                let mut numbers = Vec::new();
                stored.retain(|part| {
                    let kept = declared.iter().any(|(name, _)| *name == part.name);
                    if !kept && (of.is_none() || removed.contains(&part.name)) {
                        gone.extend(of.map(|of| (of, part.number)));
                        return false;
                    }
                    true
                });
                for part in &*stored {
                    if !declared.iter().any(|(name, _)| *name == part.name) {
                        return Err(StorageError::Removed {
                            what,
                            name: part.name.clone(),
                        });
                    }
                }
                for (name, shape) in declared {
                    let known = stored.iter_mut().find(|part| part.name == *name);
                    match known {
                        Some(part) if of.is_some() && part.shape != *shape => {
                            return Err(StorageError::Shape {
                                what,
                                name: name.clone(),
                                stored: part.shape.clone(),
                                declared: shape.clone(),
                            });
                        }
                        Some(part) => {
                            // What is unfinished in another shape is looked at elsewhere.
                            part.shape.clone_from(shape);
                            numbers.push(part.number);
                        }
                        None => {
                            let number = *next;
                            *next = next.checked_add(1).ok_or(StorageError::TooManyParts)?;
                            stored.push(Part {
                                number,
                                name: name.clone(),
                                shape: shape.clone(),
                            });
                            numbers.push(number);
                        }
                    }
                }
                Ok(numbers)
            };
        let numbers = Numbers {
            depots: adopt("depot", Some(Declared::Depot), &mut self.depots, &declared.depots)?,
            pstates: adopt("PState", Some(Declared::PState), &mut self.pstates, &declared.pstates)?,
            sources: adopt("source", Some(Declared::Source), &mut self.sources, &declared.sources)?,
            topologies: adopt("topology", None, &mut self.topologies, &declared.topologies)?,
            fingerprints: declared.fingerprints.clone(),
        };
        Ok((numbers, gone))
    }
}
