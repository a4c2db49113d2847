//! The pipeline: parse → model → analyze → lower → codegen, with a gate after each stage.

use crate::codegen::{self, Compiled};
use crate::diag::{Code, Diagnostics, list};
use crate::model::{ModuleDecl, OnFailure, Partitioner, TopologiesDecl};
use crate::{analyze, debug, lower, parse};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{ItemImpl, ItemStruct, Type};

/// What `__compile!` is given: the module's struct in braces, and the `impl` block.
struct Input {
    module: ItemStruct,
    block: ItemImpl,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let module;
        syn::braced!(module in input);
        Ok(Input {
            module: module.parse()?,
            block: input.parse()?,
        })
    }
}

/// Compiles the topologies of a module.
pub(crate) fn compile(input: TokenStream) -> TokenStream {
    let started = std::time::Instant::now();
    let Input { module: item, block } = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut diagnostics = Diagnostics::default();
    // What is wrong with the struct was reported by `#[module]`.
    let mut reported = Diagnostics::default();
    let mut module = parse::module::parse(&item, &mut reported);
    if let Type::Path(path) = &*block.self_ty {
        module.path = path.path.clone();
    }
    let declared = parse::topologies::parse(&block, &mut diagnostics);
    if !matches!(item.fields, syn::Fields::Named(_)) && !reported.is_empty() {
        // Nothing is known of the module's fields.
        return diagnostics.to_compile_errors();
    }
    let compiled = analyses(&module, &declared, &mut diagnostics);
    if !item.generics.params.is_empty() {
        return diagnostics.to_compile_errors();
    }
    if !diagnostics.is_empty() || !reported.is_empty() {
        return rejected(&block, &diagnostics);
    }
    let expansion = codegen::generate(&module, &declared, &compiled);
    debug::print(&module.ident, &expansion, started.elapsed());
    expansion
}

/// All that needs the whole declaration; every stage reports what it finds.
pub(crate) fn analyses(module: &ModuleDecl, declared: &TopologiesDecl, diagnostics: &mut Diagnostics) -> Vec<Compiled> {
    check(module, declared, diagnostics);
    check_operations(declared, diagnostics);
    analyze::ownership::check(module, declared, diagnostics);
    bodies(module, declared, diagnostics)
}

/// Lowers and analyses every body.
fn bodies(module: &ModuleDecl, declared: &TopologiesDecl, diagnostics: &mut Diagnostics) -> Vec<Compiled> {
    declared
        .topologies
        .iter()
        .map(|topology| {
            let bodies = topology.sources.iter().map(|source| {
                let mut body = lower::lower(source, module, &declared.operations, diagnostics);
                analyze::names::resolve(&mut body, diagnostics);
                analyze::joins::cut(&mut body);
                analyze::liveness::analyze(&mut body);
                body
            });
            Compiled {
                bodies: bodies.collect(),
            }
        })
        .collect()
}

