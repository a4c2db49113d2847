//! Control flow inside macro calls: `println!("{}", return)`, `vec![parse(text)?]`.
//!
//! A macro's tokens mean what the macro makes of them. Where they read as expressions, as those of `println!` and `vec!` do,
//! control flow in them is translated as anywhere else; where they do not, it is an error.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Expr, Macro, Token};

/// What a macro call may contain that leaves it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    Return,
    Jump,
    Question,
}

/// The first of `wanted` in the macro's tokens.
pub(crate) fn leaves(mac: &Macro, wanted: &[Leaving]) -> Option<Span> {
    search(mac.tokens.clone(), wanted)
}

fn search(tokens: TokenStream, wanted: &[Leaving]) -> Option<Span> {
    let mut after_dot = false;
    for token in tokens {
        let found = match &token {
            TokenTree::Ident(ident) if !after_dot => match ident.to_string().as_str() {
                "return" => wanted.contains(&Leaving::Return),
                "break" | "continue" => wanted.contains(&Leaving::Jump),
                _ => false,
            },
            TokenTree::Punct(punct) => punct.as_char() == '?' && wanted.contains(&Leaving::Question),
            TokenTree::Group(group) => {
                let inner = search(group.stream(), wanted);
                if inner.is_some() {
                    return inner;
                }
                false
            }
            _ => false,
        };
        if found {
            return Some(token.span());
        }
        after_dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
    }
    None
}

/// Rewrites the macro's arguments, if its tokens read as expressions. Says whether they do.
pub(crate) fn rewrite(mac: &mut Macro, mut visit: impl FnMut(&mut Expr)) -> bool {
    match mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
        Ok(mut arguments) => {
            arguments.iter_mut().for_each(&mut visit);
            mac.tokens = arguments.to_token_stream();
            true
        }
        Err(_) => false,
    }
}
