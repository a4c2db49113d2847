//! What the code that `#[derive(Fields)]` generates refers to.

pub use super::edit::PlaceUndo;
use super::edit::{Put, Remove};
pub use super::path::{Field, HasField, Path, undo_field};
pub use super::schema::Schema;
pub use super::site::{Local, Read, Site};

/// Reads the whole struct at `path`.
pub fn get_fields<X, P>(site: X, path: P) -> X::Answer<Option<<P::Target as Schema>::Value>>
where
    X: Read<P> + Site<Root = P::Root>,
    P: Path,
{
    site.read(path, |node| node.map(P::Target::value))
}

/// Says whether any field of the struct at `path` was written.
pub fn fields_exist<X, P>(site: X, path: P) -> X::Answer<bool>
where
    X: Read<P> + Site<Root = P::Root>,
    P: Path,
{
    site.read(path, |node| node.is_some())
}

/// Puts a whole struct at `path`.
pub fn set_fields<S, P>(site: Local<'_, S>, path: P, value: <P::Target as Schema>::Value)
where
    S: Schema,
    P: Path<Root = S>,
{
    site.edit(path, Put(P::Target::build(value)));
}

/// Removes the struct at `path`, and says whether there was one.
pub fn remove_fields<S, P>(site: Local<'_, S>, path: P) -> bool
where
    S: Schema,
    P: Path<Root = S>,
{
    site.edit(path, Remove)
}