/// Checks across declarations.
fn check(module: &ModuleDecl, declared: &TopologiesDecl, diagnostics: &mut Diagnostics) {
    let topologies: Vec<_> = declared.topologies.iter().map(|topology| &topology.name).collect();
    for pstate in &module.pstates {
        if !topologies.contains(&&pstate.owner) {
            diagnostics.error(
                Code::Ownership,
                &pstate.owner,
                format!(
                    "PState `{}` names owner `{}`, which is no topology of the module; the topologies are {}",
                    pstate.ident,
                    pstate.owner,
                    list(&topologies)
                ),
            );
        }
    }
    let mut functions: Vec<&proc_macro2::Ident> = Vec::new();
    for source in declared.topologies.iter().flat_map(|topology| &topology.sources) {
        if functions.contains(&&source.ident) {
            diagnostics.error(
                Code::Declaration,
                &source.ident,
                format!("`{}` is declared twice; give one of them another name", source.ident),
            );
        }
        functions.push(&source.ident);
        if !module.depots.iter().any(|depot| depot.ident == source.depot) && !module.broken.contains(&source.depot) {
            let depots = module.depots.iter().map(|depot| &depot.ident);
            diagnostics.error(
                Code::Declaration,
                &source.depot,
                format!(
                    "`{}` is no depot of the module; the depots are {}",
                    source.depot,
                    list(depots)
                ),
            );
        }
        if let OnFailure::DeadLetter(name) = &source.on_failure {
            match module.depots.iter().find(|depot| depot.ident == *name) {
                None => diagnostics.error(
                    Code::Declaration,
                    name,
                    format!("`on_failure` is one of `halt`, `skip` and a depot of the module as dead-letter queue; the depots are {}", list(module.depots.iter().map(|depot| &depot.ident))),
                ),
                Some(depot) if matches!(depot.partitioner, Partitioner::Tick { .. }) => {
                    diagnostics.error(Code::Declaration, name, format!("`{name}` is a tick depot, which only the clock appends to"));
                }
                Some(_) => {}
            }
        }
    }
}

/// Reports operations of one name.
fn check_operations(declared: &TopologiesDecl, diagnostics: &mut Diagnostics) {
    let sources = declared
        .topologies
        .iter()
        .flat_map(|topology| &topology.sources)
        .map(|source| &source.ident);
    let mut names: Vec<&proc_macro2::Ident> = sources.collect();
    for operation in &declared.operations {
        if names.contains(&&operation.ident) {
            diagnostics.error(
                Code::Declaration,
                &operation.ident,
                format!("`{}` is declared twice; give one of them another name", operation.ident),
            );
        }
        names.push(&operation.ident);
    }
}

/// The user's own functions, never run, so that the editor keeps working; and the errors.
fn rejected(block: &ItemImpl, diagnostics: &Diagnostics) -> TokenStream {
    let errors = diagnostics.to_compile_errors();
    let mut block = block.clone();
    block
        .items
        .retain(|item| !matches!(item, syn::ImplItem::Fn(function) if function.sig.asyncness.is_some()));
    for item in &mut block.items {
        if let syn::ImplItem::Fn(function) = item {
            function
                .attrs
                .retain(|attribute| !parse::topologies::is_ours(attribute));
        }
    }
    quote!(#[allow(warnings, unused)] #block #errors)
}

/// `topology! { impl M { .. } }`: calls the macro that `#[module]` made under the module's name, with the block.
pub(crate) fn hand_over(block: TokenStream) -> TokenStream {
    match syn::parse2::<ItemImpl>(block.clone()) {
        Ok(parsed) => call_declaration(&parsed, &block),
        Err(error) => {
            let mut diagnostics = Diagnostics::default();
            diagnostics.syntax(&error);
            diagnostics.to_compile_errors()
        }
    }
}

/// `#[topologies] impl M { .. }`.
pub(crate) fn hand_over_attribute(arguments: TokenStream, block: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    if !arguments.is_empty() {
        diagnostics.error(
            Code::Declaration,
            &arguments,
            "`#[topologies]` has no options; they stand on its functions",
        );
    }
    let errors = diagnostics.to_compile_errors();
    let expansion = hand_over(block);
    quote!(#expansion #errors)
}

fn call_declaration(parsed: &ItemImpl, block: &TokenStream) -> TokenStream {
    let Type::Path(path) = &*parsed.self_ty else {
        let mut diagnostics = Diagnostics::default();
        diagnostics.error(
            Code::Syntax,
            &parsed.self_ty,
            "topologies stand in an `impl` of the module's struct: `impl Module { .. }`",
        );
        return diagnostics.to_compile_errors();
    };
    let mut path = path.path.clone();
    for segment in &mut path.segments {
        segment.arguments = syn::PathArguments::None;
    }
    let path = path.to_token_stream();
    quote!(#path! { #block })
}
