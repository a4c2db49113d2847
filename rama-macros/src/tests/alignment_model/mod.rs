//! Alignment against a model: random programs, of which each is analysed, and run many times with values.
//!
//! *Checked:* what is proven to be on its key's task is there in every run, and what is called an error is in no run. (All strings
//! of a record are different, and so are the items of two looks at a collection.)
//!
//! `RAMA_BODIES=100000 RAMA_SEED=7 cargo test -p rama-macros alignment_model -- --nocapture` for a longer run.

mod generate;
mod print;
mod program;
mod random;
mod run;
mod walk;

use crate::diag::{Code, Diagnostics};
use crate::ir::Alignment;
use crate::{analyze, lower, parse};
use program::Program;
use run::{Accesses, Seen};
use std::collections::BTreeMap;

/// Runs of one program.
const RUNS: u64 = 30;

/// What is said of an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Proven,
    Checked,
    Error,
}

type Verdicts = BTreeMap<(usize, usize), Verdict>;

/// What the compiler says of each access, by the number of its PState and that of the call that it stands in.
fn verdicts(program: &Program) -> Result<Verdicts, String> {
    let (module, block) = (program.module(), program.topologies());
    let wrong = |what: String| {
        format!(
            "{what}
{module}
{block}"
        )
    };
    let item: syn::ItemStruct = syn::parse_str(&module).map_err(|error| wrong(error.to_string()))?;
    let parsed: syn::ItemImpl = syn::parse_str(&block).map_err(|error| wrong(error.to_string()))?;
    let mut diagnostics = Diagnostics::default();
    let declared_module = parse::module::parse(&item, &mut diagnostics);
    let declared = parse::topologies::parse(&parsed, &mut diagnostics);
    let mut body = lower::lower(
        &declared.topologies[0].sources[0],
        &declared_module,
        &declared.operations,
        &mut diagnostics,
    );
    analyze::names::resolve(&mut body, &mut diagnostics);
    if !diagnostics.is_empty() {
        return Err(wrong(format!("{diagnostics:?}")));
    }
    let mut bodies = [vec![body]];
    analyze::alignment::analyze(&mut bodies, &declared_module, &declared, &mut diagnostics);

    let mut errors: BTreeMap<usize, usize> = BTreeMap::new();
    for found in diagnostics.sorted() {
        if found.code != Code::Alignment {
            return Err(wrong(format!("{found:?}")));
        }
        let help = found.help.clone().unwrap_or_default();
        let digits = help.split("self.p").last().unwrap_or_default();
        let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
        *errors
            .entry(digits.parse().expect("the help names the PState"))
            .or_default() += 1;
    }
    let mut accesses = Vec::new();
    bodies[0][0].each_facts(&mut |facts| accesses.extend(facts.accesses.iter().cloned()));
    let mut copies: BTreeMap<usize, usize> = BTreeMap::new();
    let mut verdicts = BTreeMap::new();
    for access in accesses {
        // `self.p.keys()` is about the whole partition.
        let is_global = program.pstates[access.pstate] == program::Partition::Global;
        if access.alignment == Alignment::Whole && !is_global {
            continue;
        }
        let copy = copies.entry(access.pstate).or_default();
        let verdict = match access.alignment {
            Alignment::Checked => Verdict::Checked,
            _ => Verdict::Proven,
        };
        verdicts.insert((access.pstate, *copy), verdict);
        *copy += 1;
    }
    // An error of an operation is reported once, whichever of its calls it is in.
    for ((pstate, _), verdict) in &mut verdicts {
        if errors.contains_key(pstate) && copies[pstate] == 1 {
            assert_eq!(*verdict, Verdict::Checked);
            *verdict = Verdict::Error;
        }
    }
    Ok(verdicts)
}

fn runs(program: &Program, count: u64) -> Option<Accesses> {
    let mut accesses = Accesses::new();
    for seed in 0..count {
        run::run(program, seed, &mut accesses)?;
    }
    Some(accesses)
}

/// What was said, and is not so.
fn mistakes(verdicts: &Verdicts, accesses: &Accesses) -> Vec<(usize, Verdict, Seen)> {
    let verdict = |access: &(usize, usize)| verdicts.get(access).copied().unwrap_or(Verdict::Checked);
    let mistakes = accesses.iter().filter(|(access, seen)| match verdict(access) {
        Verdict::Proven => seen.away > 0,
        Verdict::Checked => false,
        Verdict::Error => seen.at_home > 0,
    });
    mistakes
        .map(|(access, seen)| (access.0, verdict(access), *seen))
        .collect()
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[test]
fn what_alignment_says_of_a_program_holds_in_every_run_of_it() {
    let bodies = number("RAMA_BODIES", 3000);
    let first = number("RAMA_SEED", 0);
    // By verdict: accesses, and those that were at home each time.
    let mut counts: BTreeMap<Verdict, (usize, usize)> = BTreeMap::new();
    let mut refused = 0;
    for seed in first..first + bodies {
        let program = generate::program(seed);
        let verdicts = match verdicts(&program) {
            Ok(verdicts) => verdicts,
            // Any name in an operation's macro calls may be one of an item that a variable of its caller hides.
            Err(error) if error.contains("which this variable hides") => {
                refused += 1;
                continue;
            }
            Err(error) => panic!("seed {seed}: {error}"),
        };
        let Some(accesses) = runs(&program, RUNS) else {
            panic!(
                "seed {seed} means nothing:\n{}\n{}",
                program.module(),
                program.topologies()
            );
        };
        if let Some((pstate, verdict, _)) = mistakes(&verdicts, &accesses).first().copied() {
            let smallest = program.clone().smallest(&|smaller| {
                let (Ok(verdicts), Some(accesses)) = (self::verdicts(smaller), runs(smaller, 4 * RUNS)) else {
                    return false;
                };
                let mistakes = mistakes(&verdicts, &accesses);
                mistakes.iter().any(|found| (found.0, found.1) == (pstate, verdict))
            });
            panic!(
                "seed {seed}: `p{pstate}` is {verdict:?}, and is not so:\n{}\n{}\n\nThe whole program:\n{}",
                smallest.module(),
                smallest.topologies(),
                program.topologies()
            );
        }
        for (access, seen) in accesses {
            let verdict = verdicts.get(&access).copied().unwrap_or(Verdict::Checked);
            let (all, right) = counts.entry(verdict).or_default();
            *all += 1;
            *right += usize::from(seen.away == 0);
        }
    }
    assert!(
        refused < bodies as usize / 10,
        "{refused} of {bodies} programs are refused"
    );
    let of = |verdict| counts.get(&verdict).copied().unwrap_or_default();
    let (proven, checked, errors) = (of(Verdict::Proven), of(Verdict::Checked), of(Verdict::Error));
    println!(
        "{bodies} bodies: {} accesses proven, {} errors, {} checked, of which {} were right each time",
        proven.0, errors.0, checked.0, checked.1
    );
    let often = bodies as usize / 10;
    assert!(proven.0 > often && errors.0 > often && checked.0 > often, "{counts:?}");
}
