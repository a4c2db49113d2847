//! `custom_partition(|tasks| ..).await`: resumes once, on the task that the function, given their number, chose.

use super::{Emitted, Operation, Site};
use proc_macro2::TokenStream;
use quote::quote;

/// `custom_partition`.
pub(crate) struct CustomPartition;

impl Operation for CustomPartition {
    fn name(&self) -> &'static str {
        "custom_partition"
    }

    fn usage(&self) -> &'static str {
        "custom_partition(|tasks| ..).await"
    }

    fn is_partitioner(&self) -> bool {
        true
    }

    fn emit(&self, arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let Site { cx, next, .. } = site;
        let route = crate::names::local("route");
        let (choose, next) = (&arguments[0], next(None, false));
        Emitted::hop(quote!(let #route = #cx.custom(#choose)?;), quote!(#route), next)
    }
}
