//! The log on a disk that crashes, fails, fills up and rots.

mod crashes;
mod damage;

use super::record::HEADER;
use super::{AppendError, LocalLog, LogEngine, LogError, LogOptions};
use crate::env::{Files, RealFiles, Rng, SimulatedDisk};
use crate::group::log::recover::Recovered;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DIR: &str = "group/log";

/// Small, so that everything happens often.
const SMALL: LogOptions = LogOptions {
    id: 7,
    segment_bytes: 1_000,
    most_record: 64,
    room: 0,
};

/// All in one segment.
const ONE_SEGMENT: LogOptions = LogOptions {
    segment_bytes: u64::MAX,
    ..SMALL
};

fn open_with(disk: &SimulatedDisk, options: LogOptions, applied: u64) -> Result<(LocalLog, Recovered), LogError> {
    LocalLog::open(Arc::new(disk.clone()), PathBuf::from(DIR), options, applied, None)
}

fn open(disk: &SimulatedDisk) -> Result<(LocalLog, Recovered), LogError> {
    open_with(disk, SMALL, 0)
}

fn commits(log: &LocalLog, after: u64) -> Result<Vec<Vec<u8>>, LogError> {
    let mut commits = Vec::new();
    let mut next = after + 1;
    log.read(after, &mut |number, payload| {
        assert_eq!(number, next);
        next += 1;
        commits.push(payload.to_vec());
        Ok(())
    })?;
    Ok(commits)
}

fn segments(disk: &SimulatedDisk) -> Vec<PathBuf> {
    let names = disk.list(Path::new(DIR)).unwrap();
    names.into_iter().map(|name| Path::new(DIR).join(name)).collect()
}

fn payload(rng: &mut Rng) -> Vec<u8> {
    let most = if rng.next_u64().is_multiple_of(4) { 300 } else { 60 };
    let len = rng.next_u64() % most;
    (0..len).map(|_| rng.next_u64() as u8).collect()
}

