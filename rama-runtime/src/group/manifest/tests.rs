use super::*;
use crate::env::{Files, SimulatedDisk};
use crate::group::meta::LocalMeta;
use crate::pstate::Map;
use std::sync::Arc;

fn pstate(name: &str, shape: &str, with: Option<fn(u32) -> u64>) -> Declaration {
    let mut declares = Declares::plain(name.to_owned(), shape.to_owned());
    declares.migration = with.map(Migration::new::<Map<u8, u64>, u32>);
    Declaration {
        depots: Vec::new(),
        pstates: vec![declares],
        sources: Vec::new(),
        topologies: Vec::new(),
        fingerprints: Vec::new(),
    }
}

fn nothing() -> Declaration {
    Declaration {
        pstates: Vec::new(),
        ..pstate("", "", None)
    }
}

/// A manifest in which `counts` moves from number 1 to number 2.
fn migrating() -> Manifest {
    let mut manifest = Manifest::new("Bank", 4, 7);
    manifest.adopt(pstate("counts", "Map<u8, u32>", None), &[]).unwrap();
    let declared = pstate("counts", "Map<u8, u64>", Some(u64::from));
    let (numbers, changeover) = manifest.adopt(declared, &[]).unwrap();
    assert_eq!((numbers.pstates, changeover.moves.len()), (vec![2], 1));
    assert!(changeover.gone.is_empty());
    manifest
}

#[test]
fn a_pstate_that_migrates_has_both_numbers_until_the_first_holds_nothing() {
    let mut manifest = migrating();
    let files = SimulatedDisk::new();
    files.create_dir_all("folder".as_ref()).unwrap();
    let meta = LocalMeta::new(Arc::new(files), "folder".into());
    manifest.write(&meta, None).unwrap();
    let (_, found) = Manifest::read(&meta).unwrap().unwrap();
    assert_eq!(found, manifest);
    let earlier = manifest.pstates[0].migrating.clone().unwrap();
    assert_eq!((earlier.number, earlier.shape.as_str()), (1, "Map<u8, u32>"));
    manifest.drop_migrated(|number| Ok(number != 1)).unwrap();
    assert!(manifest.pstates[0].migrating.is_some());
    manifest.drop_migrated(|number| Ok(number == 1)).unwrap();
    assert_eq!(manifest.pstates[0].migrating, None);
}

#[test]
fn of_a_pstate_that_is_removed_while_it_migrates_both_numbers_are_gone() {
    let mut manifest = migrating();
    assert!(manifest.clone().adopt(nothing(), &[]).is_err());
    let (_, changeover) = manifest.adopt(nothing(), &["counts".to_owned()]).unwrap();
    let mut gone: Vec<u16> = changeover.gone.iter().map(|(_, number)| *number).collect();
    gone.sort_unstable();
    assert_eq!(gone, [1, 2]);
    assert!(manifest.pstates.is_empty());
}

#[test]
fn a_refusal_of_what_is_not_declared_names_what_may_be_its_new_name() {
    let mut manifest = Manifest::new("Bank", 4, 7);
    manifest.adopt(pstate("receipts", "Map<u8, u32>", None), &[]).unwrap();
    for (name, shape, expected) in [
        ("charges", "Map<u8, u32>", Some("charges")),
        ("charges", "Map<u8, u64>", None),
    ] {
        let error = manifest.clone().adopt(pstate(name, shape, None), &[]).unwrap_err();
        assert_eq!(
            error,
            StorageError::Removed {
                what: "PState",
                name: "receipts".to_owned(),
                perhaps: expected.map(str::to_owned),
            }
        );
    }
}

#[test]
fn what_is_declared_cannot_be_removed_and_what_is_removed_may_be_named_again() {
    let mut manifest = Manifest::new("Bank", 4, 7);
    let removed = ["counts".to_owned()];
    let declared = || pstate("counts", "Map<u8, u32>", None);
    manifest.adopt(declared(), &[]).unwrap();
    let error = manifest.clone().adopt(declared(), &removed).unwrap_err();
    assert_eq!(
        error,
        StorageError::StillDeclared {
            name: "counts".to_owned()
        }
    );
    for _ in 0..2 {
        manifest.adopt(nothing(), &removed).unwrap();
    }
}
