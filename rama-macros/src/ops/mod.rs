//! The operations that a body awaits: one operation, one file.
//!
//! An operation checks its arguments and says what code emits the scope that it resumes. A new one is a copied file and a
//! line in [`OPERATIONS`].

mod all_partition;
mod append;
mod before_external;
mod custom_partition;
mod direct_partition;
mod explode;
mod external;
mod fork;
mod global_partition;
mod hash_partition;
mod jump;
mod path_partition;
mod shuffle_partition;
mod yield_if_overtime;

use crate::diag::{Code, Diagnostics, list, nearest};
use crate::model::{ModuleDecl, OperationDecl};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Expr, Token};

pub(crate) use append::{appended, appends_in, is_append};
pub(crate) use before_external::before_external;
pub(crate) use path_partition::first_key;

/// What all operations share.
pub(crate) trait Operation: Sync {
    /// The name it is called by.
    fn name(&self) -> &'static str;

    /// A call of it, as an example in messages.
    fn usage(&self) -> &'static str;

    /// How many arguments it takes.
    fn arity(&self) -> usize {
        1
    }

    /// Whether the awaited value is something else than `()`.
    fn has_value(&self) -> bool {
        false
    }

    /// Whether what resumes is another event.
    fn ends_event(&self) -> bool {
        true
    }

    /// Whether its arguments are evaluated in an event of its own, behind a cut, which is run again after a crash.
    fn is_made_again(&self) -> bool {
        false
    }

    /// Whether it goes on once, on some task, through that one's queue.
    fn is_partitioner(&self) -> bool {
        false
    }

    /// Whether its scope is made later, by when what variables refer to may be gone: so copies are made in front, see [`Site::lends`].
    fn makes_scope_later(&self) -> bool {
        false
    }

    /// Further checks of the arguments.
    fn check(&self, _arguments: &[Expr], _module: &ModuleDecl, _diagnostics: &mut Diagnostics) {}

    /// The part of an argument that is evaluated: all of it, if nothing else is said.
    fn evaluated(&self, argument: &Expr) -> Expr {
        argument.clone()
    }

    /// The code that emits the scope. The arguments are translated already.
    fn emit(&self, arguments: &[TokenStream], site: &Site<'_>) -> Emitted;
}

/// The code that emits a scope, and what the segment ends with behind it.
pub(crate) struct Emitted {
    /// Statements.
    pub(crate) code: TokenStream,
    pub(crate) end: End,
}

/// What a segment ends with.
pub(crate) enum End {
    /// It goes on with this scope there.
    Hop { route: TokenStream, next: TokenStream },
    /// The same event goes on with this scope.
    Jump(TokenStream),
    /// Whatever goes on has been pushed.
    Moved,
}

impl End {
    /// The same as a `Flow`.
    pub(crate) fn flow(&self) -> TokenStream {
        let private = crate::names::private();
        match self {
            End::Hop { route, next } => quote!(#private::Flow::Hop(#route, #next)),
            End::Jump(next) => quote!(#private::Flow::Jump(#next)),
            End::Moved => quote!(#private::Flow::Moved),
        }
    }
}

impl Emitted {
    /// One scope, which goes on at `route`: the segment returns it.
    fn hop(code: TokenStream, route: TokenStream, next: TokenStream) -> Self {
        let end = End::Hop { route, next };
        Emitted { code, end }
    }

    /// One scope, with which the same event goes on.
    fn jump(next: TokenStream) -> Self {
        let (code, end) = (TokenStream::new(), End::Jump(next));
        Emitted { code, end }
    }

    /// `code` has pushed whatever goes on.
    fn pushed(code: TokenStream) -> Self {
        let end = End::Moved;
        Emitted { code, end }
    }
}

/// What an operation's code is made from.
pub(crate) struct Site<'a> {
    /// Copies what the live variables refer to, where they do: for an operation that makes its scope later.
    pub(crate) lends: TokenStream,
    /// The event's context.
    pub(crate) cx: Ident,
    /// Where the scope goes, if the segment does not return it.
    pub(crate) sink: Ident,
    /// Builds the scope: `next(value, copies)`; with `copies`, variables are copied rather than moved.
    pub(crate) next: &'a dyn Fn(Option<TokenStream>, bool) -> TokenStream,
    /// The call as the user wrote it.
    pub(crate) call: &'a Call,
    pub(crate) module: &'a ModuleDecl,
}

/// One awaited operation.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) operation: &'static dyn Operation,
    pub(crate) arguments: Vec<Expr>,
    pub(crate) span: Span,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}(..)", self.operation.name())
    }
}

/// Every operation that is called as a function.
pub(crate) const OPERATIONS: &[&dyn Operation] = &[
    &hash_partition::HashPartition,
    &path_partition::PathPartition,
    &global_partition::GlobalPartition,
    &direct_partition::DirectPartition,
    &shuffle_partition::ShufflePartition,
    &all_partition::AllPartition,
    &custom_partition::CustomPartition,
    &explode::Explode,
    &yield_if_overtime::YieldIfOvertime,
    &external::External,
];

