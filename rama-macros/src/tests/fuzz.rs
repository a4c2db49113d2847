//! Broken input: an error, never a panic.

use super::MODULE;

const WHOLE: &str = "impl M { #[stream(t, source = input, retry = all_after)] async fn f(&mut self, record: Record) -> Result<u64> { \
    let Some(x) = self.get(&record)? else { return Ok(1) }; for w in x { if let Some(a) = w && external(g(a)).await { continue; } \
    let y = match w { A { b, .. } if b > 1 => { hash_partition(&b).await; b } _ => break }; fork(async move { direct_partition(y).await; }); } \
    'a: loop { self.output.append(record).ack(AckLevel::Full).await; break 'a; } Ok(2) } \
    #[stream(other, source = input)] async fn g(&mut self, r: Record) { self.h(r).await; } async fn h(&mut self, r: Record) { explode(r).await; } }";

fn compile(tokens: Vec<proc_macro2::TokenTree>) -> String {
    let module: proc_macro2::TokenStream = format!("{{ {MODULE} }}").parse().expect("tokens");
    let input = module.into_iter().chain(tokens).collect();
    crate::compile::compile(input).to_string()
}

/// Every token of `tokens`, at any depth, left out in turn.
fn without_each(tokens: proc_macro2::TokenStream) -> Vec<Vec<proc_macro2::TokenTree>> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut all = Vec::new();
    for at in 0..tokens.len() {
        let mut without = tokens.clone();
        without.remove(at);
        all.push(without);
        if let proc_macro2::TokenTree::Group(group) = &tokens[at] {
            for inner in without_each(group.stream()) {
                let mut changed = tokens.clone();
                changed[at] = proc_macro2::TokenTree::Group(proc_macro2::Group::new(
                    group.delimiter(),
                    inner.into_iter().collect(),
                ));
                all.push(changed);
            }
        }
    }
    all
}

#[test]
fn the_whole_input_compiles() {
    let code = compile(
        WHOLE
            .parse::<proc_macro2::TokenStream>()
            .expect("tokens")
            .into_iter()
            .collect(),
    );
    assert!(!code.contains("compile_error"), "{code}");
}

#[test]
fn input_with_any_token_missing_never_panics() {
    let variants = without_each(WHOLE.parse().expect("tokens"));
    assert!(variants.len() > 150, "{}", variants.len());
    let refused = variants
        .into_iter()
        .filter(|variant| compile(variant.clone()).contains("compile_error"))
        .count();
    assert!(refused > 30, "{refused}");
}
