//! The `impl` block of topologies.

use super::options;
use crate::diag::{Code, Diagnostics, choices};
use crate::model::{OnFailure, OperationDecl, Retry, SourceDecl, StartFrom, TopologiesDecl, TopologyDecl, docs};
use proc_macro2::Ident;
use syn::{Attribute, Expr, FnArg, ImplItem, ImplItemFn, ItemImpl, Pat, ReceiverKind, ReturnType, Type};

const STREAM_OPTIONS: &[&str] = &["source", "start_from", "retry", "max_retries", "on_failure", "timeout"];
pub(crate) const KINDS: &[&str] = &["stream", "microbatch", "query"];

/// Understands the block.
pub(crate) fn parse(block: &ItemImpl, diagnostics: &mut Diagnostics) -> TopologiesDecl {
    let mut declared = TopologiesDecl::default();
    if let Some((path, _)) = &block.trait_ {
        diagnostics.error_with_help(
            Code::Syntax,
            path,
            "topologies stand in an `impl` of the module itself, not of a trait",
            "write `impl Module { .. }`",
        );
    }
    if !block.generics.params.is_empty() {
        diagnostics.error(Code::Declaration, &block.generics, "a module has no generic parameters");
    }
    for item in &block.items {
        match item {
            ImplItem::Fn(function) if function.sig.asyncness.is_some() => {
                parse_async(function, &block.attrs, &mut declared, diagnostics);
            }
            ImplItem::Fn(function) => {
                if let Some(attribute) = topology_attribute(&function.attrs) {
                    diagnostics.error_with_help(
                        Code::Syntax,
                        &function.sig.fn_token,
                        "a topology is an `async fn`",
                        format!("write `#[{}] async fn {}`", path_text(attribute), function.sig.ident),
                    );
                }
                declared.others.push(item.clone());
            }
            // A function that has no body.
            ImplItem::Verbatim(tokens) if function_name(tokens).is_some() => {
                let name = function_name(tokens);
                diagnostics.error_with_help(
                    Code::Syntax,
                    &name,
                    "this function has no body",
                    "write `{ .. }` in place of the `;`",
                );
                declared.lost.extend(name);
            }
            other => declared.others.push(other.clone()),
        }
    }
    declared
}

fn path_text(attribute: &Attribute) -> String {
    attribute
        .path()
        .get_ident()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// The name in `fn name`.
fn function_name(tokens: &proc_macro2::TokenStream) -> Option<Ident> {
    super::recover::function_name(&tokens.clone().into_iter().collect::<Vec<_>>())
}

/// Whether `attribute` is one of ours, which rustc does not know.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    KINDS.iter().any(|kind| attribute.path().is_ident(kind))
}

fn topology_attribute(attributes: &[Attribute]) -> Option<&Attribute> {
    attributes.iter().find(|attribute| is_ours(attribute))
}

