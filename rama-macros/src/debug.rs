//! `RAMA_EXPAND=Module cargo build` prints the formatted expansion of a module to stderr; `RAMA_EXPAND=*` that of each.

use proc_macro2::{Ident, TokenStream};

/// Prints if asked to.
pub(crate) fn print(module: &Ident, expansion: &TokenStream) {
    match std::env::var("RAMA_EXPAND") {
        Ok(wanted) if wanted == "*" || *module == wanted => eprintln!("// {module}\n{}", formatted(expansion)),
        _ => {}
    }
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
