//! `yield_if_overtime().await`: resumes once, after other events had their turn if this one ran over its budget.

use super::{Emitted, Operation, Site};
use proc_macro2::TokenStream;
use quote::quote;

/// `yield_if_overtime`.
pub(crate) struct YieldIfOvertime;

impl Operation for YieldIfOvertime {
    fn name(&self) -> &'static str {
        "yield_if_overtime"
    }

    fn usage(&self) -> &'static str {
        "yield_if_overtime().await"
    }

    fn arity(&self) -> usize {
        0
    }

    fn emit(&self, _arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let next = (site.next)(None, false);
        let private = crate::names::private();
        Emitted::hop(TokenStream::new(), quote!(#private::Route::Yield), next)
    }
}
