//! What is found out when the disk rots.

use super::*;
use crate::env::Rng;
use proptest::prelude::*;

#[test]
fn a_bit_that_flips_before_the_last_commit_is_an_error() {
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let options = if seed % 2 == 0 { SMALL } else { ONE_SEGMENT };
        let (disk, all, _) = written(&mut rng, options, 20, true);
        let paths = segments(&disk);
        let chosen = (rng.next_u64() % paths.len() as u64) as usize;
        let size = disk.read(&paths[chosen]).unwrap().len() as u64;
        let byte = rng.next_u64() % size;
        disk.flip_bit(&paths[chosen], byte, rng.next_u64() as u8).unwrap();
        let last = all.last().unwrap().len();
        let last = (last + last.div_ceil(64).max(1) * HEADER) as u64;
        match open_with(&disk, options, 0) {
            Ok((log, recovered)) => {
                assert_eq!(chosen + 1, paths.len(), "seed {seed}");
                assert!(byte >= size - last, "seed {seed}: byte {byte} of {size}");
                // Zeros at the end are taken for room.
                let zeros = all[19].iter().rev().take_while(|byte| **byte == 0).count() as u64;
                assert_eq!(recovered.last, 19);
                assert!(
                    (last - zeros..=last).contains(&recovered.cut),
                    "seed {seed}: {}",
                    recovered.cut
                );
                assert_eq!(commits(&log, 0).unwrap(), all[..19]);
            }
            Err(LogError::Corrupt { file, .. } | LogError::Version { file, .. }) => {
                assert_eq!(Path::new(&file), paths[chosen], "seed {seed}");
                assert_eq!(disk.read(&paths[chosen]).unwrap().len() as u64, size, "nothing was cut");
            }
            Err(error) => panic!("seed {seed}: {error}"),
        }
    }
}

#[test]
fn damage_is_told_from_a_crash_by_what_was_durable() {
    let (mut cut, mut refused) = (0, 0);
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let (disk, all, known) = written(&mut rng, ONE_SEGMENT, 12, false);
        let chosen = (rng.next_u64() % 12) as usize;
        let size = |payload: &Vec<u8>| payload.len() + payload.len().div_ceil(64).max(1) * HEADER;
        let start: usize = all[..chosen].iter().map(size).sum();
        // Not in the version, which is an error of its own.
        let byte = start as u64 + 8 + rng.next_u64() % (size(&all[chosen]) as u64 - 8);
        let path = segments(&disk).pop().unwrap();
        disk.flip_bit(&path, byte, 3).unwrap();
        let was_durable = known[chosen + 1..].iter().any(|durable| *durable > chosen as u64);
        match open_with(&disk, ONE_SEGMENT, 0) {
            Ok((log, _)) => {
                assert!(!was_durable, "seed {seed}");
                assert_eq!(commits(&log, 0).unwrap(), all[..chosen], "seed {seed}");
                cut += 1;
            }
            // A flip in a later part's version, too.
            Err(LogError::Corrupt { .. }) => {
                assert!(was_durable, "seed {seed}");
                refused += 1;
            }
            Err(error) => assert!(matches!(error, LogError::Version { .. }), "seed {seed}: {error}"),
        }
    }
    assert!(cut > 20 && refused > 100, "{cut} cut, {refused} refused");
}

#[test]
fn a_commit_that_its_reader_has_cannot_be_cut_off() {
    let (disk, all, _) = written(&mut Rng::new(1), ONE_SEGMENT, 5, true);
    let path = segments(&disk).pop().unwrap();
    let size = disk.read(&path).unwrap().len() as u64;
    disk.truncate(&path, size - 1).unwrap();
    let short = LogError::Short { last: 4, applied: 5 };
    assert_eq!(open_with(&disk, ONE_SEGMENT, 5).map(|_| ()), Err(short));
    let (log, recovered) = open_with(&disk, ONE_SEGMENT, 4).unwrap();
    assert_eq!(recovered.last, 4);
    assert_eq!(commits(&log, 0).unwrap(), all[..4]);
}

#[test]
fn a_segment_that_is_not_the_last_cannot_end_early() {
    let (disk, ..) = written(&mut Rng::new(3), SMALL, 40, true);
    let path = segments(&disk).remove(1);
    let bytes = disk.read(&path).unwrap();
    for len in 0..bytes.len() as u64 {
        let damaged = SimulatedDisk::new();
        damaged.create_dir_all(Path::new(DIR)).unwrap();
        for path in segments(&disk) {
            let mut copy = damaged.create(&path).unwrap();
            copy.write_at(0, &disk.read(&path).unwrap()).unwrap();
        }
        damaged.truncate(&path, len).unwrap();
        let error = open(&damaged).map(|_| ()).unwrap_err();
        assert!(
            matches!(error, LogError::Corrupt { .. } | LogError::Gap { .. }),
            "{error}"
        );
    }
}

#[test]
fn a_record_behind_damage_is_found_wherever_it_begins() {
    // Around what is read at once.
    for start in (256 << 10) - 6..(256 << 10) + 3 {
        let disk = SimulatedDisk::new();
        let options = LogOptions::new(7);
        let (mut log, _) = open_with(&disk, options, 0).unwrap();
        log.append(0, &vec![b'R'; start - HEADER], true).unwrap();
        log.append(1, b"RaLr", true).unwrap();
        drop(log);
        let path = segments(&disk).pop().unwrap();
        disk.flip_bit(&path, 30, 0).unwrap();
        let error = open_with(&disk, options, 0).map(|_| ()).unwrap_err();
        assert!(matches!(error, LogError::Corrupt { offset: 0, .. }), "{start}: {error}");
        disk.flip_bit(&path, start as u64 + 30, 0).unwrap();
        let (_, recovered) = open_with(&disk, options, 0).unwrap();
        assert_eq!((recovered.last, recovered.cut), (0, (start + HEADER + 4) as u64));
    }
}

#[test]
fn a_missing_segment_is_a_gap() {
    let (disk, ..) = written(&mut Rng::new(4), SMALL, 40, true);
    let paths = segments(&disk);
    assert!(paths.len() > 3);
    disk.remove(&paths[1]).unwrap();
    assert!(matches!(open(&disk), Err(LogError::Gap { .. })));
    disk.remove(&paths[0]).unwrap();
    assert!(matches!(open(&disk), Err(LogError::Gap { expected: 1, .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_a_prefix_or_an_error(
        seed in any::<u64>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 1usize..200), 0..4),
        garbage in proptest::collection::vec(any::<u8>(), 0..200),
        moved in any::<bool>(),
    ) {
        let (disk, all, _) = written(&mut Rng::new(seed), SMALL, 20, false);
        let paths = segments(&disk);
        for (place, value, len) in damage {
            let path = &paths[place.index(paths.len())];
            let mut bytes = disk.read(path).unwrap();
            if !bytes.is_empty() {
                let start = place.index(bytes.len());
                let end = bytes.len().min(start + len);
                if moved {
                    let to = bytes.len() - end;
                    bytes.copy_within(start..end, to.min(start));
                } else {
                    bytes[start..end].fill(value);
                }
            }
            disk.create(path).unwrap().write_at(0, &bytes).unwrap();
        }
        let mut last = disk.open(&paths[paths.len() - 1]).unwrap();
        last.write_at(last.len().unwrap(), &garbage).unwrap();
        if let Ok((log, recovered)) = open(&disk) {
            prop_assert_eq!(&commits(&log, 0).unwrap(), &all[..recovered.last as usize]);
        }
    }
}
