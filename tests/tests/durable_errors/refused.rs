//! Folders that are all right, but not for whoever opens them.

use super::*;
use std::fs;
use std::io::ErrorKind;
use xxhash_rust::xxh3::xxh3_64;

/// The manifest says `new` where it said `old`, and its checksum is right.
fn rewrite(folder: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(manifest(folder)).unwrap();
    let (body, _) = text.trim_end().rsplit_once('\n').unwrap();
    assert!(body.contains(old), "{body}");
    let body = body.replacen(old, new, 1);
    let sum = xxh3_64(body.as_bytes());
    fs::write(manifest(folder), format!("{body}\n{sum:016x}\n")).unwrap();
}

#[tokio::test]
async fn a_folder_of_a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fine(folder.path(), 0..1).await;
    rewrite(folder.path(), r#""format": 2"#, r#""format": 3"#);
    let (error, words) = refused(folder.path()).await;
    assert!(
        matches!(error, StorageError::Format { format: 3, known: 2 }),
        "{error:?}"
    );
    assert!(words.contains("open it with the program that wrote it"), "{words}");
    rewrite(folder.path(), r#""format": 3"#, r#""format": 2"#);
    fine(folder.path(), 1..2).await;
}

#[tokio::test]
async fn a_folder_of_another_module_or_with_other_tasks_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fine(folder.path(), 0..1).await;
    for tasks in [1, 2, 8] {
        let (error, words) = refused_launch(folder.path(), Launch::tasks(tasks)).await;
        assert!(
            matches!(error, StorageError::OtherTasks { stored: 4, asked } if asked == tasks),
            "{error:?}"
        );
        assert!(words.contains("`Launch::tasks(4)`"), "{words}");
    }
    let (own, other) = (folder.path().join("Numbers"), folder.path().join("Letters"));
    rewrite(folder.path(), r#""Numbers""#, r#""Letters""#);
    let (error, words) = refused(folder.path()).await;
    assert!(
        matches!(&error, StorageError::OtherModule { stored, asked, .. } if stored == "Letters" && asked == "Numbers")
    );
    assert!(words.contains(own.to_str().unwrap()), "{words}");
    rewrite(folder.path(), r#""Letters""#, r#""Numbers""#);
    // Under another name, it is not this module's.
    fs::rename(&own, &other).unwrap();
    let (cluster, app) = opened(folder.path()).await;
    assert_eq!(count(&app).await, 0);
    cluster.shutdown().await.unwrap();
    drop((cluster, app));
    fs::remove_dir_all(&own).unwrap();
    fs::rename(&other, &own).unwrap();
    fine(folder.path(), 1..2).await;
}

#[tokio::test]
async fn a_folder_is_open_once() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, app) = opened(folder.path()).await;
    append(&app, 0..5).await;
    let (error, words) = storage(InProcessCluster::open(folder.path()).unwrap_err(), "");
    assert!(matches!(error, StorageError::Locked { .. }), "{error:?}");
    assert!(
        words.starts_with("the folder of the cluster: ") && words.contains(folder.path().to_str().unwrap()),
        "{words}"
    );
    // The first one has not noticed.
    append(&app, 5..10).await;
    cluster.shutdown().await.unwrap();
    drop((cluster, app));
    fine(folder.path(), 10..11).await;
}

#[tokio::test]
async fn a_folder_is_free_as_soon_as_its_cluster_is_shut_down() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, app) = opened(folder.path()).await;
    append(&app, 0..5).await;
    cluster.shutdown().await.unwrap();
    fine(folder.path(), 5..6).await;
    drop(cluster);
}

#[tokio::test]
async fn a_client_that_outlives_its_cluster_does_not_keep_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, app) = opened(folder.path()).await;
    append(&app, 0..5).await;
    drop(cluster);
    fine(folder.path(), 5..6).await;
    assert_eq!(app.sums().key(&0).get().await, Err(Error::ShutDown));
}

#[tokio::test]
async fn a_folder_that_is_read_only_is_refused_until_it_is_not() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fine(folder.path(), 0..1).await;
    let own = folder.path().join("Numbers");
    let allow = |mode| fs::set_permissions(&own, fs::Permissions::from_mode(mode)).unwrap();
    allow(0o555);
    if fs::write(own.join("probe"), "").is_ok() {
        println!("skipped: this user may write everywhere (the simulated disk has a test of it, too)");
        return;
    }
    let (error, words) = refused(folder.path()).await;
    allow(0o755);
    assert!(
        matches!(
            error,
            StorageError::Io {
                kind: ErrorKind::PermissionDenied,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(words.contains(own.to_str().unwrap()), "{words}");
    fine(folder.path(), 1..2).await;
}
