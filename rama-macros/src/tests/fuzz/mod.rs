//! Broken input: an error at the user's own tokens, never a panic, and no endless work.
//!
//! A seeded generator damages whole input, on the level of tokens. `RAMA_FUZZ=20000 RAMA_SEED=7 cargo test -p rama-macros
//! fuzz` runs more of it.

mod corpus;
mod mutate;

use super::MODULE;
use corpus::{BLOCKS, BODIES, FIELDS, MODULES};
use mutate::{Mutator, cut_at_each, located, without_each};
use proc_macro2::{Delimiter, Group, LineColumn, TokenStream, TokenTree};

/// How often each piece of the corpus is damaged.
fn rounds(default: usize) -> usize {
    let asked = std::env::var("RAMA_FUZZ").ok().and_then(|text| text.parse().ok());
    asked.unwrap_or(default)
}

fn mutator() -> Mutator {
    let seed = std::env::var("RAMA_SEED").ok().and_then(|text| text.parse().ok());
    Mutator::new(seed.unwrap_or(1))
}

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("the corpus is Rust tokens")
}

/// The block of a stream with this body.
fn block(body: &str) -> String {
    format!(
        "impl M {{ #[stream(t, source = input)] async fn f(&mut self, record: Record) -> Result<u64> {{ {body} }} \
         #[stream(other, source = input)] async fn g(&mut self, r: Record) {{ self.deliver(r, 2).await; }} \
         async fn deliver(&mut self, to: Record, n: u64) -> u64 {{ hash_partition(&to).await; n }} }}"
    )
}

/// All that `topology!` makes of a module in braces and a block.
fn topology(input: TokenStream) -> TokenStream {
    let handed_over = crate::compile::hand_over(input.clone().into_iter().skip(1).collect());
    // The tokens are compiled only where a module was found to hand them to.
    match handed_over.to_string().contains("compile_error") {
        true => handed_over,
        false => crate::compile::compile(input),
    }
}

/// A block with the module that it belongs to.
fn with_module(block: &TokenStream) -> TokenStream {
    let module = TokenTree::Group(Group::new(Delimiter::Brace, tokens(MODULE)));
    std::iter::once(module).chain(block.clone()).collect()
}

/// The messages of the `compile_error!`s in `expansion`, with where they are shown.
fn reported(expansion: TokenStream, found: &mut Vec<(String, LineColumn)>) {
    let mut is_error = None;
    for token in expansion {
        match &token {
            TokenTree::Ident(word) if word == "compile_error" => is_error = Some(word.span().start()),
            TokenTree::Punct(_) => {}
            TokenTree::Group(group) => match is_error.take() {
                Some(start) => found.push((group.stream().to_string(), start)),
                None => reported(group.stream(), found),
            },
            _ => is_error = None,
        }
    }
}

/// The first and the last place of the input's tokens.
fn range(input: &TokenStream) -> Option<(LineColumn, LineColumn)> {
    let mut tokens = input.clone().into_iter();
    let first = tokens.next()?;
    let last = tokens.last().unwrap_or_else(|| first.clone());
    Some((first.span().start(), last.span().end()))
}

/// Checks what must hold whatever the input is. Says whether it was refused.
fn check(input: &TokenStream, expand: fn(TokenStream) -> TokenStream) -> bool {
    let text = input.to_string();
    let shown = text.chars().take(2_000).collect::<String>();
    // Not on the first line, where `Span::call_site` seems to be.
    let Some(input) = located(&format!("\n\n{text}")) else {
        return true;
    };
    let mut errors = Vec::new();
    reported(expand(input.clone()), &mut errors);
    for (message, _) in &errors {
        assert!(message.contains("[RM0"), "no code: {message}\n{shown}");
    }
    if let (false, Some((start, end))) = (errors.is_empty(), range(&input)) {
        let inside = errors.iter().any(|(_, at)| *at >= start && *at <= end);
        assert!(inside, "no error is inside {start:?}..{end:?}: {errors:?}\n{shown}");
    }
    !errors.is_empty()
}

fn check_block(block: &TokenStream) -> bool {
    // An empty one has no tokens that an error could be at.
    block.is_empty() || check(&with_module(block), topology)
}

fn check_body(body: &TokenStream) -> bool {
    located(&block(&body.to_string())).is_none_or(|block| check_block(&block))
}

#[test]
fn the_whole_corpus_compiles() {
    for body in BODIES {
        assert!(!check_body(&tokens(body)), "{body}");
    }
    for block in BLOCKS {
        assert!(!check_block(&tokens(block)), "{block}");
    }
    for module in MODULES {
        assert!(!check(&tokens(module), module_macro), "{module}");
    }
    for item in FIELDS {
        assert!(!check(&tokens(item), crate::fields::expand), "{item}");
    }
}

