//! Not an operation of the language: the body goes on in another segment, in the same event.

use super::{Operation, Site};
use proc_macro2::TokenStream;
use quote::quote;

/// A cut behind a join ([`crate::analyze::joins`]).
pub(crate) struct Jump;

impl Operation for Jump {
    fn name(&self) -> &'static str {
        "jump"
    }

    fn usage(&self) -> &'static str {
        ""
    }

    fn arity(&self) -> usize {
        0
    }

    fn ends_event(&self) -> bool {
        false
    }

    fn emit(&self, _arguments: &[TokenStream], site: &Site<'_>) -> TokenStream {
        let Site { sink, next, .. } = site;
        let next = next(None, false);
        let private = crate::names::private();
        // The last emit: `Flow::Jumped` takes it back.
        quote!(#sink.hop(#private::Route::Here, #next);)
    }
}
