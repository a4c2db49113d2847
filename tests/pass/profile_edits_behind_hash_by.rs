//! `hash_by` keeps the edits of one user in order: the last one stays.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize};

/// A user says what he is called from now on.
#[derive(Clone, Serialize, Deserialize)]
pub struct ProfileEdit {
    user: String,
    name: String,
}

/// The names of users.
#[module]
pub struct Profiles {
    #[depot(hash_by = |edit| &edit.user)]
    edits: Depot<ProfileEdit>,
    #[pstate(owner = edit)]
    names: PState<Map<String, String>>,
}

topology! {
    impl Profiles {
        #[stream(source = edits)]
        async fn edit(&mut self, ProfileEdit { user, name }: ProfileEdit) {
            self.names.key(&user).set(name);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<Profiles>(Launch::tasks(4).threads(2)).await?;
    let edits = (0..200).map(|n| ProfileEdit { user: format!("user {}", n % 10), name: format!("name {n}") });
    app.edits().append_batch(edits.collect()).await?;
    for user in 0..10 {
        let name = app.names().key(&format!("user {user}")).get().await?;
        assert_eq!(name, Some(format!("name {}", 190 + user)));
    }
    cluster.shutdown().await
}
