//! `hash_by = |r| &r.user`: code that extracts a key, put where it is needed.

use crate::model::KeyFunction;
use proc_macro2::TokenStream;
use quote::quote;

/// The key of `value`, which is an expression that yields a reference. A closure's body is put in place, as a closure that
/// returns a borrow of its argument would need a type annotation.
pub(crate) fn apply(function: &KeyFunction, value: &TokenStream) -> TokenStream {
    match function {
        KeyFunction::Closure(closure) => {
            let (parameter, body) = (closure.inputs.first(), &closure.body);
            quote!({ let #parameter = #value; #body })
        }
        KeyFunction::Path(path) => quote!(#path(#value)),
    }
}
