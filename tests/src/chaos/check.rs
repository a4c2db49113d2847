//! Whether what a module holds is what it must hold.

use super::expected::Expected;
use super::job::{Flat, Job, KEYS};
use super::module::ChaosClient;
use rama_runtime::Error;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// What is known outside of the module.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    /// The record of that id, if it was ever appended.
    pub jobs: &'k (dyn Fn(u64) -> Option<Job> + Send + Sync),
    /// The same, of the flat depot.
    pub flats: &'k (dyn Fn(u64) -> Option<Flat> + Send + Sync),
    /// The records that were acknowledged.
    pub acked: &'k BTreeSet<u64>,
    /// The greatest total that was read, by key.
    pub read: &'k BTreeMap<u64, u64>,
}

fn words(error: Error) -> String {
    error.to_string()
}

/// Holds a module, in which everything is done, to what is known. Returns how many records it has.
///
/// # Errors
/// What is wrong, in words.
pub async fn check(app: &ChaosClient, tasks: u32, known: Known<'_>) -> Result<u64, String> {
    let mut expected = Expected::default();
    let mut present = BTreeSet::new();
    for partition in 0..tasks {
        let end = app.jobs().partition_info(partition).await.map_err(words)?.end;
        for job in app.jobs().read(partition, 0..end).await.map_err(words)? {
            if (known.jobs)(job.id).as_ref() != Some(&job) || !present.insert(job.id) {
                return Err(format!("record {} is in the depot twice, or is another one", job.id));
            }
            expected.job(&job);
        }
        let end = app.flats().partition_info(partition).await.map_err(words)?.end;
        for flat in app.flats().read(partition, 0..end).await.map_err(words)? {
            if (known.flats)(flat.id).as_ref() != Some(&flat) || !present.insert(flat.id) {
                return Err(format!("record {} is in the depot twice, or is another one", flat.id));
            }
            expected.flat(&flat);
        }
        let dead = app.dead().partition_info(partition).await.map_err(words)?.end;
        if dead > 0 {
            return Err(format!("{dead} records of partition {partition} failed for good"));
        }
    }
    if let Some(lost) = known.acked.iter().find(|id| !present.contains(id)) {
        return Err(format!("record {lost} was acknowledged, and is lost"));
    }
    let mut forwarded = BTreeMap::new();
    for partition in 0..tasks {
        let part = app.forwarded().partition(partition).items().await;
        forwarded.extend(part.map_err(words)?);
    }
    within("forwarded", &expected.forwarded, &forwarded)?;
    let mut visits = BTreeMap::new();
    for key in 0..KEYS {
        let here = app.visits().key(&key).items().await.map_err(words)?;
        let total = app.totals().key(&key).get().await.map_err(words)?.unwrap_or(0);
        let sum: u64 = here.iter().map(|(_, times)| times).sum();
        if sum != total {
            return Err(format!("{sum} visits of {key} were noted, and {total} counted"));
        }
        if known.read.get(&key).is_some_and(|read| *read > total) {
            return Err(format!("a client has read more visits of {key} than {total}"));
        }
        visits.extend(here.into_iter().map(|((id, step), times)| ((key, id, step), times)));
        arrived(app, key, &expected).await?;
    }
    within("visits", &expected.visits, &visits)?;
    Ok(present.len() as u64)
}

/// What arrived at a key, in all its shapes.
async fn arrived(app: &ChaosClient, key: u64, expected: &Expected) -> Result<(), String> {
    let whole = app.arrived().key(&key).get().await.map_err(words)?;
    let whole = whole.unwrap_or_default();
    let mut order = whole.order.unwrap_or_default();
    order.sort_unstable();
    let here = expected.arrived.range((key, 0)..=(key, u64::MAX));
    let mut must: Vec<u64> = Vec::new();
    for (&(_, id), &times) in here {
        must.extend(std::iter::repeat_n(id, times as usize));
    }
    if order != must {
        return Err(format!("at {key} arrived {order:?}, not {must:?}"));
    }
    let few: u64 = whole.few.unwrap_or_default().values().sum();
    let ids = whole.ids.unwrap_or_default();
    let distinct: BTreeSet<u64> = must.iter().copied().collect();
    if whole.count.unwrap_or(0) != must.len() as u64 || few != must.len() as u64 || ids != distinct {
        return Err(format!("what arrived at {key} is counted in different ways"));
    }
    Ok(())
}

fn within<K: Ord + Debug>(
    what: &str,
    expected: &BTreeMap<K, (u64, u64)>,
    found: &BTreeMap<K, u64>,
) -> Result<(), String> {
    for (key, (least, most)) in expected {
        let times = found.get(key).copied().unwrap_or(0);
        if times < *least || times > *most {
            return Err(format!("{what} of {key:?}: {times}, not {least} to {most}"));
        }
    }
    match found.keys().find(|key| !expected.contains_key(key)) {
        Some(key) => Err(format!("{what} of {key:?}, of which there is no record")),
        None => Ok(()),
    }
}
