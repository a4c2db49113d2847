//! Rule 1, alignment: `self.p.key(&k)` touches this task's partition, so `k` must be what the computation was last partitioned by.
//!
//! An abstract run of each body. At every point it knows, of each variable, what its value is (the record's field `user`, an item of
//! an `explode`, whatever came out of that call there), and where the computation is: at the owner of such a value, on a
//! fixed task, on every task, anywhere. An access is *proven* if its key is the value that decided the task, *misaligned* if it is
//! provably another one, and else looked at when it runs.
//!
//! - [`flow`]: branches, loops and jumps; [`evaluate`] and [`patterns`]: plain code; [`operations`]: awaits; [`accesses`]: PStates.
//! - [`value`], [`place`], [`state`]: what is known; [`sites`]: where values come to be.
//! - [`report`] says what is wrong; [`mark`] writes the rest into the IR; [`reordering`] is rule 3.
//!
//! *Invariant:* two mentions of one value, other than an unknown one, are equal whenever the code runs. So an access is never
//! proven wrongly, as long as users' types keep to what these words mean:
//! - A key keeps its value, and so its hash, through `clone`, `Serialize` and back, and where a `&T` is taken for a `&U` (a `let x: &U`,
//!   an operation's parameter).
//! - No field has two names: `Deref` to a struct whose fields are also reached as `self.inner.field`, and assigned by one
//!   name and read by the other.
//! - What has a constructor's name (`Name(x)`) makes that, and what looks by its name (`len`, `cmp`) changes nothing.
//!
//! An error is weaker: it takes two fields of a record, two items of collections and a constant for different values, though they may
//! be equal, and nothing of `if a == b`.
//!
//! `tests/alignment_model` holds both to random programs.

mod accesses;
mod evaluate;
mod flow;
mod mark;
mod operations;
mod patterns;
mod place;
mod reordering;
mod report;
mod sites;
mod state;
mod value;

use crate::diag::Diagnostics;
use crate::ir::Body;
use crate::model::{ModuleDecl, OnFailure, SourceDecl, TopologiesDecl};
use crate::warn::Warning;
use accesses::Found;
use proc_macro2::TokenStream;
use sites::{Node, Role};
use state::State;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use syn::Expr;
use value::Kind;

/// The site of the record: the first value that comes to be.
const RECORD: usize = 0;

/// The abstract run of one body.
struct Analysis<'a> {
    module: &'a ModuleDecl,
    body: &'a Body,
    state: State,
    /// The loops and labelled blocks around the current place, innermost last.
    around: Vec<flow::Around>,
    /// What was known at the head of each loop when it was last left.
    heads: BTreeMap<Node, State>,
    sites: BTreeMap<(Node, Role), usize>,
    /// The sites that control has passed, in order.
    passed: Vec<usize>,
    accesses: Vec<Found>,
    known_accesses: BTreeMap<Node, usize>,
    /// Where each await arrives, in words.
    arrivals: Vec<String>,
    /// The depots that are appended to, and whether the record is in its own partition then.
    appends: Vec<(usize, bool)>,
    /// The arguments of macro calls that read as expressions.
    macros: BTreeMap<Node, Rc<Vec<Expr>>>,
    macro_stmts: BTreeMap<Node, Rc<Expr>>,
    in_macro: Option<Node>,
    /// In the argument of an `external`, which may be evaluated again after a crash.
    in_future: bool,
    /// In an `async` block there.
    in_async: bool,
    /// The module's own functions that are called there.
    called_in_futures: Vec<proc_macro2::Ident>,
    /// Inside a macro call of which nothing is known.
    in_opaque_macro: bool,
    /// What `macro_rules!` the body has defined so far: their code may name any variable.
    local_macros: Vec<(String, TokenStream)>,
    /// Where the innermost items of plain code stand: there a constant's name may mean another one.
    items: usize,
}