/// Operations of other kinds of topologies, with where they belong.
const ELSEWHERE: &[(&str, &str)] = &[
    ("origin_partition", "in queries"),
    ("invoke", "in topologies of a module that has queries"),
    ("sum", "in microbatches and queries"),
    ("count", "in microbatches and queries"),
    ("group_by", "in microbatches and queries"),
    ("top", "in microbatches and queries"),
    ("distinct", "in microbatches and queries"),
];

/// The operation that `expr` calls, as `hash_partition` of `hash_partition(&x)`.
pub(crate) fn called(expr: &Expr) -> Option<(&'static dyn Operation, &Punctuated<Expr, Token![,]>)> {
    let (name, arguments) = function_call(expr)?;
    let operation = OPERATIONS.iter().find(|operation| name == operation.name())?;
    Some((*operation, arguments))
}

/// The name and arguments of a call of a plain function.
pub(crate) fn function_call(expr: &Expr) -> Option<(&Ident, &Punctuated<Expr, Token![,]>)> {
    if let Expr::Call(call) = expr
        && let Expr::Path(function) = &*call.func
        && let Some(last) = function.path.segments.last()
    {
        return Some((&last.ident, &call.args));
    }
    None
}

/// Whether `expr` is `fork(..)`, and of what.
pub(crate) fn forked(expr: &Expr) -> Option<&Punctuated<Expr, Token![,]>> {
    function_call(expr).and_then(|(name, arguments)| (name == "fork").then_some(arguments))
}

/// The point where a `fork` begins: it has no arguments of its own.
pub(crate) fn fork_call(span: Span) -> Call {
    Call {
        operation: &fork::Fork,
        arguments: Vec::new(),
        span,
    }
}

/// The point behind a join, where the body goes on in a segment of its own.
pub(crate) fn jump_call() -> Call {
    Call {
        operation: &jump::Jump,
        arguments: Vec::new(),
        span: Span::call_site(),
    }
}

/// Understands what stands in front of `.await`; reports what is no operation.
pub(crate) fn parse_awaited(
    base: &Expr,
    span: Span,
    module: &ModuleDecl,
    own: &[OperationDecl],
    diagnostics: &mut Diagnostics,
) -> Option<Call> {
    if is_append(base, module) {
        return Some(Call {
            operation: &append::Append,
            arguments: vec![base.clone()],
            span,
        });
    }
    if let Some((operation, arguments)) = called(base) {
        if arguments.len() != operation.arity() {
            diagnostics.error_with_help(
                Code::Await,
                base,
                format!(
                    "`{}` takes {}, and is given {}",
                    operation.name(),
                    counted(operation.arity()),
                    arguments.len()
                ),
                format!("write `{}`", operation.usage()),
            );
            return None;
        }
        let arguments: Vec<Expr> = arguments.iter().cloned().collect();
        operation.check(&arguments, module, diagnostics);
        return Some(Call {
            operation,
            arguments,
            span,
        });
    }
    if let Some((name, _)) = function_call(base) {
        if let Some((_, place)) = ELSEWHERE.iter().find(|(other, _)| name == other) {
            diagnostics.error(Code::Kind, name, format!("`{name}` stands {place}; this is a stream"));
            return None;
        }
        if name == "fork" {
            diagnostics.error_with_help(
                Code::Await,
                base,
                "the code after a `fork` does not wait for it",
                "write `fork(async { .. });` without `.await`",
            );
            return None;
        }
    }
    let known = list(OPERATIONS.iter().map(|operation| operation.name()));
    let meant = meant(base, module, own).map_or_else(String::new, |meant| format!("did you mean `{meant}`? "));
    diagnostics.error_with_help(
        Code::Await,
        base,
        "only an operation can be awaited here",
        format!(
            "{meant}to wait for another future, write `external(future).await`; the operations are {known}, an append to a depot of the module, and an `async fn` of this block"
        ),
    );
    None
}

/// The operation that a misspelt `base` may stand for.
fn meant(base: &Expr, module: &ModuleDecl, own: &[OperationDecl]) -> Option<String> {
    if let Some((name, _)) = function_call(base) {
        let known: Vec<String> = OPERATIONS.iter().map(|operation| operation.name().to_owned()).collect();
        return nearest(&name.to_string(), &known).map(str::to_owned);
    }
    let Expr::MethodCall(call) = base else { return None };
    if let Expr::Path(receiver) = &*call.receiver
        && receiver.path.is_ident("self")
    {
        let known: Vec<String> = own.iter().map(|operation| operation.ident.to_string()).collect();
        return nearest(&call.method.to_string(), &known).map(|meant| format!("self.{meant}"));
    }
    if call.method == "ack" {
        return meant(&call.receiver, module, own);
    }
    if call.method == "append" {
        let depot = append::own_field(&call.receiver)?;
        let known: Vec<String> = module.depots.iter().map(|depot| depot.ident.to_string()).collect();
        return nearest(&depot.to_string(), &known).map(|meant| format!("self.{meant}.append"));
    }
    None
}

fn counted(arguments: usize) -> &'static str {
    match arguments {
        0 => "no argument",
        _ => "one argument",
    }
}

impl Call {
    /// What the call evaluates, as code.
    pub(crate) fn evaluated(&self) -> Vec<Expr> {
        self.arguments
            .iter()
            .map(|argument| self.operation.evaluated(argument))
            .collect()
    }
}
