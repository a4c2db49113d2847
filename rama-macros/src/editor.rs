//! What an editor sees: the user's functions as they stand, parsed or not.
//!
//! The compiled form of a body is far from its text, and a body that is being typed has none. So the block is also emitted
//! as it is, with our attributes taken off, for rust-analyzer alone, which sets `cfg(rust_analyzer)`. It stands in the
//! arguments of a macro, as rustc parses even what a `cfg` takes away.

use crate::names;
use crate::parse::scan::{is_brace, is_punct};
use crate::parse::topologies::KINDS;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

/// The block for the editor.
pub(crate) fn view(block: &TokenStream) -> TokenStream {
    let private = names::private();
    let block = without_attributes(block.clone());
    // In front of the prelude's, the operations are functions whose values are known behind an `.await`.
    quote! {
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(rust_analyzer)]
            use #private::editor_operations::*;
            #[cfg(rust_analyzer)]
            #private::editor! { #block }
        };
    }
}

/// The block's items without `#[stream(..)]` and the like, which are no macros.
fn without_attributes(block: TokenStream) -> TokenStream {
    let body = |token| match token {
        TokenTree::Group(group) if is_brace(&group) => {
            let mut other = Group::new(group.delimiter(), without_ours(group.stream()));
            other.set_span(group.span());
            TokenTree::Group(other)
        }
        other => other,
    };
    block.into_iter().map(body).collect()
}

fn without_ours(items: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in items {
        if let TokenTree::Group(group) = &token
            && group.delimiter() == Delimiter::Bracket
            && kept.last().is_some_and(|before| is_punct(before, '#'))
            && let Some(TokenTree::Ident(name)) = group.stream().into_iter().next()
            && KINDS.iter().any(|kind| name == kind)
        {
            kept.pop();
            continue;
        }
        kept.push(token);
    }
    kept.into_iter().collect()
}
