//! `fork(async { .. })`: the block goes on as a branch of its own.

use super::{Emitted, Operation, Site};
use proc_macro2::TokenStream;
use quote::quote;

/// `fork`.
pub(crate) struct Fork;

impl Operation for Fork {
    fn name(&self) -> &'static str {
        "fork"
    }

    fn usage(&self) -> &'static str {
        "fork(async { .. })"
    }

    fn arity(&self) -> usize {
        0
    }

    fn emit(&self, _arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let Site { sink, next, .. } = site;
        // A forked branch starts on this task, as the next event; the code after it goes on with what it still needs.
        let next = next(None, true);
        let private = crate::names::private();
        Emitted::pushed(quote!(#sink.hop(#private::Route::Here, #next);))
    }
}
