//! Errors, collected: a stage reports all that it finds, and the pipeline stops after the stage, not after the first.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use std::collections::BTreeSet;

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
    // The next numbers belong to what only rustc can see. They stand in the messages of the traits of `rama-runtime`:
    // RM0009: a value that cannot cross a hop (`Portable`, `Branch`, `Remade`, `Wire`).
    // RM0010: a type that a PState or a depot cannot hold, or a key of another type (`Schema`, `Key`, `Record`, ..).
    // RM0011: a module that is not complete (`Module`).
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
    /// What is wrong, and where.
    pub(crate) message: String,
    /// The way out, where the message does not say it.
    pub(crate) help: Option<String>,
}

/// The errors found so far. Dropping it with unreported errors is a mistake of ours, which tests catch.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    found: Vec<Diagnostic>,
    /// What was reported, so that it is not reported again: an operation that is inlined twice has its mistakes once.
    known: BTreeSet<(Place, Code, String)>,
}

/// First line and column, last line and column.
type Place = (usize, usize, usize, usize);

impl Diagnostics {
    /// Reports an error at all the tokens of `at`. The message says what, and the way out.
    pub(crate) fn error(&mut self, code: Code, at: &dyn quote::ToTokens, message: impl Into<String>) {
        let (from, to) = ends(at);
        self.add(code, from, to, message.into(), None);
    }

    /// As [`error`](Self::error); the message says what, `help` the way out.
    pub(crate) fn error_with_help(
        &mut self,
        code: Code,
        at: &dyn quote::ToTokens,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let (from, to) = ends(at);
        self.add(code, from, to, message.into(), Some(help.into()));
    }

    /// Reports an error at one span.
    pub(crate) fn error_at(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.add(code, span, span, message.into(), None);
    }

    /// As [`error_at`](Self::error_at), with the way out.
    pub(crate) fn error_at_with_help(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(code, span, span, message.into(), Some(help.into()));
    }

    /// Takes over the errors of a parser.
    pub(crate) fn syntax(&mut self, error: &syn::Error) {
        for error in error.clone() {
            self.error_at(Code::Syntax, error.span(), error.to_string());
        }
    }

    fn add(&mut self, code: Code, from: Span, to: Span, message: String, help: Option<String>) {
        let found = Diagnostic {
            code,
            from,
            to,
            message,
            help,
        };
        if self.known.insert((found.place(), code, found.message.clone())) {
            self.found.push(found);
        }
    }

    /// How many were reported so far.
    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// Whether nothing was reported.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The errors, in the order of the source text.
    pub(crate) fn sorted(&self) -> Vec<&Diagnostic> {
        let mut found: Vec<_> = self.found.iter().collect();
        found.sort_by_cached_key(|diagnostic| diagnostic.place());
        found
    }

    /// The errors as code that makes rustc report them, each at its own tokens, in the order of the source text.
    pub(crate) fn to_compile_errors(&self) -> TokenStream {
        self.sorted().into_iter().map(Diagnostic::to_compile_error).collect()
    }
}

/// The first and the last token.
fn ends(at: &dyn quote::ToTokens) -> (Span, Span) {
    let mut tokens = TokenStream::new();
    at.to_tokens(&mut tokens);
    let mut spans = tokens.into_iter().map(|token| token.span());
    let from = spans.next().unwrap_or_else(Span::call_site);
    let to = spans.last().unwrap_or(from);
    (from, to)
}

impl Diagnostic {
    fn place(&self) -> Place {
        let (start, end) = (self.from.start(), self.to.end());
        (start.line, start.column, end.line, end.column)
    }

    fn to_compile_error(&self) -> TokenStream {
        let mut message = format!("[{}] {}", self.code.text(), self.message);
        if let Some(help) = &self.help {
            // rustc indents it by the width of its own `error: `.
            message = format!("{message}\n= help: {help}");
        }
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

/// A list of what would have been right, in front the one that `name` may be meant to be: "did you mean `retry`? the
/// options are `retry` and `source`". `kind` is what they are, in the plural.
pub(crate) fn choices<I>(name: &dyn std::fmt::Display, kind: &str, known: I) -> String
where
    I: IntoIterator,
    I::Item: std::fmt::Display,
{
    let known: Vec<String> = known.into_iter().map(|known| known.to_string()).collect();
    let all = match known.as_slice() {
        [] => return format!("there are no {kind}"),
        [one] => return format!("there is only `{one}`"),
        several => format!("the {kind} are {}", list(several)),
    };
    match nearest(&name.to_string(), &known) {
        Some(meant) => format!("did you mean `{meant}`? {all}"),
        None => all,
    }
}

/// The one of `known` that `name` is a misspelling of: at most a third of its letters differ.
pub(crate) fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let letters = name.chars().count().min(MOST_LETTERS);
    known
        .iter()
        .map(|known| (distance(name, known), known.as_str()))
        .filter(|(distance, _)| *distance > 0 && *distance <= (letters / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Names are compared up to here; nobody misspells a longer one, and the comparison is quadratic.
const MOST_LETTERS: usize = 64;

/// How many letters must be put in, left out, changed, or swapped with their neighbour (the optimal string alignment
/// distance).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(MOST_LETTERS).collect();
    let right: Vec<char> = right.chars().take(MOST_LETTERS).collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, &letter) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &other) in right.iter().enumerate() {
            let mut fewest = (last[column] + usize::from(letter != other))
                .min(last[column + 1] + 1)
                .min(current[column] + 1);
            if row > 0 && column > 0 && letter == right[column - 1] && left[row - 1] == other {
                fewest = fewest.min(before_last[column - 1] + 1);
            }
            current.push(fewest);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(left.len())
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

#[cfg(test)]
mod tests {
    use super::{choices, distance, nearest};

    #[test]
    fn a_distance_counts_insertions_deletions_changes_and_swaps() {
        assert_eq!(distance("source", "source"), 0);
        assert_eq!(distance("sorce", "source"), 1);
        assert_eq!(distance("sources", "source"), 1);
        assert_eq!(distance("soucre", "source"), 1);
        assert_eq!(distance("xource", "source"), 1);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn only_a_misspelling_is_taken_for_another_name() {
        let known = ["retry", "max_retries", "timeout"].map(str::to_owned);
        assert_eq!(nearest("rety", &known), Some("retry"));
        assert_eq!(nearest("max_retry", &known), Some("max_retries"));
        assert_eq!(nearest("source", &known), None);
        assert_eq!(nearest("retry", &known), None);
    }

    #[test]
    fn a_list_of_choices_begins_with_the_nearest() {
        assert_eq!(
            choices(&"tik", "options", ["tick", "keep"]),
            "did you mean `tick`? the options are `tick` and `keep`"
        );
        assert_eq!(choices(&"x", "depots", ["lines"]), "there is only `lines`");
        assert_eq!(choices(&"x", "depots", [""; 0]), "there are no depots");
    }
}
