//! The mutants of a program: each is the program with one partitioner, key or declaration moved, dropped or changed.

use super::declarations::{depots, pstates};
use super::edit::{behind_a_helper, insert, remove, replace_hop, replace_key};
use super::program::{Program, Variant};
use super::scan::{Body, Candidate, Hop, Spot, functions, partitioner, scan};
use super::spoil::Place;
use quote::ToTokens;
use std::collections::BTreeSet;
use syn::{Expr, parse_quote};

pub(crate) struct Mutant {
    /// `m0001`; of a program that is not mutated, `b..`.
    pub(crate) id: String,
    pub(crate) program: usize,
    pub(crate) family: &'static str,
    /// What was changed, in words.
    pub(crate) what: String,
    pub(crate) variant: Variant,
    /// Whether its accesses are behind a function that the compiler cannot see through.
    pub(crate) hidden: bool,
}

/// All mutants of one program, each text once.
pub(crate) fn mutants(number: usize, program: &Program) -> Vec<Mutant> {
    let original = &program.original;
    let mut collected = Collected {
        program: number,
        known: BTreeSet::from([original.identity(), behind_a_helper(original).identity()]),
        found: Vec::new(),
    };
    for (function, item) in functions(original) {
        let name = item.sig.ident.to_string();
        let body = scan(program, original, item);
        let mut here = InFunction {
            collected: &mut collected,
            original,
            function,
            name,
            body: &body,
        };
        here.drops();
        here.keys();
        here.kinds();
        here.moves();
        here.swaps();
        here.duplicates();
        here.accesses();
        here.spoiled_keys();
    }
    depots(&mut collected, program);
    pstates(&mut collected, original);
    collected.found
}

pub(crate) struct Collected {
    program: usize,
    known: BTreeSet<String>,
    found: Vec<Mutant>,
}

impl Collected {
    /// Adds a mutant, unless there is one with the same text.
    fn add(&mut self, family: &'static str, what: String, variant: Variant) {
        self.add_as(family, what, variant, false);
    }

    /// Adds it twice: as it is, and with all accesses where the compiler cannot see them.
    pub(crate) fn add_both(&mut self, family: &'static str, what: String, variant: Variant) {
        self.add_as(family, what.clone(), behind_a_helper(&variant), true);
        self.add_as(family, what, variant, false);
    }

    fn add_as(&mut self, family: &'static str, what: String, variant: Variant, hidden: bool) {
        if self.known.insert(variant.identity()) {
            let (id, program) = (String::new(), self.program);
            self.found.push(Mutant {
                id,
                program,
                family,
                what,
                variant,
                hidden,
            });
        }
    }
}

/// Mutates one function's body.
struct InFunction<'a> {
    collected: &'a mut Collected,
    original: &'a Variant,
    function: usize,
    name: String,
    body: &'a Body,
}

