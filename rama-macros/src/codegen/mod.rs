//! IR to code: one file a generated thing.

mod client;
mod descriptor;
mod exploded;
mod hop;
pub(crate) mod key_function;
mod machine;
mod module;
mod picture;
mod resume;
mod scope;
mod segment;
#[cfg(test)]
mod tests;
mod translate;

use crate::ir::Body;
use crate::model::{ModuleDecl, TopologiesDecl};
use proc_macro2::TokenStream;
use quote::quote;

/// A topology whose bodies are lowered and analysed, in the order of its sources.
pub(crate) struct Compiled {
    pub(crate) bodies: Vec<Body>,
}

/// What stands for topologies that were rejected: it has all types, and never runs.
pub(crate) fn placeholder(module: &ModuleDecl, declared: &TopologiesDecl) -> TokenStream {
    let implementation = module::placeholder(module);
    let client = client::generate(module, declared);
    quote!(#implementation #client)
}

/// All that `topology!` makes.
pub(crate) fn generate(module: &ModuleDecl, declared: &TopologiesDecl, compiled: &[Compiled]) -> TokenStream {
    let machines: Vec<machine::Machine> = declared
        .topologies
        .iter()
        .zip(compiled)
        .map(|(topology, compiled)| machine::generate(module, topology, compiled))
        .collect();
    let name = &module.path;
    let blocks = declared.topologies.iter().zip(&machines).map(|(topology, machine)| {
        let (picture, function) = (picture::attribute(module, topology, machine), &machine.function);
        quote!(#picture impl #name { #function })
    });
    let blocks: TokenStream = blocks.collect();
    let implementation = module::generate(module, declared, &machines);
    let client = client::generate(module, declared);
    let others = &declared.others;
    let others = (!others.is_empty()).then(|| quote!(impl #name { #(#others)* }));
    quote! {
        #others
        #blocks
        #implementation
        #client
    }
}
