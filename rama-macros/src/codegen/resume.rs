//! A segment that resumes a body in its middle.
//!
//! The blocks around the await are opened again, from the outermost in; in each, the variables that it had declared come
//! out of the scope; then the rest of each block runs, from the innermost out. A loop that is resumed in an iteration
//! becomes the rest of that iteration, followed by the loop.

use super::scope::{ScopeField, lent, lent_type, member, same_type, scope_fields, value_field};
use super::segment::{Again, Code, Emitter};
use crate::ir::{AwaitId, Block, Node, Stmt};
use crate::names;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

impl<'a> Emitter<'a> {
    /// The segment that resumes at `point`.
    pub(super) fn resumed(&mut self, point: AwaitId) -> TokenStream {
        self.in_fork = in_fork_block(&self.body.block, point);
        let restored = self.restored(&self.body.parameter_bindings, point);
        let code = self.resumed_block(&self.body.block, point);
        let end = self.end(code);
        quote!(#restored #end)
    }

    fn resumed_block(&mut self, block: &'a Block, point: AwaitId) -> Code {
        let at = block.stmts.iter().position(|stmt| in_stmt(stmt, point));
        let before = at.unwrap_or(block.stmts.len());
        let mut declared = block.prelude.clone();
        // Macros of the block; other items stand beside the segments.
        let mut items = TokenStream::new();
        for stmt in &block.stmts[..before] {
            if let Stmt::Plain(plain, _) = stmt
                && matches!(plain.code, syn::Stmt::Item(_))
            {
                plain.code.to_tokens(&mut items);
            }
            match stmt {
                Stmt::Plain(_, declares) | Stmt::Let { declares, .. } => declared.extend(declares),
                _ => {}
            }
        }
        let restored = self.restored(&declared, point);
        let mut code = quote!(#items #restored);
        let Some(at) = at else {
            // The await is in the block's value.
            if let Some(tail) = &block.tail {
                let (value, diverges) = self.resumed_node(tail, point);
                code.extend(value);
                return (code, diverges);
            }
            return (code, false);
        };
        let (resumed, diverges) = self.resumed_stmt(&block.stmts[at], point);
        code.extend(resumed);
        if diverges {
            return (code, true);
        }
        let (rest, diverges) = self.block_from(block, at + 1);
        code.extend(rest);
        (code, diverges)
    }

    fn resumed_stmt(&mut self, stmt: &'a Stmt, point: AwaitId) -> Code {
        match stmt {
            Stmt::Let { node, .. } | Stmt::Assign { node, .. } | Stmt::Eval { node, .. } if in_node(node, point) => {
                let value = self.resumed_node(node, point);
                self.stmt_of(stmt, value)
            }
            Stmt::Let {
                diverge: Some(diverge), ..
            } => {
                let (code, _) = self.resumed_block(diverge, point);
                (quote!({ #code }), true)
            }
            Stmt::Fork { point: start, block } => {
                let code = if *start == point {
                    self.block_from(block, 0)
                } else {
                    self.resumed_block(block, point)
                };
                // A branch of its own ends here; the code after the fork ran when it was forked.
                let end = self.end(code);
                (quote!({ return { #end }; }), true)
            }
            _ => (TokenStream::new(), false),
        }
    }

    fn resumed_node(&mut self, node: &'a Node, point: AwaitId) -> Code {
        match node {
            Node::Await(awaited) if *awaited == point => {
                if self.body.awaits[point].call.operation.has_value() {
                    let (scope, field) = (names::scope(), value_field());
                    let value = quote!(#scope.#field);
                    let value = match self.body.awaits[point].lent {
                        Some(of) => lent(of, &value),
                        None => value,
                    };
                    (value, false)
                } else {
                    (quote!(()), false)
                }
            }
            Node::Plain(_) | Node::Await(_) => (quote!(()), false),
            Node::Block(block) => self.resumed_labelled(block, point),
            Node::If { then, otherwise, .. } => match otherwise {
                Some(otherwise) if in_node(otherwise, point) => self.resumed_node(otherwise, point),
                _ => self.resumed_labelled(then, point),
            },
            Node::Match { arms, .. } => match arms.iter().find(|arm| in_block(&arm.body, point)) {
                Some(arm) => self.resumed_labelled(&arm.body, point),
                None => (quote!(()), false),
            },
            Node::Loop { target, body } | Node::While { target, body, .. } => {
                let (all, iteration) = (self.fresh_label("resumed"), self.fresh_label("iteration"));
                let ((rest, diverges), jumped) =
                    self.with_jump(*target, &all, Again::Iteration(iteration.clone()), |this| {
                        this.resumed_block(body, point)
                    });
                if diverges && !jumped.continued {
                    return if jumped.left {
                        (quote!(#all: { #rest }), false)
                    } else {
                        (quote!({ #rest }), true)
                    };
                }
                let (again, never_ends) = self.node(node);
                (
                    quote!(#all: { #iteration: { #rest } #again }),
                    never_ends && !jumped.left,
                )
            }
        }
    }

    fn resumed_labelled(&mut self, block: &'a Block, point: AwaitId) -> Code {
        let Some(target) = block.target else {
            let (code, diverges) = self.resumed_block(block, point);
            return (quote!({ #code }), diverges);
        };
        let label = self.fresh_label("block");
        let ((code, diverges), jumped) = self.with_jump(target, &label, Again::Loop(label.clone()), |this| {
            this.resumed_block(block, point)
        });
        if jumped.left {
            (quote!(#label: { #code }), false)
        } else {
            (quote!({ #code }), diverges)
        }
    }

    /// `let word = scope.word;` for what travelled; `let total;` for what is assigned later.
    fn restored(&self, declared: &[usize], point: AwaitId) -> TokenStream {
        let awaited = &self.body.awaits[point];
        let scope = names::scope();
        let fields = scope_fields(self.body, awaited);
        let mut code = TokenStream::new();
        for binding in declared {
            let variable = &self.body.bindings[*binding];
            let (ident, mutable) = (&variable.ident, variable.mutable.then(|| quote!(mut)));
            if awaited.live.contains(binding) {
                let fields: Vec<&ScopeField> = fields.iter().filter(|field| field.binding == *binding).collect();
                let value = match fields.as_slice() {
                    [
                        ScopeField {
                            ident: field,
                            lent: Some(of),
                            ..
                        },
                    ] => lent(*of, &quote!(#scope.#field)),
                    [
                        ScopeField {
                            ident: field,
                            part: None,
                            ..
                        },
                    ] => quote!(#scope.#field),
                    parts => remains(parts),
                };
                code.extend(quote!(let #mutable #ident = #value;));
            } else if let Some(lent) = variable.lent
                && awaited.witnessed.contains(binding)
            {
                let ty = lent_type(lent);
                code.extend(quote!(let #mutable #ident: #ty;));
            } else if let Some(field) = fields.iter().find(|field| field.witness && field.binding == *binding) {
                let field = &field.ident;
                let same = same_type(&quote!(#scope.#field), &quote!(#ident));
                code.extend(quote!(let #mutable #ident; #same));
            } else {
                continue;
            }
            code.extend(self.outer_names(&[*binding]));
        }
        code
    }
}

/// What is left of a variable of which some fields travelled: something that has just these fields.
fn remains(parts: &[&ScopeField]) -> TokenStream {
    let scope = names::scope();
    let indexed: Option<Vec<usize>> = parts.iter().map(|field| field.part.as_ref()?.parse().ok()).collect();
    if let Some(indexes) = indexed {
        // `let pair = ((), scope.pair_1);`
        let last = indexes.iter().copied().max().unwrap_or(0);
        let elements = (0..=last).map(|index| match indexes.iter().position(|other| *other == index) {
            Some(at) => {
                let field = &parts[at].ident;
                quote!(#scope.#field)
            }
            None => quote!(()),
        });
        return quote!((#(#elements,)*));
    }
    let members: Vec<syn::Member> = parts
        .iter()
        .filter_map(|field| field.part.as_deref().map(member))
        .collect();
    let parameters: Vec<_> = (0..parts.len()).map(|at| quote::format_ident!("A{at}")).collect();
    let fields = parts.iter().map(|field| &field.ident);
    quote! {{
        struct Remains<#(#parameters),*> { #(#members: #parameters),* }
        Remains { #(#members: #scope.#fields),* }
    }}
}

fn in_block(block: &Block, point: AwaitId) -> bool {
    block.stmts.iter().any(|stmt| in_stmt(stmt, point)) || block.tail.as_ref().is_some_and(|tail| in_node(tail, point))
}

fn in_stmt(stmt: &Stmt, point: AwaitId) -> bool {
    match stmt {
        Stmt::Plain(..) => false,
        Stmt::Let { node, diverge, .. } => {
            in_node(node, point) || diverge.as_ref().is_some_and(|block| in_block(block, point))
        }
        Stmt::Assign { node, .. } | Stmt::Eval { node, .. } => in_node(node, point),
        Stmt::Fork { point: start, block } => *start == point || in_block(block, point),
    }
}

fn in_node(node: &Node, point: AwaitId) -> bool {
    match node {
        Node::Plain(_) => false,
        Node::Await(awaited) => *awaited == point,
        Node::Block(block) => in_block(block, point),
        Node::If { then, otherwise, .. } => {
            in_block(then, point) || otherwise.as_ref().is_some_and(|node| in_node(node, point))
        }
        Node::Match { arms, .. } => arms.iter().any(|arm| in_block(&arm.body, point)),
        Node::Loop { body, .. } | Node::While { body, .. } => in_block(body, point),
    }
}

/// Whether the point lies in a forked branch.
fn in_fork_block(block: &Block, point: AwaitId) -> bool {
    fn stmt(stmt: &Stmt, point: AwaitId) -> bool {
        match stmt {
            Stmt::Fork { .. } => in_stmt(stmt, point),
            Stmt::Plain(..) => false,
            Stmt::Let {
                node: value, diverge, ..
            } => node(value, point) || diverge.as_ref().is_some_and(|block| in_fork_block(block, point)),
            Stmt::Assign { node: value, .. } | Stmt::Eval { node: value, .. } => node(value, point),
        }
    }
    fn node(value: &Node, point: AwaitId) -> bool {
        match value {
            Node::Plain(_) | Node::Await(_) => false,
            Node::Block(block) => in_fork_block(block, point),
            Node::If { then, otherwise, .. } => {
                in_fork_block(then, point) || otherwise.as_ref().is_some_and(|value| node(value, point))
            }
            Node::Match { arms, .. } => arms.iter().any(|arm| in_fork_block(&arm.body, point)),
            Node::Loop { body, .. } | Node::While { body, .. } => in_fork_block(body, point),
        }
    }
    block.stmts.iter().any(|inner| stmt(inner, point)) || block.tail.as_ref().is_some_and(|tail| node(tail, point))
}
