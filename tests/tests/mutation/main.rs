//! Mutation test of alignment: every partitioner of a corpus of aligned programs is moved, dropped or changed in turn. Each mutant
//! must be refused, or fail when it runs, or still be right: none may read or write quietly where a key does not live.
//!
//! `cargo test -p tests --test mutation -- --nocapture` prints the figures. Environment:
//!
//! - `RAMA_MUTANTS_EVERY=1`: all mutants, instead of every ninth or so; then also those that stay right run again with their accesses
//!   watched. Many minutes.
//! - `RAMA_MUTANTS_UNCHECKED=1`: without the check when it runs: shows that mutants pass wrongly then, and that this test sees it.
//! - `RAMA_MUTANTS_LIST=1`: what became of each mutant.
//!
//! The programs are in `tests/mutation/corpus/`, what they stand on in `tests/mutation/support.rs`. They are compiled as modules of
//! a generated package below the target directory, which stays there to be looked at.
#![allow(missing_docs, clippy::expect_used)]

mod declarations;
mod edit;
mod harness;
mod mutate;
mod program;
mod scan;
mod spoil;

use harness::{Harness, Outcome, Ran};
use mutate::Mutant;
use program::Program;
use std::collections::BTreeMap;

/// Of the mutants other than dropped hops, one in so many is taken.
const EVERY: usize = 9;

/// What a mutant counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// By our compiler.
    Refused,
    /// By rustc: a moved value, a variable out of scope, a key of another type.
    NoProgram,
    /// An event failed with `RM0007`.
    FailedAtRunTime,
    /// An event failed otherwise.
    FailedOtherwise,
    /// All PStates hold what they should.
    Equivalent,
    /// They do not; but every access was on its key's task, as noted by the program itself: aligned, and meant otherwise.
    AnotherProgram,
    /// An access was elsewhere, and nobody said so.
    PassesWrongly,
}

const VERDICTS: [(Verdict, &str); 7] = [
    (Verdict::Refused, "refused"),
    (Verdict::NoProgram, "no program"),
    (Verdict::FailedAtRunTime, "fails"),
    (Verdict::FailedOtherwise, "fails else"),
    (Verdict::Equivalent, "equivalent"),
    (Verdict::AnotherProgram, "another"),
    (Verdict::PassesWrongly, "WRONG"),
];

#[test]
fn no_mutant_of_an_aligned_program_passes_wrongly() {
    let checked = std::env::var_os("RAMA_MUTANTS_UNCHECKED").is_none();
    let programs = program::corpus();
    let mut mutants: Vec<Mutant> = unmutated(&programs);
    let controls = mutants.len();
    for (number, program) in programs.iter().enumerate() {
        mutants.extend(mutate::mutants(number, program));
    }
    for (at, mutant) in mutants[controls..].iter_mut().enumerate() {
        mutant.id = format!("m{at:04}");
    }
    let every = number("RAMA_MUTANTS_EVERY").unwrap_or(EVERY).max(1);
    let (mut changing, mut others) = (0, 0);
    mutants.retain(|mutant| match mutant.family {
        "not mutated" => true,
        "dropped" if !mutant.hidden => true,
        // Many, and much alike.
        "a key that changes" => taken(&mut changing, if every == 1 { 1 } else { 3 * every }),
        _ => taken(&mut others, every),
    });
    let outcomes = Harness::new("mutants", checked).judge(&programs, &mutants);
    for control in &mutants[..controls] {
        let fine = matches!(&outcomes[&control.id], Outcome::Ran(ran) if ran.verdict == "right" && ran.away == 0 && (ran.at_home > 0) == control.hidden);
        assert!(
            fine,
            "{}, not mutated: {:?}",
            programs[control.program].name, outcomes[&control.id]
        );
    }
    let watched = watched(&programs, &mutants[controls..], &outcomes, checked);
    let judged: Vec<(&Mutant, &Outcome, Verdict)> = mutants[controls..]
        .iter()
        .map(|mutant| {
            (
                mutant,
                &outcomes[&mutant.id],
                judge(mutant, &outcomes[&mutant.id], &watched),
            )
        })
        .collect();
    report(&programs, &judged, &watched);
    let wrong = judged
        .iter()
        .filter(|(.., verdict)| *verdict == Verdict::PassesWrongly)
        .count();
    assert!(judged.len() >= 100, "only {} mutants", judged.len());
    if checked {
        assert_eq!(wrong, 0, "mutants that pass wrongly, see above");
    } else {
        assert_ne!(wrong, 0, "without the check, some must pass wrongly");
    }
}

