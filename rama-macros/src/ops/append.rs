//! `self.depot.append(record).await`: resumes once, when the append reached its ack level.

use super::{Emitted, Operation, Site};
use crate::model::ModuleDecl;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::visit::{self, Visit};
use syn::{Expr, Item, Member};

/// `append`.
pub(crate) struct Append;

impl Operation for Append {
    fn name(&self) -> &'static str {
        "append"
    }

    fn usage(&self) -> &'static str {
        "self.depot.append(record).await"
    }

    fn emit(&self, arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let Site { sink, next, .. } = site;
        let staged = crate::names::local("staged");
        let (append, next) = (&arguments[0], next(None, false));
        Emitted::pushed(quote! {
            let #staged = #append.stage();
            #sink.after_append(#staged, #next);
        })
    }
}

/// Whether `base` is `self.depot.append(..)`, perhaps with `.ack(..)`, of a depot of the module.
pub(crate) fn is_append(base: &Expr, module: &ModuleDecl) -> bool {
    appended(base, module).is_some()
}

/// The depot (its number) and the record of `self.depot.append(record)`, perhaps with `.ack(..)`.
pub(crate) fn appended<'a>(base: &'a Expr, module: &ModuleDecl) -> Option<(usize, Option<&'a Expr>)> {
    let Expr::MethodCall(call) = base else { return None };
    if call.method == "ack" {
        return appended(&call.receiver, module);
    }
    let field = own_field(&call.receiver).filter(|_| call.method == "append")?;
    let depot = module.depots.iter().position(|depot| depot.ident == *field)?;
    Some((depot, call.args.first()))
}

/// The appends in `expr`, also those in its closures and `async` blocks.
pub(crate) fn appends_in<'a>(expr: &'a Expr, module: &ModuleDecl) -> Vec<&'a Expr> {
    struct Appends<'a, 'm> {
        module: &'m ModuleDecl,
        found: Vec<&'a Expr>,
    }
    impl<'a> Visit<'a> for Appends<'a, '_> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if is_append(expr, self.module) {
                self.found.push(expr);
            } else {
                visit::visit_expr(self, expr);
            }
        }

        fn visit_item(&mut self, _: &'a Item) {}
    }
    let mut appends = Appends {
        module,
        found: Vec::new(),
    };
    appends.visit_expr(expr);
    appends.found
}

/// `field` of `self.field`.
pub(crate) fn own_field(expr: &Expr) -> Option<&Ident> {
    if let Expr::Field(field) = expr
        && let Expr::Path(base) = &*field.base
        && base.path.is_ident("self")
        && let Member::Named(name) = &field.member
    {
        return Some(name);
    }
    None
}
