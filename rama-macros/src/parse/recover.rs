//! Bodies with mistakes: every statement that can be understood is, and each other one is reported.
//!
//! What a person is typing does not parse. The rest of the body does: a statement that does not parse is cut out, at its
//! `;`, or where the layout or a keyword says that the next one begins; blocks inside it are understood in the same way.

use super::scan::{is_brace, is_punct};
use crate::diag::{Code, Diagnostics};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Arm, Block, Expr, FieldValue, Stmt, Token};

/// The statements of a block that does not parse as a whole.
pub(super) fn statements(block: &Group, diagnostics: &mut Diagnostics) -> Vec<Stmt> {
    let mut found = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            statement(input, &mut found, diagnostics)?;
        }
        Ok(())
    };
    // Every round takes a token at least, and no round fails.
    if let Err(error) = parser.parse2(block.stream()) {
        diagnostics.syntax(&error);
    }
    found
}

/// One statement, or the report of one that does not parse.
fn statement(input: ParseStream<'_>, found: &mut Vec<Stmt>, diagnostics: &mut Diagnostics) -> syn::Result<()> {
    if input.parse::<Option<Token![;]>>()?.is_some() {
        return Ok(());
    }
    let ahead = input.fork();
    if let Ok(stmt) = ahead.parse::<Stmt>() {
        input.advance_to(&ahead);
        found.push(stmt);
        return Ok(());
    }
    // The value of the block.
    let ahead = input.fork();
    if let Ok(value) = ahead.parse::<Expr>()
        && ahead.is_empty()
    {
        input.advance_to(&ahead);
        found.push(Stmt::Expr(value, None));
        return Ok(());
    }
    let tokens = extent(input)?;
    found.extend(repaired(tokens, diagnostics));
    Ok(())
}

/// Takes the tokens of a statement that does not parse.
fn extent(input: ParseStream<'_>) -> syn::Result<Vec<TokenTree>> {
    let mut tokens: Vec<TokenTree> = Vec::new();
    while !input.is_empty() {
        let next: TokenTree = input.fork().parse()?;
        if begins_another(&tokens, &next) {
            break;
        }
        let token: TokenTree = input.parse()?;
        let ends = is_punct(&token, ';');
        tokens.push(token);
        if ends {
            break;
        }
    }
    Ok(tokens)
}

/// Whether `next` is the first token of another statement: by a keyword that stands in no expression, or because it begins
/// a line, no deeper than the statement's own first token, with what does not continue an expression.
fn begins_another(statement: &[TokenTree], next: &TokenTree) -> bool {
    let (Some(first), Some(last)) = (statement.first(), statement.last()) else {
        return false;
    };
    if let TokenTree::Ident(word) = next {
        let word = word.to_string();
        let condition = matches!(last, TokenTree::Ident(before) if ["if", "while"].contains(&before.to_string().as_str()))
            || is_punct(last, '&')
            || is_punct(last, '|');
        if word == "let" && !condition {
            return true;
        }
        if matches!(word.as_str(), "else" | "as" | "in") {
            return false;
        }
    }
    let (start, place) = (first.span().start(), next.span().start());
    let continues = match next {
        TokenTree::Punct(punct) => !matches!(punct.as_char(), '#' | '*' | '&' | '\''),
        // `fn f()` and its body, `struct S` and its fields.
        TokenTree::Group(_) => true,
        _ => false,
    };
    place.line > last.span().end().line && place.column <= start.column && !continues
}

/// The statement of these tokens, if a semicolon or the blocks in it were all that was wrong; what is wrong is reported.
fn repaired(tokens: Vec<TokenTree>, diagnostics: &mut Diagnostics) -> Option<Stmt> {
    let last = tokens.last().map_or_else(Span::call_site, last_span);
    let error = match one(&tokens, last) {
        Ok(stmt) => return Some(stmt),
        Err(error) => error,
    };
    if let Ok(stmt) = one(&terminated(tokens.clone(), last), last) {
        diagnostics.error_at_with_help(
            Code::Syntax,
            last,
            "this statement has no `;` at its end",
            "write `;` behind it",
        );
        return Some(stmt);
    }
    let mut inside = Inside {
        diagnostics,
        reported: false,
    };
    let tokens = inside.tokens(tokens);
    let reported = inside.reported;
    match one(&terminated(tokens, last), last) {
        Ok(stmt) if reported => Some(stmt),
        _ => {
            // Where a block in it was the mistake, that is what was reported.
            if !reported {
                let message = format!("this statement does not parse: {}", said(&error));
                diagnostics.error_at_with_help(
                    Code::Syntax,
                    error.span(),
                    message,
                    "complete it; the rest was checked without it",
                );
            }
            None
        }
    }
}

/// What syn says, without the words that are about the piece of text that it was given.
pub(crate) fn said(error: &syn::Error) -> String {
    let said = error.to_string();
    let (front, expected) = match said.strip_prefix("unexpected end of input") {
        Some(rest) => ("it ends too early", rest.trim_start_matches(", ")),
        None => ("unexpected token", said.as_str()),
    };
    // A list of all that may begin a pattern helps nobody.
    let is_long = expected.starts_with("expected one of") && expected.matches(", ").count() > 4;
    match (expected.is_empty() || is_long, front) {
        (true, front) => front.to_owned(),
        (false, "unexpected token") => said,
        (false, front) => format!("{front}, {expected}"),
    }
}

