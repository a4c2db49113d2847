//! `global_partition().await`: resumes once, on task 0.

use super::{Operation, Site};
use proc_macro2::TokenStream;
use quote::quote;

/// `global_partition`.
pub(crate) struct GlobalPartition;

impl Operation for GlobalPartition {
    fn name(&self) -> &'static str {
        "global_partition"
    }

    fn usage(&self) -> &'static str {
        "global_partition().await"
    }

    fn arity(&self) -> usize {
        0
    }

    fn emit(&self, _arguments: &[TokenStream], site: &Site<'_>) -> TokenStream {
        let Site { cx, sink, next, .. } = site;
        let next = next(None, false);
        quote!(#sink.hop(#cx.global(), #next);)
    }
}
