//! Awaits inside expressions: each is hoisted into a `let` in front, and so is what Rust evaluates before it.

use super::Lowering;
use super::macros::{self, Leaving};
use super::search::{
    can_wait, has_await_expr, is_compound_assignment, is_place, macro_has_await, may_change, mentions_self, root,
};
use crate::diag::Code;
use crate::ir::{Node, Plain, Stmt};
use crate::ops;
use proc_macro2::Ident;
use quote::quote;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{BinOp, Expr, ExprAwait};

impl Lowering<'_> {
    /// Marks the jumps of plain code.
    pub(super) fn plain(&mut self, mut expr: Expr) -> Plain<Expr> {
        super::jumps::Resolve::new(&self.targets).visit_expr_mut(&mut expr);
        self.check_plain(&expr);
        Plain::new(expr)
    }

    /// Rewrites `expr` without awaits; what must run first is appended to `stmts`.
    pub(super) fn flatten(&mut self, expr: Expr, stmts: &mut Vec<Stmt>) -> Expr {
        if !has_await_expr(&expr) {
            return expr;
        }
        match expr {
            Expr::Await(_)
            | Expr::If(_)
            | Expr::Match(_)
            | Expr::Loop(_)
            | Expr::While(_)
            | Expr::ForLoop(_)
            | Expr::Block(_) => {
                let span = expr.span();
                let node = self.node(expr, stmts);
                self.hoist(node, span, stmts)
            }
            Expr::Paren(mut inner) => {
                *inner.expr = self.flatten(*inner.expr, stmts);
                Expr::Paren(inner)
            }
            Expr::Group(inner) => self.flatten(*inner.expr, stmts),
            Expr::Binary(binary) => self.flatten_binary(binary, stmts),
            Expr::MethodCall(call) => self.flatten_method(call, stmts),
            Expr::Call(mut call) => {
                if ops::forked(&Expr::Call(call.clone())).is_some() {
                    self.diagnostics.error_with_help(
                        Code::Await,
                        &call,
                        "a `fork` has no value",
                        "let it stand as a statement of its own, `fork(async { .. });`",
                    );
                    return Expr::Call(call);
                }
                if ops::called(&Expr::Call(call.clone())).is_some() {
                    self.missing_await(&Expr::Call(call.clone()));
                }
                let mut operands: Vec<&mut Expr> = vec![&mut call.func];
                operands.extend(call.args.iter_mut());
                self.flatten_operands(operands, stmts);
                Expr::Call(call)
            }
            Expr::Tuple(mut tuple) => {
                self.flatten_operands(tuple.elems.iter_mut().collect(), stmts);
                Expr::Tuple(tuple)
            }
            Expr::Array(mut array) => {
                self.flatten_operands(array.elems.iter_mut().collect(), stmts);
                Expr::Array(array)
            }
            Expr::Struct(mut literal) => {
                for field in &mut literal.fields {
                    // `S { a }` may become `S { a: temporary }`.
                    field.colon_token.get_or_insert_default();
                }
                let mut operands: Vec<&mut Expr> = literal.fields.iter_mut().map(|field| &mut field.expr).collect();
                operands.extend(literal.rest.as_deref_mut());
                self.flatten_operands(operands, stmts);
                Expr::Struct(literal)
            }
            Expr::Index(mut index) => {
                if is_place(&index.expr) {
                    *index.index = self.flatten(*index.index, stmts);
                } else {
                    self.flatten_operands(vec![&mut index.expr, &mut index.index], stmts);
                }
                Expr::Index(index)
            }
            Expr::Range(mut range) => {
                let operands = [range.start.as_deref_mut(), range.end.as_deref_mut()];
                self.flatten_operands(operands.into_iter().flatten().collect(), stmts);
                Expr::Range(range)
            }
            Expr::Repeat(mut repeat) => {
                *repeat.expr = self.flatten(*repeat.expr, stmts);
                Expr::Repeat(repeat)
            }
            Expr::Unary(mut unary) => {
                *unary.expr = self.flatten(*unary.expr, stmts);
                Expr::Unary(unary)
            }
            Expr::Cast(mut cast) => {
                *cast.expr = self.flatten(*cast.expr, stmts);
                Expr::Cast(cast)
            }
            Expr::Field(mut field) => {
                *field.base = self.flatten(*field.base, stmts);
                Expr::Field(field)
            }
            Expr::Reference(mut reference) => {
                *reference.expr = self.flatten(*reference.expr, stmts);
                Expr::Reference(reference)
            }
            Expr::Try(mut question) => {
                *question.expr = self.flatten(*question.expr, stmts);
                Expr::Try(question)
            }
            Expr::Return(mut leave) => {
                leave.expr = leave.expr.map(|value| Box::new(self.flatten(*value, stmts)));
                Expr::Return(leave)
            }
            Expr::Break(mut jump) => {
                jump.expr = jump.expr.map(|value| Box::new(self.flatten(*value, stmts)));
                Expr::Break(jump)
            }
            Expr::Assign(mut assign) => {
                if has_await_expr(&assign.left) {
                    self.unsupported(&assign.left, "in the place that an assignment writes");
                }
                *assign.right = self.flatten(*assign.right, stmts);
                Expr::Assign(assign)
            }
            Expr::Let(mut condition) => {
                *condition.expr = self.flatten(*condition.expr, stmts);
                Expr::Let(condition)
            }
            Expr::Closure(closure) => {
                self.diagnostics.error_with_help(
                    Code::Await,
                    &closure,
                    "a closure cannot suspend the topology that it is called from",
                    "write a loop, or `explode` the items",
                );
                Expr::Closure(closure)
            }
            Expr::Macro(mac) => {
                self.await_in_macro(&mac.mac);
                Expr::Macro(mac)
            }
            other => {
                self.unsupported(&other, "inside this kind of expression");
                other
            }
        }
    }

    /// `let temporary = NODE;`, and the temporary.
    fn hoist(&mut self, node: Node, span: proc_macro2::Span, stmts: &mut Vec<Stmt>) -> Expr {
        let temporary = self.temporary(span);
        self.bind(&temporary, node, stmts);
        path(&temporary)
    }

    fn bind(&mut self, temporary: &Ident, node: Node, stmts: &mut Vec<Stmt>) {
        let header = quote!(let #temporary = (););
        if let Ok(syn::Stmt::Local(local)) = syn::parse2(header) {
            stmts.push(Stmt::Let {
                local,
                node,
                diverge: None,
                declares: Vec::new(),
            });
        }
    }

    /// Rust evaluates operands from left to right: those in front of the last await are evaluated into temporaries, unless
    /// nothing tells the difference.
    fn flatten_operands(&mut self, mut operands: Vec<&mut Expr>, stmts: &mut Vec<Stmt>) {
        let Some(last) = operands.iter().rposition(|operand| has_await_expr(operand)) else {
            return;
        };
        for at in 0..=last {
            if has_await_expr(operands[at]) {
                let operand = take(operands[at]);
                let flat = self.flatten(operand, stmts);
                // A value that was awaited first stays in its temporary while the next ones are awaited.
                *operands[at] = if at < last && !can_wait(&flat, &[]) {
                    self.evaluated_first(flat, stmts)
                } else {
                    flat
                };
                continue;
            }
            let later: Vec<&Expr> = operands[at + 1..=last].iter().map(|operand| &**operand).collect();
            if !can_wait(operands[at], &later) {
                let operand = take(operands[at]);
                *operands[at] = self.evaluated_first(operand, stmts);
            }
        }
    }

    fn evaluated_first(&mut self, expr: Expr, stmts: &mut Vec<Stmt>) -> Expr {
        let span = expr.span();
        let plain = self.plain(expr);
        self.hoist(Node::Plain(plain), span, stmts)
    }

    fn flatten_binary(&mut self, mut binary: syn::ExprBinary, stmts: &mut Vec<Stmt>) -> Expr {
        let (left, right) = (&binary.left, &binary.right);
        match binary.op {
            // The right side runs only if the left one lets it.
            BinOp::And(_) | BinOp::Or(_) if has_await_expr(right) => {
                let conditional = if matches!(binary.op, BinOp::And(_)) {
                    quote!(if #left { #right } else { false })
                } else {
                    quote!(if #left { true } else { #right })
                };
                match syn::parse2(conditional) {
                    Ok(conditional) => self.flatten(conditional, stmts),
                    Err(_) => Expr::Binary(binary),
                }
            }
            // The value of a compound assignment is evaluated before its place, for numbers; the place stays.
            op if is_compound_assignment(&op) => {
                if has_await_expr(&binary.left) {
                    self.unsupported(&binary.left, "in the place that an assignment writes");
                }
                let right = take(&mut binary.right);
                *binary.right = self.flatten(right, stmts);
                Expr::Binary(binary)
            }
            _ => {
                self.flatten_operands(vec![&mut binary.left, &mut binary.right], stmts);
                Expr::Binary(binary)
            }
        }
    }

    fn flatten_method(&mut self, mut call: syn::ExprMethodCall, stmts: &mut Vec<Stmt>) -> Expr {
        if has_await_expr(&call.receiver) || !call.args.iter().any(has_await_expr) {
            let mut operands: Vec<&mut Expr> = vec![&mut call.receiver];
            operands.extend(call.args.iter_mut());
            self.flatten_operands(operands, stmts);
            return Expr::MethodCall(call);
        }
        // A receiver that is a place is borrowed by the call, so nothing can change it in between: it stays.
        let changed = root(&call.receiver)
            .is_some_and(|variable| call.args.iter().any(|argument| may_change(argument, variable)));
        if changed || !is_place(&call.receiver) {
            if mentions_self(&call.receiver) {
                self.diagnostics.error_with_help(
                    Code::Await,
                    &call.receiver,
                    "this is evaluated before the await in its arguments, and cannot wait there",
                    super::BIND_IN_FRONT,
                );
                return Expr::MethodCall(call);
            }
            let mut operands: Vec<&mut Expr> = vec![&mut call.receiver];
            operands.extend(call.args.iter_mut());
            self.flatten_operands(operands, stmts);
        } else {
            self.flatten_operands(call.args.iter_mut().collect(), stmts);
        }
        Expr::MethodCall(call)
    }

    /// `BASE.await` as a node.
    pub(super) fn awaited(&mut self, awaited: ExprAwait, stmts: &mut Vec<Stmt>) -> Node {
        let span = awaited.await_token.span;
        if let Some((operation, mut call)) = self.called_operation(&awaited.base) {
            self.flatten_operands(call.args.iter_mut().collect(), stmts);
            return match self.inlined(operation, &call) {
                Some(block) => self.while_inlining(operation, |this| this.node(block, stmts)),
                None => nothing(),
            };
        }
        let module = self.module;
        let Some(mut call) = ops::parse_awaited(&awaited.base, span, module, self.operations, self.diagnostics) else {
            return nothing();
        };
        self.flatten_operands(call.arguments.iter_mut().collect(), stmts);
        for argument in &call.arguments {
            let refused = call.operation.is_made_again() && self.appends_in_future(argument);
            // An append's own argument is the whole call.
            if !refused && !ops::is_append(argument, self.module) {
                self.check_plain(argument);
            }
        }
        let mut resolve = super::jumps::Resolve::new(&self.targets);
        for argument in &mut call.arguments {
            resolve.visit_expr_mut(argument);
        }
        if !call.operation.is_made_again() {
            return Node::Await(self.add_await(call));
        }
        // Behind all that Rust evaluates before the arguments: that is done, and is not done again.
        let cut = self.add_await(ops::before_external(span));
        stmts.push(Stmt::Eval { node: Node::Await(cut) });
        let point = self.add_await(call);
        self.awaits[cut].makes = Some(point);
        Node::Await(point)
    }

    /// Reports the appends in the argument of an `external`, and says whether there are some.
    fn appends_in_future(&mut self, argument: &Expr) -> bool {
        let appends = ops::appends_in(argument, self.module);
        for append in &appends {
            self.diagnostics.error_with_help(
                Code::Await,
                append,
                "an append cannot stand in the argument of `external`, which is evaluated again after a crash, and whose future runs elsewhere",
                "append in a statement in front or behind, `self.depot.append(record).await;`",
            );
        }
        !appends.is_empty()
    }

    pub(super) fn await_in_macro(&mut self, mac: &syn::Macro) {
        if macro_has_await(mac) {
            self.diagnostics.error_with_help(
                Code::Await,
                &mac.path,
                "an await cannot stand inside a macro call, which this compiler cannot look into",
                format!(
                    "bind it in front of `{}!`, `let value = ..await;`",
                    crate::model::text(&mac.path)
                ),
            );
        }
    }

    /// Reports an operation without `.await`.
    pub(super) fn missing_await(&mut self, call: &Expr) {
        if let Some((operation, _)) = ops::called(call) {
            self.diagnostics.error_with_help(
                Code::Await,
                call,
                "an operation does nothing by itself",
                format!("write `{}`", operation.usage()),
            );
        }
    }

    /// Checks of code that stays as it is.
    pub(super) fn check_plain(&mut self, expr: &Expr) {
        struct Check<'a, 'b>(&'a mut Lowering<'b>);
        impl<'ast> syn::visit::Visit<'ast> for Check<'_, '_> {
            fn visit_expr(&mut self, expr: &'ast Expr) {
                match expr {
                    // An await that is still here was reported.
                    Expr::Async(_) | Expr::Await(_) => return,
                    Expr::Call(_) => self.0.missing_await(expr),
                    Expr::MethodCall(_) if ops::is_append(expr, self.0.module) => {
                        self.0.diagnostics.error_with_help(
                            Code::Await,
                            expr,
                            "an append does nothing by itself",
                            "write `self.depot.append(record).await`",
                        );
                        return;
                    }
                    Expr::MethodCall(call) if self.0.called_operation(expr).is_some() => {
                        self.0.diagnostics.error_with_help(
                            Code::Await,
                            expr,
                            format!(
                                "`{}` is an operation of the module, which does nothing by itself",
                                call.method
                            ),
                            format!("write `self.{}(..).await`", call.method),
                        );
                    }
                    _ => {}
                }
                syn::visit::visit_expr(self, expr);
            }
            fn visit_macro(&mut self, mac: &'ast syn::Macro) {
                // Both are rewritten where the macro's tokens read as expressions.
                if let Some(span) = macros::leaves(mac, &[Leaving::Return, Leaving::Jump])
                    && !macros::rewrite(&mut mac.clone(), |_| {})
                {
                    super::inline::hidden_leaving(span, self.0.diagnostics);
                }
            }
            fn visit_item(&mut self, _: &'ast syn::Item) {}
        }
        syn::visit::Visit::visit_expr(&mut Check(self), expr);
    }
}

/// `()`, where an error was reported.
pub(super) fn nothing() -> Node {
    Node::Plain(Plain::new(unit()))
}

pub(super) fn unit() -> Expr {
    Expr::Tuple(syn::ExprTuple {
        attrs: Vec::new(),
        paren_token: syn::token::Paren::default(),
        elems: syn::punctuated::Punctuated::new(),
    })
}

pub(super) fn path(ident: &Ident) -> Expr {
    Expr::Path(syn::ExprPath {
        attrs: Vec::new(),
        qself: None,
        path: ident.clone().into(),
    })
}

fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, unit())
}
