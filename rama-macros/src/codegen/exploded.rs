//! An `explode` with a partitioner right behind it: each item goes where it belongs at once.
//!
//! A branch that would do nothing but go on is no event of its own. What the partitioner's event would do, its arguments, is done
//! in the loop over the items, and the hops are sent from there: in the same order, on behalf of the same record, and taken back
//! if the event fails, which is now that of the whole loop. What the event has forked before runs behind it.

use super::segment::Emitter;
use crate::ir::{Await, AwaitId, Node, Stmt};
use crate::names;
use crate::ops::{Emitted, End};
use proc_macro2::TokenStream;
use quote::quote;
use syn::Expr;
use syn::visit::{self, Visit};

impl<'a> Emitter<'a> {
    /// `let item = explode(items).await; partition(&item).await;`, if `stmt` and `next` are that.
    pub(super) fn exploded(&mut self, stmt: &'a Stmt, next: Option<&'a Stmt>) -> Option<TokenStream> {
        let (explode, declares) = match stmt {
            Stmt::Let {
                node: Node::Await(point),
                diverge: None,
                declares,
                ..
            } => (*point, declares.as_slice()),
            Stmt::Eval {
                node: Node::Await(point),
            } => (*point, [].as_slice()),
            _ => return None,
        };
        let Some(Stmt::Eval {
            node: Node::Await(partition),
        }) = next
        else {
            return None;
        };
        let (items, moves): (&Await, &Await) = (&self.body.awaits[explode], &self.body.awaits[*partition]);
        let arguments = moves.call.evaluated();
        if items.call.operation.name() != "explode"
            || !moves.call.operation.is_partitioner()
            || !arguments.iter().all(may_be_repeated)
        {
            return None;
        }
        // Variables around the loop that the arguments may use up or change: each branch has its own.
        let mut own = Vec::new();
        if !arguments.iter().all(only_looks) {
            own.extend(items.live.intersection(&moves.facts.mentions).copied());
            if own.iter().any(|binding| items.parts.contains_key(binding)) {
                return None;
            }
        }
        let private = names::private();
        let copies = own.iter().map(|&binding| {
            let variable = self.variable(items, binding);
            let (ident, mutable) = (&self.body.bindings[binding].ident, self.body.bindings[binding].mutable);
            let (mutable, outer) = (mutable.then(|| quote!(mut)), self.outer_names(&[binding]));
            let copy = match self.body.bindings[binding].lent {
                Some(_) => variable,
                None => quote!(#private::branched(&#variable)),
            };
            quote!(let #mutable #ident = #copy; #outer)
        });
        let copies: TokenStream = copies.collect();
        let arguments = self.arguments(explode);
        let item = names::value("item", items.call.span);
        let (bound, _) = self.stmt_of(stmt, (quote!(#item), false));
        let Emitted { code, end } = self.emit(*partition, &|binding| {
            Some(!declares.contains(&binding) && !own.contains(&binding))
        });
        let End::Hop { route, next } = end else { return None };
        self.exploded.push((*partition, explode));
        let (items, sink) = (&arguments[0], names::sink());
        Some(quote! {{
            for #item in ::core::iter::IntoIterator::into_iter(#items) {
                #copies
                #bound
                #code
                #sink.hop(#route, #next);
            }
            return ::core::result::Result::Ok(#private::Flow::Moved);
        }})
    }

    /// The `explode` whose items a partitioner is reached for, if it is.
    pub(super) fn exploded_by(&self, partition: AwaitId) -> Option<AwaitId> {
        let found = self.exploded.iter().find(|(other, _)| *other == partition);
        found.map(|(_, explode)| *explode)
    }
}

/// Whether an argument may stand in the loop over the items. Not if it leaves the code around it, which would leave the loop with the
/// items that are still to come; nor if it uses the module, which the items may be borrowed from. What a macro does is not known.
fn may_be_repeated(argument: &Expr) -> bool {
    struct Finds(bool);
    impl<'a> Visit<'a> for Finds {
        fn visit_expr(&mut self, expr: &'a Expr) {
            self.0 |= matches!(
                expr,
                Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) | Expr::Macro(_)
            );
            visit::visit_expr(self, expr);
        }
        fn visit_stmt_macro(&mut self, _: &'a syn::StmtMacro) {
            self.0 = true;
        }
        fn visit_path(&mut self, path: &'a syn::Path) {
            self.0 |= path.is_ident("self");
            visit::visit_path(self, path);
        }
    }
    let mut finds = Finds(false);
    finds.visit_expr(argument);
    !finds.0
}

/// Whether an argument surely moves and changes nothing: `&item`, `&post.author`, `3`.
fn only_looks(argument: &Expr) -> bool {
    match argument {
        Expr::Lit(_) => true,
        Expr::Reference(reference) => reference.mutability.is_none() && is_place(&reference.expr),
        Expr::Paren(inner) => only_looks(&inner.expr),
        Expr::Group(inner) => only_looks(&inner.expr),
        _ => false,
    }
}

fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Reference(_) => only_looks(expr),
        Expr::Paren(inner) => is_place(&inner.expr),
        Expr::Group(inner) => is_place(&inner.expr),
        _ => false,
    }
}
