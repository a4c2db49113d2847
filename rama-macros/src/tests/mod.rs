//! The compiler without rustc: text in, text out.

mod alignment;
mod alignment_model;
mod diagnostics;
mod expansion;
mod fuzz;
mod half_typed;
mod joins;
mod last_writes;
mod pages;

use crate::diag::Diagnostics;
use crate::ir::Body;
use crate::{analyze, lower, parse};

/// The expansion of a module's topologies, formatted.
fn expand(module: &str, block: &str) -> String {
    let input: proc_macro2::TokenStream = format!("{{ {module} }} {block}")
        .parse()
        .expect("the test's input is Rust tokens");
    crate::debug::formatted(&crate::compile::compile(input))
}

/// The errors of a module and its topologies, as `line:column [code] message` and their help, in the order of the text.
fn errors(module: &str, block: &str) -> String {
    let (errors, _) = reported(module, block);
    errors
}

/// The warnings, as [`errors`].
fn warnings(module: &str, block: &str) -> String {
    let (_, warnings) = reported(module, block);
    warnings
}

fn reported(module: &str, block: &str) -> (String, String) {
    let item: syn::ItemStruct = syn::parse_str(module).expect("the test's struct parses");
    let block: proc_macro2::TokenStream = block.parse().expect("the test's block is Rust tokens");
    let mut diagnostics = Diagnostics::default();
    let module = parse::module::parse(&item, &mut diagnostics);
    let mut warnings = String::new();
    if let Some(understood) = parse::block::parse(block, &mut diagnostics) {
        let declared = crate::compile::declarations(&understood, &mut diagnostics);
        let analysed = crate::compile::analyses(&module, &declared, &mut diagnostics);
        for warning in &analysed.warnings {
            let start = warning.at.start();
            let (line, column, code) = (start.line, start.column + 1, warning.code.text());
            warnings += &format!("{line}:{column} [{code}] {}\n", warning.message);
        }
    }
    let lines = diagnostics.sorted().into_iter().map(|found| {
        let start = found.from.start();
        let help = found
            .help
            .as_ref()
            .map_or_else(String::new, |help| format!(" = help: {help}\n"));
        format!(
            "{}:{} [{}] {}\n{help}",
            start.line,
            start.column + 1,
            found.code.text(),
            found.message
        )
    });
    (lines.collect(), warnings)
}

/// The lowered and analysed body of the only source of `impl M { body }`.
fn body(body: &str) -> Body {
    cut_body(body, None)
}

/// The same, cut where so many awaits are worth it.
fn cut_body(body: &str, worth: Option<usize>) -> Body {
    let item: syn::ItemStruct = syn::parse_str(MODULE).expect("the struct parses");
    let block: syn::ItemImpl = syn::parse_str(&format!(
        "impl M {{ #[stream(t, source = input)] async fn f(&mut self, record: Record) {{ {body} }} }}"
    ))
    .expect("the test's body parses");
    let mut diagnostics = Diagnostics::default();
    let module = parse::module::parse(&item, &mut diagnostics);
    let declared = parse::topologies::parse(&block, &mut diagnostics);
    let mut body = lower::lower(
        &declared.topologies[0].sources[0],
        &module,
        &declared.operations,
        &mut diagnostics,
    );
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    analyze::names::resolve(&mut body, &mut diagnostics);
    match worth {
        Some(worth) => analyze::joins::cut_from(&mut body, worth),
        None => analyze::joins::cut(&mut body),
    }
    analyze::liveness::analyze(&mut body);
    body
}

/// The names of the variables that each await carries.
fn carried(text: &str) -> Vec<Vec<String>> {
    let body = body(text);
    let names = |point: &crate::ir::Await| {
        point
            .live
            .iter()
            .map(|binding| body.bindings[*binding].ident.to_string())
            .collect()
    };
    body.awaits.iter().map(names).collect()
}

const MODULE: &str = "pub struct M {
    #[depot(hash_by = |record| &record.key)] input: Depot<Record>,
    #[depot(disallow)] output: Depot<Record>,
    #[pstate(owner = t)] counts: PState<Map<String, u64>>,
    #[pstate(owner = other)] foreign: PState<Map<String, u64>>,
}";

mod liveness;
