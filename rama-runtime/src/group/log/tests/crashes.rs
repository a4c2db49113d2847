//! What is left when the power goes, or the disk fails.

use super::*;
use std::io::ErrorKind;

#[test]
fn what_was_synced_survives_every_crash_and_the_rest_is_a_prefix() {
    for seed in 0..500 {
        crashes(seed);
    }
}

fn crashes(seed: u64) {
    let mut rng = Rng::new(seed);
    let disk = SimulatedDisk::new();
    let (mut appended, mut durable, mut applied) = (Vec::new(), 0, 0);
    for life in 0..6 {
        if rng.next_u64().is_multiple_of(2) {
            disk.stop_after(rng.next_u64() % 80);
        }
        let room = if seed.is_multiple_of(2) { 0 } else { 150 };
        match open_with(&disk, LogOptions { room, ..SMALL }, applied) {
            Ok((mut log, recovered)) => {
                let (first, last) = (recovered.first, recovered.last);
                assert!(first <= applied + 1, "seed {seed}, life {life}");
                assert!(last >= durable, "seed {seed}, life {life}: {last} of {durable} durable");
                appended.truncate(last as usize);
                durable = last;
                if let Ok(read) = commits(&log, first - 1) {
                    assert_eq!(read, appended[first as usize - 1..], "seed {seed}, life {life}");
                }
                live(&mut log, &disk, &mut rng, &mut appended, &mut durable, &mut applied);
            }
            Err(error) => assert!(
                matches!(error, LogError::Io { .. }),
                "seed {seed}, life {life}: {error}"
            ),
        }
        // Otherwise only the process ends, and what it has written may still come to the disk, or not.
        if !rng.next_u64().is_multiple_of(4) {
            disk.crash(&mut rng);
        }
        disk.heal();
    }
}

fn live(
    log: &mut LocalLog,
    disk: &SimulatedDisk,
    rng: &mut Rng,
    appended: &mut Vec<Vec<u8>>,
    durable: &mut u64,
    applied: &mut u64,
) {
    for _ in 0..rng.next_u64() % 40 {
        match rng.next_u64() % 16 {
            0 => {
                *applied = (*applied).max(rng.next_u64() % (*durable + 1));
                _ = log.trim(*applied);
            }
            1 if log.sync().is_ok() => *durable = log.tail(),
            2 if rng.next_u64().is_multiple_of(4) => disk.fail_next_sync(),
            _ => {
                let (sync, payload) = (rng.next_u64().is_multiple_of(3), payload(rng));
                if appended.len() as u64 == log.tail() {
                    appended.push(payload.clone());
                }
                match log.append(log.tail(), &payload, sync) {
                    Ok(number) if sync => *durable = number,
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        }
    }
}

#[test]
fn after_a_failure_the_log_takes_nothing_more() {
    type Fault = fn(&SimulatedDisk);
    let faults: [(Fault, ErrorKind); 3] = [
        (SimulatedDisk::fail_next_sync, ErrorKind::Other),
        (SimulatedDisk::make_read_only, ErrorKind::ReadOnlyFilesystem),
        (|disk| disk.fill_up(30), ErrorKind::StorageFull),
    ];
    for (fault, expected) in faults {
        let disk = SimulatedDisk::new();
        let (mut log, _) = open(&disk).unwrap();
        log.append(0, b"kept", true).unwrap();
        fault(&disk);
        let error = failed(log.append(1, b"who knows", true));
        assert!(matches!(&error, LogError::Io { kind, path, .. } if *kind == expected && path.starts_with(DIR)));
        disk.heal();
        assert_eq!(failed(log.append(log.tail(), b"more", true)), error);
        assert_eq!(failed(log.sync()), error);
        assert_eq!(log.trim(1), Err(error.clone()));
        assert_eq!(commits(&log, 0), Err(error));
        drop(log);
        let (log, _) = open(&disk).unwrap();
        assert_eq!(commits(&log, 0).unwrap()[0], b"kept");
    }
}

#[test]
fn what_a_failed_sync_has_dropped_is_written_again_when_the_log_is_opened() {
    for seed in 0..100 {
        let disk = SimulatedDisk::new();
        let (mut log, _) = open(&disk).unwrap();
        log.append(0, b"a", true).unwrap();
        log.append(1, b"b", false).unwrap();
        disk.fail_next_sync();
        failed(log.append(2, b"c", true));
        drop(log);
        // The process has ended, not the machine: so the kernel has all of it, and takes it for written.
        let (log, recovered) = open(&disk).unwrap();
        assert_eq!(recovered.last, 3);
        drop(log);
        disk.crash(&mut Rng::new(seed));
        let (log, recovered) = open(&disk).unwrap();
        assert_eq!(recovered.last, 3, "it was said to be there");
        assert_eq!(commits(&log, 0).unwrap(), [b"a", b"b", b"c"]);
    }
}

#[test]
fn a_cut_off_end_is_cut_off_once() {
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let (disk, all, _) = written(&mut rng, SMALL, 12, true);
        let path = segments(&disk).pop().unwrap();
        let size = disk.read(&path).unwrap().len() as u64;
        let len = rng.next_u64() % size;
        disk.truncate(&path, len).unwrap();
        let (mut log, recovered) = open(&disk).unwrap();
        assert!(recovered.last < 12);
        let mut kept = all[..recovered.last as usize].to_vec();
        assert_eq!(commits(&log, 0).unwrap(), kept, "seed {seed}");
        log.append(recovered.last, b"next", true).unwrap();
        kept.push(b"next".to_vec());
        drop(log);
        disk.crash(&mut rng);
        let (log, again) = open(&disk).unwrap();
        assert_eq!((again.cut, again.last), (0, recovered.last + 1));
        assert_eq!(commits(&log, 0).unwrap(), kept, "seed {seed}");
    }
}
