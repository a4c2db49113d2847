//! `external(future).await`: resumes once, when the future is done; the task thread is free meanwhile.
//!
//! A future cannot be stored. So its argument is evaluated in an event of its own, behind a cut ([`super::before_external`]) whose scope
//! can be: after a crash that event is run again.

use super::{Emitted, Operation, Site};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

/// `external`.
pub(crate) struct External;

impl Operation for External {
    fn name(&self) -> &'static str {
        "external"
    }

    fn usage(&self) -> &'static str {
        "external(future).await"
    }

    fn has_value(&self) -> bool {
        true
    }

    fn is_made_again(&self) -> bool {
        true
    }

    fn makes_scope_later(&self) -> bool {
        true
    }

    fn emit(&self, arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let Site { sink, next, lends, .. } = site;
        let let_future = crate::names::local("future");
        let output = crate::names::value("output", site.call.span);
        let (future, next) = (&arguments[0], next(Some(quote!(#output)), false));
        // The closure takes the live variables along: where that is a mistake, it is shown at the await.
        let span = site.call.span;
        let then = quote_spanned!(span=> move |#output| { #next });
        Emitted::pushed(quote! {
            let #let_future = #future;
            #lends
            #sink.external(#let_future, #then);
        })
    }
}
