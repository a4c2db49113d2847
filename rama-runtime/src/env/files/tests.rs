//! The simulated disk, and what holds for both.

use super::{File, Files, RealFiles, SimulatedDisk, write_atomically};
use crate::env::Rng;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

fn write(files: &dyn Files, path: &str, bytes: &[u8]) -> Box<dyn File> {
    let mut file = files.create(Path::new(path)).unwrap();
    file.write_at(0, bytes).unwrap();
    file
}

/// What a file may hold after a crash: nothing if it is gone.
fn outcomes(prepare: impl Fn(&SimulatedDisk)) -> BTreeSet<Option<Vec<u8>>> {
    let mut outcomes = BTreeSet::new();
    for seed in 0..400 {
        let disk = SimulatedDisk::new();
        prepare(&disk);
        disk.crash(&mut Rng::new(seed));
        outcomes.insert(disk.read(Path::new("a")).ok());
    }
    outcomes
}

fn both(check: impl Fn(&dyn Files, &Path)) {
    check(&SimulatedDisk::new(), Path::new("dir/of/files"));
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default().replace(':', "-");
    let dir = std::env::temp_dir().join(format!("rama-{name}-{}", std::process::id()));
    check(&RealFiles, &dir);
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn both_disks_do_the_same() {
    both(|files, dir| {
        assert_eq!(files.list(dir).unwrap_err().kind(), ErrorKind::NotFound);
        files.create_dir_all(&dir.join("inner")).unwrap();
        files.create_dir_all(dir).unwrap();
        let (a, b) = (dir.join("a"), dir.join("b"));
        assert_eq!(
            files.open(&a).err().map(|error| error.kind()),
            Some(ErrorKind::NotFound)
        );
        let mut file = files.create(&a).unwrap();
        file.write_at(2, b"cde").unwrap();
        file.sync_data().unwrap();
        let mut buffer = [9; 8];
        assert_eq!(file.read_at(1, &mut buffer).unwrap(), 4);
        assert_eq!(buffer, *b"\0cde\x09\x09\x09\x09");
        assert_eq!(file.read_at(5, &mut buffer).unwrap(), 0);
        file.set_len(3).unwrap();
        assert_eq!((file.len().unwrap(), files.read(&a).unwrap()), (3, b"\0\0c".to_vec()));
        files.rename(&a, &b).unwrap();
        file.write_at(0, b"x").unwrap();
        assert_eq!(files.read(&b).unwrap(), b"x\0c", "the handle follows the file");
        assert_eq!(files.list(dir).unwrap(), ["b", "inner"]);
        assert!(files.exists(&b).unwrap() && !files.exists(&a).unwrap() && files.exists(dir).unwrap());
        files.sync_dir(dir).unwrap();
        files.remove(&b).unwrap();
        assert_eq!(file.len().unwrap(), 3, "an open file lives on");
        assert_eq!(files.remove(&b).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(files.create(&dir.join("none/a")).is_err());
    });
}

#[test]
fn a_lock_has_one_holder() {
    both(|files, dir| {
        files.create_dir_all(dir).unwrap();
        let path = dir.join("LOCK");
        let lock = files.lock(&path).unwrap();
        assert_eq!(
            files.lock(&path).err().map(|error| error.kind()),
            Some(ErrorKind::WouldBlock)
        );
        drop(lock);
        assert!(files.lock(&path).is_ok());
    });
    let disk = SimulatedDisk::new();
    let before = disk.lock(Path::new("LOCK")).unwrap();
    disk.crash(&mut Rng::new(1));
    let after = disk.lock(Path::new("LOCK")).unwrap();
    drop(before);
    assert!(disk.lock(Path::new("LOCK")).is_err(), "that was not this life's lock");
    drop(after);
}

#[test]
fn what_is_replaced_atomically_is_old_or_new() {
    both(|files, dir| {
        files.create_dir_all(dir).unwrap();
        for content in [&b"old"[..], b"new"] {
            write_atomically(files, &dir.join("a"), content).unwrap();
            assert_eq!(files.read(&dir.join("a")).unwrap(), content);
        }
        assert_eq!(files.list(dir).unwrap(), ["a"]);
    });
    let whole = |content: &[u8]| Some(content.to_vec());
    for stop in 0..6 {
        let found = outcomes(|disk| {
            write_atomically(disk, Path::new("a"), b"old").unwrap();
            disk.stop_after(stop);
            let done = write_atomically(disk, Path::new("a"), b"new").is_ok();
            assert_eq!(done, stop >= 5);
        });
        match stop {
            0..4 => assert_eq!(found, BTreeSet::from([whole(b"old")])),
            4 => assert_eq!(found, BTreeSet::from([whole(b"old"), whole(b"new")])),
            _ => assert_eq!(found, BTreeSet::from([whole(b"new")])),
        }
    }
}

#[test]
fn what_is_not_synced_may_be_lost_kept_or_torn() {
    let found = outcomes(|disk| {
        let mut file = write(disk, "a", b"ab");
        file.write_at(2, b"cd").unwrap();
        assert_eq!(disk.read(Path::new("a")).unwrap(), b"abcd");
        disk.sync_dir(Path::new(".")).unwrap();
    });
    for possible in [
        &b""[..],
        b"a",
        b"ab",
        b"abc",
        b"abcd",
        b"\0b",
        b"\0\0cd",
        b"ab\0d",
        b"ab\0\0",
    ] {
        assert!(found.contains(&Some(possible.to_vec())), "{possible:?}");
    }
    assert!(!found.contains(&None), "the name was synced");
    let found = outcomes(|disk| write(disk, "a", b"ab").sync_data().unwrap());
    assert_eq!(found, BTreeSet::from([None, Some(b"ab".to_vec())]), "the name was not");
    let found = outcomes(|disk| {
        write(disk, "a", b"ab").sync_data().unwrap();
        disk.sync_dir(Path::new(".")).unwrap();
        disk.remove(Path::new("a")).unwrap();
    });
    assert_eq!(found, BTreeSet::from([None, Some(b"ab".to_vec())]));
}

#[test]
fn a_second_sync_does_not_make_up_for_one_that_failed() {
    let found = outcomes(|disk| {
        let mut file = write(disk, "a", b"ab");
        disk.sync_dir(Path::new(".")).unwrap();
        disk.fail_next_sync();
        assert!(file.sync_data().is_err());
        file.write_at(2, b"cd").unwrap();
        file.sync_data().unwrap();
        assert_eq!(disk.read(Path::new("a")).unwrap(), b"abcd");
    });
    for possible in [&b"abcd"[..], b"\0\0cd", b"a\0cd"] {
        assert!(found.contains(&Some(possible.to_vec())), "{possible:?}");
    }
    assert!(
        found.iter().flatten().all(|content| content.ends_with(b"cd")),
        "it was synced by itself"
    );
}

#[test]
fn handles_do_not_survive_a_crash() {
    let disk = SimulatedDisk::new();
    let mut file = write(&disk, "a", b"ab");
    file.sync_data().unwrap();
    disk.sync_dir(Path::new(".")).unwrap();
    disk.crash(&mut Rng::new(1));
    assert!(file.read_at(0, &mut [0]).is_err() && file.write_at(0, b"x").is_err());
    assert!(file.sync_data().is_err() && file.len().is_err() && file.set_len(0).is_err());
    let file = disk.open(Path::new("a")).unwrap();
    assert_eq!(file.len().unwrap(), 2);
}

#[test]
fn faults_are_as_ordered() {
    let disk = SimulatedDisk::new();
    let path = Path::new("a");
    let mut file = write(&disk, "a", b"ab");
    disk.fill_up(3);
    assert_eq!(file.write_at(1, b"12345").unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(disk.read(path).unwrap(), b"a1234");
    file.write_at(0, b"over").unwrap();
    file.set_len(4).unwrap();
    file.write_at(4, b"!").unwrap();
    assert_eq!(disk.read(path).unwrap(), b"over!");
    disk.flip_bit(path, 4, 1).unwrap();
    assert_eq!(disk.read(path).unwrap(), b"over#");
    assert!(disk.flip_bit(path, 5, 1).is_err());
    disk.truncate(path, 1).unwrap();
    disk.make_read_only();
    assert_eq!(disk.read(path).unwrap(), b"o");
    assert_eq!(disk.remove(path).unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
    assert_eq!(
        file.write_at(0, b"x").unwrap_err().kind(),
        ErrorKind::ReadOnlyFilesystem
    );
    disk.heal();
    disk.stop_after(1);
    file.write_at(0, b"x").unwrap();
    assert!(file.sync_data().is_err() && disk.read(path).is_err());
}
