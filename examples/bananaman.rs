//! Two edits of one user race through a `random` depot: the older may win. The cure is one word: `hash_by`.
//!
//! ```text
//! cargo run --release --example bananaman
//! ```
//!
//! The user edits the shown name twice, one edit right after the other. Behind the `random` depot the two records lie in
//! two partitions, start on two tasks, and whichever reaches the user's task last wins. Behind `hash_by` both lie in the
//! user's own partition, where records start in the order they were appended.

use rama_runtime::prelude::*;
use serde::{Deserialize, Serialize};

/// The user wants to be called something else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NameEdit {
    /// Who.
    pub user: String,
    /// The new name.
    pub name: String,
}

/// The same edits, entering by two doors.
#[module]
pub struct Names {
    /// Any partition: no order between two edits of one user.
    #[depot(random)]
    anywhere: Depot<NameEdit>,
    /// The user's partition: edits of one user stay in order.
    #[depot(hash_by = |edit| &edit.user)]
    at_home: Depot<NameEdit>,
    /// Names from the edits that came by `anywhere`.
    #[pstate(owner = racing)]
    raced: PState<Map<String, String>>,
    /// Names from the edits that came by `at_home`.
    #[pstate(owner = ordered)]
    settled_names: PState<Map<String, String>>,
}

topology! {
    impl Names {
        /// Overwrites behind a random depot: the compiler warns (`RM0008`), and here the race is the point.
        #[allow(deprecated)]
        #[stream(source = anywhere)]
        async fn racing(&mut self, edit: NameEdit) {
            hash_partition(&edit.user).await;
            self.raced.key(&edit.user).set(edit.name);
        }

        /// Overwrites in order: the record is on the user's task already.
        #[stream(source = at_home)]
        async fn ordered(&mut self, edit: NameEdit) {
            self.settled_names.key(&edit.user).set(edit.name);
        }
    }
}

/// How many users ended with their older name: behind `random`, and behind `hash_by`.
async fn race(app: &NamesClient, users: u64) -> rama_runtime::Result<(u64, u64)> {
    let edit = |user: u64, name: &str| NameEdit {
        user: format!("bananaman{user}"),
        name: name.to_owned(),
    };
    // Sent one right after the other, as a client does that does not wait between two edits.
    let mut sent = Vec::new();
    for user in 0..users {
        for name in ["Banana Man", "bananaman"] {
            sent.push(app.anywhere().append(edit(user, name)).into_future());
            sent.push(app.at_home().append(edit(user, name)).into_future());
        }
    }
    for append in sent {
        append.await?;
    }
    let (mut raced, mut ordered) = (0, 0);
    for user in 0..users {
        let user = format!("bananaman{user}");
        let wrong = |name: Option<String>| u64::from(name.as_deref() != Some("bananaman"));
        raced += wrong(app.raced().key(&user).get().await?);
        ordered += wrong(app.settled_names().key(&user).get().await?);
    }
    Ok((raced, ordered))
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<Names>(Launch::tasks(8).threads(2)).await?;
    let users = 5_000;
    let (raced, ordered) = race(&app, users).await?;
    println!("behind `random`:  {raced} of {users} users ended with the older name");
    println!("behind `hash_by`: {ordered} of {users}");
    cluster.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use rama_runtime::testing::TestCluster;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn edits_behind_hash_by_never_race() {
        let cluster = TestCluster::start().unwrap();
        let app = cluster.launch::<Names>(Launch::tasks(8).threads(2)).await.unwrap();
        // How many lose the other race is luck: that is what makes it a race.
        let (_raced, ordered) = race(&app, 300).await.unwrap();
        assert_eq!(ordered, 0);
    }
}