fn parse_async(
    function: &ImplItemFn,
    around: &[Attribute],
    declared: &mut TopologiesDecl,
    diagnostics: &mut Diagnostics,
) {
    if !function.sig.generics.params.is_empty() {
        diagnostics.error_with_help(
            Code::Declaration,
            &function.sig.generics,
            "a topology or an operation has no generic parameters",
            "write the concrete types",
        );
    }
    let returns = match &function.sig.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some((**ty).clone()),
    };
    let parameters: Vec<(Pat, Type)> = function
        .sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(typed) => Some(((*typed.pat).clone(), (*typed.ty).clone())),
            FnArg::Receiver(_) => None,
        })
        .collect();
    match topology_attribute(&function.attrs) {
        None => {
            for attribute in &function.attrs {
                if !attribute.path().is_ident("doc") && !attribute.path().is_ident("allow") {
                    diagnostics.error_with_help(
                        Code::Declaration,
                        attribute.path(),
                        "an `async fn` here is a topology, or, without an attribute, an operation; this attribute is unknown",
                        choices(&path_text(attribute), "attributes of topologies", KINDS),
                    );
                }
            }
            declared.operations.push(OperationDecl {
                ident: function.sig.ident.clone(),
                parameters,
                returns,
                body: function.block.clone(),
                lost: false,
            });
        }
        Some(attribute) if attribute.path().is_ident("stream") => {
            let receiver = function.sig.receiver();
            let is_mutable_reference =
                receiver.is_some_and(|receiver| matches!(&receiver.kind, ReceiverKind::Reference(_, _, Some(_))));
            if !is_mutable_reference {
                let at: &dyn quote::ToTokens = match receiver {
                    Some(receiver) => receiver,
                    None => &function.sig.ident,
                };
                diagnostics.error(
                    Code::Syntax,
                    at,
                    "a stream takes `&mut self`: the view of the task it is on",
                );
            }
            if parameters.len() != 1 {
                diagnostics.error_with_help(
                    Code::Syntax,
                    &function.sig.ident,
                    "a stream takes one record",
                    format!("write `async fn {}(&mut self, record: Record)`", function.sig.ident),
                );
            }
            let options = stream_options(function, attribute, diagnostics);
            if let (Some(options), Some((parameter, record)), 1) =
                (options, parameters.first().cloned(), parameters.len())
            {
                let source = source(
                    function,
                    options,
                    parameter,
                    record,
                    returns,
                    levels(around, &function.attrs),
                );
                add_source(source, declared);
            } else {
                declared.lost.push(function.sig.ident.clone());
            }
        }
        Some(attribute) => diagnostics.error_with_help(
            Code::Kind,
            attribute.path(),
            format!("`#[{}]` topologies are not built yet", path_text(attribute)),
            "this version runs `#[stream]`",
        ),
    }
}

struct StreamOptions {
    topology: Ident,
    depot: Ident,
    start_from: StartFrom,
    retry: Retry,
    max_retries: u32,
    on_failure: OnFailure,
    timeout_millis: Option<u64>,
}

fn stream_options(
    function: &ImplItemFn,
    attribute: &Attribute,
    diagnostics: &mut Diagnostics,
) -> Option<StreamOptions> {
    let (options, parses) = options::options(attribute, diagnostics);
    options::duplicates(&options, diagnostics);
    let mut stream = StreamOptions {
        topology: function.sig.ident.clone(),
        depot: function.sig.ident.clone(),
        start_from: StartFrom::Beginning,
        retry: Retry::Individual,
        max_retries: 5,
        on_failure: OnFailure::Halt,
        timeout_millis: None,
    };
    let mut source = None;
    for (at, option) in options.iter().enumerate() {
        match option.name.to_string().as_str() {
            "source" => source = Some(option.word("DEPOT", diagnostics)?),
            "start_from" => stream.start_from = start_from(option, diagnostics)?,
            "retry" => stream.retry = retry(option, diagnostics)?,
            "max_retries" => stream.max_retries = option.number("5", diagnostics)?,
            "on_failure" => stream.on_failure = on_failure(option, diagnostics)?,
            "timeout" => stream.timeout_millis = Some(option.millis("\"30s\"", diagnostics)?),
            _ if at == 0 && option.value.is_none() => stream.topology = option.name.clone(),
            _ => {
                options::unknown(option, "stream", STREAM_OPTIONS, diagnostics);
            }
        }
    }
    if source.is_none() && parses {
        diagnostics.error_with_help(
            Code::Declaration,
            attribute,
            "a stream names the depot that it processes",
            "write `#[stream(source = DEPOT)]`",
        );
    }
    stream.depot = source?;
    // "At most once" goes on behind a failed record, unless something else was asked for.
    if matches!(stream.retry, Retry::None) && !options.iter().any(|option| option.name == "on_failure") {
        stream.on_failure = OnFailure::Skip;
    }
    Some(stream)
}

