//! `shuffle_partition().await`: resumes once, on a task chosen round robin.

use super::{Emitted, Operation, Site};
use proc_macro2::TokenStream;
use quote::quote;

/// `shuffle_partition`.
pub(crate) struct ShufflePartition;

impl Operation for ShufflePartition {
    fn name(&self) -> &'static str {
        "shuffle_partition"
    }

    fn usage(&self) -> &'static str {
        "shuffle_partition().await"
    }

    fn arity(&self) -> usize {
        0
    }

    fn is_partitioner(&self) -> bool {
        true
    }

    fn emit(&self, _arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let Site { cx, next, .. } = site;
        let route = crate::names::local("route");
        let next = next(None, false);
        Emitted::hop(quote!(let #route = #cx.shuffle();), quote!(#route), next)
    }
}
