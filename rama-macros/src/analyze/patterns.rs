//! The variables that a pattern binds.

use crate::ir::Lent;
use proc_macro2::Ident;
use syn::{Pat, Type};

/// One variable of a pattern.
pub(crate) struct Bound {
    pub(crate) ident: Ident,
    pub(crate) mutable: bool,
    /// It is written that it is borrowed text or bytes.
    pub(crate) lent: Option<Lent>,
}

/// The variables that `let pat = ..;` binds: a plain name there is a variable, whatever its case.
pub(crate) fn bound_by_let(pat: &Pat) -> Vec<Bound> {
    match pat {
        Pat::Ident(ident) if ident.subpat.is_none() => {
            vec![Bound {
                ident: ident.ident.clone(),
                mutable: ident.mutability.is_some(),
                lent: None,
            }]
        }
        Pat::Type(typed) => {
            let mut found = bound_by_let(&typed.pat);
            lend(&typed.pat, &typed.ty, &mut found);
            found
        }
        other => bound(other),
    }
}

/// The variables that `pat` binds, in order, each once.
pub(crate) fn bound(pat: &Pat) -> Vec<Bound> {
    let mut found = Vec::new();
    collect(pat, &mut found);
    found
}

fn collect(pat: &Pat, found: &mut Vec<Bound>) {
    match pat {
        Pat::Ident(ident) => {
            // `None` and `LIMIT` name constants: a variable of such a name would be linted by rustc.
            let plain = ident.subpat.is_none() && ident.by_ref.is_none() && ident.mutability.is_none();
            let constant = plain && ident.ident.to_string().starts_with(|first: char| first.is_uppercase());
            if !constant && found.iter().all(|bound| bound.ident != ident.ident) {
                found.push(Bound {
                    ident: ident.ident.clone(),
                    mutable: ident.mutability.is_some(),
                    lent: None,
                });
            }
            if let Some((_, inner)) = &ident.subpat {
                collect(inner, found);
            }
        }
        Pat::Guard(guard) => collect(&guard.pat, found),
        Pat::Or(or) => {
            if let Some(first) = or.cases.first() {
                collect(first, found);
            }
        }
        Pat::Paren(inner) => collect(&inner.pat, found),
        Pat::Reference(inner) => collect(&inner.pat, found),
        Pat::Slice(slice) => slice.elems.iter().for_each(|pat| collect(pat, found)),
        Pat::Struct(fields) => fields.fields.iter().for_each(|field| collect(&field.pat, found)),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|pat| collect(pat, found)),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|pat| collect(pat, found)),
        Pat::Type(typed) => {
            collect(&typed.pat, found);
            lend(&typed.pat, &typed.ty, found);
        }
        _ => {}
    }
}

/// Notes which of the variables of `pat`, which is of type `ty`, are borrowed text or bytes.
fn lend(pat: &Pat, ty: &Type, found: &mut [Bound]) {
    match (pat, ty) {
        (_, Type::Group(ty)) => lend(pat, &ty.elem, found),
        (_, Type::Paren(ty)) => lend(pat, &ty.elem, found),
        (Pat::Paren(pat), _) => lend(&pat.pat, ty, found),
        (Pat::Ident(ident), _) if ident.by_ref.is_none() => {
            if let Some(bound) = found.iter_mut().find(|bound| bound.ident == ident.ident) {
                bound.lent = Lent::of(ty);
            }
        }
        (Pat::Tuple(pats), Type::Tuple(types)) if pats.elems.len() == types.elems.len() => {
            for (pat, ty) in pats.elems.iter().zip(&types.elems) {
                // `..` stands for as many as are missing.
                if matches!(pat, Pat::Rest(_)) {
                    return;
                }
                lend(pat, ty, found);
            }
        }
        _ => {}
    }
}

/// The patterns of the `let`s in a condition: `let P = a && b && let Q = c`.
pub(crate) fn condition_patterns(condition: &syn::Expr) -> Vec<&Pat> {
    let mut found = Vec::new();
    fn walk<'a>(expr: &'a syn::Expr, found: &mut Vec<&'a Pat>) {
        match expr {
            syn::Expr::Let(binding) => found.push(&binding.pat),
            syn::Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_)) => {
                walk(&binary.left, found);
                walk(&binary.right, found);
            }
            _ => {}
        }
    }
    walk(condition, &mut found);
    found
}
