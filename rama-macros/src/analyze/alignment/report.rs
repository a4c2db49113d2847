//! What is said to the user about accesses that are somewhere else than their key.

use super::accesses::Found;
use super::operations::key_text;
use super::place::Verdict;
use crate::analyze::ownership;
use crate::diag::{Code, Diagnostics};
use crate::model::{ModuleDecl, PStateDecl, TopologiesDecl};

/// Reports every access that is provably on the wrong task.
pub(super) fn misaligned(accesses: &[Found], module: &ModuleDecl, diagnostics: &mut Diagnostics) {
    for found in accesses {
        if found.verdict != Verdict::Misaligned || found.unaligned {
            continue;
        }
        let pstate = &module.pstates[found.pstate];
        let name = &pstate.ident;
        let mut ways: Vec<&str> = Vec::new();
        for here in &found.here {
            if !ways.contains(&here.because.as_str()) {
                ways.push(&here.because);
            }
        }
        let here = ways.join(", or ");
        let (message, help) = match &found.key {
            _ if pstate.global => (
                format!("PState `{name}` is `global`: it lives on task 0, and this computation is {here}"),
                format!(
                    "go there first, `global_partition().await`; this task's own part of it is `self.{name}.unaligned()`, which no client reads"
                ),
            ),
            Some(key) => {
                let code = key_text(key);
                let method = &found.method;
                let hop = if pstate.partition_by.is_some() {
                    format!("path_partition(self.{name}.key(&{code})).await")
                } else {
                    format!("hash_partition(&{code}).await")
                };
                let same_name = found
                    .here
                    .iter()
                    .all(|here| here.because == format!("partitioned by `{code}`"));
                let message = if same_name {
                    format!(
                        "`{code}` has another value here than when this computation was partitioned by `{code}`, and may live on another task"
                    )
                } else {
                    format!("`{code}` may live on another task: this computation is {here}")
                };
                (
                    message,
                    format!(
                        "go to its task first, `{hop}`; if this task's partition of `{name}` is meant, write `self.{name}.unaligned().{method}(..)`"
                    ),
                )
            }
            None => continue,
        };
        diagnostics.error_with_help(Code::Alignment, &found.shown_at, message, help);
    }
}

/// Reports the writes in arguments of `external`, and the functions called there, `called`, that write: after a crash they are
/// evaluated again.
pub(super) fn writes_in_futures(
    accesses: &[Found],
    called: &[proc_macro2::Ident],
    declared: &TopologiesDecl,
    module: &ModuleDecl,
    diagnostics: &mut Diagnostics,
) {
    let mut report = |pstate: &PStateDecl, at: &dyn quote::ToTokens| {
        diagnostics.error_with_help(
            Code::Await,
            at,
            format!(
                "this writes PState `{}` in the argument of `external`, which is evaluated again after a crash: the write would be done twice",
                pstate.ident
            ),
            "write it in a statement in front of the `external`; what is read may be read in it",
        );
    };
    for found in accesses.iter().filter(|found| found.in_future && found.writes) {
        report(&module.pstates[found.pstate], &found.field);
    }
    for function in called {
        if let Some(pstate) = ownership::written_by(function, module, declared) {
            report(pstate, function);
        }
    }
    for found in accesses.iter().filter(|found| found.in_async && !found.writes) {
        diagnostics.error_with_help(
            Code::Await,
            &found.field,
            format!(
                "this reads PState `{}` in a future, which runs elsewhere, while the task goes on",
                module.pstates[found.pstate].ident
            ),
            "read it in a statement in front of the `external`, and use what was read in the future",
        );
    }
}

/// Reports the writes of PStates that `topology` does not own, by whatever name it has them.
pub(super) fn foreign_writes(
    accesses: &[Found],
    topology: &str,
    declared: &TopologiesDecl,
    module: &ModuleDecl,
    diagnostics: &mut Diagnostics,
) {
    for found in accesses {
        let pstate = &module.pstates[found.pstate];
        // An owner that is no topology was reported.
        let has_owner = declared.topologies.iter().any(|topology| topology.name == pstate.owner);
        if found.writes && has_owner && pstate.owner != topology {
            ownership::foreign(pstate, topology, &found.field, diagnostics);
        }
    }
}
