//! `explode(items).await`: resumes once per item, on this task.

use super::{Emitted, Operation, Site};
use proc_macro2::TokenStream;
use quote::quote;

/// `explode`.
pub(crate) struct Explode;

impl Operation for Explode {
    fn name(&self) -> &'static str {
        "explode"
    }

    fn usage(&self) -> &'static str {
        "explode(items).await"
    }

    fn has_value(&self) -> bool {
        true
    }

    fn emit(&self, arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let Site { sink, next, .. } = site;
        let item = crate::names::value("item", site.call.span);
        let (items, next) = (&arguments[0], next(Some(quote!(#item)), true));
        let private = crate::names::private();
        Emitted::pushed(quote! {
            for #item in ::core::iter::IntoIterator::into_iter(#items) {
                #sink.hop(#private::Route::Here, #next);
            }
        })
    }
}
