//! Rule 3, reordering: a stream that overwrites per key behind a `random` depot may apply two edits of one key in the wrong order.

use super::RECORD;
use super::accesses::Found;
use super::operations::key_text;
use super::value::{Kind, Origin, Value};
use crate::diag::Code;
use crate::model::{ModuleDecl, Partitioner, SourceDecl};
use crate::warn::Warning;

/// The writes of one source that depend on the order of its records, where the depot keeps none.
pub(super) fn found(accesses: &[Found], source: &SourceDecl, module: &ModuleDecl) -> Vec<Warning> {
    let Some(depot) = module.depots.iter().find(|depot| depot.ident == source.depot) else {
        return Vec::new();
    };
    if !matches!(depot.partitioner, Partitioner::Random) {
        return Vec::new();
    }
    let warning = |found: &Found| {
        let at = found.overwrites?;
        let key = found.key.as_ref()?;
        // A key that was made for this record has no other edits.
        let is_new = |value: &Value| matches!(value, Value::Origin(Origin { kind: Kind::New, .. }));
        if found.value.any(&is_new) {
            return None;
        }
        let (key, pstate, name) = (key_text(key), &module.pstates[found.pstate].ident, &depot.ident);
        // What the key is of the record, if it is a part of it.
        let is_name = |member: &&str| member.chars().all(|c| c.is_alphanumeric() || c == '_');
        let by = match found.value.path_from(RECORD) {
            Some(path) if path.iter().all(is_name) => {
                let path: String = path.iter().map(|member| format!(".{member}")).collect();
                format!("|record| &record{path}")
            }
            _ => "|record| ..".to_owned(),
        };
        Some(Warning {
            code: Code::Reordering,
            at,
            message: format!(
                "two records for one `{key}` may be applied to `{pstate}` in the wrong order: depot `{name}` is `random`, so they start on different tasks, and whichever arrives last stays; `#[depot(hash_by = {by})]` keeps the records of one key in order; if their order does not matter, write `#[allow(deprecated)]` on `{}`",
                source.ident
            ),
            levels: source.levels.clone(),
        })
    };
    accesses.iter().filter_map(warning).collect()
}
