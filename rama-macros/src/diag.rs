//! Errors, collected: a stage reports all that it finds, and the pipeline stops after the stage, not after the first.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

/// A stable code of a user's mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    /// The syntax of a declaration or an attribute.
    Syntax,
    /// A declaration that names something that does not exist, or an option that is not known.
    Declaration,
    /// A PState written by a topology that does not own it.
    Ownership,
    /// An await or an operation where it cannot stand.
    Await,
    /// An operation of another kind of topology.
    Kind,
    /// An operation that calls itself.
    Recursion,
    /// A PState's partition touched by a key that may live on another task.
    Alignment,
    /// A stream that may apply two edits of one key in the wrong order: a warning.
    Reordering,
}

impl Code {
    /// The code as the user sees it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Code::Syntax => "RM0001",
            Code::Declaration => "RM0002",
            Code::Ownership => "RM0003",
            Code::Await => "RM0004",
            Code::Kind => "RM0005",
            Code::Recursion => "RM0006",
            Code::Alignment => "RM0007",
            Code::Reordering => "RM0008",
        }
    }
}

/// One error.
#[derive(Debug)]
pub(crate) struct Diagnostic {
    pub(crate) code: Code,
    pub(crate) from: Span,
    pub(crate) to: Span,
    pub(crate) message: String,
}

/// The errors found so far. Dropping it with unreported errors is a mistake of ours, which tests catch.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Reports an error at all the tokens of `at`. The message says what, and the way out.
    pub(crate) fn error(&mut self, code: Code, at: &dyn quote::ToTokens, message: impl Into<String>) {
        let mut tokens = TokenStream::new();
        at.to_tokens(&mut tokens);
        let mut spans = tokens.into_iter().map(|token| token.span());
        let from = spans.next().unwrap_or_else(Span::call_site);
        let to = spans.last().unwrap_or(from);
        self.found.push(Diagnostic {
            code,
            from,
            to,
            message: message.into(),
        });
    }

    /// Reports an error at one span.
    pub(crate) fn error_at(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.found.push(Diagnostic {
            code,
            from: span,
            to: span,
            message: message.into(),
        });
    }

    /// Takes over the errors of a parser.
    pub(crate) fn syntax(&mut self, error: &syn::Error) {
        for error in error.clone() {
            let span = error.span();
            self.found.push(Diagnostic {
                code: Code::Syntax,
                from: span,
                to: span,
                message: error.to_string(),
            });
        }
    }

    /// Whether nothing was reported.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The errors, in the order of the source text.
    #[cfg(test)]
    pub(crate) fn sorted(&self) -> Vec<&Diagnostic> {
        let mut found: Vec<_> = self.found.iter().collect();
        found.sort_by_key(|diagnostic| {
            let start = diagnostic.from.start();
            (start.line, start.column)
        });
        found
    }

    /// The errors as code that makes rustc report them, each at its own tokens.
    pub(crate) fn to_compile_errors(&self) -> TokenStream {
        self.found.iter().map(Diagnostic::to_compile_error).collect()
    }
}

impl Diagnostic {
    fn to_compile_error(&self) -> TokenStream {
        let message = format!("[{}] {}", self.code.text(), self.message);
        let (from, to) = (self.from, self.to);
        // rustc shows a macro call from its first to its last token: two spans make it a range on stable.
        let head = quote_spanned!(from=> ::core::compile_error!);
        let mut body = quote_spanned!(to=> { #message });
        if let Some(proc_macro2::TokenTree::Group(group)) = body.clone().into_iter().next() {
            let mut group = group;
            group.set_span(to);
            body = proc_macro2::TokenTree::Group(group).into();
        }
        quote::quote!(#head #body)
    }
}

/// `a`, `b` and `c`: a list of what would have been right.
pub(crate) fn list<I>(names: I) -> String
where
    I: IntoIterator,
    I::Item: std::fmt::Display,
{
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
