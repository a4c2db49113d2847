//! `RAMA_EXPAND=Module cargo build` prints the formatted expansion of a module to stderr; `RAMA_EXPAND=*` that of each.
//! `RAMA_TIME` does the same with the seconds that it took to make.

use proc_macro2::{Ident, TokenStream};
use std::time::Duration;

/// Prints if asked to.
pub(crate) fn print(module: &Ident, expansion: &TokenStream, took: Duration) {
    if asked("RAMA_TIME", module) {
        eprintln!("rama: {module} expanded in {:.4} s", took.as_secs_f64());
    }
    if asked("RAMA_EXPAND", module) {
        eprintln!("// {module}\n{}", formatted(expansion));
    }
}

fn asked(variable: &str, module: &Ident) -> bool {
    std::env::var(variable).is_ok_and(|wanted| wanted == "*" || *module == wanted)
}

/// The expansion as a person would format it, without the pictures, which only rustdoc reads.
pub(crate) fn formatted(expansion: &TokenStream) -> String {
    match syn::parse2::<syn::File>(expansion.clone()) {
        Ok(mut file) => {
            for item in &mut file.items {
                if let syn::Item::Impl(block) = item {
                    block.attrs.retain(|attribute| !attribute.path().is_ident("cfg_attr"));
                }
            }
            prettyplease::unparse(&file)
        }
        Err(_) => expansion.to_string(),
    }
}
