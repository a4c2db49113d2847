//! `all_partition().await`: resumes once on every task, this one included.

use super::{Emitted, Operation, Site};
use proc_macro2::TokenStream;
use quote::quote;

/// `all_partition`.
pub(crate) struct AllPartition;

impl Operation for AllPartition {
    fn name(&self) -> &'static str {
        "all_partition"
    }

    fn usage(&self) -> &'static str {
        "all_partition().await"
    }

    fn arity(&self) -> usize {
        0
    }

    fn emit(&self, _arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let Site { cx, sink, next, .. } = site;
        let route = crate::names::local("route");
        let next = next(None, true);
        Emitted::pushed(quote! {
            for #route in #cx.all() {
                #sink.hop(#route, #next);
            }
        })
    }
}
