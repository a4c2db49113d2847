//! The module as constant data.

use super::machine::Machine;
use crate::ir::{Access, Alignment};
use crate::model::{
    DepotDecl, Keep, ModuleDecl, OnFailure, PStateDecl, Partitioner, Retry, SourceDecl, StartFrom, TopologiesDecl,
    function_text, text,
};
use crate::names;
use proc_macro2::TokenStream;
use quote::quote;

/// A `ModuleDescriptor` expression.
pub(super) fn generate(module: &ModuleDecl, declared: &TopologiesDecl, machines: &[Machine]) -> TokenStream {
    let private = names::private();
    let (name, docs) = (module.ident.to_string(), &module.docs);
    let depots = module.depots.iter().map(depot);
    let pstates = module.pstates.iter().map(pstate);
    let topologies = declared.topologies.iter().zip(machines).map(|(topology, machine)| {
        let name = topology.name.to_string();
        let sources = topology.sources.iter().map(|decl| source(decl, module));
        let segments = machine.segments.iter().map(|segment| {
            let (source, scope) = (segment.source, &segment.scope);
            let hops = segment.hops.iter().map(|hop| {
                let (operation, arguments, to) = (hop.operation, &hop.arguments, hop.to);
                let appends = optional(hop.appends.map(|depot| quote!(#depot)));
                let each = optional(hop.each.as_ref().map(|items| quote!(#items)));
                quote! {
                    #private::HopDescriptor {
                        operation: #operation, arguments: #arguments, each: #each, appends: #appends, to: #to,
                    }
                }
            });
            let (partitioned_by, accesses) = (&segment.partitioned_by, segment.accesses.iter().map(access));
            quote! {
                #private::SegmentDescriptor {
                    source: #source, scope: &[#(#scope),*], partitioned_by: #partitioned_by,
                    accesses: &[#(#accesses),*], hops: &[#(#hops),*],
                }
            }
        });
        quote! {
            #private::TopologyDescriptor {
                name: #name,
                kind: #private::TopologyKind::Stream,
                sources: &[#(#sources),*],
                segments: &[#(#segments),*],
            }
        }
    });
    quote! {
        #private::ModuleDescriptor {
            name: #name,
            docs: #docs,
            depots: &[#(#depots),*],
            pstates: &[#(#pstates),*],
            topologies: &[#(#topologies),*],
        }
    }
}

fn optional(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn depot(depot: &DepotDecl) -> TokenStream {
    let private = names::private();
    let (name, record, docs) = (depot.ident.to_string(), text(&depot.record), &depot.docs);
    let partitioner = match &depot.partitioner {
        Partitioner::Random => quote!(Random),
        Partitioner::Global => quote!(Global),
        Partitioner::Disallow => quote!(Disallow),
        Partitioner::HashBy(function) => {
            let code = function_text(function);
            quote!(HashBy(#code))
        }
        Partitioner::Tick { millis } => quote!(Tick { millis: #millis }),
        Partitioner::Custom(path) => {
            let code = text(path);
            quote!(Custom(#code))
        }
    };
    let keep = keep(depot.keep);
    quote! {
        #private::DepotDescriptor {
            name: #name, record: #record, partitioner: #private::PartitionerDescriptor::#partitioner, keep: #keep, docs: #docs,
        }
    }
}

/// A depot's `keep`.
pub(super) fn keep(keep: Option<Keep>) -> TokenStream {
    let private = names::private();
    optional(keep.map(|keep| match keep {
        Keep::Last(records) => quote!(#private::Keep::Last(#records)),
        Keep::Within { millis } => quote!(#private::Keep::Within { millis: #millis }),
    }))
}

fn pstate(pstate: &PStateDecl) -> TokenStream {
    let private = names::private();
    let (name, schema, owner) = (pstate.ident.to_string(), text(&pstate.schema), pstate.owner.to_string());
    let (global, private_, docs) = (pstate.global, pstate.private, &pstate.docs);
    let initial = optional(pstate.initial.as_ref().map(|initial| {
        let code = text(initial);
        quote!(#code)
    }));
    let partition_by = optional(pstate.partition_by.as_ref().map(|function| {
        let code = function_text(function);
        quote!(#code)
    }));
    quote! {
        #private::PStateDescriptor {
            name: #name, schema: #schema, owner: #owner, global: #global, private: #private_,
            initial: #initial, partition_by: #partition_by, docs: #docs,
        }
    }
}

fn access(access: &Access) -> TokenStream {
    let private = names::private();
    let (pstate, writes) = (access.pstate, access.writes);
    let key = access.key.as_deref().unwrap_or_default();
    let alignment = match access.alignment {
        Alignment::Whole => quote!(Whole),
        Alignment::Proven => quote!(Proven),
        Alignment::Checked => quote!(Checked),
        Alignment::Unaligned => quote!(Unaligned),
    };
    quote! {
        #private::AccessDescriptor {
            pstate: #pstate, key: #key, writes: #writes, alignment: #private::AlignmentDescriptor::#alignment,
        }
    }
}

fn source(source: &SourceDecl, module: &ModuleDecl) -> TokenStream {
    let private = names::private();
    let position = |name: &proc_macro2::Ident| module.depots.iter().position(|depot| depot.ident == *name).unwrap_or(0);
    let (name, docs, depot) = (source.ident.to_string(), &source.docs, position(&source.depot));
    let returns = source.returns.as_ref().map(text).unwrap_or_default();
    let has_ack_return = source.returns.is_some();
    let start_from = match &source.start_from {
        StartFrom::Beginning => quote!(Beginning),
        StartFrom::End => quote!(End),
        StartFrom::Ago(records) => quote!(Ago(#records)),
        StartFrom::Within { millis } => quote!(Within { millis: #millis }),
        StartFrom::Offset(offset) => quote!(Offset(#offset)),
        StartFrom::Since(time) => quote!(Since { unix_millis: #time }),
    };
    let retry = match source.retry {
        Retry::Individual => quote!(Individual),
        Retry::AllAfter => quote!(AllAfter),
        Retry::None => quote!(None),
    };
    let on_failure = match &source.on_failure {
        OnFailure::Halt => quote!(Halt),
        OnFailure::Skip => quote!(Skip),
        OnFailure::DeadLetter(depot) => {
            let depot = position(depot);
            quote!(DeadLetter(#depot))
        }
    };
    let timeout = optional(source.timeout_millis.map(|millis| quote!(#millis)));
    let max_retries = source.max_retries;
    quote! {
        #private::SourceDescriptor {
            name: #name, depot: #depot, returns: #returns, has_ack_return: #has_ack_return,
            start_from: #private::StartFrom::#start_from, retry: #private::Retry::#retry, max_retries: #max_retries,
            on_failure: #private::OnFailure::#on_failure, timeout_millis: #timeout, docs: #docs,
        }
    }
}
