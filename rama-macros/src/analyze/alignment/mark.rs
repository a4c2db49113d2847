//! What was found, written into the IR: each piece of code gets its accesses, and a key that is proven to live here is looked up
//! without a check.

use super::accesses::Found;
use super::place::Verdict;
use super::sites::Node as Spot;
use crate::ir::{Access, Alignment, Block, Body, Facts, Node, Stmt};
use proc_macro2::{Ident, Span};
use std::collections::BTreeMap;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprMethodCall};

/// Writes the accesses into `body`.
pub(super) fn mark(body: &mut Body, accesses: &[Found], known: &BTreeMap<Spot, usize>) {
    let mut marks = Marks {
        accesses,
        known,
        found: Vec::new(),
    };
    for point in &mut body.awaits {
        for argument in &mut point.call.arguments {
            marks.visit_expr_mut(argument);
        }
        marks.give(&mut point.facts);
    }
    marks.block(&mut body.block);
}

struct Marks<'a> {
    accesses: &'a [Found],
    known: &'a BTreeMap<Spot, usize>,
    /// Those of the piece of code that is being looked at.
    found: Vec<Access>,
}

impl Marks<'_> {
    fn give(&mut self, facts: &mut Facts) {
        facts.accesses = std::mem::take(&mut self.found);
    }

    fn add(&mut self, found: &Found) -> Alignment {
        let alignment = match found.verdict {
            _ if found.unaligned => Alignment::Unaligned,
            Verdict::Aligned if found.key.is_none() => Alignment::Whole,
            Verdict::Aligned => Alignment::Proven,
            Verdict::Misaligned | Verdict::Undecided => Alignment::Checked,
        };
        self.found.push(Access {
            pstate: found.pstate,
            key: found.key.as_ref().map(super::operations::key_text),
            writes: found.writes,
            alignment,
        });
        alignment
    }

    fn block(&mut self, block: &mut Block) {
        for stmt in &mut block.stmts {
            match stmt {
                Stmt::Plain(plain, _) => {
                    self.visit_stmt_mut(&mut plain.code);
                    self.give(&mut plain.facts);
                }
                Stmt::Let { node, diverge, .. } => {
                    self.node(node);
                    if let Some(diverge) = diverge {
                        self.block(diverge);
                    }
                }
                Stmt::Assign { place, node } => {
                    self.node(node);
                    self.visit_expr_mut(&mut place.code);
                    self.give(&mut place.facts);
                }
                Stmt::Eval { node } => self.node(node),
                Stmt::Fork { block, .. } => self.block(block),
            }
        }
        if let Some(tail) = &mut block.tail {
            self.node(tail);
        }
    }

    fn node(&mut self, node: &mut Node) {
        match node {
            Node::Plain(plain) => {
                self.visit_expr_mut(&mut plain.code);
                self.give(&mut plain.facts);
            }
            Node::Await(_) => {}
            Node::Block(block) => self.block(block),
            Node::If {
                condition,
                then,
                otherwise,
            } => {
                self.visit_expr_mut(&mut condition.code);
                self.give(&mut condition.facts);
                self.block(then);
                if let Some(otherwise) = otherwise {
                    self.node(otherwise);
                }
            }
            Node::Match { scrutinee, arms } => {
                self.visit_expr_mut(&mut scrutinee.code);
                self.give(&mut scrutinee.facts);
                for arm in arms {
                    self.visit_pat_mut(&mut arm.pat.code);
                    self.give(&mut arm.pat.facts);
                    self.block(&mut arm.body);
                }
            }
            Node::Loop { body, .. } => self.block(body),
            Node::While { condition, body, .. } => {
                self.visit_expr_mut(&mut condition.code);
                self.give(&mut condition.facts);
                self.block(body);
            }
        }
    }
}

impl VisitMut for Marks<'_> {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        // The insides first: what is wrapped below moves.
        visit_mut::visit_expr_method_call_mut(self, call);
        let accesses = self.accesses;
        let Some(found) = self.known.get(&Spot::of(call)).map(|&at| &accesses[at]) else {
            return;
        };
        let proven = self.add(found) == Alignment::Proven;
        if proven && call.method == "key" && matches!(&*call.receiver, Expr::Field(_)) {
            let span = Span::mixed_site().located_at(call.method.span());
            let receiver = std::mem::replace(&mut *call.receiver, Expr::PLACEHOLDER);
            *call.receiver = Expr::MethodCall(ExprMethodCall {
                attrs: Vec::new(),
                receiver: Box::new(receiver),
                dot_token: call.dot_token,
                method: Ident::new("proven", span),
                turbofish: None,
                paren_token: syn::token::Paren::default(),
                args: syn::punctuated::Punctuated::new(),
            });
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        let accesses = self.accesses;
        let here = Spot::of(mac);
        for found in accesses.iter().filter(|found| found.in_macro == Some(here)) {
            self.add(found);
        }
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
