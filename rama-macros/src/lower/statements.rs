//! Blocks and control flow that contain awaits.

use super::expressions::{nothing, path};
use super::search::{
    attributes_of, has_await_block, has_await_expr, is_conditional, is_structural, is_structural_stmt,
};
use super::{Lowering, inline, jumps};
use crate::diag::Code;
use crate::ir::{Arm, Block, Node, Plain, Stmt, TargetId};
use crate::{names, ops};
use quote::quote;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Expr, Pat};

impl Lowering<'_> {
    /// A block, all of it.
    pub(super) fn block(&mut self, block: syn::Block) -> Block {
        let mut lowered = Block::default();
        let count = block.stmts.len();
        for (at, stmt) in block.stmts.into_iter().enumerate() {
            match stmt {
                // The value of the block.
                syn::Stmt::Expr(expr, None) if at + 1 == count && !is_conditional(attributes_of(&expr)) => {
                    let node = self.node(expr, &mut lowered.stmts);
                    lowered.tail = Some(Box::new(node));
                }
                stmt if !is_structural_stmt(&stmt) => self.plain_stmt(stmt, &mut lowered.stmts),
                stmt => self.stmt(stmt, &mut lowered.stmts),
            }
        }
        lowered
    }

    fn plain_stmt(&mut self, mut stmt: syn::Stmt, stmts: &mut Vec<Stmt>) {
        if let syn::Stmt::Item(item) = &stmt
            && !matches!(item, syn::Item::Macro(_))
        {
            // An operation that is inlined twice declares its items once.
            if !self.items.contains(item) {
                self.items.push(item.clone());
            }
            return;
        }
        jumps::Resolve::new(&self.targets).visit_stmt_mut(&mut stmt);
        match &stmt {
            syn::Stmt::Local(local) => {
                if let Some(init) = &local.init {
                    self.check_plain(&init.expr);
                }
            }
            syn::Stmt::Expr(expr, _) => self.check_plain(expr),
            syn::Stmt::Macro(mac) => {
                self.check_plain(&Expr::Macro(syn::ExprMacro {
                    attrs: Vec::new(),
                    mac: mac.mac.clone(),
                }));
            }
            syn::Stmt::Item(_) => {}
        }
        stmts.push(Stmt::Plain(Plain::new(stmt), Vec::new()));
    }

    fn stmt(&mut self, stmt: syn::Stmt, stmts: &mut Vec<Stmt>) {
        match stmt {
            syn::Stmt::Local(mut local) => {
                if is_conditional(&local.attrs) {
                    self.conditional_compilation(&local.pat);
                }
                let Some(mut init) = local.init.take() else { return };
                let diverge = init.diverge.take();
                let node = self.node(*init.expr, stmts);
                let diverge = diverge.map(|(_, otherwise)| match *otherwise {
                    Expr::Block(block) => self.block(block.block),
                    other => {
                        let tail = self.node(other, stmts);
                        Block {
                            tail: Some(Box::new(tail)),
                            ..Block::default()
                        }
                    }
                });
                stmts.push(Stmt::Let {
                    local,
                    node,
                    diverge,
                    declares: Vec::new(),
                });
            }
            syn::Stmt::Expr(Expr::Assign(assign), _) if !has_await_expr(&assign.left) => {
                let node = self.node(*assign.right, stmts);
                let place = self.plain(*assign.left);
                stmts.push(Stmt::Assign { place, node });
            }
            syn::Stmt::Expr(expr, _) => {
                if is_conditional(attributes_of(&expr)) {
                    self.conditional_compilation(&expr);
                }
                if let Some(arguments) = ops::forked(&expr) {
                    let fork = self.fork(&expr, arguments);
                    stmts.extend(fork);
                    return;
                }
                let node = self.node(expr, stmts);
                // A temporary or a plain rest of no effect need not stand as a statement.
                stmts.push(Stmt::Eval { node });
            }
            syn::Stmt::Macro(mac) => self.await_in_macro(&mac.mac),
            syn::Stmt::Item(_) => {}
        }
    }

    fn fork(&mut self, call: &Expr, arguments: &syn::punctuated::Punctuated<Expr, syn::Token![,]>) -> Option<Stmt> {
        let (Some(Expr::Async(branch)), 1) = (arguments.first(), arguments.len()) else {
            self.diagnostics.error(
                Code::Await,
                call,
                "`fork` takes one `async` block: `fork(async { .. });`",
            );
            return None;
        };
        let point = self.add_await(ops::fork_call(call.span()));
        // A branch of its own cannot jump into the loops around it.
        for jump in super::search::jumps_out(&branch.block) {
            self.diagnostics.error_with_help(
                Code::Await,
                jump,
                "a forked branch cannot leave or continue the loops around its `fork`",
                "end the branch with `return`, and decide on the loop outside of it",
            );
        }
        let outer = std::mem::take(&mut self.targets);
        let block = self.block(branch.block.clone());
        self.targets = outer;
        Some(Stmt::Fork { point, block })
    }

    /// An expression in a position where its control flow can stay as it is.
    pub(super) fn node(&mut self, expr: Expr, stmts: &mut Vec<Stmt>) -> Node {
        if !is_structural(&expr) {
            return Node::Plain(self.plain(expr));
        }
        match expr {
            Expr::Await(awaited) => self.awaited(awaited, stmts),
            Expr::Paren(inner) => self.node(*inner.expr, stmts),
            Expr::Group(inner) => self.node(*inner.expr, stmts),
            Expr::Block(block) => Node::Block(self.labelled_block(block)),
            Expr::If(conditional) => self.conditional(conditional, stmts),
            Expr::Match(choice) => self.choice(choice, stmts),
            Expr::Loop(repeat) => {
                let target = self.enter(repeat.label.as_ref(), true);
                let body = self.block(repeat.body);
                self.leave();
                Node::Loop { target, body }
            }
            Expr::While(repeat) => self.while_loop(repeat),
            Expr::ForLoop(repeat) => self.for_loop(repeat, stmts),
            other => {
                let flat = self.flatten(other, stmts);
                Node::Plain(self.plain(flat))
            }
        }
    }

    /// An attribute macro sees code before `#[cfg]` takes it away, so it cannot know whether this await exists.
    fn conditional_compilation(&mut self, at: &dyn quote::ToTokens) {
        self.diagnostics.error_with_help(
            Code::Await,
            at,
            "an await cannot depend on `#[cfg(..)]`",
            "put the attribute on the whole function, or use `if cfg!(..)`",
        );
    }

    fn enter(&mut self, label: Option<&syn::Label>, is_loop: bool) -> TargetId {
        let id = self.target();
        self.targets.push(jumps::Target {
            id,
            label: label.map(|label| label.name.ident.to_string()),
            is_loop,
        });
        id
    }

    fn leave(&mut self) {
        self.targets.pop();
    }

    fn labelled_block(&mut self, block: syn::ExprBlock) -> Block {
        match &block.label {
            None => self.block(block.block),
            Some(label) => {
                let target = self.enter(Some(label), false);
                let mut lowered = self.block(block.block);
                self.leave();
                lowered.target = Some(target);
                lowered.operation = inline::operation_of(label).and_then(|number| self.inlined.get(&number).cloned());
                lowered
            }
        }
    }

    fn conditional(&mut self, conditional: syn::ExprIf, stmts: &mut Vec<Stmt>) -> Node {
        let conditions = conjuncts(*conditional.cond);
        let first_await = conditions.iter().rposition(has_await_expr);
        // `if A && let P = op().await { T } else { E }`: the else branch is reached from two places, so it is left by a jump.
        if matches!(first_await, Some(at) if at > 0) {
            let target = self.target();
            let done = names::label(target, "target");
            self.targets.push(jumps::Target {
                id: target,
                label: Some(done.ident.to_string()),
                is_loop: false,
            });
            let then = &conditional.then_branch;
            let mut nested = quote!(break #done #then);
            for condition in conditions.iter().rev() {
                nested = quote!(if #condition { #nested });
            }
            let otherwise = match &conditional.else_branch {
                Some((_, otherwise)) => quote!(#otherwise),
                None => quote!({}),
            };
            let block: syn::Result<syn::Block> = syn::parse2(quote!({ #nested #otherwise }));
            let lowered = match block {
                Ok(block) => {
                    let mut lowered = self.block(block);
                    lowered.target = Some(target);
                    Node::Block(lowered)
                }
                Err(error) => {
                    self.diagnostics.syntax(&error);
                    nothing()
                }
            };
            self.targets.pop();
            return lowered;
        }
        let mut conditions = conditions.into_iter();
        let mut condition = match conditions.next() {
            Some(first) => self.flatten(first, stmts),
            None => return nothing(),
        };
        for next in conditions {
            condition = match syn::parse2(quote!(#condition && #next)) {
                Ok(both) => both,
                Err(_) => condition,
            };
        }
        let condition = self.plain(condition);
        let then = self.block(conditional.then_branch);
        let otherwise = conditional.else_branch.map(|(_, otherwise)| {
            // What an `else if` awaits in its condition runs only if it is reached.
            let mut before = Vec::new();
            let node = self.node(*otherwise, &mut before);
            Box::new(if before.is_empty() {
                node
            } else {
                Node::Block(Block {
                    stmts: before,
                    tail: Some(Box::new(node)),
                    ..Block::default()
                })
            })
        });
        Node::If {
            condition,
            then,
            otherwise,
        }
    }

    fn choice(&mut self, choice: syn::ExprMatch, stmts: &mut Vec<Stmt>) -> Node {
        let scrutinee = self.flatten(*choice.expr, stmts);
        let scrutinee = self.plain(scrutinee);
        let arms = choice
            .arms
            .into_iter()
            .map(|arm| {
                if let Pat::Guard(guard) = &arm.pat
                    && has_await_expr(&guard.guard)
                {
                    self.unsupported(&guard.guard, "in the guard of a match arm");
                }
                if is_conditional(&arm.attrs) && has_await_expr(&arm.body) {
                    self.conditional_compilation(&arm.pat);
                }
                let mut pat = arm.pat;
                jumps::Resolve::new(&self.targets).visit_pat_mut(&mut pat);
                let body = match *arm.body {
                    Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => self.block(block.block),
                    other => {
                        let mut body = Block::default();
                        let node = self.node(other, &mut body.stmts);
                        body.tail = Some(Box::new(node));
                        body
                    }
                };
                Arm {
                    attrs: arm.attrs,
                    pat: Plain::new(pat),
                    body,
                }
            })
            .collect();
        Node::Match { scrutinee, arms }
    }

    fn while_loop(&mut self, repeat: syn::ExprWhile) -> Node {
        let target = self.enter(repeat.label.as_ref(), true);
        let node = if has_await_expr(&repeat.cond) {
            // `while COND { BODY }` as `loop { if COND { BODY } else { break } }`.
            let (condition, body) = (&repeat.cond, &repeat.body);
            let done = names::label(target, "target");
            let block: syn::Result<syn::Block> = syn::parse2(quote!({ if #condition #body else { break #done; } }));
            match block {
                Ok(block) => Node::Loop {
                    target,
                    body: self.block(block),
                },
                Err(error) => {
                    self.diagnostics.syntax(&error);
                    nothing()
                }
            }
        } else {
            let condition = self.plain(*repeat.cond);
            Node::While {
                target,
                condition,
                body: self.block(repeat.body),
            }
        };
        self.leave();
        node
    }

    /// `for PAT in ITEMS { BODY }` as `{ let mut iter = LoopState::new(ITEMS); while let Some(PAT) = iter.next() { BODY } }`.
    fn for_loop(&mut self, mut repeat: syn::ExprForLoop, stmts: &mut Vec<Stmt>) -> Node {
        let items = self.flatten(*repeat.expr, stmts);
        if !has_await_block(&repeat.body) {
            *repeat.expr = items;
            return Node::Plain(self.plain(Expr::ForLoop(repeat)));
        }
        let span = items.span();
        self.temporaries += 1;
        let iterator = names::iterator(self.temporaries, span);
        let private = names::private();
        let start: syn::Stmt = syn::parse_quote!(let mut #iterator = #private::LoopState::new(#items););
        let mut block = Block::default();
        self.plain_stmt(start, &mut block.stmts);
        let target = self.enter(repeat.label.as_ref(), true);
        let pattern = &repeat.pat;
        let iterator = path(&iterator);
        let condition: Expr = syn::parse_quote!(let ::core::option::Option::Some(#pattern) = ::core::iter::Iterator::next(&mut #iterator));
        let condition = self.plain(condition);
        let body = self.block(repeat.body);
        self.leave();
        block.tail = Some(Box::new(Node::While {
            target,
            condition,
            body,
        }));
        Node::Block(block)
    }
}

/// `a && b && c` as its parts.
fn conjuncts(expr: Expr) -> Vec<Expr> {
    match expr {
        Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_)) => {
            let mut parts = conjuncts(*binary.left);
            parts.extend(conjuncts(*binary.right));
            parts
        }
        other => vec![other],
    }
}
