//! Edits of a body, at the places that [`scan`](super::scan) numbers.

use super::program::{PState, Variant};
use super::scan::{Spot, access, awaited_operation, field_of_self, partitioner};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ImplItem, Stmt, parse_quote};

fn block_of(variant: &mut Variant, function: usize) -> &mut Block {
    match &mut variant.block.items[function] {
        ImplItem::Fn(function) => &mut function.block,
        _ => unreachable!("only functions are scanned"),
    }
}

/// The variant with another expression in the place of a hop.
pub(crate) fn replace_hop(variant: &Variant, function: usize, hop: usize, with: &Expr) -> Variant {
    let mut changed = variant.clone();
    let operations = variant.operations();
    let mut count = 0;
    let mut replace = Replace {
        what: &mut |expr, is_statement| {
            let found = partitioner(expr).is_some() || is_statement && awaited_operation(expr, &operations);
            if found {
                if count == hop {
                    *expr = with.clone();
                }
                count += 1;
            }
            found
        },
        is_statement: false,
    };
    replace.visit_block_mut(block_of(&mut changed, function));
    changed
}

/// The variant with another key at an access.
pub(crate) fn replace_key(variant: &Variant, function: usize, number: usize, with: &Expr) -> Variant {
    let mut changed = variant.clone();
    let mut count = 0;
    let mut replace = Replace {
        what: &mut |expr, _| {
            if partitioner(expr).is_some() {
                return true;
            }
            if access(expr).is_some() {
                if count == number
                    && let Expr::MethodCall(call) = expr
                {
                    call.args[0] = with.clone();
                }
                count += 1;
            }
            false
        },
        is_statement: false,
    };
    replace.visit_block_mut(block_of(&mut changed, function));
    changed
}

/// Visits expressions in the order of the scan; `what` says whether it is done with one and all inside.
struct Replace<'a> {
    what: &'a mut dyn FnMut(&mut Expr, bool) -> bool,
    is_statement: bool,
}

impl VisitMut for Replace<'_> {
    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        self.is_statement = matches!(stmt, Stmt::Expr(_, Some(_)));
        visit_mut::visit_stmt_mut(self, stmt);
        self.is_statement = false;
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let is_statement = std::mem::take(&mut self.is_statement);
        if !(self.what)(expr, is_statement) {
            visit_mut::visit_expr_mut(self, expr);
        }
    }

    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
}

/// Runs `edit` on the statements of one block.
fn in_block(variant: &mut Variant, function: usize, block: usize, edit: impl FnOnce(&mut Vec<Stmt>)) {
    struct Find<F> {
        left: usize,
        edit: Option<F>,
    }
    impl<F: FnOnce(&mut Vec<Stmt>)> VisitMut for Find<F> {
        fn visit_block_mut(&mut self, block: &mut Block) {
            if self.left == 0 {
                if let Some(edit) = self.edit.take() {
                    edit(&mut block.stmts);
                }
                return;
            }
            self.left -= 1;
            visit_mut::visit_block_mut(self, block);
        }
        fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    }
    let mut find = Find {
        left: block,
        edit: Some(edit),
    };
    find.visit_block_mut(block_of(variant, function));
}

/// Puts a statement before whatever is there, but never behind a block's value.
pub(crate) fn insert(variant: &mut Variant, function: usize, to: Spot, stmt: Stmt) {
    in_block(variant, function, to.block, |stmts| {
        let mut at = to.at.min(stmts.len());
        let has_value = matches!(stmts.last(), Some(Stmt::Expr(_, None)));
        if at == stmts.len() && has_value {
            at -= 1;
        }
        stmts.insert(at, stmt);
    });
}

pub(crate) fn remove(variant: &mut Variant, function: usize, from: Spot) -> Option<Stmt> {
    let mut removed = None;
    in_block(variant, function, from.block, |stmts| {
        if from.at < stmts.len() {
            removed = Some(stmts.remove(from.at));
        }
    });
    removed
}

/// Every access behind a function, through which the compiler cannot see, and which notes where it was: see `at` and `whole`
/// of the generated crate.
pub(crate) fn behind_a_helper(variant: &Variant) -> Variant {
    struct Hide {
        pstates: Vec<PState>,
    }
    impl VisitMut for Hide {
        fn visit_expr_mut(&mut self, expr: &mut Expr) {
            if partitioner(expr).is_some() {
                return;
            }
            visit_mut::visit_expr_mut(self, expr);
            let Expr::MethodCall(call) = expr else { return };
            let Some(name) = field_of_self(&call.receiver) else {
                return;
            };
            let Some(pstate) = self.pstates.iter().find(|pstate| pstate.name == name) else {
                return;
            };
            let receiver = call.receiver.clone();
            if pstate.global {
                *call.receiver = parse_quote!(whole(&mut #receiver));
            } else if call.method == "key" {
                let (key, ty) = (&call.args[0], &pstate.key);
                *expr = match &pstate.partition_by {
                    None => parse_quote!(at(&mut #receiver, #key, |key: &#ty| owner(key))),
                    Some(closure) => {
                        let (parameter, body) = (&closure.inputs[0], &closure.body);
                        parse_quote!(at(&mut #receiver, #key, |#parameter: &#ty| owner(#body)))
                    }
                };
            }
        }
    }
    let mut hidden = variant.clone();
    let mut hide = Hide {
        pstates: variant.pstates(),
    };
    for item in &mut hidden.block.items {
        if let ImplItem::Fn(function) = item {
            hide.visit_block_mut(&mut function.block);
        }
    }
    hidden
}
