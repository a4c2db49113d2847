//! Questions about tokens that need not parse.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// How deep code may nest. Every level costs the compiler (and rustc) a piece of its stack, in unoptimised builds several
/// kilobytes; a body written by a person has ten.
pub(crate) const DEEPEST: usize = 64;

/// How many tokens one statement may have between two `;`, `,` or delimiters: chains of operators or calls nest as well.
pub(crate) const LONGEST: usize = 600;

/// Whether the group is `{ .. }`.
pub(crate) fn is_brace(group: &Group) -> bool {
    group.delimiter() == Delimiter::Brace
}

/// Whether the token is this character.
pub(crate) fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

/// The place where the tokens nest too deep.
pub(crate) fn too_deep(tokens: &TokenStream) -> Option<Span> {
    // Not recursive itself. Each level is what is left of a group, and how long its current run of tokens is.
    let mut open: Vec<Level> = vec![Level::new(tokens.clone())];
    let mut nesting = 0;
    while let Some(level) = open.last_mut() {
        let Some(token) = level.rest.next() else {
            nesting -= level.run;
            open.pop();
            continue;
        };
        let is_else = matches!(&token, TokenTree::Ident(word) if word == "else");
        let ends = matches!(&token, TokenTree::Punct(punct) if matches!(punct.as_char(), ';' | ','));
        if ends || (level.after_block && !is_else) {
            nesting -= level.run;
            level.run = 0;
        }
        level.after_block = matches!(&token, TokenTree::Group(group) if is_brace(group));
        nesting += 1;
        level.run += 1;
        if nesting > LONGEST {
            return Some(token.span());
        }
        if let TokenTree::Group(group) = token {
            if open.len() > DEEPEST {
                return Some(group.span_open());
            }
            open.push(Level::new(group.stream()));
        }
    }
    None
}

struct Level {
    rest: proc_macro2::token_stream::IntoIter,
    run: usize,
    after_block: bool,
}

impl Level {
    fn new(tokens: TokenStream) -> Self {
        Level {
            rest: tokens.into_iter(),
            run: 0,
            after_block: false,
        }
    }
}
