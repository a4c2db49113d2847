//! Files that are damaged, cut off or gone.

use super::*;
use std::fs;

/// A folder as a crash leaves it: what the log has is not in the store yet. Has the numbers from 0 on; where its log ended when it
/// had the first 10 of them.
async fn crashed(numbers: u64) -> (tempfile::TempDir, u64) {
    let (live, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_cluster, app) = opened(live.path()).await;
    append(&app, 0..10).await;
    app.settled().await.unwrap();
    let end = records(&log(live.path())).last().unwrap().end;
    append(&app, 10..numbers).await;
    app.settled().await.unwrap();
    copy(live.path(), folder.path());
    (folder, end as u64)
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The one segment of the log.
fn log(folder: &Path) -> PathBuf {
    let entries = fs::read_dir(folder.join("Numbers/log")).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    let path = paths.next().unwrap();
    assert_eq!(paths.next(), None);
    path
}

/// Where the log's records are: zeros follow them. The length of a record's payload is in its header.
fn records(log: &Path) -> Vec<Range<usize>> {
    let bytes = fs::read(log).unwrap();
    let (mut records, mut at) = (Vec::new(), 0);
    while bytes[at..].starts_with(b"RaLr") {
        let length = u32::from_le_bytes(bytes[at + 56..at + 60].try_into().unwrap());
        let end = at + 68 + length as usize;
        records.push(at..end);
        at = end;
    }
    assert!(records.len() > 3, "{records:?}");
    records
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_log_that_ends_in_garbage_is_cut_to_its_last_whole_commit() {
    let garbage: &[u8] = b"RaLr\x01\0\0\0 and no more of it";
    let (folder, _) = crashed(20).await;
    let path = log(folder.path());
    let end = records(&path).last().unwrap().end;
    change(&path, |bytes| bytes[end..end + garbage.len()].copy_from_slice(garbage));
    assert_eq!(fine(folder.path(), 20..21).await.torn_bytes, garbage.len() as u64);

    // Behind the room that a log keeps for more.
    let (folder, _) = crashed(20).await;
    change(&log(folder.path()), |bytes| bytes.extend_from_slice(garbage));
    assert!(fine(folder.path(), 20..21).await.torn_bytes > garbage.len() as u64);
    assert_eq!(fine(folder.path(), 21..22).await.torn_bytes, 0);
}

#[tokio::test]
async fn a_last_record_that_is_cut_in_half_or_damaged_was_never_acknowledged_and_is_forgotten() {
    for damage in 0..3 {
        let (folder, _) = crashed(20).await;
        let path = log(folder.path());
        let last = records(&path).pop().unwrap();
        let half = (last.start + last.end) / 2;
        change(&path, |bytes| match damage {
            0 => bytes.truncate(half),
            1 => bytes[half..].fill(0),
            _ => bytes[half] ^= 1,
        });
        // The last commit may have been the end of the last number's, or of nothing that is seen.
        let recovery = fine(folder.path(), 19..21).await;
        assert!(recovery.torn_bytes > 0, "{recovery:?}");
    }
}

#[tokio::test]
async fn a_log_that_lost_its_end_is_a_prefix_of_what_it_was_wherever_it_is_cut() {
    let (folder, first_ten) = crashed(20).await;
    let len = records(&log(folder.path())).last().unwrap().end as u64;
    let steps = 6;
    for step in 0..=steps {
        let cut = first_ten + (len - first_ten) * step / steps;
        let shorter = tempfile::tempdir().unwrap();
        copy(folder.path(), shorter.path());
        let file = fs::OpenOptions::new().write(true).open(log(shorter.path()));
        file.unwrap().set_len(cut).unwrap();
        // Those that were acknowledged before the cut, and a part of the others: no gap, and each once.
        fine(shorter.path(), 10..21).await;
    }
}

#[tokio::test]
async fn a_log_without_commits_that_its_store_has_is_refused_until_they_are_back() {
    let folder = tempfile::tempdir().unwrap();
    fine(folder.path(), 0..1).await;
    let (cluster, app) = opened(folder.path()).await;
    append(&app, 1..10).await;
    cluster.shutdown().await.unwrap();
    drop((cluster, app));
    let path = log(folder.path());
    let whole = fs::read(&path).unwrap();
    let last = records(&path).pop().unwrap();
    change(&path, |bytes| bytes.truncate(last.start));
    let (error, words) = refused(folder.path()).await;
    assert!(matches!(error, StorageError::Log { .. }), "{error:?}");
    assert!(
        words.starts_with("the folder of Numbers: the log cannot be used: the log ends with commit"),
        "{words}"
    );
    fs::write(&path, whole).unwrap();
    fine(folder.path(), 10..11).await;
}

#[tokio::test]
async fn a_log_that_is_gone_is_refused_until_it_is_back() {
    let (folder, _) = crashed(20).await;
    let (path, elsewhere) = (log(folder.path()), folder.path().join("elsewhere"));
    fs::rename(&path, &elsewhere).unwrap();
    let (error, words) = refused(folder.path()).await;
    assert!(
        matches!(error, StorageError::Log { .. } | StorageError::Corrupt { .. }),
        "{error:?}"
    );
    assert!(words.contains("log"), "{words}");
    fs::rename(&elsewhere, &path).unwrap();
    fine(folder.path(), 20..21).await;
}

#[tokio::test]
async fn damage_with_commits_behind_it_is_refused_and_the_log_is_left_as_it_is() {
    let (folder, _) = crashed(20).await;
    let path = log(folder.path());
    let records = records(&path);
    let whole = fs::read(&path).unwrap();
    let last = records.len() - 1;
    for record in [&records[0], &records[last / 2], &records[last - 1]] {
        // The magic, the log's id, the commit's number, the length, the checksum, the payload.
        for place in [0, 8, 24, 57, 60, 68, record.len() - 1] {
            let mut damaged = whole.clone();
            damaged[record.start + place] ^= 4;
            fs::write(&path, &damaged).unwrap();
            let (error, words) = refused(folder.path()).await;
            let at = record.start as u64;
            assert!(
                matches!(error, StorageError::Corrupt { offset, .. } if offset == at),
                "{place}: {error:?}"
            );
            assert!(
                words.contains(path.to_str().unwrap()) && words.contains("backup"),
                "{words}"
            );
            assert!(fs::read(&path).unwrap() == damaged, "the file was changed");
        }
    }
    let mut newer = whole.clone();
    newer[records[0].start + 4] = 2;
    fs::write(&path, &newer).unwrap();
    let (error, words) = refused(folder.path()).await;
    assert!(matches!(error, StorageError::Log { .. }), "{error:?}");
    assert!(
        words.contains(path.to_str().unwrap()) && words.contains("format version 2"),
        "{words}"
    );
    fs::write(&path, &whole).unwrap();
    fine(folder.path(), 20..21).await;
}

#[tokio::test]
async fn a_manifest_with_any_bit_wrong_or_without_its_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fine(folder.path(), 0..1).await;
    let path = manifest(folder.path());
    let whole = fs::read(&path).unwrap();
    let damaged = (0..whole.len()).flat_map(|at| {
        [4, 0x80].map(|bit| {
            let mut damaged = whole.clone();
            damaged[at] ^= bit;
            damaged
        })
    });
    // The end of the last line may be missing.
    let shorter = (0..whole.len() - 1).map(|len| whole[..len].to_vec());
    let cluster = InProcessCluster::open(folder.path()).unwrap();
    for damaged in damaged.chain(shorter) {
        fs::write(&path, &damaged).unwrap();
        let error = cluster.launch::<Numbers>(LAUNCH()).await.map(|_| ()).unwrap_err();
        let (error, words) = storage(error, "Numbers");
        assert!(matches!(error, StorageError::Manifest { .. }), "{error:?}");
        assert!(
            words.contains(path.to_str().unwrap()) && words.contains("backup"),
            "{words}"
        );
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
    fs::write(&path, whole).unwrap();
    drop(cluster);
    fine(folder.path(), 1..2).await;
}

#[tokio::test]
async fn a_folder_whose_manifest_is_gone_is_not_taken_for_a_new_one() {
    let (crashed, _) = crashed(20).await;
    let closed = tempfile::tempdir().unwrap();
    copy(crashed.path(), closed.path());
    fine(closed.path(), 20..21).await;
    for (folder, numbers) in [(&crashed, 20), (&closed, 21)] {
        let (path, elsewhere) = (manifest(folder.path()), folder.path().join("elsewhere"));
        fs::rename(&path, &elsewhere).unwrap();
        let before = fs::read(log(folder.path())).unwrap();
        let (error, words) = refused(folder.path()).await;
        assert!(
            matches!(error, StorageError::Corrupt { .. } | StorageError::Manifest { .. }),
            "{error:?}"
        );
        assert!(
            words.contains(folder.path().to_str().unwrap()) && words.contains("backup"),
            "{words}"
        );
        assert!(fs::read(log(folder.path())).unwrap() == before, "the log was changed");
        fs::rename(&elsewhere, &path).unwrap();
        fine(folder.path(), numbers..numbers + 1).await;
    }
}
