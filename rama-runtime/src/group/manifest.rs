//! What the folder of a module says of itself: of which module it is, in which format, and what the store calls its parts.

use super::StorageError;
use super::keys::Declared;
use super::meta::{MetaStore, Revision};
use super::store::{Move, StoreError};
use crate::module::{ModuleDescriptor, Shape, Shapes};
use crate::pstate::Migration;
use serde::{Deserialize, Serialize};

/// The format of everything in the folder. A program knows its own, and refuses newer ones.
pub(crate) const FORMAT: u32 = 2;

/// What the manifest is called.
const KEY: &str = "manifest";

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
    /// Of a PState some of whose values may still be of another type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) migrating: Option<Earlier>,
}

/// What a PState was in an earlier version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Earlier {
    /// The number that these values stand under.
    pub(crate) number: u16,
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
    /// What is no longer there.
    pub(crate) gone: Vec<(Declared, u16)>,
    /// PStates of which values may be of an earlier type.
    pub(crate) moves: Vec<Move>,
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
    pub(crate) fn read(meta: &dyn MetaStore) -> Result<Option<(Revision, Manifest)>, StorageError> {
        let Some((revision, body)) = meta.get(KEY)? else {
            return Ok(None);
        };
        let damaged = |reason: &str| StorageError::Manifest {
            path: meta.place(KEY),
            reason: reason.to_owned(),
        };
        // First the format alone: of a newer one, nothing else is known.
        let value: serde_json::Value = serde_json::from_slice(&body).map_err(|error| damaged(&error.to_string()))?;
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(format) => return Err(StorageError::Format { format, known: FORMAT }),
            None => return Err(damaged("it has no format version")),
        }
        let manifest = serde_json::from_value(value).map_err(|error| damaged(&error.to_string()))?;
        Ok(Some((revision, manifest)))
    }

    /// Writes it, as a whole or not at all, in place of the one of that revision.
    pub(crate) fn write(&self, meta: &dyn MetaStore, known: Option<Revision>) -> Result<(), StorageError> {
        let body = serde_json::to_string_pretty(self).map_err(|error| StorageError::Manifest {
            path: meta.place(KEY),
            reason: error.to_string(),
        })?;
        meta.put_if(KEY, known, body.as_bytes())?;
        Ok(())
    }

    /// Of PStates whose earlier number holds nothing any more, there is only one.
    pub(crate) fn drop_migrated(
        &mut self,
        is_empty: impl Fn(u16) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        for part in &mut self.pstates {
            if let Some(earlier) = &part.migrating
                && is_empty(earlier.number)?
            {
                part.migrating = None;
            }
        }
        Ok(())
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
        self.check_removed(&declared, removed)?;
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

impl Manifest {
    /// What is said to be removed must not be there.
    fn check_removed(&self, declared: &Declaration, removed: &[String]) -> Result<(), StorageError> {
        let kinds = [
            (&self.depots, &declared.depots),
            (&self.pstates, &declared.pstates),
            (&self.sources, &declared.sources),
        ];
        for name in removed {
            let is_declared = |declared: &[Declares]| declared.iter().any(|declares| declares.name == *name);
            let is_left = |stored: &[Part]| stored.iter().any(|part| part.name == *name);
            // Something else may have the same name.
            if kinds
                .iter()
                .any(|(stored, declared)| is_left(stored) && !is_declared(declared))
            {
                continue;
            }
            if kinds.iter().any(|(_, declared)| is_declared(declared)) {
                return Err(StorageError::StillDeclared { name: name.clone() });
            }
            tracing::warn!(
                name,
                "nothing of that name is stored: it was removed before, or was never there"
            );
        }
        Ok(())
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
        let stored_names: Vec<String> = stored.iter().map(|part| part.name.clone()).collect();
        for part in stored.drain(..) {
            if is_declared(&part) {
                kept.push(part);
            } else if self.of.is_none() || self.removed.contains(&part.name) {
                let earlier = part.migrating.map(|earlier| earlier.number);
                let numbers = [Some(part.number), earlier].into_iter().flatten();
                let gone = self.of.map(|of| numbers.map(move |number| (of, number)));
                self.changeover.gone.extend(gone.into_iter().flatten());
            } else {
                let is_new = |declares: &&Declares| {
                    let is_known = kept.iter().any(|kept: &Part| kept.name == declares.name);
                    declares.shape == part.shape && !is_known && !stored_names.contains(&declares.name)
                };
                return Err(StorageError::Removed {
                    what: self.what,
                    name: part.name,
                    perhaps: declared.iter().find(is_new).map(|declares| declares.name.clone()),
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
                migrating: None,
            });
            return Ok(number);
        };
        let mut from = |shape: &str| declares.migration.take().filter(|migration| migration.from == shape);
        if let Some(earlier) = &part.migrating {
            // Of a third type, nobody would know the values of the first one.
            let migration = from(&earlier.shape).filter(|_| part.shape == declares.shape);
            let Some(migration) = migration else {
                return Err(StorageError::StillMigrating {
                    name: part.name.clone(),
                    from: earlier.shape.clone(),
                    to: part.shape.clone(),
                });
            };
            let it = Move::new(part.name.clone(), earlier.number, part.number, migration);
            self.changeover.moves.push(it);
        } else if self.of.is_some() && part.shape != declares.shape {
            let Some(migration) = from(&part.shape) else {
                return Err(StorageError::Shape {
                    what: self.what,
                    name: declares.name.clone(),
                    stored: part.shape.clone(),
                    declared: declares.shape.clone(),
                });
            };
            // New values stand under a number of their own, so that each is known for what it is.
            let earlier = Earlier {
                number: std::mem::replace(&mut part.number, self.number()?),
                shape: std::mem::replace(&mut part.shape, declares.shape.clone()),
            };
            let it = Move::new(part.name.clone(), earlier.number, part.number, migration);
            self.changeover.moves.push(it);
            part.migrating = Some(earlier);
        } else {
            // What is unfinished in another shape is looked at elsewhere.
            part.shape.clone_from(&declares.shape);
        }
        Ok(part.number)
    }

    fn number(&mut self) -> Result<u16, StorageError> {
        let number = *self.next;
        *self.next = number.checked_add(1).ok_or(StorageError::TooManyParts)?;
        Ok(number)
    }
}

#[cfg(test)]
mod tests;
