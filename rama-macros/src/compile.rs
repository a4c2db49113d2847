//! The pipeline: parse → model → analyze → lower → codegen, with a gate after each stage.

use crate::codegen::{self, Compiled};
use crate::diag::{Code, Diagnostics, choices};
use crate::ir::Body;
use crate::model::{ModuleDecl, OnFailure, OperationDecl, Partitioner, TopologiesDecl};
use crate::parse::block::{self, Understood};
use crate::warn::Warning;
use crate::{analyze, debug, editor, lower, parse};
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ImplItem, ItemStruct, Type};

/// Compiles the topologies of a module, given its struct in braces, and the `impl` block, which need not parse.
pub(crate) fn compile(input: TokenStream) -> TokenStream {
    let started = std::time::Instant::now();
    let mut diagnostics = Diagnostics::default();
    let mut input = input.into_iter();
    let item = match input.next() {
        Some(TokenTree::Group(declaration)) => syn::parse2::<ItemStruct>(declaration.stream()),
        _ => Err(syn::Error::new(
            proc_macro2::Span::call_site(),
            "`topology!` hands the module over",
        )),
    };
    let item = match item {
        Ok(item) => item,
        Err(error) => {
            diagnostics.syntax(&error);
            return diagnostics.to_compile_errors();
        }
    };
    // What is wrong with the struct was reported by `#[module]`.
    let mut reported = Diagnostics::default();
    let mut module = parse::module::parse(&item, &mut reported);
    let Some(understood) = block::parse(input.collect(), &mut diagnostics) else {
        return rejected(&item, &module, &TopologiesDecl::default(), &diagnostics);
    };
    if let Type::Path(path) = &*understood.block.self_ty {
        module.path = path.path.clone();
    }
    let declared = declarations(&understood, &mut diagnostics);
    if !matches!(item.fields, syn::Fields::Named(_)) && !reported.is_empty() {
        // Nothing is known of the module's fields.
        return rejected(&item, &module, &declared, &diagnostics);
    }
    let analysed = analyses(&module, &declared, &mut diagnostics);
    if !diagnostics.is_empty() || !reported.is_empty() {
        return rejected(&item, &module, &declared, &diagnostics);
    }
    let warnings = analysed.warnings.iter().map(Warning::to_tokens);
    let machines = codegen::generate(&module, &declared, &analysed.compiled);
    let expansion = quote!(#machines #(#warnings)*);
    debug::print(&module.ident, &expansion, started.elapsed());
    expansion
}

/// What the block declares.
pub(crate) fn declarations(understood: &Understood, diagnostics: &mut Diagnostics) -> TopologiesDecl {
    let mut declared = parse::topologies::parse(&understood.block, diagnostics);
    declared.incomplete.clone_from(&understood.incomplete);
    declared.lost.extend(understood.lost.iter().cloned());
    // Calls of them are no further mistakes.
    let lost = declared.lost.iter().map(|name| OperationDecl {
        ident: name.clone(),
        parameters: Vec::new(),
        returns: None,
        body: syn::Block {
            brace_token: syn::token::Brace::default(),
            stmts: Vec::new(),
        },
        lost: true,
    });
    declared.operations.extend(lost);
    declared
}

/// What the analyses of a module found.
pub(crate) struct Analysed {
    /// In the order of the topologies.
    pub(crate) compiled: Vec<Compiled>,
    pub(crate) warnings: Vec<Warning>,
}

/// All that needs the whole declaration; every stage reports what it finds.
pub(crate) fn analyses(module: &ModuleDecl, declared: &TopologiesDecl, diagnostics: &mut Diagnostics) -> Analysed {
    check(module, declared, diagnostics);
    check_operations(declared, diagnostics);
    analyze::ownership::check(module, declared, diagnostics);
    let mut bodies = bodies(module, declared, diagnostics);
    let warnings = analyze::alignment::analyze(&mut bodies, module, declared, diagnostics);
    for (topology, bodies) in declared.topologies.iter().zip(&mut bodies) {
        let returning_nothing = topology
            .sources
            .iter()
            .zip(bodies)
            .filter(|(source, _)| source.returns.is_none());
        returning_nothing.for_each(|(_, body)| analyze::last_write::mark(body));
    }
    Analysed {
        compiled: bodies.into_iter().map(|bodies| Compiled { bodies }).collect(),
        warnings,
    }
}

/// Lowers and analyses every body.
fn bodies(module: &ModuleDecl, declared: &TopologiesDecl, diagnostics: &mut Diagnostics) -> Vec<Vec<Body>> {
    declared
        .topologies
        .iter()
        .map(|topology| {
            let bodies = topology.sources.iter().map(|source| {
                let before = diagnostics.count();
                let mut body = lower::lower(source, module, &declared.operations, diagnostics);
                analyze::names::resolve(&mut body, diagnostics);
                analyze::joins::cut(&mut body);
                analyze::liveness::analyze(&mut body);
                body.is_whole = diagnostics.count() == before && !declared.incomplete.contains(&source.ident);
                body
            });
            bodies.collect()
        })
        .collect()
}

/// Checks across declarations.
fn check(module: &ModuleDecl, declared: &TopologiesDecl, diagnostics: &mut Diagnostics) {
    let topologies: Vec<_> = declared.topologies.iter().map(|topology| &topology.name).collect();
    for pstate in &module.pstates {
        // Where a declaration has a mistake, it is not known which topology was meant.
        if !topologies.contains(&&pstate.owner) && declared.lost.is_empty() {
            diagnostics.error_with_help(
                Code::Ownership,
                &pstate.owner,
                format!(
                    "PState `{}` names owner `{}`, which is no topology of the module",
                    pstate.ident, pstate.owner
                ),
                choices(&pstate.owner, "topologies", &topologies),
            );
        }
    }
    let mut functions: Vec<&proc_macro2::Ident> = Vec::new();
    for source in declared.topologies.iter().flat_map(|topology| &topology.sources) {
        if functions.contains(&&source.ident) {
            declared_twice(&source.ident, diagnostics);
        }
        functions.push(&source.ident);
        if !module.depots.iter().any(|depot| depot.ident == source.depot) && !module.broken.contains(&source.depot) {
            let depots = module.depots.iter().map(|depot| &depot.ident);
            diagnostics.error_with_help(
                Code::Declaration,
                &source.depot,
                format!("`{}` is no depot of the module", source.depot),
                choices(&source.depot, "depots", depots),
            );
        }
        if let OnFailure::DeadLetter(name) = &source.on_failure {
            match module.depots.iter().find(|depot| depot.ident == *name) {
                None => {
                    let depots = module.depots.iter().map(|depot| depot.ident.to_string());
                    let words = ["halt".to_owned(), "skip".to_owned()];
                    diagnostics.error_with_help(
                        Code::Declaration,
                        name,
                        "`on_failure` is one of `halt`, `skip` and a depot of the module as dead-letter queue",
                        choices(name, "choices", words.into_iter().chain(depots)),
                    );
                }
                Some(depot) if matches!(depot.partitioner, Partitioner::Tick { .. }) => {
                    diagnostics.error_with_help(
                        Code::Declaration,
                        name,
                        format!("`{name}` is a tick depot, which only the clock appends to"),
                        "name a depot of `DeadLetter<Record>`s as dead-letter queue, or `halt` or `skip`",
                    );
                }
                Some(_) => {}
            }
        }
    }
}

fn declared_twice(name: &proc_macro2::Ident, diagnostics: &mut Diagnostics) {
    diagnostics.error_with_help(
        Code::Declaration,
        name,
        format!("`{name}` is declared twice"),
        "give one of them another name",
    );
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
            declared_twice(&operation.ident, diagnostics);
        }
        names.push(&operation.ident);
    }
}

