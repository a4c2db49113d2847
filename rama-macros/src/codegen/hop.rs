//! What travels: a scope struct for each resumption point, the enum of all of them, and for each segment the enum of those
//! that it can reach.
//!
//! The types of a scope's fields are type parameters, which rustc infers from the code that makes the scope and the code
//! that takes it apart.

use crate::names;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// `struct Scope3<A0, A1> { word: A0, total: A1 }`, and how it is encoded.
pub(super) fn scope_struct(number: usize, fields: &[Ident]) -> TokenStream {
    let private = names::private();
    let name = names::scope_struct(number);
    let parameters: Vec<Ident> = (0..fields.len()).map(|at| format_ident!("A{at}")).collect();
    quote! {
        struct #name<#(#parameters),*> { #(#fields: #parameters),* }
        #[diagnostic::do_not_recommend]
        impl<#(#parameters: #private::Portable),*> #private::Wire for #name<#(#parameters),*> {
            fn encode(&self, out: &mut ::std::vec::Vec<u8>) -> ::core::result::Result<(), #private::WireError> {
                #(#private::Portable::encode(&self.#fields, out)?;)*
                ::core::result::Result::Ok(())
            }
            fn decode(input: &mut &[u8]) -> ::core::result::Result<Self, #private::WireError> {
                ::core::result::Result::Ok(#name { #(#fields: #private::Portable::decode(input)?),* })
            }
        }
    }
}

/// `enum Hop<H2, H3> { S2(H2), S3(H3) }`, and how it is encoded.
pub(super) fn hop_enum(numbers: &[usize]) -> TokenStream {
    let private = names::private();
    let variants: Vec<Ident> = numbers.iter().map(|number| names::variant(*number)).collect();
    let parameters: Vec<Ident> = numbers.iter().map(|number| names::scope_parameter(*number)).collect();
    let hop = names::hop_enum();
    let tags: Vec<u32> = (0..).take(numbers.len()).collect();
    let encode = if numbers.is_empty() {
        quote!(match *self {})
    } else {
        quote! {
            match self {
                #(#hop::#variants(scope) => {
                    #private::Portable::encode(&#tags, out)?;
                    #private::Wire::encode(scope, out)
                })*
            }
        }
    };
    quote! {
        enum #hop<#(#parameters),*> { #(#variants(#parameters)),* }
        impl<#(#parameters: #private::Wire),*> #private::Wire for #hop<#(#parameters),*> {
            fn encode(&self, out: &mut ::std::vec::Vec<u8>) -> ::core::result::Result<(), #private::WireError> {
                #encode
            }
            fn decode(input: &mut &[u8]) -> ::core::result::Result<Self, #private::WireError> {
                match <u32 as #private::Portable>::decode(input)? {
                    #(#tags => ::core::result::Result::Ok(#hop::#variants(#private::Wire::decode(input)?)),)*
                    unknown => ::core::result::Result::Err(#private::WireError::UnknownHop(unknown)),
                }
            }
        }
    }
}

/// `enum Next1<H2> { S2(H2) }`
pub(super) fn next_enum(number: usize, reached: &[usize]) -> TokenStream {
    let name = names::next_enum(number);
    let variants = reached.iter().map(|number| names::variant(*number));
    let parameters: Vec<Ident> = reached.iter().map(|number| names::scope_parameter(*number)).collect();
    quote!(enum #name<#(#parameters),*> { #(#variants(#parameters)),* })
}

/// `Next1<H2>` as a type.
pub(super) fn next_type(number: usize, reached: &[usize]) -> TokenStream {
    let name = names::next_enum(number);
    let parameters = reached.iter().map(|number| names::scope_parameter(*number));
    quote!(#name<#(#parameters),*>)
}

/// `|next| match next { Next1::S2(scope) => Hop::S2(scope) }`
pub(super) fn widen(number: usize, reached: &[usize]) -> TokenStream {
    let name = names::next_enum(number);
    let variants: Vec<Ident> = reached.iter().map(|number| names::variant(*number)).collect();
    let (ty, hop) = (next_type(number, reached), names::hop_enum());
    quote!(|next: #ty| match next { #(#name::#variants(scope) => #hop::#variants(scope)),* })
}