fn module_macro(item: TokenStream) -> TokenStream {
    crate::module::expand(TokenStream::new(), item)
}

#[test]
fn a_body_with_any_token_missing_is_code_or_refused() {
    let mut refused = 0;
    for body in BODIES {
        for variant in without_each(tokens(body)) {
            refused += usize::from(check_body(&variant));
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_body_that_is_cut_at_any_token_is_code_or_refused() {
    let mut refused = 0;
    for body in BODIES {
        for variant in cut_at_each(tokens(body)) {
            refused += usize::from(check_body(&variant));
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn damaged_blocks_are_code_or_refused() {
    let mut mutator = mutator();
    let mut refused = 0;
    for whole in BLOCKS
        .iter()
        .map(|block| (*block).to_owned())
        .chain(BODIES.iter().map(|body| block(body)))
    {
        for _ in 0..rounds(100) {
            let damaged = mutator.damaged(tokens(&whole));
            refused += usize::from(check_block(&damaged));
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn damaged_modules_are_code_or_refused() {
    let mut mutator = mutator();
    let mut refused = 0;
    for whole in MODULES {
        for variant in without_each(tokens(whole)) {
            refused += usize::from(check(&variant, module_macro));
        }
        for _ in 0..rounds(150) {
            let damaged = mutator.damaged(tokens(whole));
            refused += usize::from(check(&damaged, module_macro));
            // What `#[module]` lets through reaches the compiler.
            if syn::parse2::<syn::ItemStruct>(damaged.clone()).is_ok() {
                let module = TokenTree::Group(Group::new(Delimiter::Brace, damaged));
                crate::compile::compile(std::iter::once(module).chain(tokens(BLOCKS[0])).collect());
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn damaged_fields_structs_are_code_or_refused() {
    let mut mutator = mutator();
    let mut refused = 0;
    for whole in FIELDS {
        for variant in without_each(tokens(whole)) {
            refused += usize::from(check(&variant, crate::fields::expand));
        }
        for _ in 0..rounds(150) {
            refused += usize::from(check(&mutator.damaged(tokens(whole)), crate::fields::expand));
        }
    }
    assert!(refused > 50, "{refused}");
}

#[test]
fn deep_nesting_is_refused_before_the_stack_ends() {
    type Wrap = fn(&str) -> String;
    let wraps: [(Wrap, &str); 12] = [
        (|inner| format!("({inner})"), "a"),
        (|inner| format!("{{ {inner} }}"), "a"),
        (|inner| format!("if a {{ {inner} }} else {{ b }}"), "a"),
        (|inner| format!("match a {{ B => {{ {inner} }} _ => c }}"), "a"),
        (|inner| format!("loop {{ {inner}; }}"), "hash_partition(&a).await"),
        (|inner| format!("|a| {inner}"), "a"),
        (|inner| format!("!{inner}"), "a"),
        (|inner| format!("{inner} + a"), "a"),
        (|inner| format!("{inner}.a()"), "a"),
        (|inner| format!("a = {inner}"), "a"),
        (|inner| format!("if a {{ b }} else {inner}"), "{ a }"),
        (|inner| format!("external({inner}).await"), "a"),
    ];
    let all = move || {
        for (wrap, innermost) in wraps {
            for depth in [20, 50, 64, 200, 500, 3_000] {
                let mut body = innermost.to_owned();
                for _ in 0..depth {
                    body = wrap(&body);
                }
                let refused = check_body(&tokens(&body));
                assert!(!refused || depth > 20, "{depth} levels of {}", wrap("_"));
                assert!(refused || depth < 3_000, "{depth} levels of {}", wrap("_"));
                check_body(&tokens(&format!("let = ; {body} let")));
            }
        }
    };
    // rustc's threads have 8 MB.
    let thread = std::thread::Builder::new()
        .stack_size(4 << 20)
        .spawn(all)
        .expect("a thread");
    thread.join().expect("no panic");
}

#[test]
fn long_input_takes_work_in_proportion() {
    let statement = "let x = ; self.counts.key(&x). hash_partition(&x)\n external(1); self.foreign.key(&x).set(1);\n";
    let errors = |times: usize| {
        let mut found = Vec::new();
        let block = tokens(&block(&statement.repeat(times)));
        reported(topology(with_module(&block)), &mut found);
        found.len()
    };
    // Each copy has its own mistakes, and nothing is lost or reported twice on the way.
    assert_eq!(errors(400) - errors(200), errors(300) - errors(100));
    assert!(errors(400) > 400 * 3);
}
