use super::*;
use crate::env::{Files, Rng, SimulatedDisk};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

const DIR: &str = "folder";

fn opened(disk: &SimulatedDisk) -> LocalMeta {
    disk.create_dir_all(DIR.as_ref()).unwrap();
    LocalMeta::new(Arc::new(disk.clone()), DIR.into())
}

fn new() -> (SimulatedDisk, LocalMeta) {
    let disk = SimulatedDisk::new();
    let meta = opened(&disk);
    (disk, meta)
}

fn file(key: &str) -> PathBuf {
    PathBuf::from(DIR).join(format!("{key}.json"))
}

fn conflict(present: Option<u64>) -> MetaError {
    MetaError::Conflict {
        key: "a".to_owned(),
        present: present.map(Revision),
    }
}

#[test]
fn what_was_put_is_found_at_its_revision_whatever_bytes_it_is_of() {
    let (disk, meta) = new();
    assert_eq!(meta.get("a").unwrap(), None);
    let mut revision = None;
    for value in [&b"{}"[..], b"", b"\n", b"revision 7\n", b"\0\xff\nremoved 3", b"last"] {
        let next = meta.put_if("a", revision, value).unwrap();
        assert!(revision.is_none_or(|revision| revision < next));
        for meta in [&meta, &opened(&disk)] {
            assert_eq!(meta.get("a").unwrap(), Some((next, value.to_vec())));
        }
        revision = Some(next);
    }
}

#[test]
fn a_file_is_the_value_its_revision_and_a_checksum() {
    let (disk, meta) = new();
    let first = meta.put_if("a", None, b"{}").unwrap();
    meta.put_if("a", Some(first), b"{\n}").unwrap();
    let text = String::from_utf8(disk.read(&file("a")).unwrap()).unwrap();
    assert_eq!(text, "{\n}\nrevision 2\n8f71a477c20fa249\n");
}

#[test]
fn a_file_from_before_there_were_revisions_is_read_and_replaced() {
    let (disk, meta) = new();
    let sum = xxhash_rust::xxh3::xxh3_64(b"{\n}");
    let content = format!("{{\n}}\n{sum:016x}\n");
    disk.create(&file("a"))
        .unwrap()
        .write_at(0, content.as_bytes())
        .unwrap();
    let (revision, value) = meta.get("a").unwrap().unwrap();
    assert_eq!(value, b"{\n}");
    assert_eq!(meta.put_if("a", None, b"x").unwrap_err(), conflict(Some(0)));
    let next = meta.put_if("a", Some(revision), b"new").unwrap();
    assert_eq!(meta.get("a").unwrap(), Some((next, b"new".to_vec())));
}

#[test]
fn who_does_not_know_what_is_there_changes_nothing_and_is_told_what_is() {
    let (_, meta) = new();
    assert_eq!(meta.put_if("a", Some(Revision(1)), b"x").unwrap_err(), conflict(None));
    assert_eq!(meta.delete_if("a", Revision(1)).unwrap_err(), conflict(None));
    let first = meta.put_if("a", None, b"first").unwrap();
    let second = meta.put_if("a", Some(first), b"second").unwrap();
    for expected in [None, Some(first), Some(Revision(second.0 + 1))] {
        let error = meta.put_if("a", expected, b"x").unwrap_err();
        assert_eq!(error, conflict(Some(second.0)));
        assert!(error.to_string().contains("at revision 2"), "{error}");
    }
    assert_eq!(meta.delete_if("a", first).unwrap_err(), conflict(Some(second.0)));
    assert_eq!(meta.get("a").unwrap(), Some((second, b"second".to_vec())));
}

#[test]
fn a_key_that_is_removed_and_put_again_has_a_revision_that_it_never_had() {
    let (disk, meta) = new();
    let first = meta.put_if("a", None, b"first").unwrap();
    meta.delete_if("a", first).unwrap();
    assert_eq!(meta.get("a").unwrap(), None);
    assert_eq!(meta.put_if("a", Some(first), b"x").unwrap_err(), conflict(None));
    let again = opened(&disk).put_if("a", None, b"again").unwrap();
    assert!(again.0 > first.0 + 1);
    assert_eq!(meta.delete_if("a", first).unwrap_err(), conflict(Some(again.0)));
}

