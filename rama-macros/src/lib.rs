//! The compiler of rama: `#[module]`, `topology!`, `#[topologies]` and `#[derive(Fields)]`.
//!
//! Users depend on `rama-runtime`, which re-exports these macros with their documentation. The pipeline stands on one
//! screen in `compile.rs`; the map of this crate is in the project's `ARCHITECTURE.md`.
#![forbid(unsafe_code)]

mod analyze;
mod codegen;
mod compile;
mod debug;
mod diag;
mod editor;
mod fields;
mod ir;
mod lower;
mod model;
mod module;
mod names;
mod ops;
mod parse;
#[cfg(test)]
mod tests;
mod warn;

use proc_macro::TokenStream;

/// Declares a module. See `rama_runtime::module`.
#[proc_macro_attribute]
pub fn module(arguments: TokenStream, item: TokenStream) -> TokenStream {
    module::expand(arguments.into(), item.into()).into()
}

/// Declares a module's topologies, in a block. See `rama_runtime::topology`.
#[proc_macro]
pub fn topology(block: TokenStream) -> TokenStream {
    compile::hand_over(block.into()).into()
}

/// Declares a module's topologies, on an ordinary `impl` block. See `rama_runtime::topologies`.
#[proc_macro_attribute]
pub fn topologies(arguments: TokenStream, block: TokenStream) -> TokenStream {
    compile::hand_over_attribute(arguments.into(), block.into()).into()
}

/// The second half of `topology!`: called by the macro that `#[module]` made, with the module's declaration in front.
#[doc(hidden)]
#[proc_macro]
pub fn __compile(input: TokenStream) -> TokenStream {
    compile::compile(input.into()).into()
}

/// Makes a struct a PState schema whose fields are schemas. See `rama_runtime::Fields`.
#[proc_macro_derive(Fields)]
pub fn fields(item: TokenStream) -> TokenStream {
    fields::expand(item.into()).into()
}
