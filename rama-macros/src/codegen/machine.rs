//! A topology's machine: its segments as closures, handed to one generic function, so that rustc infers what travels.
//!
//! ```text
//! fn machine() -> impl Machine<M> {
//!     struct Scope1<A0> { word: A0 }           enum Hop<H1> { S1(H1) }           enum Next0<H1> { S1(H1) }
//!     fn assemble<H1: Wire, F0: Fn(&mut M, &mut Cx, &mut Sink<Next0<H1>>, Record) -> .., F1: Fn(.., H1) -> ..>(f0: F0, f1: F1) -> impl Machine<M> { .. }
//!     assemble(|this, cx, sink, record| { ..the body up to its first awaits.. }, |this, cx, sink, scope: Scope1<_>| { .. })
//! }
//! ```

use super::Compiled;
use super::hop;
use super::scope::{scope_fields, value_field};
use super::segment::Emitter;
use crate::ir::{Access, AwaitId, Body};
use crate::model::{ModuleDecl, OnFailure, SourceDecl, TopologyDecl};
use crate::names;
use crate::ops::appended;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

/// A generated machine, with what the descriptor says of it.
pub(super) struct Machine {
    pub(super) function: TokenStream,
    pub(super) segments: Vec<Segment>,
    /// The numbers of the segments that some path leads to.
    pub(super) live: Vec<usize>,
}

/// One segment.
pub(super) struct Segment {
    pub(super) source: usize,
    /// The names of the fields of its scope.
    pub(super) scope: Vec<String>,
    /// What the computation is partitioned by in it, in words.
    pub(super) partitioned_by: String,
    pub(super) accesses: Vec<Access>,
    pub(super) hops: Vec<HopText>,
}

/// One way out.
pub(super) struct HopText {
    pub(super) operation: &'static str,
    pub(super) arguments: String,
    /// Number of the depot that it appends to.
    pub(super) appends: Option<usize>,
    pub(super) to: usize,
}

struct Code {
    segment: Segment,
    reached: Vec<usize>,
    body: TokenStream,
    /// The fields of the scope that it takes; `None` for a source's first segment.
    fields: Option<Vec<Ident>>,
}

/// Generates the machine of one topology.
pub(super) fn generate(module: &ModuleDecl, topology: &TopologyDecl, compiled: &Compiled) -> Machine {
    let sources = topology.sources.len();
    let mut codes = Vec::new();
    let mut first = sources;
    let mut resumptions = Vec::new();
    for (at, (source, body)) in topology.sources.iter().zip(&compiled.bodies).enumerate() {
        codes.push(segment(module, source, body, at, at, first, None));
        for point in 0..body.awaits.len() {
            resumptions.push(segment(module, source, body, at, first + point, first, Some(point)));
        }
        first += body.awaits.len();
    }
    codes.extend(resumptions);
    let live = reachable(&codes, sources);
    let mut items: Vec<&syn::Item> = Vec::new();
    for item in compiled.bodies.iter().flat_map(|body| &body.items) {
        if !items.contains(&item) {
            items.push(item);
        }
    }
    let function = function(module, topology, &codes, &live, &items, sources);
    Machine {
        function,
        segments: codes.into_iter().map(|code| code.segment).collect(),
        live,
    }
}

/// The segments that some path leads to. Code behind a `return` resumes never, and rustc could not infer its scope.
fn reachable(codes: &[Code], sources: usize) -> Vec<usize> {
    let mut live: Vec<bool> = (0..codes.len()).map(|number| number < sources).collect();
    let mut open: Vec<usize> = (0..sources).collect();
    while let Some(number) = open.pop() {
        for &next in &codes[number].reached {
            if !live[next] {
                live[next] = true;
                open.push(next);
            }
        }
    }
    (0..codes.len()).filter(|number| live[*number]).collect()
}

