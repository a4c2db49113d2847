//! Compiles all mutants as modules of a few crates, and runs those that compile.

use super::mutate::Mutant;
use super::program::Program;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Crates that are compiled at the same time, and mutants that run at the same time.
const JOBS: usize = 2;

/// The most mutants in one crate: rustc needs some 20 MB for each.
const LARGEST_CRATE: usize = 50;

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Our compiler said no, with the code and its message.
    Refused(String),
    /// rustc said no.
    NoProgram(String),
    Ran(Ran),
}

/// What became of a mutant that compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ran {
    /// `right`, `wrong`, `misaligned`, `failed`, `hung`, `broken`.
    pub(crate) verdict: String,
    /// Accesses that were noted, on their key's task and elsewhere; only hidden ones are.
    pub(crate) at_home: u64,
    pub(crate) away: u64,
    pub(crate) why: String,
}

/// A generated package below the target directory.
pub(crate) struct Harness {
    folder: PathBuf,
    target: PathBuf,
    checked: bool,
}

/// One crate: its binary, and its mutants.
struct Shard<'m> {
    bin: String,
    mutants: Vec<&'m Mutant>,
}

impl Harness {
    /// `checked`: with the check when it runs, which every debug build has.
    pub(crate) fn new(name: &str, checked: bool) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // The tests' own target directory: what is compiled there already is not compiled again.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .parent()
            .map(Path::to_owned)
            .expect("it is below the target directory");
        Harness {
            folder,
            target,
            checked,
        }
    }

    pub(crate) fn judge(&self, programs: &[Program], mutants: &[Mutant]) -> BTreeMap<String, Outcome> {
        let count = mutants.len().div_ceil(LARGEST_CRATE).next_multiple_of(JOBS);
        let mut shards: Vec<Shard<'_>> = (0..count)
            .map(|shard| Shard {
                bin: format!("{}-{shard}", self.name()),
                mutants: mutants.iter().skip(shard).step_by(count).collect(),
            })
            .collect();
        self.package(programs, &shards);
        for mutant in mutants {
            let program = &programs[mutant.program];
            let what = format!(
                "// {}: {}\n{}",
                program.name,
                mutant.what,
                program.text(&mutant.variant)
            );
            self.put(&format!("src/{}.rs", mutant.id), &what);
        }
        let mut outcomes = BTreeMap::new();
        // Mistakes of one stage of rustc hide those of the next; so what is refused is left out, and the rest compiled again.
        let began = std::time::Instant::now();
        for round in 0..12 {
            for shard in &mut shards {
                shard.mutants.retain(|mutant| !outcomes.contains_key(&mutant.id));
                self.put(&format!("src/{}.rs", shard.bin), &shard.root(programs));
            }
            let refused = self.build(&shards);
            let left: usize = shards.iter().map(|shard| shard.mutants.len()).sum();
            let seconds = began.elapsed().as_secs();
            println!(
                "{} round {round}: {} of {left} refused, after {seconds} s",
                self.name(),
                refused.len()
            );
            if refused.is_empty() {
                outcomes.extend(run(&self.target.join("debug"), &shards));
                println!("{} ran, after {} s", self.name(), began.elapsed().as_secs());
                return outcomes;
            }
            outcomes.extend(refused);
        }
        panic!("rustc finds other mistakes in every round");
    }

    fn package(&self, programs: &[Program], shards: &[Shard<'_>]) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        fs::create_dir_all(self.folder.join("src")).expect("the target directory can be written");
        let bins: String = shards
            .iter()
            .map(|shard| format!("[[bin]]\nname = \"{0}\"\npath = \"src/{0}.rs\"\n", shard.bin))
            .collect();
        let runtime = root.join("rama-runtime");
        self.put(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n{bins}\n[dependencies]\n\
                 rama-runtime = {{ path = {runtime:?} }}\n\
                 serde = {{ version = \"1\", features = [\"derive\"] }}\n\
                 tokio = {{ version = \"1\", default-features = false, features = [\"rt-multi-thread\", \"sync\", \"time\", \"macros\"] }}\n\
                 tracing = {{ version = \"0.1\", default-features = false }}\n\n\
                 [profile.dev]\ndebug = \"line-tables-only\"\n\n\
                 [profile.dev.package.{}]\ndebug = 0\nincremental = false\ndebug-assertions = {}\n",
                self.name(), self.name(), self.checked
            ),
        );
        let lock = fs::read_to_string(root.join("Cargo.lock")).expect("the workspace's lock file");
        self.put("Cargo.lock", &lock);
        self.put("src/support.rs", include_str!("../../mutation/support.rs"));
        for program in programs {
            self.put(&format!("src/{}.rs", program.name), &program.shared_text());
        }
    }

    fn name(&self) -> String {
        let name = self.folder.file_name().map(|name| name.to_string_lossy().into_owned());
        format!("rama-{}", name.unwrap_or_default())
    }

    /// Writes a file, if it is another than before.
    fn put(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        if fs::read_to_string(&path).is_ok_and(|before| before == text) {
            return;
        }
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Compiles, and says which mutants were refused, and why.
    fn build(&self, shards: &[Shard<'_>]) -> BTreeMap<String, Outcome> {
        let output = Command::new(env!("CARGO"))
            .args([
                "build",
                "--offline",
                "--bins",
                "--keep-going",
                "--quiet",
                "--message-format=json",
            ])
            .args(["--jobs", &JOBS.to_string()])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()
            .expect("cargo can be run");
        let ids: BTreeSet<&String> = shards
            .iter()
            .flat_map(|shard| &shard.mutants)
            .map(|mutant| &mutant.id)
            .collect();
        let mut refused: BTreeMap<String, Outcome> = BTreeMap::new();
        let mut others = String::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Ok(message) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            let message = &message["message"];
            if message["level"] != "error" {
                continue;
            }
            let text = message["message"].as_str().unwrap_or_default();
            let mut files = BTreeSet::new();
            files_of(message, &mut files);
            let mut known = false;
            for id in files.iter().filter(|id| ids.contains(id)) {
                known = true;
                let ours = text.starts_with("[RM");
                let before = refused.get(id);
                if before.is_none() || ours && matches!(before, Some(Outcome::NoProgram(_))) {
                    let outcome = if ours {
                        Outcome::Refused(text.to_owned())
                    } else {
                        Outcome::NoProgram(text.to_owned())
                    };
                    refused.insert(id.clone(), outcome);
                }
            }
            if !known && !text.starts_with("aborting due to") {
                others += message["rendered"].as_str().unwrap_or(text);
            }
        }
        if refused.is_empty() && !output.status.success() {
            panic!(
                "the mutants cannot be compiled:\n{others}\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        refused
    }
}

impl Shard<'_> {
    /// The crate's root.
    fn root(&self, programs: &[Program]) -> String {
        let used: BTreeSet<&str> = self
            .mutants
            .iter()
            .map(|mutant| programs[mutant.program].name)
            .collect();
        let mut text = String::from("#![allow(warnings)]\nmod support;\n");
        for name in used
            .into_iter()
            .chain(self.mutants.iter().map(|mutant| mutant.id.as_str()))
        {
            text += &format!("mod {name};\n");
        }
        text += "fn main() {\n    support::main(|name| match name {\n";
        for mutant in &self.mutants {
            text += &format!(
                "        \"{0}\" => Some({0}::run as fn() -> support::Run),\n",
                mutant.id
            );
        }
        text += "        _ => None,\n    });\n}\n";
        text
    }
}

/// The modules that a message is about: the files of its spans, in macros and out of them.
fn files_of(message: &Value, files: &mut BTreeSet<String>) {
    match message {
        Value::Object(fields) => {
            if let Some(Value::String(name)) = fields.get("file_name")
                && let Some(stem) = Path::new(name).file_stem()
            {
                files.insert(stem.to_string_lossy().into_owned());
            }
            fields.values().for_each(|value| files_of(value, files));
        }
        Value::Array(values) => values.iter().for_each(|value| files_of(value, files)),
        _ => {}
    }
}

/// Runs every mutant in a process of its own.
fn run(folder: &Path, shards: &[Shard<'_>]) -> BTreeMap<String, Outcome> {
    let mutants = |shard: &Shard<'_>| shard.mutants.iter().map(|mutant| mutant.id.clone()).collect::<Vec<_>>();
    let jobs: Vec<(PathBuf, String)> = shards
        .iter()
        .flat_map(|shard| mutants(shard).into_iter().map(|id| (folder.join(&shard.bin), id)))
        .collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(|| {
                while let Some((bin, id)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let ran = run_one(bin, id);
                    done.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .insert(id.clone(), Outcome::Ran(ran));
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn run_one(bin: &Path, id: &str) -> Ran {
    let output = Command::new(bin)
        .arg(id)
        .stdin(Stdio::null())
        .output()
        .expect("a mutant can be run");
    let text = String::from_utf8_lossy(&output.stdout);
    let parts: Vec<&str> = text.lines().last().unwrap_or_default().split('\t').collect();
    match parts.as_slice() {
        [verdict, at_home, away, why] => Ran {
            verdict: (*verdict).to_owned(),
            at_home: at_home.parse().unwrap_or_default(),
            away: away.parse().unwrap_or_default(),
            why: (*why).to_owned(),
        },
        _ => Ran {
            verdict: "broken".to_owned(),
            at_home: 0,
            away: 0,
            why: format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)),
        },
    }
}
