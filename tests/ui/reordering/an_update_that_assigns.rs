//! An `update` that only assigns is a `set`.
#![deny(deprecated)]
use rama_runtime::prelude::*;
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
        async fn edit(&mut self, edit: ProfileEdit) {
            hash_partition(&edit.user).await;
            self.names.key(&edit.user).update(|known| *known = edit.name);
        }
    }
}

fn main() {}