fn segment(
    module: &ModuleDecl,
    source: &SourceDecl,
    body: &Body,
    source_number: usize,
    number: usize,
    first: usize,
    point: Option<AwaitId>,
) -> Code {
    let mut emitter = Emitter::new(body, module, source.returns.as_ref(), number, first);
    let tokens = match point {
        None => emitter.start(),
        Some(point) => emitter.resumed(point),
    };
    let (reached, accesses) = (emitter.reached, emitter.accesses);
    let partitioned_by = point.map_or(&body.here, |point| &body.awaits[point].here).clone();
    let fields = point.map(|point| {
        let awaited = &body.awaits[point];
        let value = awaited.call.operation.has_value().then(value_field);
        value
            .into_iter()
            .chain(scope_fields(body, awaited).into_iter().map(|field| field.ident))
            .collect::<Vec<_>>()
    });
    let scope = point.map_or_else(Vec::new, |point| {
        let awaited = &body.awaits[point];
        let value = awaited.call.operation.has_value().then(|| value_field().to_string());
        value
            .into_iter()
            .chain(
                scope_fields(body, awaited)
                    .into_iter()
                    .filter(|field| !field.witness)
                    .map(|field| field.text),
            )
            .collect()
    });
    let hops = reached
        .iter()
        .map(|&to| {
            let call = &body.awaits[to].call;
            let arguments: Vec<String> = call.arguments.iter().map(crate::model::text).collect();
            HopText {
                operation: call.operation.name(),
                arguments: arguments.join(", "),
                appends: call
                    .arguments
                    .first()
                    .and_then(|argument| appended(argument, module).map(|(depot, _)| depot)),
                to: first + to,
            }
        })
        .collect();
    Code {
        segment: Segment {
            source: source_number,
            scope,
            partitioned_by,
            accesses,
            hops,
        },
        reached: reached.into_iter().map(|point| first + point).collect(),
        body: tokens,
        fields,
    }
}

