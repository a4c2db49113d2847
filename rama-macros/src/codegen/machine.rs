//! A topology's machine: its segments as closures, in one function, so that rustc infers what travels.
//!
//! ```text
//! fn machine() -> impl Machine<M> {
//!     struct Scope1<A0> { word: A0 }           enum Hop<H1> { S1(H1) }           enum Next0<H1> { S1(H1) }
//!     fn segment0<H1, F: Fn(&mut M, &mut Cx, &mut Sink<Next0<H1>>, Record) -> ..>(_: Witness<H1>, f: F) -> F { f }
//!     fn segment1<H1, F: Fn(&mut M, &mut Cx, &mut Sink<Next1>, H1) -> ..>(_: Witness<H1>, f: F) -> F { f }
//!     let type1 = Witness::<Scope1<_>>::new();
//!     let f0 = segment0(type1, |this, cx, sink, record| { ..the body up to its first awaits.. });
//!     let f1 = segment1(type1, |this, cx, sink, scope| { .. });
//!     assemble(type1, |source, ..| match source { 0 => f0(..) }, |hop, ..| match hop { S1(scope) => f1(..) }, ..)
//! }
//! ```
//!
//! The order of these lines is what keeps rustc's time near linear in the number of segments. A type is declared right in
//! front of the first segment that makes it, and a segment stands behind one that leads to it: so its scope's type is known when
//! it is checked, and rustc, which looks at all that it could not decide yet at every expression, has little to look at. For
//! the same reason nothing is bounded by what rustc decides at the end of a function (`Send` of a closure), and no closure stands
//! in a function that is generic over all scopes, of which it would repeat all bounds.

use super::Compiled;
use super::hop::{self, HopEnum};
use super::scope::{lent, scope_fields, value_field};
use super::segment::Emitter;
use crate::ir::{Access, Alignment, AwaitId, Body, Lent};
use crate::model::{ModuleDecl, OnFailure, SourceDecl, TopologyDecl};
use crate::names;
use crate::ops::{Call, appended};
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
    /// Where it is done for each item of an `explode`: the items.
    pub(super) each: Option<String>,
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
    /// Those of them that variables refer to.
    lent: Vec<(Ident, Lent)>,
    /// It makes a future, before all else.
    makes_future: bool,
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

