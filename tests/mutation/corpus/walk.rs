//! A walk along links, from task to task, in a loop that breaks.

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Link {
    pub from: u64,
    pub to: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Walk {
    pub start: u64,
    pub walker: u64,
}

pub fn links() -> Vec<Link> {
    (0..30).filter(|n| n % 5 != 4).map(|n| Link { from: n, to: n + 1 }).collect()
}

pub fn walks() -> Vec<Walk> {
    (0..24).map(|n| Walk { start: n, walker: 100 + n }).collect()
}

fn way(walk: &Walk) -> Vec<u64> {
    let mut way = vec![walk.start];
    while let Some(link) = links().iter().find(|link| Some(&link.from) == way.last()) {
        way.push(link.to);
    }
    way
}

pub fn visits() -> BTreeMap<u64, u64> {
    tally(walks().iter().flat_map(way).map(|place| (place, 1)))
}

pub fn ends() -> BTreeMap<u64, u64> {
    walks().iter().map(|walk| (walk.walker, way(walk).last().copied().unwrap_or_default())).collect()
}

#[module]
pub struct Walks {
    #[depot(hash_by = |link| link.from)]
    links: Depot<Link>,
    #[depot(random)]
    walks: Depot<Walk>,
    #[pstate(owner = walk)]
    next: PState<Map<u64, u64>>,
    #[pstate(owner = walk)]
    visits: PState<Map<u64, u64>>,
    #[pstate(owner = walk)]
    ends: PState<Map<u64, u64>>,
}

topology! {
    impl Walks {
        #[stream(walk, source = links)]
        async fn link(&mut self, Link { from, to }: Link) {
            self.next.key(&from).set(to);
        }

        #[stream(walk, source = walks)]
        async fn walk(&mut self, walk: Walk) {
            let mut place = walk.start;
            let mut steps = 0;
            loop {
                hash_partition(&place).await;
                self.visits.key(&place).update(|n| *n += 1);
                let Some(next) = self.next.key(&place).get() else { break };
                steps += 1;
                if steps > 9 { break; }
                place = next;
            }
            hash_partition(&walk.walker).await;
            self.ends.key(&walk.walker).set(place);
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &WalksClient, found: &mut Found) -> Result<()> {
    for link in links() {
        found.appended(app.links().append(link).await);
    }
    for walk in walks() {
        found.appended(app.walks().append(walk).await);
    }
    app.settled().await?;
    same!(found, app.next(), links().into_iter().map(|link| (link.from, link.to)).collect());
    same!(found, app.visits(), visits());
    same!(found, app.ends(), ends());
    Ok(())
}
