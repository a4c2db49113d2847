//! `#[allow(deprecated)]` on a stream says that the order of its records does not matter.
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
    #[depot(random)]
    edits: Depot<ProfileEdit>,
    #[pstate(owner = edit)]
    names: PState<Map<String, String>>,
}

topology! {
    impl Profiles {
        #[stream(source = edits)]
        #[allow(deprecated)]
        async fn edit(&mut self, edit: ProfileEdit) {
            hash_partition(&edit.user).await;
            self.names.key(&edit.user).set(edit.name);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<Profiles>(Launch::tasks(4).threads(2)).await?;
    for user in 0..20 {
        let edit = ProfileEdit { user: format!("user {user}"), name: format!("name {user}") };
        app.edits().append(edit).await?;
    }
    assert_eq!(app.names().key("user 7").get().await?.as_deref(), Some("name 7"));
    cluster.shutdown().await
}
