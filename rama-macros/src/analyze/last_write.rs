//! Writes that are the last thing an event does: they need no undo record.
//!
//! An event's writes are taken back if it fails. Behind its last write nothing can fail: only values are dropped, and should
//! such a `Drop` panic, the event has succeeded all the same (`Cx::succeeded`). So where a body ends with a write to a PState by
//! a key that is proven to live here, `proven()` becomes `last_write()`, which keeps no record. A write that panics itself leaves nothing
//! behind, record or not.

use crate::ir::{Block, Body, Node, Stmt};
use crate::names;
use syn::{Expr, Ident};

/// Methods of cursors that write once.
const WRITES: [&str; 5] = ["update", "set", "push", "insert", "remove"];

/// Marks the last writes of a body of a source that returns nothing.
pub(crate) fn mark(body: &mut Body) {
    // A forked branch has sent something by then, which may fail to be sent.
    if !forks(&body.block) {
        block(&mut body.block, false);
    }
}

fn forks(block: &Block) -> bool {
    let node = |node: &Node| node_forks(node);
    block.stmts.iter().any(|stmt| match stmt {
        Stmt::Plain(..) => false,
        Stmt::Let {
            node: init, diverge, ..
        } => node(init) || diverge.as_ref().is_some_and(forks),
        Stmt::Assign { node: value, .. } | Stmt::Eval { node: value } => node(value),
        Stmt::Fork { .. } => true,
    }) || block.tail.as_deref().is_some_and(node)
}

fn node_forks(node: &Node) -> bool {
    match node {
        Node::Plain(_) | Node::Await(_) => false,
        Node::Block(block) => forks(block),
        Node::If { then, otherwise, .. } => forks(then) || otherwise.as_deref().is_some_and(node_forks),
        Node::Match { arms, .. } => arms.iter().any(|arm| forks(&arm.body)),
        Node::Loop { body, .. } | Node::While { body, .. } => forks(body),
    }
}

/// Marks what a block ends with, if nothing follows the block. `dropped`: a `;` follows, so its value does not matter.
fn block(of: &mut Block, dropped: bool) {
    if let Some(tail) = &mut of.tail {
        return node(tail, dropped);
    }
    match of.stmts.last_mut() {
        Some(Stmt::Plain(plain, _)) => statement(Some(&mut plain.code), dropped),
        Some(Stmt::Eval { node: last }) => node(last, true),
        _ => {}
    }
}

fn node(of: &mut Node, dropped: bool) {
    match of {
        Node::Plain(plain) => expression(&mut plain.code, dropped),
        Node::Block(inner) => block(inner, dropped),
        Node::If { then, otherwise, .. } => {
            block(then, dropped);
            if let Some(otherwise) = otherwise {
                node(otherwise, dropped);
            }
        }
        Node::Match { arms, .. } => arms.iter_mut().for_each(|arm| block(&mut arm.body, dropped)),
        // What is in a loop may run again.
        Node::Await(_) | Node::Loop { .. } | Node::While { .. } => {}
    }
}

fn statement(last: Option<&mut syn::Stmt>, dropped: bool) {
    if let Some(syn::Stmt::Expr(expr, semicolon)) = last {
        expression(expr, dropped || semicolon.is_some());
    }
}

/// Marks a write, in code without awaits: also at the end of its blocks.
fn expression(expr: &mut Expr, dropped: bool) {
    match expr {
        // What an attribute may take away stays as it is.
        Expr::MethodCall(call) if !call.attrs.is_empty() => {}
        Expr::Block(inner) if inner.label.is_none() => statement(inner.block.stmts.last_mut(), dropped),
        Expr::If(choice) => {
            statement(choice.then_branch.stmts.last_mut(), dropped);
            if let Some((_, otherwise)) = &mut choice.else_branch {
                expression(otherwise, dropped);
            }
        }
        Expr::MethodCall(call) if WRITES.iter().any(|write| call.method == write) => {
            if let Some(proven) = root(&mut call.receiver) {
                *proven = Ident::new("last_write", proven.span());
                let (cx, value) = (names::cx(), names::local("written"));
                // A `match` keeps what the call returns, and its temporaries, until the event has said that it has succeeded: their
                // `Drop` may panic.
                *expr = if dropped {
                    syn::parse_quote!({ match #call { #value => #cx.succeeded(), } })
                } else {
                    // That of the body, which returns nothing.
                    syn::parse_quote!({ match #call { () => #cx.succeeded(), } })
                };
            }
        }
        _ => {}
    }
}

/// Methods without arguments that read or write, and lead nowhere.
const ENDS: [&str; 14] = [
    "get", "next", "pop", "clear", "exists", "len", "is_empty", "keys", "values", "items", "iter", "first", "last",
    "clone",
];

/// `proven` of `self.p.proven().key(..)..`, if what follows are steps of a cursor and nothing else: keys, positions, and fields,
/// which have no arguments.
fn root(expr: &mut Expr) -> Option<&mut Ident> {
    let Expr::MethodCall(call) = expr else { return None };
    if call.method == "proven" && matches!(&*call.receiver, Expr::Field(_)) {
        return Some(&mut call.method);
    }
    let field = call.args.is_empty() && !ENDS.iter().any(|end| call.method == end);
    let step = call.method == "key" || call.method == "index" || field;
    if step { root(&mut call.receiver) } else { None }
}
