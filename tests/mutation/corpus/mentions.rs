//! A message reaches everybody it mentions: `explode`, in parallel, and a count on the author's task first.

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    pub author: String,
    pub mentions: Vec<String>,
}

pub fn messages() -> Vec<Message> {
    (0..24)
        .map(|n| Message { author: format!("a{n}"), mentions: vec![format!("m{n}"), format!("m{}", n * 5 % 24)] })
        .collect()
}

pub fn written() -> BTreeMap<String, u64> {
    tally(messages().into_iter().map(|message| (message.author, 1)))
}

pub fn inbox() -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut inbox = BTreeMap::<String, BTreeMap<String, u64>>::new();
    for message in messages() {
        for name in message.mentions {
            *inbox.entry(name).or_default().entry(message.author.clone()).or_default() += 1;
        }
    }
    inbox
}

#[module]
pub struct Mentions {
    #[depot(hash_by = |message| message.author.clone())]
    messages: Depot<Message>,
    #[pstate(owner = deliver)]
    written: PState<Map<String, u64>>,
    #[pstate(owner = deliver)]
    inbox: PState<Map<String, Map<String, u64>>>,
}

topology! {
    impl Mentions {
        #[stream(source = messages)]
        async fn deliver(&mut self, message: Message) {
            let Message { author, mentions } = message;
            self.written.key(&author).update(|n| *n += 1);
            let name = explode(mentions).await;
            hash_partition(&name).await;
            let mut inbox = self.inbox.key(&name);
            inbox.by_ref().key(&author).update(|n| *n += 1);
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &MentionsClient, found: &mut Found) -> Result<()> {
    for message in messages() {
        found.appended(app.messages().append(message).await);
    }
    app.settled().await?;
    same!(found, app.written(), written());
    same!(found, app.inbox(), inbox());
    Ok(())
}
