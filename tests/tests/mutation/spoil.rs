//! Changes of a key behind the hop that it decided: each makes the witness of that hop another value, in a way of its own.

use super::scan::partitioner;
use syn::{Expr, Ident, Stmt, parse_quote};

/// A place that a computation is partitioned by: `word`, `record.user`, `pair.0`.
pub(crate) struct Place {
    /// The variable that it is, or is a part of.
    root: Ident,
    code: Expr,
}

impl Place {
    pub(crate) fn of(code: &Expr) -> Option<Self> {
        let mut at = code;
        loop {
            match at {
                Expr::Field(field) => at = &field.base,
                Expr::Path(path) => {
                    let root = path.path.get_ident()?.clone();
                    return (root != "self").then(|| Place {
                        root,
                        code: code.clone(),
                    });
                }
                _ => return None,
            }
        }
    }

    pub(crate) fn root(&self) -> String {
        self.root.to_string()
    }

    /// What `hash_partition(&place).await` and `path_partition(self.p.key(&place)).await` go by.
    pub(crate) fn of_hop(hop: &Expr) -> Option<Self> {
        let mut at = partitioner(hop)?.1.args.first()?;
        loop {
            match at {
                Expr::MethodCall(call) => at = call.args.first()?,
                Expr::Reference(reference) => at = &reference.expr,
                other => return Self::of(other),
            }
        }
    }

    /// Statements that make it another key. `other`, `change` and `yes` are functions of the generated crate, `spoil!` is a
    /// macro of it.
    pub(crate) fn spoiled(&self) -> Vec<Vec<Stmt>> {
        let Place { root, code } = self;
        let mut ways: Vec<Vec<Stmt>> = vec![
            parse(parse_quote!({ #code = other(&#code); })),
            parse(parse_quote!({ change(&mut #code); })),
            parse(parse_quote!({ let lent = &mut #code; *lent = other(&*lent); })),
            parse(parse_quote!({ let ref mut lent = #code; change(lent); })),
            parse(parse_quote!({ let mut edit = || #code = other(&#code); edit(); })),
            parse(parse_quote!({ let edit = |lent: &mut _| change(lent); edit(&mut #code); })),
            parse(parse_quote!({ let spare = other(&#code); #code.clone_from(&spare); })),
            parse(parse_quote!({ let mut spare = other(&#code); std::mem::swap(&mut #code, &mut spare); })),
            parse(parse_quote!({ let spare = other(&#code); let _ = std::mem::replace(&mut #code, spare); })),
            parse(parse_quote!({ if yes() { #code = other(&#code); } })),
            parse(parse_quote!({ if !yes() {} else { #code = other(&#code); } })),
            parse(parse_quote!({ match yes() { true => #code = other(&#code), false => {} } })),
            parse(parse_quote!({ let _ = yes() && { #code = other(&#code); true }; })),
            parse(parse_quote!({ loop { if !yes() { continue; } #code = other(&#code); break; } })),
            parse(parse_quote!({ for _ in 0..1 { #code = other(&#code); } })),
            parse(parse_quote!({ 'out: { if !yes() { break 'out; } #code = other(&#code); } })),
            parse(parse_quote!({ for lent in [&mut #code] { *lent = other(&*lent); } })),
            parse(parse_quote!({ [&mut #code].into_iter().for_each(change); })),
            parse(parse_quote!({ if let Some(lent) = Some(&mut #code) { change(lent); } })),
            parse(parse_quote!({ match &mut #code { lent => change(lent) } })),
            parse(parse_quote!({ let (lent, _) = (&mut #code, 1); change(lent); })),
            parse(parse_quote!({ #code = { let spare = #code.clone(); other(&spare) }; })),
            parse(parse_quote!({ (#code, _) = (other(&#code), 1); })),
            parse(parse_quote!({ [#code] = [other(&#code)]; })),
            parse(parse_quote!({ (.., #code) = (1, #code.clone(), other(&#code)); })),
            parse(parse_quote!({
                spoil!(#code);
            })),
            parse(parse_quote!({
                let _ = format!("{}", { #code = other(&#code); 1 });
            })),
            parse(parse_quote!({ #code = other(&#code); yield_if_overtime().await; })),
            parse(parse_quote!({ for _ in 0..1 { #code = other(&#code); yield_if_overtime().await; } })),
            parse(parse_quote!({ if yes() { #code = other(&#code); yield_if_overtime().await; } })),
            parse(parse_quote!({ let spare = other(&#code); #code = external(async move { spare }).await; })),
            parse(parse_quote!({ #code = explode([other(&#code)]).await; })),
        ];
        if !matches!(code, Expr::Path(_)) {
            // Through the whole that it is a part of.
            let Expr::Field(field) = code else { return ways };
            let member = &field.member;
            ways.push(parse(
                parse_quote!({ let lent = &mut #root; lent.#member = other(&lent.#member); }),
            ));
            ways.push(parse(
                parse_quote!({ let whole = #root.clone(); #root = whole; #code = other(&#code); }),
            ));
            ways.push(parse(
                parse_quote!({ for lent in std::slice::from_mut(&mut #root) { lent.#member = other(&lent.#member); } }),
            ));
            ways.push(parse(
                parse_quote!({ let ref mut lent = #root; lent.#member = other(&lent.#member); }),
            ));
        }
        for way in &mut ways {
            way.insert(0, parse_quote!(let mut #root = #root;));
        }
        // Without assignments: another variable of the name.
        ways.push(parse(
            parse_quote!({ let #root = { let mut #root = #root; #code = other(&#code); #root }; }),
        ));
        ways.push(parse(
            parse_quote!({ let #root = Some(#root).map(|mut #root| { #code = other(&#code); #root }).unwrap(); }),
        ));
        ways.push(parse(
            parse_quote!({ let [#root] = [#root].map(|mut #root| { #code = other(&#code); #root }); }),
        ));
        ways
    }
}

fn parse(block: syn::Block) -> Vec<Stmt> {
    block.stmts
}