fn start_from(option: &options::AttributeOption, diagnostics: &mut Diagnostics) -> Option<StartFrom> {
    let value = option.required("beginning", diagnostics)?;
    match value {
        Expr::Path(path) if path.path.is_ident("beginning") => return Some(StartFrom::Beginning),
        Expr::Path(path) if path.path.is_ident("end") => return Some(StartFrom::End),
        Expr::Call(call) => {
            if let Expr::Path(function) = &*call.func
                && let Some(function) = function.path.get_ident()
                && let (Some(argument), 1) = (call.args.first(), call.args.len())
                && let Some(from) = start_at(&function.to_string(), argument)
            {
                return Some(from);
            }
        }
        _ => {}
    }
    let word = crate::model::text(value);
    diagnostics.error_with_help(
        Code::Declaration,
        value,
        format!("`{word}` is no place to start from"),
        "it is `beginning`, `end`, `ago(100)` (so many records before the end), `ago(\"1h\")` (units: ms, s, m, h, d), `offset(100)`, \
         or `since(1_767_225_600_000)` (milliseconds since 1970); numbers may be constants",
    );
    None
}

/// A place with an argument.
fn start_at(function: &str, argument: &Expr) -> Option<StartFrom> {
    let is_number = options::whole_number(argument).is_some() || matches!(argument, Expr::Path(_));
    match function {
        "ago" if is_number => Some(StartFrom::Ago(argument.clone())),
        "ago" => options::span_of_time(argument).map(|millis| StartFrom::Within { millis }),
        "offset" if is_number => Some(StartFrom::Offset(argument.clone())),
        "since" if is_number => Some(StartFrom::Since(argument.clone())),
        _ => None,
    }
}

fn retry(option: &options::AttributeOption, diagnostics: &mut Diagnostics) -> Option<Retry> {
    let word = option.word("individual", diagnostics)?;
    match word.to_string().as_str() {
        "individual" => Some(Retry::Individual),
        "all_after" => Some(Retry::AllAfter),
        "none" => Some(Retry::None),
        _ => {
            diagnostics.error_with_help(
                Code::Declaration,
                &word,
                format!("`{word}` is no way to retry"),
                choices(&word, "choices", ["individual", "all_after", "none"]),
            );
            None
        }
    }
}

fn on_failure(option: &options::AttributeOption, diagnostics: &mut Diagnostics) -> Option<OnFailure> {
    let word = option.word("skip", diagnostics)?;
    Some(match word.to_string().as_str() {
        "halt" => OnFailure::Halt,
        "skip" => OnFailure::Skip,
        _ => OnFailure::DeadLetter(word),
    })
}

/// `#[allow(..)]` and its kin.
fn levels(around: &[Attribute], own: &[Attribute]) -> Vec<Attribute> {
    let is_level = |attribute: &&Attribute| {
        ["allow", "expect", "warn", "deny", "forbid"]
            .iter()
            .any(|level| attribute.path().is_ident(level))
    };
    around.iter().chain(own).filter(is_level).cloned().collect()
}

fn source(
    function: &ImplItemFn,
    options: StreamOptions,
    parameter: Pat,
    record: Type,
    returns: Option<Type>,
    levels: Vec<Attribute>,
) -> (Ident, SourceDecl) {
    let returns = returns.filter(|ty| !matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty()));
    let source = SourceDecl {
        ident: function.sig.ident.clone(),
        docs: docs(&function.attrs),
        depot: options.depot,
        start_from: options.start_from,
        retry: options.retry,
        max_retries: options.max_retries,
        on_failure: options.on_failure,
        timeout_millis: options.timeout_millis,
        parameter,
        record,
        returns,
        body: function.block.clone(),
        levels,
    };
    (options.topology, source)
}

fn add_source((name, source): (Ident, SourceDecl), declared: &mut TopologiesDecl) {
    match declared.topologies.iter_mut().find(|topology| topology.name == name) {
        Some(topology) => topology.sources.push(source),
        None => declared.topologies.push(TopologyDecl {
            name,
            sources: vec![source],
        }),
    }
}
