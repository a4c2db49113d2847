//! The `impl` block, whole or in pieces: items that parse are in it, the others are reported.

use super::recover::{function_name, said, statements, whole};
use super::scan::{DEEPEST, is_brace, is_punct, too_deep};
use crate::diag::{Code, Diagnostics};
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{ImplItem, ItemImpl};

/// A block as far as it could be understood.
pub(crate) struct Understood {
    /// With every item that parses.
    pub(crate) block: ItemImpl,
    /// Functions whose body misses statements that do not parse.
    pub(crate) incomplete: Vec<Ident>,
    /// Functions that are not in the block, as their head does not parse.
    pub(crate) lost: Vec<Ident>,
}

impl Understood {
    fn new(block: ItemImpl) -> Self {
        Understood {
            block,
            incomplete: Vec::new(),
            lost: Vec::new(),
        }
    }
}

/// Understands the block; nothing of it where not even its head parses, or where it nests too deep.
pub(crate) fn parse(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Option<Understood> {
    if let Some(span) = too_deep(&tokens) {
        nests_too_deep(span, diagnostics);
        return None;
    }
    if let Ok(block) = syn::parse2::<ItemImpl>(tokens.clone()) {
        return Some(Understood::new(block));
    }
    let (block, items) = head(tokens, diagnostics)?;
    let mut all = Understood::new(block);
    for item in split(items.stream()) {
        all.add(item, diagnostics);
    }
    Some(all)
}

/// Reports code that nests deeper than the compiler goes.
pub(crate) fn nests_too_deep(span: Span, diagnostics: &mut Diagnostics) {
    diagnostics.error_at_with_help(
        Code::Syntax,
        span,
        format!("this code nests too deep: the compiler follows {DEEPEST} levels of delimiters, and chains of moderate length"),
        "move the inner part to a function of its own",
    );
}

/// The block without its items, and the group that holds them.
pub(crate) fn head(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Option<(ItemImpl, Group)> {
    let mut front = Vec::new();
    let mut tokens = tokens.into_iter();
    let items = tokens.by_ref().find_map(|token| match token {
        TokenTree::Group(group) if is_brace(&group) => Some(group),
        other => {
            front.push(other);
            None
        }
    });
    let Some(items) = items else {
        let at: TokenStream = front.into_iter().collect();
        no_block(&at, diagnostics);
        return None;
    };
    let rest: TokenStream = tokens.collect();
    if !rest.is_empty() {
        diagnostics.error_with_help(
            Code::Syntax,
            &rest,
            "topologies stand in one `impl` block, and this stands behind it",
            "move it out of `topology!`",
        );
    }
    let front: TokenStream = front.into_iter().collect();
    match syn::parse2::<ItemImpl>(quote!(#front {})) {
        Ok(block) => Some((block, items)),
        Err(_) if front.is_empty() => {
            no_block(&items, diagnostics);
            None
        }
        Err(_) => {
            no_block(&front, diagnostics);
            None
        }
    }
}

fn no_block(at: &dyn ToTokens, diagnostics: &mut Diagnostics) {
    diagnostics.error_with_help(
        Code::Syntax,
        at,
        "topologies stand in an `impl` block of the module's struct",
        "write `topology! { impl Module { .. } }`",
    );
}

/// The tokens of each item. An item ends at a `;`, or behind the body of a function; and where the next one's attributes or
/// its `async fn` begin, if it has neither.
fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut items = Vec::new();
    let mut item: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let in_function = function_name(&item).is_some();
        let begins =
            is_punct(&token, '#') || matches!(&token, TokenTree::Ident(word) if word == "async" || word == "pub");
        if in_function && begins {
            items.push(std::mem::take(&mut item));
        }
        let ends = match &token {
            // `const N: usize = { 1 };` goes on.
            TokenTree::Group(group) => is_brace(group) && !item.iter().any(|token| is_punct(token, '=')),
            other => is_punct(other, ';'),
        };
        item.push(token);
        if ends {
            items.push(std::mem::take(&mut item));
        }
    }
    if !item.is_empty() {
        items.push(item);
    }
    items
}

impl Understood {
    /// Adds the item, or what there is of it.
    fn add(&mut self, item: Vec<TokenTree>, diagnostics: &mut Diagnostics) {
        let last = item.last().map_or_else(Span::call_site, TokenTree::span);
        let parsed = |tokens: &[TokenTree]| {
            let tokens: TokenStream = tokens.iter().cloned().collect();
            whole(|input: ParseStream<'_>| input.parse::<ImplItem>(), tokens, last)
        };
        let mut error = match parsed(&item) {
            Ok(item) => return self.block.items.push(item),
            Err(error) => error,
        };
        let Some(name) = function_name(&item) else {
            let message = format!("this item does not parse: {}", said(&error));
            let help = "an `impl` block holds functions, constants and types";
            diagnostics.error_at_with_help(Code::Syntax, error.span(), message, help);
            return;
        };
        if let Some((TokenTree::Group(body), front)) = item.split_last()
            && is_brace(body)
        {
            let mut empty = front.to_vec();
            let mut braces = Group::new(proc_macro2::Delimiter::Brace, TokenStream::new());
            braces.set_span(body.span());
            empty.push(braces.into());
            match parsed(&empty) {
                Ok(ImplItem::Fn(mut function)) => {
                    function.block.stmts = statements(body, diagnostics);
                    self.block.items.push(ImplItem::Fn(function));
                    self.incomplete.push(name);
                    return;
                }
                Ok(_) => {}
                Err(head) => error = head,
            }
        }
        let message = format!("the head of function `{name}` does not parse: {}", said(&error));
        diagnostics.error_at_with_help(Code::Syntax, error.span(), message, SIGNATURE);
        self.lost.push(name);
    }
}

const SIGNATURE: &str =
    "a stream is written `#[stream(source = DEPOT)] async fn name(&mut self, record: Record) { .. }`";