fn function(
    module: &ModuleDecl,
    topology: &TopologyDecl,
    codes: &[Code],
    live: &[usize],
    items: &[&syn::Item],
    sources: usize,
) -> TokenStream {
    let private = names::private();
    let (hop, assemble) = (names::hop_enum(), names::assemble());
    let this = &module.path;
    let name = names::machine_function(&topology.name.to_string());
    let resumable: Vec<usize> = live.iter().copied().filter(|number| *number >= sources).collect();
    let reached = |number: usize| codes[number].reached.as_slice();
    let codes = || live.iter().map(|number| (*number, &codes[*number]));
    let scopes = codes().filter_map(|(number, code)| Some(hop::scope_struct(number, code.fields.as_ref()?)));
    let hop_enum = hop::hop_enum(&resumable);
    let nexts = codes().map(|(number, code)| hop::next_enum(number, &code.reached));
    let parameters: Vec<Ident> = resumable.iter().map(|number| names::scope_parameter(*number)).collect();
    let functions: Vec<Ident> = live.iter().map(|number| names::segment_parameter(*number)).collect();
    let arguments: Vec<Ident> = live.iter().map(|number| format_ident!("f{number}")).collect();
    let bounds = codes().map(|(number, code)| {
        let next = hop::next_type(number, &code.reached);
        let input = match number < sources {
            true => {
                let record = &topology.sources[number].record;
                quote!(#record)
            }
            false => {
                let scope = names::scope_parameter(number);
                quote!(#scope)
            }
        };
        quote! {
            ::core::ops::Fn(&mut #this, &mut #private::Cx, &mut #private::Sink<'_, #next>, #input)
                -> ::core::result::Result<#private::Flow, #private::EventError> + ::core::marker::Send + 'static
        }
    });
    let bounds: Vec<TokenStream> = bounds.collect();
    let starts = topology.sources.iter().enumerate().map(|(number, source)| {
        let (depot, argument) = (&source.depot, format_ident!("f{number}"));
        let widen = hop::widen(number, reached(number));
        let record = names::record();
        // A stream of another record type is reported at the type.
        let mut given = record.clone();
        given.set_span(record.span().located_at(source.record.span()));
        quote! {
            #number => {
                let #record = #private::Fetch(&module.#depot).record(offset)?;
                #argument(module, cx, &mut #private::Sink::new(&mut |emit| out.push(#private::Emit::map(emit, #widen))), #given)
            }
        }
    });
    let steps = resumable.iter().map(|&number| {
        let (variant, argument) = (names::variant(number), format_ident!("f{number}"));
        let widen = hop::widen(number, reached(number));
        quote! {
            #hop::#variant(scope) =>
                #argument(module, cx, &mut #private::Sink::new(&mut |emit| out.push(#private::Emit::map(emit, #widen))), scope),
        }
    });
    let start_closure = quote! {
        move |source: usize, offset: u64, module: &mut #this, cx: &mut #private::Cx, out: &mut #private::Out<#hop<#(#parameters),*>>| match source {
            #(#starts)*
            unknown => ::core::result::Result::Err(#private::EventError::new(::std::format!("source {unknown} does not exist"))),
        }
    };
    let step_closure = quote! {
        move |hop: #hop<#(#parameters),*>, module: &mut #this, cx: &mut #private::Cx, out: &mut #private::Out<#hop<#(#parameters),*>>| match hop {
            #(#steps)*
        }
    };
    let dead_letters = dead_letters(topology);
    let closures = codes().map(|(number, code)| {
        let (self_, cx, sink) = (names::this(proc_macro2::Span::call_site()), names::cx(), names::sink());
        let body = &code.body;
        // What is wrong with the whole of a segment is shown at its function's name.
        let span = topology
            .sources
            .get(code.segment.source)
            .map_or_else(Span::call_site, |source| source.ident.span());
        match &code.fields {
            None => {
                let record = names::record();
                quote_spanned!(span=> |#self_, #cx, #sink, #record| { #body })
            }
            Some(fields) => {
                let (scope, ty) = (names::scope(), names::scope_struct(number));
                let holes = fields.iter().map(|_| quote!(_));
                quote_spanned!(span=> |#self_, #cx, #sink, #scope: #ty<#(#holes),*>| { #body })
            }
        }
    });
    let shown_at = topology
        .sources
        .first()
        .map_or_else(Span::call_site, |source| source.ident.span());
    let machine = names::at(quote!(impl #private::Machine<#this>), shown_at);
    let assemble = Ident::new(&assemble.to_string(), shown_at);
    let assembled = quote_spanned!(shown_at=> #assemble(#(#closures),*));
    quote! {
        #[doc(hidden)]
        #[allow(warnings, unused, clippy::all, clippy::pedantic, clippy::restriction)]
        fn #name() -> #machine {
            use #private::NoRecord as _;
            #(#items)*
            #(#scopes)*
            #(#nexts)*
            #hop_enum
            fn #assemble<#(#parameters,)* #(#functions,)*>(#(#arguments: #functions),*) -> impl #private::Machine<#this>
            where
                #(#parameters: #private::Wire,)*
                #(#functions: #bounds,)*
            {
                #private::ClosureMachine::new(#start_closure, #step_closure, #dead_letters)
            }
            #assembled
        }
    }
}

fn dead_letters(topology: &TopologyDecl) -> TokenStream {
    let private = names::private();
    let arms = topology.sources.iter().enumerate().filter_map(|(number, source)| {
        let OnFailure::DeadLetter(letters) = &source.on_failure else {
            return None;
        };
        let depot = &source.depot;
        Some(quote! {
            #number => match #private::Fetch(&module.#depot).record(offset) {
                ::core::result::Result::Ok(record) => {
                    module.#letters.stage_dead_letter(#private::DeadLetter::new(record, failure));
                    true
                }
                ::core::result::Result::Err(_) => false,
            },
        })
    });
    let module = format_ident!("module");
    quote! {
        move |source: usize, offset: u64, failure: &#private::Failure, #module: &mut _| match source {
            #(#arms)*
            _ => false,
        }
    }
}
