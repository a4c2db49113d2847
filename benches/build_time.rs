//! How long modules of 1 to 100 hops take to build, on top of their dependencies.
//!
//! `cargo bench -p rama-benches --bench build_time` makes a crate in a folder below the target directory, builds what it depends
//! on once, and prints the medians of three runs for each module: of the expansion alone (`RAMA_TIME`), of `cargo check` and of
//! `cargo build --release`; all by the wall clock, without incremental compilation. With `-- --test` it checks the two
//! smallest of each chain once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// A hop, and an event's work behind it.
const HOP: &str = "hash_partition(&user).await; total += STEP; self.counts.key(&user).update(|n| *n += total);";

/// One module: what it is called in the table, how many hops it has, and its source.
struct Case {
    name: &'static str,
    hops: usize,
    source: String,
}

fn hop(step: usize) -> String {
    HOP.replace("STEP", &step.to_string())
}

/// A module of one topology per body.
fn module(bodies: &[String]) -> String {
    let mut source = String::from(
        "use rama_runtime::prelude::*;\n\
         #[derive(Clone, serde::Serialize, serde::Deserialize)]\npub struct Visit { user: String, cents: u64 }\n\
         #[module]\npub struct Timed {\n    #[depot(random)] visits: Depot<Visit>,\n",
    );
    for at in 0..bodies.len() {
        let _ = writeln!(
            source,
            "    #[pstate(owner = run{at})] counts{at}: PState<Map<String, u64>>,"
        );
    }
    source.push_str("}\ntopology! {\n    impl Timed {\n");
    for (at, body) in bodies.iter().enumerate() {
        let body = body.replace("self.counts", &format!("self.counts{at}"));
        let _ = writeln!(
            source,
            "#[stream(source = visits)] async fn run{at}(&mut self, visit: Visit) {{ let Visit {{ user, cents: mut total }} = visit;\n{body} }}"
        );
    }
    source.push_str("    }\n}\n");
    source
}

fn chain(name: &'static str, hops: usize, link: impl Fn(String) -> String) -> Case {
    let body: Vec<String> = (0..hops).map(|step| link(hop(step))).collect();
    Case {
        name,
        hops,
        source: module(&[body.join("\n")]),
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for hops in [1, 10, 30, 100] {
        cases.push(chain("straight", hops, |hop| hop));
    }
    for hops in [1, 10, 30, 100] {
        cases.push(chain("each in an `if`", hops, |hop| {
            format!("if total % 3 == 1 {{ {hop} }}")
        }));
    }
    for hops in [1, 10, 30, 100] {
        cases.push(chain("each in a loop", hops, |hop| {
            format!("for cent in 0..total % 3 {{ {hop} total += cent; }}")
        }));
    }
    let body: String = (0..5).map(hop).collect();
    cases.push(Case {
        name: "20 topologies of 5",
        hops: 100,
        source: module(&vec![body; 20]),
    });
    cases
}

/// The crate that is built.
struct Lab {
    folder: PathBuf,
    builds: usize,
}

#[derive(Clone, Copy)]
struct Seconds {
    whole: f64,
    expansion: f64,
}

impl Lab {
    fn new() -> Lab {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        // The bench itself runs from `TARGET/PROFILE/deps`.
        let folder = std::env::current_exe()
            .unwrap()
            .ancestors()
            .nth(3)
            .unwrap()
            .join("build_time");
        std::fs::create_dir_all(folder.join("src")).unwrap();
        std::fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        let runtime = workspace.join("rama-runtime");
        let manifest = format!(
            "[package]\nname = \"timed\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
             rama-runtime = {{ path = {runtime:?} }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n"
        );
        std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        Lab { folder, builds: 0 }
    }

    /// Builds the crate with this source, and all of its dependencies that are not built yet.
    fn build(&mut self, source: &str, arguments: &[&str]) -> Seconds {
        self.builds += 1;
        std::fs::write(self.folder.join("src/lib.rs"), format!("{source}// {}\n", self.builds)).unwrap();
        let started = Instant::now();
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .args(["--quiet", "--offline"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env("CARGO_INCREMENTAL", "0")
            .env("RAMA_TIME", "*")
            .output()
            .unwrap();
        let whole = started.elapsed().as_secs_f64();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
        let expansion = text.lines().filter_map(|line| {
            let seconds = line.strip_prefix("rama: Timed expanded in ")?.strip_suffix(" s")?;
            seconds.parse::<f64>().ok()
        });
        Seconds {
            whole,
            expansion: expansion.sum(),
        }
    }

    fn median(&mut self, source: &str, arguments: &[&str]) -> Seconds {
        let runs: Vec<Seconds> = (0..3).map(|_| self.build(source, arguments)).collect();
        let median = |of: fn(&Seconds) -> f64| {
            let mut all: Vec<f64> = runs.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all[1]
        };
        Seconds {
            whole: median(|run| run.whole),
            expansion: median(|run| run.expansion),
        }
    }
}

fn main() {
    let cases = cases();
    let mut lab = Lab::new();
    let (check, release): (&[&str], &[&str]) = (&["check"], &["build", "--release"]);
    if std::env::args().any(|argument| argument == "--test") {
        for case in cases.iter().filter(|case| case.hops <= 10) {
            let seconds = lab.build(&case.source, check);
            assert!(
                seconds.expansion > 0.0,
                "{} says how long its expansion took",
                case.name
            );
        }
        println!("modules of 1 and 10 hops build");
        return;
    }
    // The dependencies.
    lab.build(&cases[0].source, check);
    lab.build(&cases[0].source, release);
    println!("| hops | | expansion s | `cargo check` s | ms a hop more | release build s | ms a hop more |");
    println!("|---:|---|---:|---:|---:|---:|---:|");
    let mut before: Option<(&str, usize, f64, f64)> = None;
    for case in &cases {
        let (checked, built) = (lab.median(&case.source, check), lab.median(&case.source, release));
        let more = |now: f64, then: fn(&(&str, usize, f64, f64)) -> f64| match &before {
            Some(before) if before.0 == case.name => {
                format!("{:.1}", (now - then(before)) * 1e3 / (case.hops - before.1) as f64)
            }
            _ => String::new(),
        };
        println!(
            "| {} | {} | {:.3} | {:.2} | {} | {:.2} | {} |",
            case.hops,
            case.name,
            checked.expansion,
            checked.whole,
            more(checked.whole, |before| before.2),
            built.whole,
            more(built.whole, |before| before.3),
        );
        before = Some((case.name, case.hops, checked.whole, built.whole));
    }
}
