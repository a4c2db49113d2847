//! What the folder of a module says of itself: of which module it is, in which format, and what the store calls its parts.

use super::StorageError;
use super::keys::Declared;
use crate::env::{Files, write_atomically};
use crate::module::{ModuleDescriptor, Shape, Shapes};
use crate::pstate::Migration;
use serde::{Deserialize, Serialize};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// The format of everything in the folder. A program knows its own, and refuses newer ones.
pub(crate) const FORMAT: u32 = 2;

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
    depots: Vec<Declares>,
    pstates: Vec<Declares>,
    sources: Vec<Declares>,
    topologies: Vec<Declares>,
    fingerprints: Vec<u64>,
}

/// Something that it declares.
struct Declares {
    name: String,
    shape: String,
    renamed_from: Option<&'static str>,
    migration: Option<Migration>,
}

impl Declares {
    fn plain(name: String, shape: String) -> Self {
        Declares {
            name,
            shape,
            renamed_from: None,
            migration: None,
        }
    }

    fn of(name: &str, shape: Shape) -> Self {
        Declares {
            name: name.to_owned(),
            shape: shape.shape,
            renamed_from: shape.renamed_from,
            migration: shape.migration,
        }
    }
}

impl Declaration {
    /// That of `module`. `fingerprints`: what its topologies' hops look like.
    pub(crate) fn of(module: &ModuleDescriptor, shapes: Shapes, fingerprints: &[u64]) -> Self {
        let depots = module.depots.iter().zip(shapes.records);
        let pstates = module.pstates.iter().zip(shapes.pstates);
        let sources = module.topologies.iter().flat_map(|topology| {
            topology.sources.iter().map(|source| {
                let depot = module.depots.get(source.depot).map_or("", |depot| depot.name);
                Declares::plain(format!("{}.{}", topology.name, source.name), depot.to_owned())
            })
        });
        let topologies = module.topologies.iter().zip(fingerprints);
        Declaration {
            depots: depots.map(|(depot, shape)| Declares::of(depot.name, shape)).collect(),
            pstates: pstates
                .map(|(pstate, shape)| Declares::of(pstate.name, shape))
                .collect(),
            sources: sources.collect(),
            topologies: topologies
                .map(|(topology, fingerprint)| Declares::plain(topology.name.to_owned(), format!("{fingerprint:016x}")))
                .collect(),
            fingerprints: fingerprints.to_vec(),
        }
    }
}

/// What is to be done before the module goes on with what is stored.
#[derive(Debug, Default)]
pub(crate) struct Changeover {
    /// Numbers that are given for the first time.
    pub(crate) fresh: Vec<(Declared, u16)>,
    /// What is no longer there.
    pub(crate) gone: Vec<(Declared, u16)>,
    /// PStates whose values are made anew: the numbers of the old and the new one.
    pub(crate) migrated: Vec<(u16, u16, Migration)>,
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
    /// declares, and `removed` does not name, is an error. Returns the numbers, and what is to be done.
    pub(crate) fn adopt(
        &mut self,
        mut declared: Declaration,
        removed: &[String],
    ) -> Result<(Numbers, Changeover), StorageError> {
        let mut changeover = Changeover::default();
        for (old, new) in rename(&mut self.depots, &declared.depots) {
            // What reads it, goes on reading it.
            for source in self.sources.iter_mut().filter(|source| source.shape == old) {
                source.shape.clone_from(&new);
            }
        }
        rename(&mut self.pstates, &declared.pstates);
        let mut adopt = |what, of, stored, declared: &mut [Declares]| {
            let mut group = Adopting {
                what,
                of,
                removed,
                next: &mut self.next,
                changeover: &mut changeover,
            };
            group.adopt(stored, declared)
        };
        let (depots, pstates, sources) = (Some(Declared::Depot), Some(Declared::PState), Some(Declared::Source));
        let numbers = Numbers {
            depots: adopt("depot", depots, &mut self.depots, &mut declared.depots)?,
            pstates: adopt("PState", pstates, &mut self.pstates, &mut declared.pstates)?,
            sources: adopt("source", sources, &mut self.sources, &mut declared.sources)?,
            topologies: adopt("topology", None, &mut self.topologies, &mut declared.topologies)?,
            fingerprints: declared.fingerprints,
        };
        Ok((numbers, changeover))
    }
}

/// Gives stored parts their new names. Returns what was renamed.
fn rename(stored: &mut [Part], declared: &[Declares]) -> Vec<(String, String)> {
    let mut renamed = Vec::new();
    for Declares { name, renamed_from, .. } in declared {
        let is_known = stored.iter().any(|part| part.name == *name);
        let old = stored.iter_mut().find(|part| Some(part.name.as_str()) == *renamed_from);
        if let Some(part) = old
            && !is_known
        {
            renamed.push((std::mem::replace(&mut part.name, name.clone()), name.clone()));
        }
    }
    renamed
}

/// Parts of one kind are adopted.
struct Adopting<'a> {
    what: &'static str,
    /// Where they are in the store, if they are.
    of: Option<Declared>,
    removed: &'a [String],
    next: &'a mut u16,
    changeover: &'a mut Changeover,
}

impl Adopting<'_> {
    fn adopt(&mut self, stored: &mut Vec<Part>, declared: &mut [Declares]) -> Result<Vec<u16>, StorageError> {
        let is_declared = |part: &Part| declared.iter().any(|declares| declares.name == part.name);
        let mut kept = Vec::new();
        for part in stored.drain(..) {
            if is_declared(&part) {
                kept.push(part);
            } else if self.of.is_none() || self.removed.contains(&part.name) {
                self.changeover.gone.extend(self.of.map(|of| (of, part.number)));
            } else {
                return Err(StorageError::Removed {
                    what: self.what,
                    name: part.name,
                });
            }
        }
        *stored = kept;
        declared.iter_mut().map(|declares| self.one(stored, declares)).collect()
    }

    /// The number of something that is declared.
    fn one(&mut self, stored: &mut Vec<Part>, declares: &mut Declares) -> Result<u16, StorageError> {
        let Some(part) = stored.iter_mut().find(|part| part.name == declares.name) else {
            let number = self.number()?;
            stored.push(Part {
                number,
                name: declares.name.clone(),
                shape: declares.shape.clone(),
            });
            return Ok(number);
        };
        // What is unfinished in another shape is looked at elsewhere.
        if self.of.is_some() && part.shape != declares.shape {
            let migration = declares.migration.take();
            let Some(migration) = migration.filter(|migration| migration.from == part.shape) else {
                return Err(StorageError::Shape {
                    what: self.what,
                    name: declares.name.clone(),
                    stored: part.shape.clone(),
                    declared: declares.shape.clone(),
                });
            };
            // Under a number of its own, so that the manifest says which one counts.
            let old = std::mem::replace(&mut part.number, self.number()?);
            self.changeover.migrated.push((old, part.number, migration));
            self.changeover.gone.push((Declared::PState, old));
        }
        part.shape.clone_from(&declares.shape);
        Ok(part.number)
    }

    fn number(&mut self) -> Result<u16, StorageError> {
        let number = *self.next;
        *self.next = number.checked_add(1).ok_or(StorageError::TooManyParts)?;
        self.changeover.fresh.extend(self.of.map(|of| (of, number)));
        Ok(number)
    }
}
