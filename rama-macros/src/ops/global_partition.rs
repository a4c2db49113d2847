//! `global_partition().await`: resumes once, on task 0.

use super::{Emitted, Operation, Site};
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

    fn is_partitioner(&self) -> bool {
        true
    }

    fn emit(&self, _arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let Site { cx, next, .. } = site;
        let next = next(None, false);
        Emitted::hop(TokenStream::new(), quote!(#cx.global()), next)
    }
}