/// Whether it is this one's turn, of so many.
fn taken(count: &mut usize, every: usize) -> bool {
    *count += 1;
    *count % every == 1 % every
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The programs as they are, with their accesses in sight and out of it.
fn unmutated(programs: &[Program]) -> Vec<Mutant> {
    let both = programs.iter().enumerate().flat_map(|(number, program)| {
        [false, true].map(|hidden| Mutant {
            id: format!("b{number:02}{}", if hidden { "h" } else { "" }),
            program: number,
            family: "not mutated",
            what: "as it is".to_owned(),
            variant: if hidden {
                edit::behind_a_helper(&program.original)
            } else {
                program.original.clone()
            },
            hidden,
        })
    });
    both.collect()
}

/// Runs again, with every access noted, the mutants that went through with another result.
fn watched(
    programs: &[Program],
    mutants: &[Mutant],
    outcomes: &BTreeMap<String, Outcome>,
    checked: bool,
) -> BTreeMap<String, Outcome> {
    let all = number("RAMA_MUTANTS_EVERY").is_some();
    let again: Vec<Mutant> = mutants
        .iter()
        .filter(|mutant| !mutant.hidden)
        .filter(|mutant| matches!(&outcomes[&mutant.id], Outcome::Ran(ran) if ran.verdict == "wrong" || all && ran.verdict == "right"))
        .map(|mutant| Mutant {
            id: mutant.id.clone(),
            what: mutant.what.clone(),
            variant: edit::behind_a_helper(&mutant.variant),
            hidden: true,
            ..*mutant
        })
        .collect();
    if again.is_empty() {
        return BTreeMap::new();
    }
    Harness::new("mutants-watched", checked).judge(programs, &again)
}

fn judge(mutant: &Mutant, outcome: &Outcome, watched: &BTreeMap<String, Outcome>) -> Verdict {
    let ran = match outcome {
        Outcome::Refused(_) => return Verdict::Refused,
        Outcome::NoProgram(_) => return Verdict::NoProgram,
        Outcome::Ran(ran) => ran,
    };
    let all_at_home = |ran: &Ran| ran.away == 0 && ran.at_home > 0;
    let noted = match watched.get(&mutant.id) {
        Some(Outcome::Ran(ran)) => Some(all_at_home(ran)),
        Some(_) => Some(false),
        None if mutant.hidden => Some(all_at_home(ran)),
        None => None,
    };
    match (ran.verdict.as_str(), noted) {
        ("misaligned", _) => Verdict::FailedAtRunTime,
        ("failed" | "hung", _) => Verdict::FailedOtherwise,
        ("right", Some(true) | None) => Verdict::Equivalent,
        ("wrong", Some(true)) => Verdict::AnotherProgram,
        ("right" | "wrong", _) => Verdict::PassesWrongly,
        (other, _) => panic!("{}: {other}: {}", mutant.id, ran.why),
    }
}

fn report(programs: &[Program], judged: &[(&Mutant, &Outcome, Verdict)], watched: &BTreeMap<String, Outcome>) {
    let row = |name: &str, selected: &dyn Fn(&Mutant) -> bool| {
        let rows: Vec<Verdict> = judged
            .iter()
            .filter(|(mutant, ..)| selected(mutant))
            .map(|(.., verdict)| *verdict)
            .collect();
        let counts = VERDICTS
            .iter()
            .map(|(verdict, _)| rows.iter().filter(|found| *found == verdict).count());
        let counts: String = counts.map(|count| format!("{count:>12}")).collect();
        println!("{name:<32}{:>8}{counts}", rows.len());
    };
    let heads: String = VERDICTS.iter().map(|(_, head)| format!("{head:>12}")).collect();
    println!("\n{:<32}{:>8}{heads}", "", "mutants");
    for (number, program) in programs.iter().enumerate() {
        row(program.name, &|mutant| mutant.program == number);
    }
    println!();
    let mut families: Vec<&str> = judged.iter().map(|(mutant, ..)| mutant.family).collect();
    families.sort_unstable();
    families.dedup();
    for family in families {
        row(family, &|mutant| mutant.family == family);
    }
    println!();
    row("in sight", &|mutant| !mutant.hidden);
    row("accesses behind a helper", &|mutant| mutant.hidden);
    row("all", &|_| true);
    println!();
    for (verdict, head) in &VERDICTS[3..] {
        if *verdict == Verdict::Equivalent {
            continue;
        }
        for (mutant, outcome, _) in judged.iter().filter(|(.., found)| found == verdict) {
            let Outcome::Ran(ran) = outcome else { continue };
            let hidden = if mutant.hidden { ", behind a helper" } else { "" };
            let short = |text: &str| text.chars().take(100).collect::<String>();
            println!(
                "{head}: {} ({}{hidden}): {}",
                mutant.id, programs[mutant.program].name, mutant.what
            );
            println!("    {}", short(&ran.why));
            match watched.get(&mutant.id) {
                Some(Outcome::Ran(ran)) => println!("    watched: {} accesses at home, {} away", ran.at_home, ran.away),
                Some(other) => println!("    not watched: {other:?}"),
                None => {}
            }
        }
    }
    let list = std::env::var_os("RAMA_MUTANTS_LIST").is_some();
    for (mutant, outcome, verdict) in judged.iter().filter(|_| list) {
        println!(
            "{} {verdict:?} {} [{}] {}: {outcome:?}",
            mutant.id, programs[mutant.program].name, mutant.family, mutant.what
        );
    }
}
