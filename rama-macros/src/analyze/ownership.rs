//! Rule 2: a PState is written by the one topology that owns it.

use crate::diag::{Code, Diagnostics};
use crate::model::{ModuleDecl, PStateDecl, TopologiesDecl};
use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Item, Member};

/// The words that write, at the end of a path into a PState.
pub(super) const WRITES: &[&str] = &["set", "update", "insert", "remove", "clear", "push", "pop", "next"];

/// Reports every write of a PState by a topology that does not own it. A write inside an operation, or inside a plain function of
/// the block, counts for each topology that calls it. (Writes by another name, `let p = &mut self.p;`, are found by the run of
/// each body that decides alignment.)
pub(crate) fn check(module: &ModuleDecl, declared: &TopologiesDecl, diagnostics: &mut Diagnostics) {
    for topology in &declared.topologies {
        let name = topology.name.to_string();
        let mut reached = Vec::new();
        for source in &topology.sources {
            Writes {
                module,
                declared,
                reached: &mut reached,
                found: &mut |pstate, field| {
                    // An owner that is no topology was reported.
                    let has_owner = declared.topologies.iter().any(|topology| topology.name == pstate.owner);
                    if pstate.owner != name && has_owner {
                        foreign(pstate, &name, field, diagnostics);
                    }
                },
            }
            .visit_block(&source.body);
        }
    }
}

/// A PState that this function of the block writes, itself or by what it calls.
pub(super) fn written_by<'a>(
    function: &Ident,
    module: &'a ModuleDecl,
    declared: &TopologiesDecl,
) -> Option<&'a PStateDecl> {
    let mut written = None;
    Writes {
        module,
        declared,
        reached: &mut Vec::new(),
        found: &mut |pstate, _| written = written.or(Some(pstate)),
    }
    .operation(function);
    written
}

struct Writes<'a, 'm> {
    module: &'m ModuleDecl,
    declared: &'a TopologiesDecl,
    /// Operations looked into already.
    reached: &'a mut Vec<Ident>,
    /// Called with each PState that is written, and the field as it stands there.
    found: &'a mut dyn FnMut(&'m PStateDecl, &Ident),
}

impl Writes<'_, '_> {
    fn operation(&mut self, name: &Ident) {
        if self.reached.contains(name) {
            return;
        }
        let declared = self.declared;
        let operations = declared
            .operations
            .iter()
            .map(|operation| (&operation.ident, &operation.body));
        let functions = declared.others.iter().filter_map(|item| match item {
            syn::ImplItem::Fn(function) => Some((&function.sig.ident, &function.block)),
            _ => None,
        });
        let called: Option<&Block> = operations
            .chain(functions)
            .find(|(ident, _)| *ident == name)
            .map(|(_, body)| body);
        if let Some(body) = called {
            self.reached.push(name.clone());
            self.visit_block(body);
        }
    }
}

impl<'ast> Visit<'ast> for Writes<'_, '_> {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        if let Expr::Path(receiver) = &*call.receiver
            && receiver.path.is_ident("self")
        {
            self.operation(&call.method);
            return;
        }
        if !WRITES.iter().any(|word| call.method == word) {
            return;
        }
        let Some(field) = root_field(&call.receiver) else {
            return;
        };
        let Some(pstate) = self.module.pstates.iter().find(|pstate| pstate.ident == *field) else {
            return;
        };
        (self.found)(pstate, field);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

/// Reports a write of `pstate` by `topology`, which does not own it.
pub(super) fn foreign(pstate: &PStateDecl, topology: &str, at: &dyn quote::ToTokens, diagnostics: &mut Diagnostics) {
    let owner = &pstate.owner;
    diagnostics.error_with_help(
        Code::Ownership,
        at,
        format!(
            "PState `{}` is written by its owner `{owner}` only, and this is topology `{topology}`",
            pstate.ident
        ),
        format!(
            "send the owner a record through a depot, or make both one topology, `#[stream({owner}, source = ..)]`"
        ),
    );
}

/// `p` of `self.p.key(&a).b()`.
pub(super) fn root_field(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::MethodCall(call) => root_field(&call.receiver),
        Expr::Paren(inner) => root_field(&inner.expr),
        Expr::Field(field) => {
            if let Expr::Path(base) = &*field.base
                && base.path.is_ident("self")
                && let Member::Named(name) = &field.member
            {
                return Some(name);
            }
            None
        }
        _ => None,
    }
}
