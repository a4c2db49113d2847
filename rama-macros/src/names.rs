//! Every generated name, in one place.
//!
//! Names of ours resolve at `mixed_site`, so that user code can neither see nor shadow them; a span inside the user's
//! tokens is kept only for where an error is shown. Names of items have no such hygiene: they begin with `__`, as user code
//! that names its own `Hop` stands in their scope.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote};

/// The hidden module of the runtime: all that generated code may name.
pub(crate) fn private() -> TokenStream {
    quote!(::rama_runtime::__private)
}

/// Tokens of ours (absolute paths, not local names), shown by errors at `span`.
pub(crate) fn at(tokens: TokenStream, span: Span) -> TokenStream {
    let shown = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            token = TokenTree::Group(Group::new(group.delimiter(), at(group.stream(), span)));
        }
        token.set_span(span);
        token
    };
    tokens.into_iter().map(shown).collect()
}

fn ours(name: &str, shown_at: Span) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(shown_at))
}

/// The field of a node that says which of its fields are in the store.
pub(crate) fn stored_fields() -> Ident {
    ours("__rama_stored", Span::mixed_site())
}

/// What `self` becomes inside a segment.
pub(crate) fn this(shown_at: Span) -> Ident {
    ours("__rama_self", shown_at)
}

/// The event's context.
pub(crate) fn cx() -> Ident {
    ours("__rama_cx", Span::mixed_site())
}

/// Where a segment emits to.
pub(crate) fn sink() -> Ident {
    ours("__rama_sink", Span::mixed_site())
}

/// The scope that a segment resumes.
pub(crate) fn scope() -> Ident {
    ours("__rama_scope", Span::mixed_site())
}

/// The record that a source's first segment starts with.
pub(crate) fn record() -> Ident {
    ours("__rama_record", Span::mixed_site())
}

/// A temporary that lowering introduced for the value at `shown_at`.
pub(crate) fn temporary(number: usize, shown_at: Span) -> Ident {
    ours(&format!("__rama_value{number}"), shown_at)
}

/// The iterator of a `for` loop.
pub(crate) fn iterator(number: usize, shown_at: Span) -> Ident {
    ours(&format!("__rama_iter{number}"), shown_at)
}

/// A helper variable inside the code of one operation.
pub(crate) fn local(name: &str) -> Ident {
    ours(&format!("__rama_{name}"), Span::mixed_site())
}

/// The variable that holds what an operation yields, on its way into a scope. Only the user's own place, without hygiene,
/// makes rustc report a value that cannot travel there.
pub(crate) fn value(name: &str, shown_at: Span) -> Ident {
    Ident::new(&format!("__rama_{name}"), shown_at)
}

/// The label of jump target `number`, in one of its `role`s.
pub(crate) fn label(number: usize, role: &str) -> syn::Lifetime {
    syn::Lifetime::new(&format!("'__rama_{role}{number}"), Span::mixed_site())
}

/// The macro that names an outer variable where an inner one of the same name hides it.
pub(crate) fn outer(binding: usize) -> Ident {
    ours(&format!("__rama_outer{binding}"), Span::mixed_site())
}

/// The witness of a variable's type.
pub(crate) fn witness(binding: usize) -> Ident {
    ours(&format!("__rama_witness{binding}"), Span::mixed_site())
}

/// What a variable refers to, on its way.
pub(crate) fn lent(binding: usize) -> Ident {
    ours(&format!("__rama_lent{binding}"), Span::mixed_site())
}

/// The scope struct of segment `number`.
pub(crate) fn scope_struct(number: usize) -> Ident {
    format_ident!("__RamaScope{number}")
}

/// The enum of the scopes that segment `number` can reach.
pub(crate) fn next_enum(number: usize) -> Ident {
    format_ident!("__RamaNext{number}")
}

/// The variant that holds the scope of segment `number`.
pub(crate) fn variant(number: usize) -> Ident {
    format_ident!("S{number}")
}

/// The type parameter that stands for the scope of segment `number`.
pub(crate) fn scope_parameter(number: usize) -> Ident {
    format_ident!("__H{number}")
}

/// The enum of all scopes of a topology.
pub(crate) fn hop_enum() -> Ident {
    format_ident!("__RamaHop")
}

/// The enum of the scopes in one group of a large topology, and its variant in the enum of all scopes.
pub(crate) fn hop_group(number: usize) -> Ident {
    format_ident!("__RamaHop{number}")
}

/// See [`hop_group`].
pub(crate) fn group_variant(number: usize) -> Ident {
    format_ident!("G{number}")
}

/// The generic function that says what is inferred of segment `number`.
pub(crate) fn segment_function(number: usize) -> Ident {
    format_ident!("__rama_segment{number}")
}

/// The generic function that takes what runs the segments.
pub(crate) fn assemble() -> Ident {
    format_ident!("__rama_assemble")
}

/// The variable that stands for the type of segment `number`'s scope. As with [`value`], only a place without hygiene makes
/// rustc report a scope that cannot travel there.
pub(crate) fn scope_type(number: usize, shown_at: Span) -> Ident {
    Ident::new(&format!("__rama_type{number}"), shown_at)
}

/// The variable that holds segment `number`.
pub(crate) fn segment_variable(number: usize) -> Ident {
    local(&format!("f{number}"))
}

/// The function that makes topology `topology`'s machine.
pub(crate) fn machine_function(topology: &str) -> Ident {
    format_ident!("__rama_machine_{topology}")
}

/// The macro by which `#[module]` hands the declaration to `topology!`.
pub(crate) fn declaration_macro(module: &Ident) -> Ident {
    format_ident!("__rama_declaration_{module}")
}

/// The module's typed client.
pub(crate) fn client(module: &Ident) -> Ident {
    format_ident!("{module}Client")
}
