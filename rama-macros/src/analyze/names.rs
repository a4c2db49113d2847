//! Which variable each name means.

use super::mentions::{Mentions, unraw};
use super::patterns::{Bound, bound, bound_by_let, condition_patterns};
use crate::diag::{Code, Diagnostics};
use crate::ir::{Binding, BindingId, Block, Body, Facts, Lent, Node, Stmt};
use proc_macro2::Ident;
use syn::Pat;

/// Numbers the variables of `body`, and fills in the facts of its plain code.
pub(crate) fn resolve(body: &mut Body, diagnostics: &mut Diagnostics) {
    let mut resolver = Resolver {
        bindings: Vec::new(),
        environment: Vec::new(),
        points: Vec::new(),
        captured: Vec::new(),
    };
    resolver.points = body
        .awaits
        .iter()
        .map(|point| Point {
            arguments: point.call.evaluated(),
            ..Point::default()
        })
        .collect();
    body.parameter_bindings = resolver.declare(&body.parameter);
    resolver.block(&mut body.block, &[]);
    for (operation, variable) in &resolver.captured {
        diagnostics.error_with_help(
            Code::Declaration,
            variable,
            format!(
                "operation `{operation}` is inlined here and names an item `{variable}`, which this variable hides"
            ),
            "give the variable another name",
        );
    }
    body.bindings = resolver.bindings;
    for (point, found) in body.awaits.iter_mut().zip(resolver.points) {
        point.facts = found.facts;
        point.visible = found.visible;
        point.lent = found.lent;
    }
}

/// What is found at one await.
#[derive(Default)]
struct Point {
    arguments: Vec<syn::Expr>,
    facts: Facts,
    visible: Vec<BindingId>,
    lent: Option<Lent>,
}

struct Resolver {
    bindings: Vec<Binding>,
    environment: Vec<(String, BindingId)>,
    points: Vec<Point>,
    /// Operations, with a variable of their caller that they would see.
    captured: Vec<(Ident, Ident)>,
}

impl Resolver {
    fn declare(&mut self, pat: &Pat) -> Vec<BindingId> {
        self.declare_all(bound(pat))
    }

    /// What a `let` without `else` declares.
    fn declare_let(&mut self, pat: &Pat) -> Vec<BindingId> {
        self.declare_all(bound_by_let(pat))
    }

    fn declare_all(&mut self, bound: Vec<Bound>) -> Vec<BindingId> {
        bound
            .into_iter()
            .map(|bound| {
                let id = self.bindings.len();
                self.environment.push((unraw(&bound.ident), id));
                self.bindings.push(Binding {
                    ident: bound.ident,
                    mutable: bound.mutable,
                    needs_outer: false,
                    lent: bound.lent,
                });
                id
            })
            .collect()
    }

    fn block(&mut self, block: &mut Block, prelude: &[&Pat]) {
        let outside = self.environment.len();
        if let Some(operation) = &block.operation {
            for (name, binding) in &self.environment {
                let ident = &self.bindings[*binding].ident;
                let clash = (operation.name.clone(), ident.clone());
                if operation.free.contains(name) && !self.captured.contains(&clash) {
                    self.captured.push(clash);
                }
            }
        }
        for pat in prelude {
            let bound = self.declare(pat);
            block.prelude.extend(bound);
        }
        for stmt in &mut block.stmts {
            self.stmt(stmt);
        }
        if let Some(tail) = &mut block.tail {
            self.node(tail);
        }
        self.environment.truncate(outside);
    }

    fn stmt(&mut self, stmt: &mut Stmt) {
        match stmt {
            Stmt::Plain(plain, declares) => {
                plain.facts = Mentions::of_stmt(&self.environment, &plain.code);
                if let syn::Stmt::Local(local) = &plain.code {
                    *declares = match &local.init {
                        Some(init) if init.diverge.is_some() => self.declare(&local.pat),
                        _ => self.declare_let(&local.pat),
                    };
                }
            }
            Stmt::Let {
                local,
                node,
                diverge,
                declares,
            } => {
                self.node(node);
                if let Pat::Type(typed) = &local.pat {
                    self.lend(node, Lent::of(&typed.ty));
                }
                if let Some(diverge) = diverge {
                    self.block(diverge, &[]);
                }
                *declares = self.declare(&local.pat);
            }
            Stmt::Assign { place, node } => {
                self.node(node);
                place.facts = Mentions::of_place(&self.environment, &place.code);
                let assigned = place.facts.assigns.first();
                self.lend(node, assigned.and_then(|binding| self.bindings[*binding].lent));
            }
            Stmt::Eval { node, .. } => self.node(node),
            Stmt::Fork { point, block } => {
                self.reach(*point);
                self.block(block, &[]);
            }
        }
    }

    /// What `node` yields is of such a type; so what it awaits for that is, too.
    fn lend(&mut self, node: &Node, lent: Option<Lent>) {
        fn tail(block: &Block) -> Option<&Node> {
            block.tail.as_deref()
        }
        match node {
            Node::Await(point) => self.points[*point].lent = lent,
            Node::Block(block) => tail(block).into_iter().for_each(|tail| self.lend(tail, lent)),
            Node::If { then, otherwise, .. } => {
                let values = tail(then).into_iter().chain(otherwise.as_deref());
                values.for_each(|value| self.lend(value, lent));
            }
            Node::Match { arms, .. } => {
                let values = arms.iter().filter_map(|arm| tail(&arm.body));
                values.for_each(|value| self.lend(value, lent));
            }
            Node::Plain(_) | Node::Loop { .. } | Node::While { .. } => {}
        }
    }

    fn reach(&mut self, point: usize) {
        let environment = &self.environment;
        let found = &mut self.points[point];
        found.visible = environment.iter().map(|(_, binding)| *binding).collect();
        for argument in &found.arguments {
            let facts = Mentions::of_expr(environment, argument);
            found.facts.uses.extend(facts.uses);
            found.facts.reads.extend(facts.reads);
            found.facts.reads_parts.extend(facts.reads_parts);
            found.facts.changes.extend(facts.changes);
            found.facts.mentions.extend(facts.mentions);
            found.facts.parts.extend(facts.parts);
            found.facts.moves.extend(facts.moves);
            found.facts.breaks.extend(facts.breaks);
            found.facts.continues.extend(facts.continues);
        }
    }

    fn node(&mut self, node: &mut Node) {
        match node {
            Node::Plain(plain) => plain.facts = Mentions::of_expr(&self.environment, &plain.code),
            Node::Await(point) => self.reach(*point),
            Node::Block(block) => self.block(block, &[]),
            Node::If {
                condition,
                then,
                otherwise,
            } => {
                condition.facts = Mentions::of_expr(&self.environment, &condition.code);
                self.block(then, &condition_patterns(&condition.code));
                if let Some(otherwise) = otherwise {
                    self.node(otherwise);
                }
            }
            Node::Match { scrutinee, arms } => {
                let patterns: Vec<&Pat> = arms.iter().map(|arm| &arm.pat.code).collect();
                scrutinee.facts = Mentions::of_scrutinee(&self.environment, &scrutinee.code, &patterns);
                for arm in arms {
                    arm.pat.facts = Mentions::of_pattern(&self.environment, &arm.pat.code);
                    self.block(&mut arm.body, &[&arm.pat.code]);
                }
            }
            Node::Loop { body, .. } => self.block(body, &[]),
            Node::While { condition, body, .. } => {
                condition.facts = Mentions::of_expr(&self.environment, &condition.code);
                self.block(body, &condition_patterns(&condition.code));
            }
        }
    }
}
