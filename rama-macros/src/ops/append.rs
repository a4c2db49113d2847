//! `self.depot.append(record).await`: resumes once, when the append reached its ack level.

use super::{Operation, Site};
use crate::model::ModuleDecl;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, Member};

/// `append`.
pub(crate) struct Append;

impl Operation for Append {
    fn name(&self) -> &'static str {
        "append"
    }

    fn usage(&self) -> &'static str {
        "self.depot.append(record).await"
    }

    fn emit(&self, arguments: &[TokenStream], site: &Site<'_>) -> TokenStream {
        let Site { sink, next, .. } = site;
        let staged = crate::names::local("staged");
        let (append, next) = (&arguments[0], next(None, false));
        quote! {
            let #staged = #append.stage();
            #sink.after_append(#staged, #next);
        }
    }
}

/// Whether `base` is `self.depot.append(..)`, perhaps with `.ack(..)`, of a depot of the module.
pub(crate) fn is_append(base: &Expr, module: &ModuleDecl) -> bool {
    let Expr::MethodCall(call) = base else { return false };
    if call.method == "ack" {
        return is_append(&call.receiver, module);
    }
    call.method == "append"
        && own_field(&call.receiver).is_some_and(|field| module.depots.iter().any(|depot| depot.ident == *field))
}

/// The depot and the record of `self.depot.append(record)`, perhaps with `.ack(..)`.
pub(crate) fn append_target(base: &Expr) -> Option<(&Ident, &Expr)> {
    let Expr::MethodCall(call) = base else { return None };
    if call.method == "ack" {
        return append_target(&call.receiver);
    }
    Some((own_field(&call.receiver)?, call.args.first()?))
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
