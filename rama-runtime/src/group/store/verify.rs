//! A check that fjall leaves out: which of its files make up the store is said in a file whose checksum it writes down and does not
//! look at. A bit that flips there would end the process by an assertion, or make it forget a table.

use super::StoreError;
use crate::env::{Files, RealFiles};
use std::io;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_128;

/// Checks the list of tables of each keyspace in the folder of a store.
///
/// ```text
///   keyspaces/ID/current   number of the list (u64), its checksum (u128, xxh3), kind of checksum (0): little endian
///   keyspaces/ID/vNUMBER   the list
/// ```
///
/// What does not look so is fjall's business: another version of it may have another format.
///
/// # Errors
/// [`StoreError::Damaged`] where a list has another checksum; [`StoreError::Failed`] where the disk fails.
pub(super) fn verify(store: &Path) -> Result<(), StoreError> {
    let failed = |error: io::Error| StoreError::Failed {
        reason: error.to_string(),
    };
    let keyspaces = store.join("keyspaces");
    if !RealFiles.exists(&keyspaces).map_err(failed)? {
        return Ok(());
    }
    for keyspace in RealFiles.list(&keyspaces).map_err(failed)? {
        let folder = keyspaces.join(keyspace);
        let current = read(&folder.join("current")).map_err(failed)?;
        let Some((number, expected)) = current.and_then(|current| parse(&current)) else {
            continue;
        };
        let list = folder.join(format!("v{number}"));
        if let Some(bytes) = read(&list).map_err(failed)?
            && xxh3_128(&bytes) != expected
        {
            return Err(StoreError::Damaged {
                reason: format!("{}: its checksum is wrong", list.display()),
            });
        }
    }
    Ok(())
}

/// A file's bytes, if it exists.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match RealFiles.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The list's number and checksum.
fn parse(current: &[u8]) -> Option<(u64, u128)> {
    let (number, rest) = current.split_first_chunk::<8>()?;
    let (checksum, rest) = rest.split_first_chunk::<16>()?;
    (rest == [0]).then(|| (u64::from_le_bytes(*number), u128::from_le_bytes(*checksum)))
}

#[cfg(test)]
mod tests {
    use super::super::{LsmStore, Store};
    use super::*;

    /// Says when fjall's format is another one, so that nothing is checked any more.
    #[test]
    fn a_list_of_tables_with_any_bit_wrong_is_damaged() {
        let folder = std::env::temp_dir().join(format!("rama-store-{}", std::process::id()));
        let store = LsmStore::open(&folder).unwrap();
        assert_eq!(store.applied(), Ok(0));
        drop(store);
        let keyspace = folder.join("keyspaces/0");
        let (number, _) = parse(&std::fs::read(keyspace.join("current")).unwrap()).unwrap();
        let list = keyspace.join(format!("v{number}"));
        let good = std::fs::read(&list).unwrap();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&list, bad).unwrap();
            assert!(matches!(verify(&folder), Err(StoreError::Damaged { .. })), "{bit}");
        }
        std::fs::write(&list, good).unwrap();
        verify(&folder).unwrap();
        drop(LsmStore::open(&folder).unwrap());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
