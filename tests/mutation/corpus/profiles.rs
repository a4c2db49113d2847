//! A user name is claimed once, an id is made where the claim is, the profile lives on the id's task.

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Registration {
    pub username: String,
    pub email: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Edit {
    pub id: u64,
    pub points: u64,
}

/// Twelve names are wished for twice.
pub fn registrations() -> Vec<Registration> {
    (0..36u64).map(|n| Registration { username: format!("name{}", n % 24), email: format!("mail{n}") }).collect()
}

pub fn first_mails() -> BTreeMap<String, String> {
    registrations().into_iter().rev().map(|wish| (wish.username, wish.email)).collect()
}

#[module]
pub struct Profiles {
    #[depot(hash_by = |wish| &wish.username)]
    registrations: Depot<Registration>,
    #[depot(hash_by = |edit| &edit.id)]
    edits: Depot<Edit>,
    #[pstate(owner = profiles)]
    usernames: PState<Map<String, u64>>,
    #[pstate(owner = profiles, private, initial = 1)]
    ids: PState<u64>,
    #[pstate(owner = profiles)]
    emails: PState<Map<u64, String>>,
    #[pstate(owner = profiles)]
    points: PState<Map<u64, u64>>,
}

topology! {
    impl Profiles {
        #[stream(profiles, source = registrations)]
        async fn register(&mut self, wish: Registration) -> u64 {
            if let Some(id) = self.usernames.key(&wish.username).get() {
                return id;
            }
            let id = self.ids.next();
            self.usernames.key(&wish.username).set(id);
            hash_partition(&id).await;
            self.emails.key(&id).set(wish.email);
            self.points.key(&id).set(0);
            id
        }

        #[stream(profiles, source = edits)]
        async fn edit(&mut self, edit: Edit) {
            self.points.key(&edit.id).update(|points| *points += edit.points);
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &ProfilesClient, found: &mut Found) -> Result<()> {
    let (mut usernames, mut emails, mut points) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mails = first_mails();
    for wish in registrations() {
        let answer = app.registrations().append(wish.clone()).await;
        if let Ok(id) = &answer {
            // The ids are the program's to choose; the second wish must get the id of the first.
            usernames.entry(wish.username.clone()).or_insert(*id);
            emails.insert(*id, mails[&wish.username].clone());
        }
        found.appended(answer);
    }
    found.equal("ids differ", emails.len(), mails.len());
    for (n, id) in emails.keys().enumerate() {
        found.appended(app.edits().append(Edit { id: *id, points: n as u64 }).await);
        points.insert(*id, n as u64);
    }
    app.settled().await?;
    same!(found, app.usernames(), usernames);
    same!(found, app.emails(), emails);
    same!(found, app.points(), points);
    Ok(())
}
