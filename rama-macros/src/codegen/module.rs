//! The `Module` implementation: the per-task view, its depots, its commit points.

use super::machine::Machine;
use super::{descriptor, key_function};
use crate::model::{Keep, ModuleDecl, PStateDecl, Partitioner, TopologiesDecl};
use crate::names;
use proc_macro2::TokenStream;
use quote::quote;

/// The implementation of a module that was rejected, so that the code that uses it has no errors of its own.
pub(super) fn placeholder(module: &ModuleDecl) -> TokenStream {
    let private = names::private();
    let (name, client) = (&module.path, names::client(&module.ident));
    let descriptor = descriptor::generate(module, &TopologiesDecl::default(), &[]);
    quote! {
        #[allow(warnings, unused, clippy::all, clippy::pedantic)]
        impl #private::Module for #name {
            const DESCRIPTOR: &'static #private::ModuleDescriptor = &#descriptor;
            type Client = #client;
            fn new(task: #private::TaskInfo) -> Self {
                ::core::unreachable!()
            }
            fn client(app: #private::App<Self>) -> #client {
                #client { app }
            }
            fn depot(&mut self, index: usize) -> ::core::option::Option<&mut dyn #private::DepotPartition> {
                ::core::unreachable!()
            }
            fn pstate(&mut self, index: usize) -> ::core::option::Option<&mut dyn #private::PStatePartition> {
                ::core::unreachable!()
            }
            fn shapes() -> #private::Shapes {
                ::core::unreachable!()
            }
            fn programs() -> ::std::vec::Vec<::std::boxed::Box<dyn #private::Program<Self>>> {
                ::core::unreachable!()
            }
            #[inline]
            fn commit(&mut self) {}
            fn rollback(&mut self) {}
        }
    }
}

/// `impl Module for WordCount { .. }`
pub(super) fn generate(module: &ModuleDecl, declared: &TopologiesDecl, machines: &[Machine]) -> TokenStream {
    let private = names::private();
    let (name, client) = (&module.path, names::client(&module.ident));
    let descriptor = descriptor::generate(module, declared, machines);
    let functions = declared
        .topologies
        .iter()
        .map(|topology| names::machine_function(&topology.name.to_string()));
    let new_depots = module.depots.iter().enumerate().map(|(index, depot)| {
        let ident = &depot.ident;
        // A tick is no data.
        let keep = if matches!(depot.partitioner, Partitioner::Tick { .. }) {
            Some(Keep::Last(0))
        } else {
            depot.keep
        };
        let keep = descriptor::keep(keep);
        let record = &depot.record;
        quote!(#ident: #private::Depot::new(#index, task, #keep).stored(#private::RecordCodec::<#record>::new().find()))
    });
    let new_pstates = module.pstates.iter().map(|pstate| {
        let (ident, schema) = (&pstate.ident, &pstate.schema);
        let initial = match &pstate.initial {
            // With its type, so that a wrong value is reported at the value.
            Some(initial) => quote!(::core::option::Option::<<#schema as #private::Schema>::Value>::Some(#initial)),
            None => quote!(::core::option::Option::None),
        };
        let ownership = ownership(pstate);
        let checks = if module.check_alignment {
            quote!(true)
        } else {
            quote!(::core::cfg!(debug_assertions))
        };
        quote!(#ident: #private::PState::checked(#private::PState::new(task, #initial), #checks.then(|| #ownership)))
    });
    let depots = module.depots.iter().enumerate().map(|(index, depot)| {
        let ident = &depot.ident;
        quote!(#index => ::core::option::Option::Some(&mut self.#ident),)
    });
    let pstates = module.pstates.iter().enumerate().map(|(index, pstate)| {
        let ident = &pstate.ident;
        quote!(#index => #private::Partition(&mut self.#ident).find(),)
    });
    let optional = |value: Option<TokenStream>| match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    };
    let pstate_shapes = module.pstates.iter().map(|pstate| {
        let schema = &pstate.schema;
        let renamed_from = optional(pstate.renamed_from.as_ref().map(|name| quote!(#name)));
        let migrate = pstate.migrate.as_ref();
        let migration = optional(migrate.map(|with| quote!(#private::Migration::new::<#schema, _>(#with))));
        quote! {
            #private::Shape {
                shape: ::std::string::String::new(), renamed_from: #renamed_from, migration: #migration,
            }
        }
    });
    let record_shapes = module.depots.iter().map(|depot| {
        let record = &depot.record;
        let renamed_from = optional(depot.renamed_from.as_ref().map(|name| quote!(#name)));
        quote! {
            #private::Shape {
                shape: #private::type_shape::<#record>(),
                renamed_from: #renamed_from,
                migration: ::core::option::Option::None,
            }
        }
    });
    let fields: Vec<_> = module
        .pstates
        .iter()
        .map(|pstate| &pstate.ident)
        .chain(module.depots.iter().map(|depot| &depot.ident))
        .collect();
    quote! {
        #[allow(clippy::all, clippy::pedantic)]
        impl #private::Module for #name {
            const DESCRIPTOR: &'static #private::ModuleDescriptor = &#descriptor;
            type Client = #client;
            #[allow(unused_variables)]
            fn new(task: #private::TaskInfo) -> Self {
                use #private::NoCodec as _;
                #name { #(#new_depots,)* #(#new_pstates,)* }
            }
            fn client(app: #private::App<Self>) -> #client {
                #client { app }
            }
            fn depot(&mut self, index: usize) -> ::core::option::Option<&mut dyn #private::DepotPartition> {
                match index {
                    #(#depots)*
                    _ => ::core::option::Option::None,
                }
            }
            fn pstate(&mut self, index: usize) -> ::core::option::Option<&mut dyn #private::PStatePartition> {
                use #private::NoPartition as _;
                match index {
                    #(#pstates)*
                    _ => ::core::option::Option::None,
                }
            }
            fn shapes() -> #private::Shapes {
                #private::Shapes {
                    pstates: ::std::vec![#(#pstate_shapes),*],
                    records: ::std::vec![#(#record_shapes),*],
                }
            }
            fn programs() -> ::std::vec::Vec<::std::boxed::Box<dyn #private::Program<Self>>> {
                ::std::vec![#(#private::program(Self::#functions())),*]
            }
            #[inline]
            #[inline]
            fn commit(&mut self) {
                #(self.#fields.commit();)*
            }
            fn rollback(&mut self) {
                #(self.#fields.rollback();)*
            }
        }
    }
}

/// Who owns the keys of a PState, for the check when it runs.
fn ownership(pstate: &PStateDecl) -> TokenStream {
    let private = names::private();
    let (name, schema) = (pstate.ident.to_string(), &pstate.schema);
    match &pstate.partition_by {
        _ if pstate.global => quote!(#private::Ownership::global(#name)),
        None => quote!(#private::Ownership::by_hash(#name)),
        Some(function) => {
            let part = key_function::apply(function, &quote!(key));
            quote! {
                #private::Ownership::by(#name, |key| {
                    #private::hash_with::<<#schema as #private::Schema>::Partition>(key, |key| #private::hash_of(&#part))
                })
            }
        }
    }
}
