//! What the user declared, checked for form but not yet for meaning.

use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, Block, Expr, ExprClosure, ImplItem, Pat, Type, Visibility};

/// A whole module's struct.
#[derive(Debug)]
pub(crate) struct ModuleDecl {
    pub(crate) ident: Ident,
    /// How the `impl` block names the struct, from where it stands.
    pub(crate) path: syn::Path,
    pub(crate) vis: Visibility,
    pub(crate) docs: String,
    pub(crate) depots: Vec<DepotDecl>,
    pub(crate) pstates: Vec<PStateDecl>,
    /// `#[module(check_alignment)]`: release builds check what the compiler could not decide, too.
    pub(crate) check_alignment: bool,
    /// Fields whose declaration has a mistake, which was reported.
    pub(crate) broken: Vec<Ident>,
    /// Those of them of which all but the owner is known: clients may still name them.
    pub(crate) ownerless: Vec<PStateDecl>,
}

/// A field with `#[depot(..)]`.
#[derive(Debug)]
pub(crate) struct DepotDecl {
    pub(crate) ident: Ident,
    pub(crate) record: Type,
    pub(crate) partitioner: Partitioner,
    pub(crate) keep: Option<Keep>,
    /// What it was called in an earlier version.
    pub(crate) renamed_from: Option<String>,
    pub(crate) docs: String,
}

/// How a depot's records find their partition.
#[derive(Debug)]
pub(crate) enum Partitioner {
    Random,
    Global,
    Disallow,
    HashBy(KeyFunction),
    Tick { millis: u64 },
    Custom(Expr),
}

/// Code that extracts a key from a value: a closure of one argument, or a path to a function of one reference.
#[derive(Debug)]
pub(crate) enum KeyFunction {
    Closure(ExprClosure),
    Path(Expr),
}

/// A field with `#[pstate(..)]`.
#[derive(Debug)]
pub(crate) struct PStateDecl {
    pub(crate) ident: Ident,
    pub(crate) schema: Type,
    pub(crate) owner: Ident,
    pub(crate) global: bool,
    pub(crate) private: bool,
    pub(crate) initial: Option<Expr>,
    pub(crate) partition_by: Option<KeyFunction>,
    /// What it was called in an earlier version.
    pub(crate) renamed_from: Option<String>,
    /// What makes its values out of those of an earlier version.
    pub(crate) migrate: Option<Expr>,
    pub(crate) docs: String,
}

/// The `impl` block of topologies.
#[derive(Debug, Default)]
pub(crate) struct TopologiesDecl {
    /// In order of declaration; sources of one topology are together, by its first source.
    pub(crate) topologies: Vec<TopologyDecl>,
    /// `async fn`s without a topology attribute.
    pub(crate) operations: Vec<OperationDecl>,
    /// All the rest of the block, emitted as it is.
    pub(crate) others: Vec<ImplItem>,
    /// Functions whose body misses statements that do not parse: what is found in them may have another reason.
    pub(crate) incomplete: Vec<Ident>,
    /// `async fn`s that are not among the others, as their declaration has a mistake, which was reported.
    pub(crate) lost: Vec<Ident>,
}

/// One topology.
#[derive(Debug)]
pub(crate) struct TopologyDecl {
    pub(crate) name: Ident,
    pub(crate) sources: Vec<SourceDecl>,
}

/// One `#[stream(..)]` function.
#[derive(Debug)]
pub(crate) struct SourceDecl {
    pub(crate) ident: Ident,
    pub(crate) docs: String,
    pub(crate) depot: Ident,
    pub(crate) start_from: StartFrom,
    pub(crate) retry: Retry,
    pub(crate) max_retries: u32,
    pub(crate) on_failure: OnFailure,
    pub(crate) timeout_millis: Option<u64>,
    pub(crate) parameter: Pat,
    pub(crate) record: Type,
    pub(crate) returns: Option<Type>,
    pub(crate) body: Block,
    /// `#[allow(..)]` and its kin on the function or its block.
    pub(crate) levels: Vec<Attribute>,
}

/// Which records a depot keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Keep {
    Last(u64),
    Within { millis: u64 },
}

/// Where a source begins.
#[derive(Debug, Clone)]
pub(crate) enum StartFrom {
    Beginning,
    End,
    Within {
        millis: u64,
    },
    /// A number, or the path of a constant. So are the others.
    Ago(Expr),
    Offset(Expr),
    Since(Expr),
}

/// What a failure runs again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Retry {
    Individual,
    AllAfter,
    None,
}

/// Where a record goes that failed for good.
#[derive(Debug, Clone)]
pub(crate) enum OnFailure {
    Halt,
    Skip,
    DeadLetter(Ident),
}

/// An `async fn` that topologies inline.
#[derive(Debug)]
pub(crate) struct OperationDecl {
    pub(crate) ident: Ident,
    pub(crate) parameters: Vec<(Pat, Type)>,
    pub(crate) returns: Option<Type>,
    pub(crate) body: Block,
    /// Its declaration has a mistake, which was reported: only its name is known.
    pub(crate) lost: bool,
}

/// The text of a doc comment.
pub(crate) fn docs(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let syn::Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(literal) = &pair.value
            && let syn::Lit::Str(text) = &literal.lit
        {
            let text = text.value();
            lines.push(text.strip_prefix(' ').unwrap_or(&text).to_owned());
        }
    }
    lines.join("\n")
}

/// The code of a key function.
pub(crate) fn function_text(function: &KeyFunction) -> String {
    match function {
        KeyFunction::Closure(closure) => text(closure),
        KeyFunction::Path(path) => text(path),
    }
}

/// Code as text, as a person would write it.
pub(crate) fn text(tokens: &impl quote::ToTokens) -> String {
    let mut stream = TokenStream::new();
    tokens.to_tokens(&mut stream);
    let printed = stream.to_string();
    // A closure's bars.
    match printed.strip_prefix("| ").and_then(|rest| rest.split_once(" |")) {
        Some((parameters, body)) => format!("|{}| {}", tidy(parameters), tidy(body.trim())),
        None => tidy(&printed),
    }
}

/// Removes the blanks that the token printer puts where a person puts none.
fn tidy(printed: &str) -> String {
    let mut out = String::with_capacity(printed.len());
    let characters: Vec<char> = printed.chars().collect();
    for (at, &character) in characters.iter().enumerate() {
        if character == ' ' {
            let before = out.chars().last().unwrap_or(' ');
            let after = characters.get(at + 1).copied().unwrap_or(' ');
            let glued = matches!(before, '(' | '[' | '<' | '&' | '.' | '!' | ':')
                || matches!(
                    after,
                    ')' | ']' | '>' | ',' | ';' | '.' | '(' | '[' | '?' | ':' | '<' | '!'
                ) && !matches!(before, '=' | ',' | '|' | '+' | '-' | '*' | '/');
            if glued {
                continue;
            }
        }
        out.push(character);
    }
    out
}