impl InFunction<'_> {
    fn words(&self, what: &str) -> String {
        format!("in `{}`, {what}", self.name)
    }

    fn drops(&mut self) {
        for (number, hop) in self.body.hops.iter().enumerate() {
            let variant = replace_hop(self.original, self.function, number, &parse_quote!(()));
            let what = self.words(&format!("`{}` dropped", code(&hop.code)));
            self.collected.add_both("dropped", what, variant);
        }
    }

    /// The key of each partitioner, changed to everything else that is in scope.
    fn keys(&mut self) {
        for (number, hop) in self.body.hops.iter().enumerate() {
            let Some((name, _)) = partitioner(&hop.code) else {
                continue;
            };
            let mut others: Vec<Expr> = Vec::new();
            match name.as_str() {
                "path_partition" => {
                    for pstate in self.original.pstates() {
                        let field = quote::format_ident!("{}", pstate.name);
                        let key = key_of(&hop.code);
                        others.push(parse_quote!(path_partition(self.#field.key(#key)).await));
                    }
                    others.extend(hashes(&hop.scope));
                }
                "hash_partition" | "global_partition" | "direct_partition" | "all_partition" => {
                    others.extend(hashes(&hop.scope));
                    others.push(parse_quote!(hash_partition("nobody").await));
                }
                _ => {}
            }
            for (at, other) in others.iter().enumerate() {
                let variant = replace_hop(self.original, self.function, number, other);
                let what = self.words(&format!("`{}` became `{}`", code(&hop.code), code(other)));
                // Behind a helper one other key is enough, and takes the time of one.
                if at == 0 || at == others.len() / 2 {
                    self.collected.add_both("another key", what, variant);
                } else {
                    self.collected.add("another key", what, variant);
                }
            }
        }
    }

    fn kinds(&mut self) {
        for (number, hop) in self.body.hops.iter().enumerate().filter(|(_, hop)| hop.is_partitioner) {
            let mut kinds: Vec<Expr> = vec![
                parse_quote!(shuffle_partition().await),
                parse_quote!(global_partition().await),
                parse_quote!(all_partition().await),
                parse_quote!(direct_partition(1).await),
                parse_quote!(custom_partition(|_tasks| 0).await),
            ];
            if let Some((name, _)) = partitioner(&hop.code)
                && name == "path_partition"
            {
                let key = key_of(&hop.code);
                kinds.push(parse_quote!(hash_partition(#key).await));
            }
            for (at, kind) in kinds.iter().enumerate() {
                let variant = replace_hop(self.original, self.function, number, kind);
                let what = self.words(&format!("`{}` became `{}`", code(&hop.code), code(kind)));
                if at == 0 || at == 3 {
                    self.collected.add_both("another kind", what, variant);
                } else {
                    self.collected.add("another kind", what, variant);
                }
            }
        }
    }

    fn moves(&mut self) {
        for (hop, from) in self.statements() {
            for to in self.places(from) {
                let mut variant = self.original.clone();
                let Some(stmt) = remove(&mut variant, self.function, from) else {
                    continue;
                };
                insert(&mut variant, self.function, to, stmt);
                let what = self.words(&format!(
                    "`{}` moved from {} to {}",
                    code(&hop.code),
                    show(from),
                    show(to)
                ));
                self.collected.add("moved", what, variant);
            }
        }
    }

    fn swaps(&mut self) {
        let hops = &self.body.hops;
        for left in 0..hops.len() {
            for right in left + 1..hops.len() {
                let once = replace_hop(self.original, self.function, left, &hops[right].code);
                let variant = replace_hop(&once, self.function, right, &hops[left].code);
                let what = self.words(&format!(
                    "`{}` and `{}` swapped",
                    code(&hops[left].code),
                    code(&hops[right].code)
                ));
                self.collected.add_both("swapped", what, variant);
            }
        }
    }

    fn duplicates(&mut self) {
        for (hop, from) in self.statements() {
            let code_of = &hop.code;
            let mut places = vec![
                Spot { block: 0, at: 0 },
                from,
                Spot {
                    block: from.block,
                    at: usize::MAX,
                },
            ];
            places.extend(self.outer(from));
            for to in places {
                let mut variant = self.original.clone();
                insert(&mut variant, self.function, to, parse_quote!(#code_of;));
                let what = self.words(&format!("`{}` again at {}", code(&hop.code), show(to)));
                self.collected.add("duplicated", what, variant);
            }
        }
    }

    /// The keys of accesses: changed to everything that fits, or made opaque.
    fn accesses(&mut self) {
        let pstates = self.original.pstates();
        for (number, access) in self.body.accesses.iter().enumerate() {
            let Some(pstate) = pstates.iter().find(|pstate| pstate.name == access.pstate) else {
                continue;
            };
            let key = &access.key;
            let mut keys: Vec<(&str, Expr)> = access
                .scope
                .iter()
                .filter(|candidate| candidate.fits(pstate.key.as_ref()))
                .map(|candidate| &candidate.code)
                .map(|candidate| ("another key of an access", parse_quote!(&#candidate)))
                .collect();
            keys.push(("an opaque key", parse_quote!(&other(#key))));
            keys.push(("an opaque key", parse_quote!(&same_key(#key))));
            for (family, with) in keys {
                let variant = replace_key(self.original, self.function, number, &with);
                let what = self.words(&format!(
                    "`{}.key({})` became `.key({})`",
                    access.pstate,
                    code(key),
                    code(&with)
                ));
                if family == "an opaque key" {
                    self.collected.add("an opaque key", what, variant);
                } else {
                    self.collected.add_both("another key of an access", what, variant);
                }
            }
        }
    }

    /// What decided the task becomes another value: behind each hop, and behind the start of the body, where the depot's `hash_by`
    /// decided.
    fn spoiled_keys(&mut self) {
        let start = Spot { block: 0, at: 0 };
        let first = self.body.accesses.iter().filter(|access| access.is_before_hops);
        let at_start = first.filter_map(|access| match &access.key {
            Expr::Reference(reference) => Some((start, Place::of(&reference.expr)?)),
            _ => None,
        });
        let parameters: BTreeSet<String> = self.body.parameters.iter().cloned().collect();
        let mut places: Vec<(Spot, Place)> = at_start
            .filter(|(_, place)| parameters.contains(&place.root()))
            .collect();
        for (hop, spot) in self.statements() {
            let behind = Spot {
                at: spot.at + 1,
                ..spot
            };
            places.extend(Place::of_hop(&hop.code).map(|place| (behind, place)));
        }
        for (spot, place) in places {
            for statements in place.spoiled() {
                let mut variant = self.original.clone();
                for stmt in statements.iter().rev() {
                    insert(&mut variant, self.function, spot, stmt.clone());
                }
                let shown: Vec<String> = statements
                    .iter()
                    .map(|stmt| stmt.to_token_stream().to_string())
                    .collect();
                let what = self.words(&format!("at {}, `{}`", show(spot), shown.join(" ")));
                self.collected.add("a key that changes", what, variant);
            }
        }
    }

    fn statements(&self) -> Vec<(Hop, Spot)> {
        let hops = self.body.hops.iter();
        hops.filter_map(|hop| Some((hop.clone(), hop.spot?))).collect()
    }

    fn outer(&self, from: Spot) -> Vec<Spot> {
        let Some(within) = self.body.blocks[from.block].within else {
            return Vec::new();
        };
        vec![
            within,
            Spot {
                at: within.at + 1,
                ..within
            },
        ]
    }

    /// Where a statement can go: positions as they are once it has been taken out.
    fn places(&self, from: Spot) -> Vec<Spot> {
        let Spot { block, at } = from;
        let mut places = vec![
            Spot { block: 0, at: 0 },
            Spot { block, at: usize::MAX },
            Spot { block, at: at + 1 },
        ];
        places.extend(at.checked_sub(1).map(|at| Spot { block, at }));
        places.extend(self.outer(from));
        // Into the branches and loops beside it.
        for (inner, info) in self.body.blocks.iter().enumerate() {
            let Some(within) = info.within else { continue };
            if within.block == block && (within.at + 1 == at || within.at == at + 1) {
                places.push(Spot { block: inner, at: 0 });
                places.push(Spot {
                    block: inner,
                    at: usize::MAX,
                });
            }
        }
        places
    }
}

fn hashes(scope: &[Candidate]) -> Vec<Expr> {
    scope
        .iter()
        .map(|candidate| &candidate.code)
        .map(|key| parse_quote!(hash_partition(&#key).await))
        .collect()
}

/// `&pair` of `path_partition(self.p.key(&pair)).await`.
fn key_of(hop: &Expr) -> Expr {
    let path = partitioner(hop).and_then(|(_, call)| call.args.first());
    match path {
        Some(Expr::MethodCall(call)) => call.args[0].clone(),
        _ => parse_quote!(()),
    }
}

fn show(spot: Spot) -> String {
    match spot.at {
        usize::MAX => format!("the end of block {}", spot.block),
        at => format!("block {}, statement {at}", spot.block),
    }
}

/// Code as one writes it.
fn code(expr: &Expr) -> String {
    let text = expr.to_token_stream().to_string();
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let before = text[..at].chars().last();
        let after = text[at + c.len_utf8()..].chars().next();
        let tight = |c: Option<char>| matches!(c, Some('(' | ')' | '.' | '&' | ',' | ';'));
        let drop = c == ' '
            && (tight(before) && before != Some(',') || tight(after) && after != Some('&') || after == Some('('));
        if !drop {
            out.push(c);
        }
    }
    out
}
