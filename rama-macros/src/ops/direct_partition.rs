//! `direct_partition(task).await`: resumes once, on that task; an id out of range fails the event.

use super::{Emitted, Operation, Site};
use proc_macro2::TokenStream;
use quote::quote;

/// `direct_partition`.
pub(crate) struct DirectPartition;

impl Operation for DirectPartition {
    fn name(&self) -> &'static str {
        "direct_partition"
    }

    fn usage(&self) -> &'static str {
        "direct_partition(task).await"
    }

    fn is_partitioner(&self) -> bool {
        true
    }

    fn emit(&self, arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let Site { cx, next, .. } = site;
        let route = crate::names::local("route");
        let (task, next) = (&arguments[0], next(None, false));
        Emitted::hop(quote!(let #route = #cx.direct(#task)?;), quote!(#route), next)
    }
}