#[test]
fn keys_are_listed_in_order_without_what_is_none() {
    let (disk, meta) = new();
    for key in ["b", "a.b", "a", "a-b", "a0", "gone", "ab"] {
        meta.put_if(key, None, b"value").unwrap();
    }
    meta.delete_if("gone", Revision(1)).unwrap();
    disk.create_dir_all("folder/log".as_ref()).unwrap();
    disk.create("folder/ac.json.tmp".as_ref()).unwrap();
    let keys = |prefix| -> Vec<String> { meta.list(prefix).unwrap().into_iter().map(|(key, _)| key).collect() };
    assert_eq!(keys(""), ["a", "a-b", "a.b", "a0", "ab", "b"]);
    assert_eq!(keys("a-"), ["a-b"]);
    assert_eq!(keys("c"), [""; 0]);
}

#[test]
fn what_is_no_key_is_refused() {
    let (_, meta) = new();
    let long = "a".repeat(101);
    for key in ["", ".", "..", "-a", "a/b", "../a", "A", "a b", "ä", &long] {
        let refused = MetaError::Key { key: key.to_owned() };
        assert_eq!(meta.get(key).unwrap_err(), refused);
        assert_eq!(meta.put_if(key, None, b"x").unwrap_err(), refused);
    }
}

#[test]
fn a_put_that_a_crash_interrupts_has_happened_or_not() {
    for stop in 0..7 {
        let mut found = BTreeSet::new();
        for seed in 0..50 {
            let (disk, meta) = new();
            let old = meta.put_if("a", None, b"old").unwrap();
            disk.stop_after(stop);
            let put = meta.put_if("a", Some(old), b"new");
            disk.crash(&mut Rng::new(seed));
            let (revision, value) = opened(&disk).get("a").unwrap().unwrap();
            // What was said to be there is.
            assert!(put.is_err() || put == Ok(revision));
            found.insert((revision.0, value));
            assert_eq!(opened(&disk).list("").unwrap().len(), 1);
            // And it goes on from there.
            opened(&disk).put_if("a", Some(revision), b"next").unwrap();
        }
        let (old, new) = ((1, b"old".to_vec()), (2, b"new".to_vec()));
        match stop {
            0..4 => assert_eq!(found, BTreeSet::from([old])),
            4 => assert_eq!(found, BTreeSet::from([old, new])),
            _ => assert_eq!(found, BTreeSet::from([new])),
        }
    }
}

#[test]
fn a_file_with_any_bit_wrong_or_without_its_end_is_damaged_and_stays() {
    let (disk, meta) = new();
    let revision = meta.put_if("a", None, b"{ \"n\": 1 }").unwrap();
    let whole = disk.read(&file("a")).unwrap();
    let is_damaged = |content: &[u8]| {
        disk.create(&file("a")).unwrap().write_at(0, content).unwrap();
        let error = meta.get("a").unwrap_err();
        assert!(matches!(error, MetaError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains("folder/a.json"), "{error}");
        // Nor is it taken for something that may be replaced.
        for expected in [None, Some(revision)] {
            let error = meta.put_if("a", expected, b"x").unwrap_err();
            assert!(matches!(error, MetaError::Damaged { .. }), "{error:?}");
        }
        assert_eq!(disk.read(&file("a")).unwrap(), content);
    };
    for at in 0..whole.len() {
        is_damaged(&whole[..at]);
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << bit;
            is_damaged(&damaged);
        }
    }
}

#[test]
fn what_the_disk_refuses_is_told_with_the_file() {
    let (disk, meta) = new();
    let revision = meta.put_if("a", None, b"old").unwrap();
    disk.fill_up(3);
    let error = meta.put_if("a", Some(revision), b"new").unwrap_err();
    assert!(
        matches!(&error, MetaError::Io { kind: io::ErrorKind::StorageFull, path, .. } if path == "folder/a.json"),
        "{error:?}"
    );
    disk.heal();
    assert_eq!(meta.get("a").unwrap(), Some((revision, b"old".to_vec())));
}
