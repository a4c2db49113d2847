//! What travels: a scope struct for each resumption point, the enum of all of them, and for each segment the enum of those
//! that it can reach.
//!
//! The types of a scope's fields are type parameters, which rustc infers from the code that makes the scope and the code
//! that takes it apart.

use crate::names;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// `struct Scope3<A0, A1> { word: A0, total: A1 }`, and how it is encoded.
/// `makes_future`: the segment that takes it makes a future, before all else.
pub(super) fn scope_struct(number: usize, fields: &[Ident], makes_future: bool) -> TokenStream {
    let private = names::private();
    let makes_future = makes_future.then(|| {
        quote! {
            const MAKES_FUTURES: bool = true;
            fn makes_future(&self) -> bool { true }
        }
    });
    let name = names::scope_struct(number);
    let parameters: Vec<Ident> = (0..fields.len()).map(|at| format_ident!("A{at}")).collect();
    quote! {
        struct #name<#(#parameters),*> { #(#fields: #parameters),* }
        #[diagnostic::do_not_recommend]
        impl<#(#parameters: #private::Portable),*> #private::Wire for #name<#(#parameters),*> {
            #makes_future
            fn encode(&self, out: &mut ::std::vec::Vec<u8>) -> ::core::result::Result<(), #private::WireError> {
                #(#private::Portable::encode(&self.#fields, out)?;)*
                ::core::result::Result::Ok(())
            }
            fn decode(input: &mut &[u8]) -> ::core::result::Result<Self, #private::WireError> {
                ::core::result::Result::Ok(#name { #(#fields: #private::Portable::decode(input)?),* })
            }
            #[inline(always)]
            fn leaves<L: #private::Leaves>(&mut self, leaves: &mut L) {
                #(#private::Portable::leaves(&mut self.#fields, leaves);)*
            }
        }
    }
}

/// How many variants an enum of scopes has at most. Every mention of a generic enum costs rustc all of its parameters, and
/// every scope mentions its enum: large topologies have an enum of enums.
const GROUP: usize = 16;

/// The enum of all scopes of a topology.
pub(super) struct HopEnum {
    /// The scopes in each group; a single group is the enum itself.
    groups: Vec<Vec<usize>>,
    /// Whether some of them make futures.
    futures: bool,
}

impl HopEnum {
    pub(super) fn new(numbers: &[usize], futures: bool) -> HopEnum {
        HopEnum {
            groups: numbers.chunks(GROUP).map(<[usize]>::to_vec).collect(),
            futures,
        }
    }

    /// `enum Hop<H2, H3> { S2(H2), S3(H3) }`, and how it is encoded.
    pub(super) fn items(&self) -> TokenStream {
        let variants = |group: &[usize]| group.iter().map(|number| names::variant(*number)).collect::<Vec<_>>();
        match self.groups.as_slice() {
            [] => wire_enum(&names::hop_enum(), &[], self.futures),
            [all] => wire_enum(&names::hop_enum(), &variants(all), self.futures),
            groups => {
                let outer: Vec<Ident> = (0..groups.len()).map(names::group_variant).collect();
                let inner = groups
                    .iter()
                    .enumerate()
                    .map(|(at, group)| wire_enum(&names::hop_group(at), &variants(group), self.futures));
                let outer = wire_enum(&names::hop_enum(), &outer, self.futures);
                quote!(#(#inner)* #outer)
            }
        }
    }

    /// `Hop<H2, H3>`, in terms of the scopes' parameters.
    pub(super) fn ty(&self) -> TokenStream {
        let hop = names::hop_enum();
        let parameters = |group: &Vec<usize>| {
            let parameters = group.iter().map(|number| names::scope_parameter(*number));
            quote!(#(#parameters),*)
        };
        match self.groups.as_slice() {
            [] => quote!(#hop),
            [all] => {
                let all = parameters(all);
                quote!(#hop<#all>)
            }
            groups => {
                let groups = groups.iter().enumerate().map(|(at, group)| {
                    let (name, parameters) = (names::hop_group(at), parameters(group));
                    quote!(#name<#parameters>)
                });
                quote!(#hop<#(#groups),*>)
            }
        }
    }

    /// `Hop::S3(scope)`, as an expression and as a pattern.
    pub(super) fn variant(&self, number: usize, scope: &TokenStream) -> TokenStream {
        let (hop, variant) = (names::hop_enum(), names::variant(number));
        match self.groups.iter().position(|group| group.contains(&number)) {
            Some(at) if self.groups.len() > 1 => {
                let (group, outer) = (names::hop_group(at), names::group_variant(at));
                quote!(#hop::#outer(#group::#variant(#scope)))
            }
            _ => quote!(#hop::#variant(#scope)),
        }
    }

    /// `|next| match next { Next1::S2(scope) => Hop::S2(scope) }`
    pub(super) fn widen(&self, number: usize, reached: &[usize]) -> TokenStream {
        let name = names::next_enum(number);
        let arms = reached.iter().map(|number| {
            let (variant, hop) = (names::variant(*number), self.variant(*number, &quote!(scope)));
            quote!(#name::#variant(scope) => #hop)
        });
        quote!(|next| match next { #(#arms),* })
    }
}

/// An enum with one field a variant, each of a type parameter, and how it is encoded.
fn wire_enum(name: &Ident, variants: &[Ident], futures: bool) -> TokenStream {
    let private = names::private();
    let parameters: Vec<Ident> = (0..variants.len()).map(|at| format_ident!("A{at}")).collect();
    let tags: Vec<u32> = (0..).take(variants.len()).collect();
    let leaves = if variants.is_empty() {
        quote!(match *self {})
    } else {
        quote!(match self { #(#name::#variants(scope) => #private::Wire::leaves(scope, leaves),)* })
    };
    let makes_future = futures.then(|| {
        quote! {
            const MAKES_FUTURES: bool = #(#parameters::MAKES_FUTURES)||*;
            #[inline(always)]
            fn makes_future(&self) -> bool {
                match self { #(#name::#variants(scope) => #private::Wire::makes_future(scope),)* }
            }
        }
    });
    let encode = if variants.is_empty() {
        quote!(match *self {})
    } else {
        quote! {
            match self {
                #(#name::#variants(scope) => {
                    #private::Portable::encode(&#tags, out)?;
                    #private::Wire::encode(scope, out)
                })*
            }
        }
    };
    quote! {
        enum #name<#(#parameters),*> { #(#variants(#parameters)),* }
        impl<#(#parameters: #private::Wire),*> #private::Wire for #name<#(#parameters),*> {
            #makes_future
            fn encode(&self, out: &mut ::std::vec::Vec<u8>) -> ::core::result::Result<(), #private::WireError> {
                #encode
            }
            fn decode(input: &mut &[u8]) -> ::core::result::Result<Self, #private::WireError> {
                match <u32 as #private::Portable>::decode(input)? {
                    #(#tags => ::core::result::Result::Ok(#name::#variants(#private::Wire::decode(input)?)),)*
                    unknown => ::core::result::Result::Err(#private::WireError::UnknownHop(unknown)),
                }
            }
            #[inline(always)]
            fn leaves<L: #private::Leaves>(&mut self, leaves: &mut L) {
                #leaves
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
