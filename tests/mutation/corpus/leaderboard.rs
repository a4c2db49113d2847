//! Points of each player on the player's task, and one leaderboard for all on task 0.

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Score {
    pub player: String,
    pub team: String,
    pub points: u64,
}

pub fn scores() -> Vec<Score> {
    (0..36).map(|n| Score { player: format!("p{}", n % 14), team: format!("t{}", n % 11), points: n * 7 % 30 }).collect()
}

pub fn players() -> BTreeMap<String, u64> {
    tally(scores().into_iter().map(|score| (score.player, score.points)))
}

pub fn teams() -> BTreeMap<String, u64> {
    tally(scores().into_iter().map(|score| (score.team, score.points)))
}

#[module]
pub struct Leaderboard {
    #[depot(random)]
    scores: Depot<Score>,
    #[pstate(owner = play)]
    players: PState<Map<String, u64>>,
    #[pstate(owner = play, global)]
    leaders: PState<Map<String, u64>>,
    #[pstate(owner = play, global)]
    games: PState<u64>,
    #[pstate(owner = play)]
    teams: PState<Map<String, u64>>,
}

topology! {
    impl Leaderboard {
        #[stream(source = scores)]
        async fn play(&mut self, score: Score) {
            hash_partition(&score.player).await;
            let total = self.players.key(&score.player).update(|total| { *total += score.points; *total });
            global_partition().await;
            self.leaders.key(&score.player).update(|best| *best = total.max(*best));
            hash_partition(&score.team).await;
            self.teams.key(&score.team).update(|total| *total += score.points);
            direct_partition(0).await;
            self.games.update(|n| *n += 1);
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &LeaderboardClient, found: &mut Found) -> Result<()> {
    for score in scores() {
        found.appended(app.scores().append(score).await);
    }
    app.settled().await?;
    same!(found, app.players(), players());
    same!(found, app.leaders(), players());
    same!(found, app.teams(), teams());
    found.equal("games", app.games().get().await?, Some(scores().len() as u64));
    Ok(())
}
