//! The mutants of declarations: where a depot's records and a PState's keys live.

use super::mutate::Collected;
use super::program::{Program, Variant, argument, options};
use quote::ToTokens;
use syn::{Attribute, Expr, parse_quote};

/// Other partitioners of each depot that clients append to.
pub(super) fn depots(collected: &mut Collected, program: &Program) {
    let original = &program.original;
    for (at, field) in original.module.fields.iter().enumerate() {
        let Some(attr) = field.attrs.iter().position(|attr| attr.path().is_ident("depot")) else {
            continue;
        };
        let before = field.attrs[attr].meta.to_token_stream().to_string();
        if before.contains("tick") {
            continue;
        }
        let record = argument(&field.ty)
            .map(|ty| ty.to_token_stream().to_string())
            .unwrap_or_default();
        let mut others: Vec<Attribute> = vec![parse_quote!(#[depot(random)]), parse_quote!(#[depot(global)])];
        match program.records.get(&record) {
            None => others.push(parse_quote!(#[depot(hash_by = |record| record)])),
            Some(fields) => {
                for (name, _) in fields {
                    let name = quote::format_ident!("{name}");
                    others.push(parse_quote!(#[depot(hash_by = |record| &record.#name)]));
                }
            }
        }
        for other in others {
            let mut variant = original.clone();
            let what = format!("`{before}` became `{}`", other.meta.to_token_stream());
            set_attribute(&mut variant, at, attr, other);
            collected.add_both("another depot partitioner", what, variant);
        }
    }
}

/// Other options of each PState: where its keys live.
pub(super) fn pstates(collected: &mut Collected, original: &Variant) {
    for (at, field) in original.module.fields.iter().enumerate() {
        let Some(attr) = field.attrs.iter().position(|attr| attr.path().is_ident("pstate")) else {
            continue;
        };
        let before = field.attrs[attr].meta.to_token_stream().to_string();
        let placement = |option: &Expr| {
            let text = option.to_token_stream().to_string();
            text == "global" || text.starts_with("partition_by")
        };
        let options = options(&field.attrs[attr]);
        let rest: Vec<&Expr> = options.iter().filter(|option| !placement(option)).collect();
        let mut others: Vec<Attribute> = vec![parse_quote!(#[pstate(#(#rest),*)])];
        if rest.len() == options.len() {
            others.push(parse_quote!(#[pstate(#(#rest,)* global)]));
        }
        if before.contains("partition_by") {
            others.push(parse_quote!(#[pstate(#(#rest,)* partition_by = |key| &key.0)]));
            others.push(parse_quote!(#[pstate(#(#rest,)* partition_by = |key| &key.1)]));
        }
        for other in others {
            let mut variant = original.clone();
            let what = format!("`{before}` became `{}`", other.meta.to_token_stream());
            set_attribute(&mut variant, at, attr, other);
            collected.add_both("another placement of a PState", what, variant);
        }
    }
}

fn set_attribute(variant: &mut Variant, field: usize, attr: usize, with: Attribute) {
    if let Some(field) = variant.module.fields.iter_mut().nth(field) {
        field.attrs[attr] = with;
    }
}