/// Where the token ends, for errors that say what is missing behind it.
fn last_span(token: &TokenTree) -> Span {
    match token {
        TokenTree::Group(group) => group.span_close(),
        other => other.span(),
    }
}

fn terminated(mut tokens: Vec<TokenTree>, at: Span) -> Vec<TokenTree> {
    let mut semicolon = proc_macro2::Punct::new(';', proc_macro2::Spacing::Alone);
    semicolon.set_span(at);
    tokens.push(semicolon.into());
    tokens
}

/// The tokens as one statement. An error at their end is at `last`.
fn one(tokens: &[TokenTree], last: Span) -> syn::Result<Stmt> {
    let statement = |input: ParseStream<'_>| input.parse::<Stmt>();
    whole(statement, tokens.iter().cloned().collect(), last)
}

/// All of the tokens as what `parser` reads. An error at their end is at `last`.
pub(crate) fn whole<T>(
    parser: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
    tokens: TokenStream,
    last: Span,
) -> syn::Result<T> {
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(last);
    let inside = |input: ParseStream<'_>| {
        let content;
        syn::braced!(content in input);
        let parsed = parser(&content)?;
        match content.is_empty() {
            true => Ok(parsed),
            false => Err(content.error("unexpected token")),
        }
    };
    inside.parse2(TokenTree::Group(group).into())
}

struct Inside<'a> {
    diagnostics: &'a mut Diagnostics,
    reported: bool,
}

impl Inside<'_> {
    /// The tokens with every block in them that does not parse replaced by what can be understood of it.
    fn tokens(&mut self, tokens: Vec<TokenTree>) -> Vec<TokenTree> {
        tokens
            .into_iter()
            .map(|token| match token {
                TokenTree::Group(group) => TokenTree::Group(self.group(group)),
                other => other,
            })
            .collect()
    }

    fn group(&mut self, group: Group) -> Group {
        if !is_brace(&group) {
            let inner = self.tokens(group.stream().into_iter().collect());
            return replaced(&group, inner.into_iter().collect());
        }
        let tokens = group.stream();
        if Block::parse_within.parse2(tokens.clone()).is_ok()
            || arms.parse2(tokens.clone()).is_ok()
            || fields.parse2(tokens.clone()).is_ok()
        {
            return group;
        }
        if has_arm(tokens.clone()) {
            return self.listed(&group, "these match arms do not parse", arms);
        }
        if begins_with_field(tokens.clone()) {
            return self.listed(&group, "these fields do not parse", fields);
        }
        self.reported = true;
        let statements = statements(&group, self.diagnostics);
        let mut inner = TokenStream::new();
        statements.iter().for_each(|stmt| stmt.to_tokens(&mut inner));
        replaced(&group, inner)
    }
}

impl Inside<'_> {
    /// A group that holds no statements, but what `parser` reads; nothing of it where it does not parse.
    fn listed(&mut self, group: &Group, what: &str, parser: fn(ParseStream<'_>) -> syn::Result<()>) -> Group {
        let tokens = self.tokens(group.stream().into_iter().collect());
        let last = tokens.last().map_or_else(|| group.span_close(), last_span);
        let inner: TokenStream = tokens.into_iter().collect();
        let Err(error) = whole(parser, inner.clone(), last) else {
            return replaced(group, inner);
        };
        if !self.reported {
            let message = format!("{what}: {}", said(&error));
            self.diagnostics.error_at_with_help(
                Code::Syntax,
                error.span(),
                message,
                "complete them; the rest was checked without them",
            );
        }
        self.reported = true;
        replaced(group, TokenStream::new())
    }
}

fn replaced(group: &Group, tokens: TokenStream) -> Group {
    let mut other = Group::new(group.delimiter(), tokens);
    other.set_span(group.span());
    other
}

fn arms(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        input.parse::<Arm>()?;
    }
    Ok(())
}

fn fields(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        if input.peek(Token![..]) {
            input.parse::<Token![..]>()?;
            input.parse::<Expr>()?;
        } else {
            input.parse::<FieldValue>()?;
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

/// Whether `=>` stands in the tokens themselves.
fn has_arm(tokens: TokenStream) -> bool {
    let mut after_equals = false;
    for token in tokens {
        if after_equals && is_punct(&token, '>') {
            return true;
        }
        after_equals = is_punct(&token, '=');
    }
    false
}

/// Whether the tokens begin with `name:`, as those of a struct's value do.
fn begins_with_field(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter();
    let name = tokens.next();
    let colon = tokens.next();
    let rest = tokens.next();
    matches!(name, Some(TokenTree::Ident(_)))
        && colon.is_some_and(|token| is_punct(&token, ':'))
        && !rest.is_some_and(|token| is_punct(&token, ':'))
}

/// A `fn` item's name, wherever it stands in the tokens.
pub(super) fn function_name(tokens: &[TokenTree]) -> Option<Ident> {
    let mut after_fn = false;
    for token in tokens {
        match token {
            TokenTree::Ident(name) if after_fn => return Some(name.clone()),
            TokenTree::Ident(word) => after_fn = word == "fn",
            _ => after_fn = false,
        }
    }
    None
}
