//! What a scope holds: the live variables, or those of their fields that are in use, and witnesses of types.

use crate::analyze::mentions::unraw;
use crate::ir::{Await, BindingId, Body, Lent};
use crate::names;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

/// The field that holds the awaited value.
pub(super) fn value_field() -> Ident {
    format_ident!("__value")
}

/// Makes the type of `variable` that of `witness`. The code is checked for types, but nothing leads to it, so the variable need
/// not have a value.
pub(super) fn same_type(witness: &TokenStream, variable: &TokenStream) -> TokenStream {
    let private = names::private();
    quote! {
        if false {
            return ::core::result::Result::Err(#private::EventError::new(""));
            #private::same_type(&#witness, &#variable);
        }
    }
}

/// What travels of the value that is awaited, or of a variable, if what it refers to does: a copy of that.
pub(super) fn lend(lent: Lent, variable: &TokenStream, span: Span) -> TokenStream {
    let private = names::private();
    let lend = match lent {
        Lent::Text => quote!(#private::lend_text),
        Lent::Bytes => quote!(#private::lend_bytes),
    };
    let lend = names::at(lend, span);
    quote_spanned!(span=> #lend(#variable))
}

/// What a variable refers to behind the hop, given what travelled.
pub(super) fn lent(lent: Lent, field: &TokenStream) -> TokenStream {
    let private = names::private();
    match lent {
        Lent::Text => quote!(#private::lent_text(&#field)),
        Lent::Bytes => quote!(#private::lent_bytes(&#field)),
    }
}

/// The type of such a variable.
pub(super) fn lent_type(lent: Lent) -> TokenStream {
    match lent {
        Lent::Text => quote!(&::core::primitive::str),
        Lent::Bytes => quote!(&[::core::primitive::u8]),
    }
}

/// What one field of a scope holds.
pub(super) struct ScopeField {
    pub(super) ident: Ident,
    pub(super) binding: BindingId,
    /// A field of the variable, instead of all of it.
    pub(super) part: Option<String>,
    /// Only the variable's type.
    pub(super) witness: bool,
    /// What it refers to.
    pub(super) lent: Option<Lent>,
    /// As the user would call it.
    pub(super) text: String,
}

/// The fields of the scope of `awaited`, in order of the variables' declaration, without the awaited value. Each has its
/// variable's name, with a number where two of one name travel together.
pub(super) fn scope_fields(body: &Body, awaited: &Await) -> Vec<ScopeField> {
    let mut fields: Vec<ScopeField> = Vec::new();
    for &binding in awaited.live.union(&awaited.witnessed) {
        let name = unraw(&body.bindings[binding].ident);
        let lent = body.bindings[binding].lent;
        let witness = awaited.witnessed.contains(&binding);
        if witness && lent.is_some() {
            // Its type is written.
            continue;
        }
        let parts = match awaited.parts.get(&binding) {
            Some(parts) => parts.iter().cloned().map(Some).collect(),
            None => vec![None],
        };
        for part in parts {
            let text = part
                .as_ref()
                .map_or_else(|| name.clone(), |part| format!("{name}.{part}"));
            let plain = text.replace('.', "_");
            let plain = if syn::parse_str::<Ident>(&plain).is_ok() {
                plain
            } else {
                format!("_{plain}")
            };
            let taken = fields.iter().any(|field| field.ident == plain);
            let ident = if taken {
                format_ident!("{plain}_{binding}")
            } else {
                format_ident!("{plain}")
            };
            fields.push(ScopeField {
                ident,
                binding,
                part,
                witness,
                lent,
                text,
            });
        }
    }
    fields
}

/// A field by its text: a name or an index.
pub(super) fn member(part: &str) -> syn::Member {
    match part.parse::<usize>() {
        Ok(index) => syn::Member::Unnamed(index.into()),
        Err(_) => syn::Member::Named(
            syn::parse_str(part).unwrap_or_else(|_| Ident::new_raw(part, proc_macro2::Span::call_site())),
        ),
    }
}
