//! `#[module]`: the struct itself, and the macro that hands its declaration to `topology!`.
//!
//! Two macros of one module cannot see each other's input. So `#[module]` makes a `macro_rules!` macro that holds the
//! declaration, under the struct's own name (macros and types live in different namespaces, so importing the one brings
//! the other), and `topology!` calls it: the compiler behind it then sees both.

use crate::diag::{Code, Diagnostics};
use crate::model::ModuleDecl;
use crate::{names, parse};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Fields, ItemStruct};

/// Expands `#[module]`.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    if let Some(span) = parse::scan::too_deep(&item) {
        parse::block::nests_too_deep(span, &mut diagnostics);
        return diagnostics.to_compile_errors();
    }
    let item = match syn::parse2::<ItemStruct>(item.clone()) {
        Ok(mut item) => {
            // The options travel with the struct, to be seen by `topology!` too.
            if !arguments.is_empty() {
                item.attrs.push(syn::parse_quote!(#[module(#arguments)]));
            }
            item
        }
        Err(_) => {
            diagnostics.error(Code::Syntax, &item, "`#[module]` stands on a struct with named fields");
            let errors = diagnostics.to_compile_errors();
            let nothing = type_name(&item).map(|name| declaration_macro(&name, &TokenStream::new()));
            let declared = type_name(&item).map(|name| {
                let private = names::private();
                quote!(impl #private::Declared for #name {})
            });
            return quote!(#item #nothing #declared #errors);
        }
    };
    let module = parse::module::parse(&item, &mut diagnostics);
    let errors = diagnostics.to_compile_errors();
    let view = view(&item);
    let declaration = hand_over(&item);
    let records = records(&module);
    let declared = declared(&item);
    quote!(#view #declaration #declared #records #errors)
}

/// The struct as the user wrote it, without our attributes.
fn view(item: &ItemStruct) -> TokenStream {
    let mut view = item.clone();
    view.attrs.retain(|attribute| !parse::module::is_options(attribute));
    if let Fields::Named(fields) = &mut view.fields {
        for field in &mut fields.named {
            field.attrs.retain(|attribute| !parse::module::is_ours(attribute));
        }
    }
    // A depot that no body reads is still an input of the module.
    quote!(#[allow(dead_code)] #view)
}

/// Says that the struct has `#[module]`, for `topology!` to check.
fn declared(item: &ItemStruct) -> TokenStream {
    let (private, name) = (names::private(), &item.ident);
    let (parameters, arguments, conditions) = item.generics.split_for_impl();
    quote!(impl #parameters #private::Declared for #name #arguments #conditions {})
}

/// Checks that every depot can hold its records, at the record's type.
fn records(module: &ModuleDecl) -> TokenStream {
    let private = names::private();
    let checks = module.depots.iter().map(|depot| {
        let (span, record) = (depot.record.span(), &depot.record);
        let check = names::at(quote!(#private::record), span);
        quote_spanned!(span=> #check::<#record>();)
    });
    quote! {
        const _: () = {
            #[allow(dead_code)]
            fn records() { #(#checks)* }
        };
    }
}

/// The name of an `enum` or `union`. Its topologies are no further mistake.
fn type_name(item: &TokenStream) -> Option<Ident> {
    let mut after_keyword = false;
    for token in item.clone() {
        match token {
            TokenTree::Ident(name) if after_keyword => return Some(name),
            TokenTree::Ident(word) => after_keyword = word == "enum" || word == "union",
            _ => after_keyword = false,
        }
    }
    None
}

fn hand_over(item: &ItemStruct) -> TokenStream {
    let private = names::private();
    let tokens = item.to_token_stream();
    declaration_macro(&item.ident, &quote!(#private::compile! { { #tokens } $($block)* }))
}

/// The macro that `topology!` calls.
fn declaration_macro(name: &Ident, expansion: &TokenStream) -> TokenStream {
    let declaration = names::declaration_macro(name);
    quote! {
        #[doc(hidden)]
        #[allow(unused_macros, clippy::crate_in_macro_def)]
        macro_rules! #declaration {
            ($($block:tt)*) => { #expansion };
        }
        #[doc(hidden)]
        #[allow(unused_imports)]
        pub(crate) use #declaration as #name;
    }
}
