//! User profiles: a unique name is claimed once, an id is made where the claim is, the profile lives on the id's task.
//!
//! ```text
//! cargo run --example profiles
//! ```
//!
//! A registration returns its outcome to the appender, typed, when the profile can be read. Registering twice with the same
//! request is the same registration: a client that did not hear the answer may ask again.

use rama_runtime::prelude::*;
use serde::{Deserialize, Serialize};

/// A wish for a user name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Registration {
    /// Made by the client, so that a repeated wish is known as such.
    pub request: u64,
    /// The name.
    pub username: String,
}

/// What became of a wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The name is the requester's; this is the profile's id.
    Registered(u64),
    /// Somebody else has it.
    Taken,
}

/// A change of a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProfileEdit {
    /// Whose.
    pub user_id: u64,
    /// What.
    pub edit: Edit,
}

/// One field's new value.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Edit {
    /// The shown name.
    DisplayName(String),
    /// The place.
    Location(String),
}

/// Who has a name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claim {
    /// The profile.
    pub id: u64,
    /// The wish that got it.
    pub request: u64,
}

/// A profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The unique name.
    pub username: String,
    /// The shown name.
    pub display_name: Option<String>,
    /// The place.
    pub location: Option<String>,
}

impl Profile {
    fn named(username: String) -> Self {
        Profile {
            username,
            ..Profile::default()
        }
    }

    fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::DisplayName(name) => self.display_name = Some(name),
            Edit::Location(place) => self.location = Some(place),
        }
    }
}

/// User profiles.
#[module]
pub struct Profiles {
    /// Wishes for names, on the name's task.
    #[depot(hash_by = |registration| &registration.username)]
    registrations: Depot<Registration>,
    /// Changes, on the profile's task.
    #[depot(hash_by = |edit| &edit.user_id)]
    edits: Depot<ProfileEdit>,
    /// Who has a name.
    #[pstate(owner = profiles)]
    usernames: PState<Map<String, Claim>>,
    /// How many ids each task has made.
    #[pstate(owner = profiles, private, initial = 1)]
    ids: PState<u64>,
    /// The profiles by id.
    #[pstate(owner = profiles)]
    profiles: PState<Map<u64, Profile>>,
}

topology! {
    impl Profiles {
        /// Claims a user name, once.
        #[stream(profiles, source = registrations, start_from = beginning, retry = individual)]
        async fn register(&mut self, r: Registration) -> Outcome {
            if let Some(claim) = self.usernames.key(&r.username).get() {
                if claim.request != r.request { return Outcome::Taken; }
                return Outcome::Registered(claim.id);
            }
            let id = self.ids.next();
            self.usernames.key(&r.username).set(Claim { id, request: r.request });
            hash_partition(&id).await;
            self.profiles.key(&id).set(Profile::named(r.username));
            Outcome::Registered(id)
        }

        /// Changes a profile.
        #[stream(profiles, source = edits)]
        async fn edit(&mut self, e: ProfileEdit) {
            self.profiles.key(&e.user_id).update(|profile| profile.apply(e.edit));
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<Profiles>(Launch::tasks(4).threads(2)).await?;
    for (request, username) in [(1, "alice"), (2, "bob"), (3, "alice")] {
        let outcome = app
            .registrations()
            .append(Registration {
                request,
                username: username.into(),
            })
            .await?;
        println!("request {request} for `{username}`: {outcome:?}");
        if let Outcome::Registered(user_id) = outcome {
            app.edits()
                .append(ProfileEdit {
                    user_id,
                    edit: Edit::Location("Mars".into()),
                })
                .await?;
            println!("  {:?}", app.profiles().key(&user_id).get().await?);
        }
    }
    cluster.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use rama_runtime::testing::TestCluster;

    fn wish(request: u64, username: &str) -> Registration {
        Registration {
            request,
            username: username.to_owned(),
        }
    }

    #[tokio::test]
    async fn a_name_is_claimed_once_and_a_repeated_request_gets_the_same_answer() {
        let cluster = TestCluster::start().unwrap();
        let app = cluster.launch::<Profiles>(Launch::tasks(8).threads(2)).await.unwrap();
        let first = app.registrations().append(wish(1, "alice")).await.unwrap();
        let Outcome::Registered(id) = first else {
            panic!("{first:?}")
        };
        assert_eq!(
            app.registrations().append(wish(2, "alice")).await.unwrap(),
            Outcome::Taken
        );
        assert_eq!(
            app.registrations().append(wish(1, "alice")).await.unwrap(),
            Outcome::Registered(id)
        );
        assert_eq!(
            app.profiles().key(&id).get().await.unwrap(),
            Some(Profile::named("alice".into()))
        );
    }

    #[tokio::test]
    async fn ids_are_unique_over_all_tasks_and_edits_find_their_profile() {
        let cluster = TestCluster::start().unwrap();
        let app = cluster.launch::<Profiles>(Launch::tasks(8).threads(2)).await.unwrap();
        let wishes = (0..200).map(|n| wish(n, &format!("user{n}"))).collect();
        let outcomes = app.registrations().append_batch(wishes).await.unwrap();
        let mut ids: Vec<u64> = outcomes
            .into_iter()
            .map(|outcome| match outcome {
                Outcome::Registered(id) => id,
                Outcome::Taken => panic!("every name is new"),
            })
            .collect();
        for (n, id) in ids.iter().enumerate() {
            app.edits()
                .append(ProfileEdit {
                    user_id: *id,
                    edit: Edit::DisplayName(format!("User {n}")),
                })
                .await
                .unwrap();
            let profile = app.profiles().key(id).get().await.unwrap().unwrap();
            assert_eq!(
                (profile.username, profile.display_name),
                (format!("user{n}"), Some(format!("User {n}")))
            );
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 200);
    }
}
