//! The typed client: one accessor a depot and a PState, with the field's documentation.

use super::key_function;
use super::segment::is_result;
use crate::model::{DepotDecl, ModuleDecl, PStateDecl, Partitioner, TopologiesDecl};
use crate::names;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericArgument, PathArguments, Type};

/// `pub struct WordCountClient { .. }` and its accessors.
pub(super) fn generate(module: &ModuleDecl, declared: &TopologiesDecl) -> TokenStream {
    let private = names::private();
    let (name, path, client, vis) = (&module.ident, &module.path, names::client(&module.ident), &module.vis);
    let depots = module
        .depots
        .iter()
        .enumerate()
        .map(|(index, depot)| depot_accessor(module, declared, index, depot));
    let pstates = module
        .pstates
        .iter()
        .chain(&module.ownerless)
        .map(|pstate| pstate_accessor(module, pstate));
    let docs = format!(
        "The client of a launched [`{name}`]: one accessor a depot and a PState. Cheap to clone; every clone is a handle of the same module."
    );
    quote! {
        #[doc = #docs]
        #[derive(Clone)]
        #[allow(dead_code)]
        #vis struct #client {
            app: #private::App<#path>,
        }
        impl ::core::ops::Deref for #client {
            type Target = #private::App<#path>;
            fn deref(&self) -> &Self::Target {
                &self.app
            }
        }
        #[allow(dead_code, clippy::all, clippy::pedantic)]
        impl #client {
            #(#depots)*
            #(#pstates)*
        }
    }
}

fn depot_accessor(module: &ModuleDecl, declared: &TopologiesDecl, index: usize, depot: &DepotDecl) -> TokenStream {
    let private = names::private();
    let (name, vis, ident, record) = (&module.path, &module.vis, &depot.ident, &depot.record);
    let docs = documented(&depot.docs, &format!("Depot `{ident}`."));
    let partitioner = match &depot.partitioner {
        Partitioner::Disallow | Partitioner::Tick { .. } => {
            return quote! {
                #docs
                #vis fn #ident(&self) -> #private::DepotReader<#name, #record> {
                    #private::DepotReader::new(&self.app, #index, |module: &mut #name| &mut module.#ident)
                }
            };
        }
        Partitioner::Random => quote!(#private::ClientPartitioner::Random),
        Partitioner::Global => quote!(#private::ClientPartitioner::Global),
        Partitioner::HashBy(function) => {
            let key = key_function::apply(function, &quote!(record));
            quote!(#private::ClientPartitioner::HashBy(|record: &#record| #private::hash_of(&#key)))
        }
        Partitioner::Custom(path) => quote!(#private::ClientPartitioner::Custom(#path)),
    };
    let returning: Vec<&Type> = declared
        .topologies
        .iter()
        .flat_map(|topology| &topology.sources)
        .filter(|source| source.depot == *ident)
        .filter_map(|source| source.returns.as_ref())
        .map(ack_type)
        .collect();
    let ack = match returning.as_slice() {
        [] => quote!(()),
        [one] => quote!(#one),
        several => quote!((#(#several,)*)),
    };
    let unpack = match returning.as_slice() {
        [] => quote!(#private::unpack_nothing),
        [one] => quote!(#private::unpack_one::<#one>),
        several => {
            quote!(|values: &mut #private::AckValues| ::core::result::Result::Ok((#(values.take::<#several>()?,)*)))
        }
    };
    quote! {
        #docs
        #vis fn #ident(&self) -> #private::DepotClient<#name, #record, #ack> {
            #private::DepotClient::new(&self.app, #index, |module: &mut #name| &mut module.#ident, #partitioner, #unpack)
        }
    }
}

/// What the appender gets: `T` of a source that returns `Result<T>`.
fn ack_type(returns: &Type) -> &Type {
    if is_result(returns)
        && let Type::Path(path) = returns
        && let Some(last) = path.path.segments.last()
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(GenericArgument::Type(ty)) = arguments.args.first()
    {
        return ty;
    }
    returns
}

fn pstate_accessor(module: &ModuleDecl, pstate: &PStateDecl) -> TokenStream {
    let private = names::private();
    let (name, vis, ident, schema) = (&module.path, &module.vis, &pstate.ident, &pstate.schema);
    if pstate.private {
        // So that a client that reads it is told why it cannot.
        return quote! {
            #[doc(hidden)]
            #vis fn #ident(&self) -> #private::PrivatePState<#name> {
                #private::PrivatePState::new()
            }
        };
    }
    let docs = documented(&pstate.docs, &format!("PState `{ident}`."));
    let field = quote!(|module: &#name| &module.#ident);
    if pstate.global {
        return quote! {
            #docs
            #vis fn #ident(&self) -> #private::GlobalCursor<#name, #schema> {
                #private::global_pstate(&self.app, #field)
            }
        };
    }
    let new = match &pstate.partition_by {
        None => quote!(#private::PStateClient::new(&self.app, #field)),
        Some(function) => {
            let part = key_function::apply(function, &quote!(key));
            quote!(#private::PStateClient::partitioned_by(&self.app, #field, |key| #private::hash_of(&#part)))
        }
    };
    quote! {
        #docs
        #vis fn #ident(&self) -> #private::PStateClient<#name, #schema> {
            #new
        }
    }
}

fn documented(docs: &str, otherwise: &str) -> TokenStream {
    let lines: Vec<&str> = if docs.is_empty() {
        vec![otherwise]
    } else {
        docs.lines().collect()
    };
    quote!(#(#[doc = #lines])*)
}
