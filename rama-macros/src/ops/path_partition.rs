//! `path_partition(self.p.key(&k)).await`: resumes once, where PState `p` keeps `k`, by its own partitioner.

use super::append::own_field;
use super::{Emitted, Operation, Site};
use crate::codegen::key_function;
use crate::diag::{Code, Diagnostics, choices};
use crate::model::{ModuleDecl, PStateDecl};
use proc_macro2::TokenStream;
use quote::quote;
use syn::Expr;

/// `path_partition`.
pub(crate) struct PathPartition;

impl Operation for PathPartition {
    fn name(&self) -> &'static str {
        "path_partition"
    }

    fn usage(&self) -> &'static str {
        "path_partition(self.pstate.key(&key)).await"
    }

    fn check(&self, arguments: &[Expr], module: &ModuleDecl, diagnostics: &mut Diagnostics) {
        let named = first_key(&arguments[0]).map(|(field, _)| field);
        let is_broken = named.as_ref().is_some_and(|field| module.broken.contains(field));
        if target(&arguments[0], module).is_none() && !is_broken {
            let names = module.pstates.iter().map(|pstate| &pstate.ident);
            diagnostics.error_with_help(
                Code::Await,
                &arguments[0],
                format!(
                    "the path begins with a PState of the module and its first key, as in `{}`",
                    self.usage()
                ),
                choices(
                    &named.map(|field| field.to_string()).unwrap_or_default(),
                    "PStates",
                    names,
                ),
            );
        }
    }

    fn evaluated(&self, argument: &Expr) -> Expr {
        first_key(argument).map_or_else(|| argument.clone(), |(_, key)| key.clone())
    }

    fn is_partitioner(&self) -> bool {
        true
    }

    fn emit(&self, arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let (held, local) = (crate::names::local("key"), crate::names::local("route"));
        let Site {
            cx, next, call, module, ..
        } = site;
        let (key, next) = (&arguments[0], next(None, false));
        let Some(pstate) = target(&call.arguments[0], module) else {
            return Emitted::pushed(TokenStream::new());
        };
        let route = match &pstate.partition_by {
            _ if pstate.global => quote!(#cx.global()),
            None => quote!(#cx.hash(#key)?),
            Some(function) => {
                let part = key_function::apply(function, &quote!(#held));
                quote!({
                    let #held = #key;
                    #cx.hash(&#part)?
                })
            }
        };
        Emitted::hop(quote!(let #local = #route;), quote!(#local), next)
    }
}

fn target<'a>(argument: &Expr, module: &'a ModuleDecl) -> Option<&'a PStateDecl> {
    let (field, _) = first_key(argument)?;
    module.pstates.iter().find(|pstate| pstate.ident == field)
}

/// The PState and the first key of `self.p.key(&k)...`.
pub(crate) fn first_key(argument: &Expr) -> Option<(syn::Ident, &Expr)> {
    let Expr::MethodCall(call) = argument else { return None };
    if call.method == "key"
        && let Some(field) = own_field(&call.receiver)
    {
        return Some((field.clone(), call.args.first()?));
    }
    first_key(&call.receiver)
}
