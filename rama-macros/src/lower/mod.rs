//! Bodies to IR: every await gets a statement of its own, and only the constructs around awaits are taken apart.
//!
//! - [`inline`]: calls of the module's operations become blocks.
//! - [`expressions`]: awaits inside expressions are hoisted, keeping Rust's order of evaluation.
//! - [`statements`]: blocks, `if`, `match` and loops that contain awaits.
//! - [`jumps`]: `break` and `continue` that leave plain code get the label of their target.

mod expressions;
mod inline;
mod jumps;
pub(crate) mod macros;
mod search;
mod statements;

use crate::diag::{Code, Diagnostics};
use crate::ir::{Await, AwaitId, Body, Facts, Set, TargetId};
use crate::model::{ModuleDecl, OperationDecl, SourceDecl};
use crate::names;
use crate::ops::Call;
use proc_macro2::{Ident, Span};

pub(crate) use jumps::target_of;
pub(crate) use search::{attributes_of, is_compound_assignment, is_conditional, mentions_self};

/// Lowers the body of one source.
pub(crate) fn lower(
    source: &SourceDecl,
    module: &ModuleDecl,
    operations: &[OperationDecl],
    diagnostics: &mut Diagnostics,
) -> Body {
    let mut lowering = Lowering {
        module,
        operations,
        diagnostics,
        awaits: Vec::new(),
        items: Vec::new(),
        temporaries: 0,
        next_target: 0,
        targets: Vec::new(),
        inlining: Vec::new(),
        inlined: std::collections::BTreeMap::new(),
    };
    let block = lowering.block(source.body.clone());
    Body {
        parameter: source.parameter.clone(),
        parameter_bindings: Vec::new(),
        block,
        bindings: Vec::new(),
        awaits: lowering.awaits,
        items: lowering.items,
        here: String::new(),
        is_whole: true,
    }
}

struct Lowering<'a> {
    module: &'a ModuleDecl,
    operations: &'a [OperationDecl],
    diagnostics: &'a mut Diagnostics,
    awaits: Vec<Await>,
    /// The items of the bodies lowered so far.
    items: Vec<syn::Item>,
    temporaries: usize,
    next_target: TargetId,
    /// The IR loops and labelled blocks around the current place, innermost last.
    targets: Vec<jumps::Target>,
    /// The operations being inlined, outermost first.
    inlining: Vec<Ident>,
    /// The operations' bodies in this one, by the number in their label.
    inlined: std::collections::BTreeMap<usize, crate::ir::Inlined>,
}

/// The way out wherever an await cannot stand.
const BIND_IN_FRONT: &str = "bind the awaited value in front, `let value = ..await;`";

impl Lowering<'_> {
    fn temporary(&mut self, shown_at: Span) -> Ident {
        self.temporaries += 1;
        names::temporary(self.temporaries, shown_at)
    }

    fn target(&mut self) -> TargetId {
        self.next_target += 1;
        self.next_target
    }

    fn add_await(&mut self, call: Call) -> AwaitId {
        let span = call.span;
        self.awaits.push(Await {
            call,
            facts: Facts::default(),
            span,
            live: Set::new(),
            parts: std::collections::BTreeMap::new(),
            witnessed: Set::new(),
            kept: Set::new(),
            makes: None,
            lent: None,
            visible: Vec::new(),
            here: String::new(),
        });
        self.awaits.len() - 1
    }

    fn unsupported(&mut self, at: &dyn quote::ToTokens, place: &str) {
        self.diagnostics.error_with_help(
            Code::Await,
            at,
            format!("a topology cannot be suspended {place}"),
            BIND_IN_FRONT,
        );
    }
}
