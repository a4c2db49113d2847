//! `hash_partition(&key).await`: resumes once, on the task that owns the key.

use super::{Emitted, Operation, Site};
use proc_macro2::TokenStream;
use quote::quote;

/// `hash_partition`.
pub(crate) struct HashPartition;

impl Operation for HashPartition {
    fn name(&self) -> &'static str {
        "hash_partition"
    }

    fn usage(&self) -> &'static str {
        "hash_partition(&key).await"
    }

    fn is_partitioner(&self) -> bool {
        true
    }

    fn emit(&self, arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let Site { cx, next, .. } = site;
        let route = crate::names::local("route");
        let (key, next) = (&arguments[0], next(None, false));
        Emitted::hop(quote!(let #route = #cx.hash(#key)?;), quote!(#route), next)
    }
}
