//! Warnings. On stable a macro cannot warn, but the use of a deprecated item does, where the item is named, with the words of its
//! note; and `#[allow(deprecated)]` silences it.

use crate::diag::Code;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Attribute;

/// One warning.
#[derive(Debug)]
pub(crate) struct Warning {
    pub(crate) code: Code,
    pub(crate) at: Span,
    pub(crate) message: String,
    /// `#[allow(..)]` and its kin around the place.
    pub(crate) levels: Vec<Attribute>,
}

impl Warning {
    /// Code that makes rustc warn.
    pub(crate) fn to_tokens(&self) -> TokenStream {
        let (message, levels) = (&self.message, &self.levels);
        let code = Ident::new(self.code.text(), Span::mixed_site());
        let used = Ident::new(self.code.text(), Span::mixed_site().located_at(self.at));
        let warn = quote_spanned!(self.at=> let _ = #used;);
        quote! {
            const _: () = {
                #[deprecated(note = #message)]
                struct #code;
                #(#levels)*
                fn warn() { #warn }
            };
        }
    }
}