/// Analyses all bodies of a module: reports what is misaligned, fills in what the IR says of alignment, and returns the
/// warnings.
pub(crate) fn analyze(
    bodies: &mut [Vec<Body>],
    module: &ModuleDecl,
    declared: &TopologiesDecl,
    diagnostics: &mut Diagnostics,
) -> Vec<Warning> {
    let trusted = trusted(bodies, module, declared);
    let mut warnings = Vec::new();
    for (topology, bodies) in declared.topologies.iter().zip(bodies) {
        for (source, body) in topology.sources.iter().zip(bodies) {
            let run = run(body, source, module, &trusted);
            if body.is_whole {
                report::misaligned(&run.accesses, module, diagnostics);
            }
            report::foreign_writes(&run.accesses, &topology.name.to_string(), declared, module, diagnostics);
            report::writes_in_futures(&run.accesses, &run.called_in_futures, declared, module, diagnostics);
            warnings.extend(reordering::found(&run.accesses, source, module));
            let (here, arrivals) = (run.here, run.arrivals);
            mark::mark(body, &run.accesses, &run.known_accesses);
            body.here = here;
            for (point, here) in body.awaits.iter_mut().zip(arrivals) {
                point.here = here;
            }
        }
    }
    warnings
}

/// Which depots' records are where their partitioner puts them. A topology appends to its own task's partition, whatever
/// the partitioner, so a depot that topologies append to is trusted only if each append is provably at the right task.
fn trusted(bodies: &[Vec<Body>], module: &ModuleDecl, declared: &TopologiesDecl) -> Vec<bool> {
    let mut trusted = vec![true; module.depots.len()];
    let mut appended: BTreeSet<usize> = BTreeSet::new();
    let position = |name: &proc_macro2::Ident| module.depots.iter().position(|depot| depot.ident == *name);
    for body in bodies.iter().flatten() {
        for argument in body.awaits.iter().flat_map(|point| &point.call.arguments) {
            appended.extend(crate::ops::appended(argument, module).map(|(depot, _)| depot));
        }
    }
    let letters = declared
        .topologies
        .iter()
        .flat_map(|topology| &topology.sources)
        .filter_map(|source| match &source.on_failure {
            OnFailure::DeadLetter(name) => position(name),
            _ => None,
        });
    let letters: BTreeSet<usize> = letters.collect();
    for depot in appended.iter().chain(&letters) {
        trusted[*depot] = false;
    }
    if appended.is_empty() {
        return trusted;
    }
    let mut misplaced = letters;
    for (topology, bodies) in declared.topologies.iter().zip(bodies) {
        for (source, body) in topology.sources.iter().zip(bodies) {
            let run = run(body, source, module, &trusted);
            misplaced.extend(
                run.appends
                    .iter()
                    .filter(|(_, aligned)| !aligned)
                    .map(|(depot, _)| depot),
            );
        }
    }
    for depot in appended {
        trusted[depot] = !misplaced.contains(&depot);
    }
    trusted
}

/// What the run of one body found.
struct Run {
    accesses: Vec<Found>,
    known_accesses: BTreeMap<Node, usize>,
    here: String,
    arrivals: Vec<String>,
    appends: Vec<(usize, bool)>,
    called_in_futures: Vec<proc_macro2::Ident>,
}

fn run(body: &Body, source: &SourceDecl, module: &ModuleDecl, trusted: &[bool]) -> Run {
    let mut analysis = Analysis {
        module,
        body,
        state: State::new(place::Here::unknown("on an unknown task")),
        around: Vec::new(),
        heads: BTreeMap::new(),
        sites: BTreeMap::new(),
        passed: Vec::new(),
        accesses: Vec::new(),
        known_accesses: BTreeMap::new(),
        arrivals: vec![String::new(); body.awaits.len()],
        appends: Vec::new(),
        macros: BTreeMap::new(),
        macro_stmts: BTreeMap::new(),
        in_macro: None,
        in_future: false,
        in_async: false,
        called_in_futures: Vec::new(),
        in_opaque_macro: false,
        local_macros: Vec::new(),
        items: 0,
    };
    let record = analysis.origin(body, "record", Kind::Distinct);
    if let Some(depot) = module.depots.iter().position(|depot| depot.ident == source.depot) {
        let start = analysis.start(&module.depots[depot], &record, trusted[depot]);
        analysis.state.here = vec![start];
    }
    let here = operations::words(&analysis.state.here);
    analysis.bind(&body.parameter, record);
    analysis.block(&body.block);
    Run {
        accesses: analysis.accesses,
        known_accesses: analysis.known_accesses,
        here,
        arrivals: analysis.arrivals,
        appends: analysis.appends,
        called_in_futures: analysis.called_in_futures,
    }
}