/// The segments that some path leads to, each behind those that lead to it, but for the ways back in loops (a depth-first
/// search's reverse postorder), otherwise in the order of the text. Code behind a `return` resumes never, and rustc could not
/// infer its scope.
fn reachable(codes: &[Code], sources: usize) -> Vec<usize> {
    let mut found = vec![false; codes.len()];
    let mut order = Vec::new();
    // Segments under way, with how many of the segments they lead to were looked at, from the last one on.
    let mut open: Vec<(usize, usize)> = Vec::new();
    for source in (0..sources).rev() {
        open.push((source, 0));
        found[source] = true;
        while let Some((number, seen)) = open.last_mut() {
            let reached = &codes[*number].reached;
            match reached.len().checked_sub(*seen + 1) {
                Some(next) => {
                    *seen += 1;
                    let next = reached[next];
                    if !std::mem::replace(&mut found[next], true) {
                        open.push((next, 0));
                    }
                }
                None => {
                    order.push(*number);
                    open.pop();
                }
            }
        }
    }
    order.reverse();
    order
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
    let reached = std::mem::take(&mut emitter.reached);
    let accesses = std::mem::take(&mut emitter.accesses);
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
            let arguments = |call: &Call| {
                let arguments: Vec<String> = call.arguments.iter().map(crate::model::text).collect();
                arguments.join(", ")
            };
            HopText {
                operation: call.operation.name(),
                arguments: arguments(call),
                each: emitter
                    .exploded_by(to)
                    .map(|explode| arguments(&body.awaits[explode].call)),
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
        lent: point.map_or_else(Vec::new, |point| {
            let fields = scope_fields(body, &body.awaits[point]).into_iter();
            fields.filter_map(|field| Some((field.ident, field.lent?))).collect()
        }),
        makes_future: point.is_some_and(|point| body.awaits[point].makes.is_some()),
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
    let this = &module.path;
    let name = names::machine_function(&topology.name.to_string());
    let mut resumable: Vec<usize> = live.iter().copied().filter(|number| *number >= sources).collect();
    resumable.sort_unstable();
    let futures = resumable.iter().any(|number| codes[*number].makes_future);
    let hops = HopEnum::new(&resumable, futures);
    let scopes = live.iter().filter_map(|number| {
        let code = &codes[*number];
        Some(hop::scope_struct(*number, code.fields.as_ref()?, code.makes_future))
    });
    let nexts = live
        .iter()
        .map(|number| hop::next_enum(*number, &codes[*number].reached));
    let hop_enum = hops.items();
    let functions = live
        .iter()
        .map(|number| segment_function(module, topology, *number, &codes[*number]));
    let shown_at = topology
        .sources
        .first()
        .map_or_else(Span::call_site, |source| source.ident.span());
    let mut declared = vec![false; codes.len()];
    let mut segments = TokenStream::new();
    for &number in live {
        let code = &codes[number];
        let types = types_of(number, code);
        for &ty in &types {
            if !std::mem::replace(&mut declared[ty], true) {
                segments.extend(scope_type(ty, &codes[ty], shown_at));
            }
        }
        let types = types.iter().map(|ty| names::scope_type(*ty, shown_at));
        let (variable, closure) = (names::segment_variable(number), closure(topology, number, code));
        let mut function = names::segment_function(number);
        function.set_span(shown_at);
        let call = quote_spanned!(shown_at=> #function(#(#types,)* #closure));
        segments.extend(quote!(let #variable = #call;));
    }
    let starts = topology.sources.iter().enumerate().map(|(number, source)| {
        let depot = &source.depot;
        let record = names::record();
        // A stream of another record type is reported at the type.
        let mut given = record.clone();
        given.set_span(record.span().located_at(source.record.span()));
        let call = call(&hops, number, &codes[number], &given);
        quote! {
            #number => {
                let #record = #private::Fetch(&module.#depot).record(offset)?;
                #call
            }
        }
    });
    let steps = resumable.iter().map(|&number| {
        let scope = format_ident!("scope");
        let (hop, call) = (
            hops.variant(number, &quote!(#scope)),
            call(&hops, number, &codes[number], &scope),
        );
        quote!(#hop => #call,)
    });
    let prepares: Vec<TokenStream> = resumable
        .iter()
        .filter_map(|&number| prepare(module, &hops, number, &codes[number]))
        .collect();
    let prepare = if prepares.is_empty() {
        quote!((),)
    } else {
        quote! {
            move |hop, module, step, found| match hop {
                #(#prepares)*
                _ => {}
            },
        }
    };
    let dead_letters = dead_letters(topology);
    let hop = hops.ty();
    let parameters: Vec<Ident> = resumable.iter().map(|number| names::scope_parameter(*number)).collect();
    let types = resumable.iter().map(|number| names::scope_type(*number, shown_at));
    let machine = names::at(quote!(impl #private::Machine<#this>), shown_at);
    let mut assemble = names::assemble();
    assemble.set_span(shown_at);
    let flow = quote!(::core::result::Result<#private::Flow<#hop>, #private::EventError>);
    let arguments = quote! {
        #(#types,)*
        move |source, offset, module, cx, out| match source {
            #(#starts)*
            unknown => ::core::result::Result::Err(#private::EventError::new(::std::format!("source {unknown} does not exist"))),
        },
        move |hop, module, cx, out| match hop {
            #(#steps)*
        },
        #dead_letters,
        #prepare
    };
    let assembled = quote_spanned!(shown_at=> #assemble(#arguments));
    // Where nothing is known ahead, nothing is asked.
    let (bound, preparing) = if prepares.is_empty() {
        (quote!(Prepare: ::core::marker::Sized,), quote!())
    } else {
        (
            quote!(Prepare: ::core::ops::Fn(&#hop, &#this, #private::Step, &mut u64) + ::core::marker::Send + 'static,),
            quote!(.preparing(prepare)),
        )
    };
    quote! {
        #[doc(hidden)]
        #[allow(warnings, unused, clippy::all, clippy::pedantic, clippy::restriction)]
        fn #name() -> #machine {
                use #private::NoRecord as _;
                #(#items)*
                #(#scopes)*
                #(#nexts)*
                #hop_enum
                #(#functions)*
                fn #assemble<#(#parameters,)* Start, Step, Dead, Prepare>(
                    #(_: #private::Witness<#parameters>,)*
                    start: Start,
                    step: Step,
                    dead_letter: Dead,
                    prepare: Prepare,
                ) -> impl #private::Machine<#this>
                where
                    #(#parameters: #private::Wire,)*
                    Start: ::core::ops::Fn(usize, u64, &mut #this, &mut #private::Cx, &mut #private::Out<#hop>) -> #flow
                        + ::core::marker::Send + 'static,
                    Step: ::core::ops::Fn(#hop, &mut #this, &mut #private::Cx, &mut #private::Out<#hop>) -> #flow
                        + ::core::marker::Send + 'static,
                    Dead: ::core::ops::Fn(usize, u64, &#private::Failure, &mut #this) -> bool + ::core::marker::Send + 'static,
                    #bound
                {
                    #private::ClosureMachine::new(start, step, dead_letter)#preparing
                }
                #segments
                #assembled
        }
    }
}

/// `Hop::S2(scope) => module.counts.prepare(&scope.word, step, found),`: what a segment looks up first, where that is known when it arrives.
fn prepare(module: &ModuleDecl, hops: &HopEnum, number: usize, code: &Code) -> Option<TokenStream> {
    let segment = &code.segment;
    let access = segment
        .accesses
        .iter()
        .find(|access| access.alignment == Alignment::Proven)?;
    let key = access.key.as_ref()?.trim_start_matches('&').trim_start();
    // The awaited value has no name of its own.
    let fields = code.fields.as_ref()?;
    let (field, _) = fields.iter().zip(&segment.scope).find(|(_, text)| *text == key)?;
    let pstate = &module.pstates.get(access.pstate)?.ident;
    let pattern = hops.variant(number, &quote!(scope));
    let key = match code.lent.iter().find(|(ident, _)| ident == field) {
        Some((_, Lent::Bytes)) => return None,
        Some((_, of)) => lent(*of, &quote!(scope.#field)),
        None => quote!(&scope.#field),
    };
    // Were the variable another one by then, this would be of no use, but of no harm either: any type will do.
    Some(quote!(#pattern => module.#pstate.prepare(#key, step, found),))
}

/// The scopes whose types a segment's signature names: those that it makes, and its own.
fn types_of(number: usize, code: &Code) -> Vec<usize> {
    let mut types = code.reached.clone();
    if code.fields.is_some() && !types.contains(&number) {
        types.push(number);
    }
    types
}

/// `let type3 = Witness::<Scope3<_, _>>::new();`
fn scope_type(number: usize, code: &Code, shown_at: Span) -> TokenStream {
    let (variable, ty) = (names::scope_type(number, shown_at), names::scope_struct(number));
    let private = names::private();
    let holes = code.fields.iter().flatten().map(|_| quote!(_));
    quote!(let #variable = #private::Witness::<#ty<#(#holes),*>>::new();)
}

/// `fn segment3<H3, H4, F: Fn(&mut M, &mut Cx, &mut Sink<Next3<H4>>, H3) -> ..>(_: Witness<H4>, _: Witness<H3>, f: F) -> F { f }`
fn segment_function(module: &ModuleDecl, topology: &TopologyDecl, number: usize, code: &Code) -> TokenStream {
    let (private, this, function) = (names::private(), &module.path, names::segment_function(number));
    let parameters: Vec<Ident> = types_of(number, code)
        .iter()
        .map(|ty| names::scope_parameter(*ty))
        .collect();
    let next = hop::next_type(number, &code.reached);
    let input = match (&code.fields, topology.sources.get(code.segment.source)) {
        (None, Some(source)) => {
            let record = &source.record;
            quote!(#record)
        }
        _ => {
            let scope = names::scope_parameter(number);
            quote!(#scope)
        }
    };
    quote! {
        fn #function<#(#parameters,)* F>(#(_: #private::Witness<#parameters>,)* f: F) -> F
        where
            F: ::core::ops::Fn(&mut #this, &mut #private::Cx, &mut #private::Sink<'_, #next>, #input)
                -> ::core::result::Result<#private::Flow<#next>, #private::EventError>,
        {
            f
        }
    }
}

/// A segment's code.
fn closure(topology: &TopologyDecl, number: usize, code: &Code) -> TokenStream {
    let (self_, cx, sink) = (names::this(Span::call_site()), names::cx(), names::sink());
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
}

/// Runs a segment on its record or scope.
fn call(hops: &HopEnum, number: usize, code: &Code, input: &Ident) -> TokenStream {
    let (segment, private) = (names::segment_variable(number), names::private());
    let widen = hops.widen(number, &code.reached);
    quote! {
        match #segment(module, cx, &mut #private::Sink::new(&mut |emit| out.push(#private::Emit::map(emit, #widen))), #input) {
            ::core::result::Result::Ok(flow) => ::core::result::Result::Ok(#private::Flow::map(flow, #widen)),
            ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
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