/// What stands in the place of topologies that were rejected: the errors, and no further ones. The user's plain functions,
/// and a module that type checks wherever it is used.
fn rejected(
    item: &ItemStruct,
    module: &ModuleDecl,
    declared: &TopologiesDecl,
    diagnostics: &Diagnostics,
) -> TokenStream {
    let errors = diagnostics.to_compile_errors();
    if !item.generics.params.is_empty() {
        return errors;
    }
    let mut others = declared.others.clone();
    for other in &mut others {
        if let ImplItem::Fn(function) = other {
            function
                .attrs
                .retain(|attribute| !parse::topologies::is_ours(attribute));
        }
    }
    let name = &module.path;
    let placeholder = codegen::placeholder(module, declared);
    quote! {
        #[allow(warnings, unused)]
        impl #name { #(#others)* }
        #placeholder
        #errors
    }
}

/// `topology! { impl M { .. } }`: calls the macro that `#[module]` made under the module's name, with the block.
pub(crate) fn hand_over(block: TokenStream) -> TokenStream {
    let editor = editor::view(&block);
    let mut diagnostics = Diagnostics::default();
    // What else is wrong with it is for `compile` to say.
    let Some((head, _)) = block::head(block.clone(), &mut diagnostics) else {
        let errors = diagnostics.to_compile_errors();
        return quote!(#editor #errors);
    };
    let Type::Path(path) = &*head.self_ty else {
        let mut diagnostics = Diagnostics::default();
        diagnostics.error_with_help(
            Code::Syntax,
            &head.self_ty,
            "topologies stand in an `impl` of the module's struct",
            "write `impl Module { .. }`",
        );
        let errors = diagnostics.to_compile_errors();
        return quote!(#editor #errors);
    };
    let mut path = path.path.clone();
    for segment in &mut path.segments {
        segment.arguments = syn::PathArguments::None;
    }
    // Where the struct has no `#[module]`, rustc says that there is no macro of its name; this says what is meant.
    let span = path.span();
    let private = crate::names::private();
    let check = crate::names::at(quote!(#private::declared), span);
    let declared = quote_spanned!(span=> const _: fn() = #check::<#path>;);
    let path = path.to_token_stream();
    quote!(#editor #declared #path! { #block })
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