fn failed<T: std::fmt::Debug>(result: Result<T, AppendError>) -> LogError {
    match result {
        Err(AppendError::Failed(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// A log of that many commits, and for each the last one that was durable when it was written.
fn written(rng: &mut Rng, options: LogOptions, count: u64, always: bool) -> (SimulatedDisk, Vec<Vec<u8>>, Vec<u64>) {
    let disk = SimulatedDisk::new();
    let (mut log, _) = open_with(&disk, options, 0).unwrap();
    let (mut all, mut known, mut durable) = (Vec::new(), Vec::new(), 0);
    for number in 0..count {
        let payload = payload(rng);
        let sync = always || number + 1 == count || rng.next_u64().is_multiple_of(3);
        known.push(durable);
        assert_eq!(log.append(number, &payload, sync), Ok(number + 1));
        if sync {
            durable = number + 1;
        }
        all.push(payload);
    }
    (disk, all, known)
}

#[test]
fn commits_have_the_number_behind_the_expected_one() {
    let disk = SimulatedDisk::new();
    let (mut log, recovered) = open(&disk).unwrap();
    let new = Recovered {
        first: 1,
        last: 0,
        cut: 0,
        epoch: 1,
    };
    assert_eq!(recovered, new);
    assert_eq!(log.append(0, b"a", true), Ok(1));
    assert_eq!(log.append(0, b"b", true), Err(AppendError::Conflict { tail: 1 }));
    assert_eq!(log.append(2, b"b", true), Err(AppendError::Conflict { tail: 1 }));
    assert_eq!(log.append(1, b"", true), Ok(2), "a conflict breaks nothing");
    assert_eq!(log.size(), 2 * HEADER as u64 + 1);
    assert_eq!(commits(&log, 0), Ok(vec![b"a".to_vec(), Vec::new()]));
    assert_eq!(commits(&log, 2), Ok(Vec::new()));
    drop(log);
    let (_, recovered) = open(&disk).unwrap();
    assert_eq!((recovered.last, recovered.cut, recovered.epoch), (2, 0, 2));
}

#[test]
fn large_commits_are_there_as_a_whole_or_not_at_all() {
    let disk = SimulatedDisk::new();
    let (mut log, _) = open(&disk).unwrap();
    let large: Vec<u8> = (0..1_000u32).map(|n| n as u8).collect();
    for (number, len) in [(0, 64), (1, 65), (2, 128), (3, 1_000)] {
        log.append(number, &large[..len], true).unwrap();
    }
    drop(log);
    let (log, _) = open_with(
        &disk,
        LogOptions {
            room: 0,
            ..LogOptions::new(7)
        },
        0,
    )
    .unwrap();
    let read = commits(&log, 1).unwrap();
    assert_eq!(read, [&large[..65], &large[..128], &large]);
    drop(log);
    // The last part, of 40 bytes, is lost: so are the 15 before it.
    let path = segments(&disk).pop().unwrap();
    let len = disk.read(&path).unwrap().len() as u64;
    disk.truncate(&path, len - 40 - HEADER as u64).unwrap();
    let (log, recovered) = open(&disk).unwrap();
    assert_eq!((recovered.last, recovered.cut), (3, 15 * (HEADER as u64 + 64)));
    assert_eq!(commits(&log, 1).unwrap(), read[..2]);
}

#[test]
fn segments_may_be_new_and_empty_and_other_files_are_no_business_of_the_log() {
    let (disk, all, _) = written(&mut Rng::new(5), ONE_SEGMENT, 4, true);
    let next = Path::new(DIR).join(format!("{:020}.log", 5));
    for header in [&b""[..], b"RaLr\x01\0", &[0; 200]] {
        disk.create(&next).unwrap().write_at(0, header).unwrap();
        let (mut log, recovered) = open(&disk).unwrap();
        // Zeros are room for records.
        let torn = header
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last as u64 + 1);
        assert_eq!((recovered.last, recovered.cut), (4, torn));
        log.append(4, b"e", true).unwrap();
        assert_eq!(commits(&log, 0).unwrap(), [&all[..], &[b"e".to_vec()]].concat());
    }
    disk.create(&Path::new(DIR).join("LOCK")).unwrap();
    assert!(open(&disk).is_ok());
    disk.create(&Path::new(DIR).join("5.log")).unwrap();
    assert!(matches!(open(&disk), Err(LogError::Corrupt { .. })));
}

#[test]
fn what_is_trimmed_is_gone_and_the_rest_goes_on() {
    let (disk, all, _) = written(&mut Rng::new(6), SMALL, 60, true);
    let (mut log, recovered) = open(&disk).unwrap();
    let before = log.size();
    log.trim(30).unwrap();
    assert!(log.size() < before);
    assert_eq!(commits(&log, 30).unwrap(), all[30..]);
    assert!(matches!(commits(&log, 0), Err(LogError::Gap { expected: 1, .. })));
    log.trim(u64::MAX).unwrap();
    assert_eq!(segments(&disk).len(), 1, "the last one stays");
    let first: u64 = segments(&disk)[0]
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    log.append(recovered.last, b"more", true).unwrap();
    drop(log);
    disk.crash(&mut Rng::new(1));
    assert!(matches!(open(&disk), Err(LogError::Gap { expected: 1, .. })));
    let (log, recovered) = open_with(&disk, SMALL, 60).unwrap();
    assert_eq!((recovered.first, recovered.last, recovered.epoch), (first, 61, 3));
    assert_eq!(commits(&log, 60).unwrap(), [b"more"]);
    assert_eq!(
        commits(&log, first - 1).unwrap()[..],
        [&all[first as usize - 1..], &[b"more".to_vec()]].concat()
    );
}

#[test]
fn a_log_that_was_trimmed_to_nothing_goes_on_behind_what_was_applied() {
    let disk = SimulatedDisk::new();
    let (_, recovered) = open_with(&disk, SMALL, 41).unwrap();
    assert_eq!((recovered.first, recovered.last), (42, 41));
    let (mut log, recovered) = open_with(&disk, SMALL, 41).unwrap();
    assert_eq!((recovered.first, recovered.last), (42, 41));
    log.append(41, b"first", true).unwrap();
    let (log, _) = open_with(&disk, SMALL, 41).unwrap();
    assert_eq!(commits(&log, 41).unwrap(), [b"first"]);
}

#[test]
fn an_older_epoch_is_refused_and_another_log_is_not_read() {
    let disk = SimulatedDisk::new();
    let files: Arc<dyn Files> = Arc::new(disk.clone());
    let in_epoch = |epoch| LocalLog::open(files.clone(), PathBuf::from(DIR), SMALL, 0, Some(epoch));
    let (mut log, _) = in_epoch(5).unwrap();
    log.append(0, b"a", true).unwrap();
    drop(log);
    assert!(matches!(in_epoch(4), Err(LogError::Fenced { given: 4, seen: 5 })));
    assert_eq!(in_epoch(9).unwrap().1.epoch, 9);
    let other = LogOptions { id: 8, ..SMALL };
    assert!(matches!(
        open_with(&disk, other, 0),
        Err(LogError::Corrupt { offset: 0, .. })
    ));
}

#[test]
fn it_works_on_the_real_disk() {
    let dir = std::env::temp_dir().join(format!("rama-log-{}", std::process::id()));
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let mut all = Vec::new();
    for life in 0..3u64 {
        let (mut log, recovered) = LocalLog::open(files.clone(), dir.clone(), SMALL, 0, None).unwrap();
        assert_eq!((recovered.last, recovered.epoch), (all.len() as u64, life + 1));
        let mut rng = Rng::new(life);
        for _ in 0..20 {
            let payload = payload(&mut rng);
            log.append(log.tail(), &payload, false).unwrap();
            all.push(payload);
        }
        log.sync().unwrap();
        assert_eq!(commits(&log, 0).unwrap(), all);
    }
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn commits_of_any_size_are_read_back() {
    let disk = SimulatedDisk::new();
    let options = LogOptions {
        most_record: 300_000,
        room: 0,
        ..LogOptions::new(7)
    };
    let (mut log, _) = open_with(&disk, options, 0).unwrap();
    let sizes = [0, 262_000, 76, 77, 300_000, 299_999, 1, 900_001, 262_144, 5_000_000, 3];
    let all: Vec<Vec<u8>> = sizes.iter().zip(1u8..).map(|(size, n)| vec![n; *size]).collect();
    for (payload, number) in all.iter().zip(0..) {
        log.append(number, payload, false).unwrap();
    }
    log.sync().unwrap();
    assert_eq!(commits(&log, 0).unwrap(), all);
    drop(log);
    let (log, recovered) = open_with(&disk, options, 0).unwrap();
    assert_eq!((recovered.last, recovered.cut), (11, 0));
    assert_eq!(commits(&log, 3).unwrap(), all[3..]);
}

#[test]
fn what_a_reader_says_ends_its_reading() {
    let (disk, ..) = written(&mut Rng::new(8), SMALL, 9, true);
    let (log, _) = open(&disk).unwrap();
    let mut last = 0;
    let reason = "not what it should be".to_owned();
    let error = LogError::Payload { commit: 4, reason };
    let read = log.read(0, &mut |number, _| {
        last = number;
        if number == 4 { Err(error.clone()) } else { Ok(()) }
    });
    assert_eq!((read, last), (Err(error.clone()), 4));
    assert_eq!(log.tail(), 9);
}

#[test]
fn segments_that_might_come_back_are_not_trimmed_further() {
    for seed in 0..50 {
        let (disk, all, _) = written(&mut Rng::new(9), SMALL, 60, true);
        let (mut log, _) = open(&disk).unwrap();
        disk.fail_next_sync();
        assert!(log.trim(60).is_err());
        assert!(log.trim(60).is_err());
        disk.crash(&mut Rng::new(seed));
        let (log, recovered) = open_with(&disk, SMALL, 60).unwrap();
        assert_eq!(
            commits(&log, recovered.first - 1).unwrap(),
            all[recovered.first as usize - 1..]
        );
    }
}
