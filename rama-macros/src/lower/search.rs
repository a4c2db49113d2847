//! Questions about plain syntax.

use crate::ops;
use syn::visit::{self, Visit};
use syn::{Expr, Ident, Item, Stmt};

/// Whether `expr` is suspended somewhere, not counting `async` blocks (they are futures of their own) and nested items.
pub(super) fn has_await_expr(expr: &Expr) -> bool {
    let mut search = Search { found: false };
    search.visit_expr(expr);
    search.found
}

/// As [`has_await_expr`], for a statement.
pub(super) fn has_await_stmt(stmt: &Stmt) -> bool {
    let mut search = Search { found: false };
    search.visit_stmt(stmt);
    search.found
}

/// As [`has_await_expr`], for a block.
pub(super) fn has_await_block(block: &syn::Block) -> bool {
    block.stmts.iter().any(has_await_stmt)
}

/// Whether `expr` is taken apart: it is suspended somewhere, or it is a choice between ways that assign variables or jump, so
/// that what is needed before it depends on the way.
pub(super) fn is_structural(expr: &Expr) -> bool {
    has_await_expr(expr)
        || matches!(expr, Expr::Block(block) if block.label.as_ref().is_some_and(|label| super::inline::operation_of(label).is_some()))
        || matches!(expr, Expr::If(_) | Expr::Match(_) | Expr::Block(_) | Expr::Loop(_)) && {
            let mut decides = Decides { found: false };
            decides.visit_expr(expr);
            decides.found
        }
}

/// As [`is_structural`], for a statement.
pub(super) fn is_structural_stmt(stmt: &Stmt) -> bool {
    match stmt {
        // What is conditional stays as it is, with its attributes.
        Stmt::Expr(expr, _) if is_conditional(attributes_of(expr)) => has_await_expr(expr),
        Stmt::Expr(expr, _) => is_structural(expr),
        Stmt::Local(local) => has_await_stmt(stmt) || local.init.as_ref().is_some_and(|init| is_structural(&init.expr)),
        Stmt::Item(_) | Stmt::Macro(_) => has_await_stmt(stmt),
    }
}

/// Assignments of whole variables, and jumps.
struct Decides {
    found: bool,
}

impl<'ast> Visit<'ast> for Decides {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Break(_) | Expr::Continue(_) => self.found = true,
            Expr::Block(block) if block.label.is_some() => self.found = true,
            Expr::Assign(assign) if matches!(*assign.left, Expr::Path(_) | Expr::Tuple(_)) => self.found = true,
            Expr::Async(_) | Expr::Closure(_) => {}
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

/// Whether an attribute decides if there is anything at all.
pub(crate) fn is_conditional(attributes: &[syn::Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr"))
}

/// The attributes of an expression that stands as a statement.
pub(crate) fn attributes_of(expr: &Expr) -> &[syn::Attribute] {
    match expr {
        Expr::Assign(expr) => &expr.attrs,
        Expr::Await(expr) => &expr.attrs,
        Expr::Binary(expr) => &expr.attrs,
        Expr::Block(expr) => &expr.attrs,
        Expr::Break(expr) => &expr.attrs,
        Expr::Call(expr) => &expr.attrs,
        Expr::Continue(expr) => &expr.attrs,
        Expr::ForLoop(expr) => &expr.attrs,
        Expr::If(expr) => &expr.attrs,
        Expr::Loop(expr) => &expr.attrs,
        Expr::Macro(expr) => &expr.attrs,
        Expr::Match(expr) => &expr.attrs,
        Expr::MethodCall(expr) => &expr.attrs,
        Expr::Path(expr) => &expr.attrs,
        Expr::Return(expr) => &expr.attrs,
        Expr::Struct(expr) => &expr.attrs,
        Expr::Try(expr) => &expr.attrs,
        Expr::Tuple(expr) => &expr.attrs,
        Expr::Unsafe(expr) => &expr.attrs,
        Expr::While(expr) => &expr.attrs,
        _ => &[],
    }
}

/// A `fork` counts: it splits the body as an await does.
struct Search {
    found: bool,
}

impl<'ast> Visit<'ast> for Search {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Await(_) => self.found = true,
            Expr::Async(_) => {}
            Expr::Call(_) if ops::forked(expr).is_some() => self.found = true,
            Expr::Macro(mac) if macro_has_await(&mac.mac) => self.found = true,
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_stmt_macro(&mut self, mac: &'ast syn::StmtMacro) {
        self.found |= macro_has_await(&mac.mac);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

/// Whether a macro call's tokens contain `.await`, outside an `async` block.
pub(super) fn macro_has_await(mac: &syn::Macro) -> bool {
    fn search(tokens: proc_macro2::TokenStream) -> bool {
        let mut after_dot = false;
        let mut after_async = false;
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Group(group) if !after_async => {
                    if search(group.stream()) {
                        return true;
                    }
                    after_dot = false;
                }
                proc_macro2::TokenTree::Group(_) => after_async = false,
                proc_macro2::TokenTree::Punct(punct) => after_dot = punct.as_char() == '.',
                proc_macro2::TokenTree::Ident(ident) => {
                    if after_dot && ident == "await" {
                        return true;
                    }
                    after_async = ident == "async" || (after_async && ident == "move");
                    after_dot = false;
                }
                proc_macro2::TokenTree::Literal(_) => after_dot = false,
            }
        }
        false
    }
    search(mac.tokens.clone())
}

/// Whether evaluating `expr` later changes nothing: literals, constants, closures, borrows of variables and their fields, and
/// variables that `later` does not change.
pub(super) fn can_wait(expr: &Expr, later: &[&Expr]) -> bool {
    match expr {
        Expr::Lit(_) => true,
        // Making a closure does nothing but look at, or move, what it captures.
        Expr::Closure(closure) => variables(&closure.body)
            .iter()
            .all(|variable| !later.iter().any(|expr| may_change(expr, variable))),
        Expr::Paren(paren) => can_wait(&paren.expr, later),
        Expr::Group(group) => can_wait(&group.expr, later),
        Expr::Reference(reference) => is_place(&reference.expr),
        Expr::Path(path) => match path.path.get_ident() {
            Some(variable) => !later.iter().any(|expr| may_change(expr, variable)),
            None => true,
        },
        Expr::Field(_) => {
            is_place(expr) && root(expr).is_none_or(|variable| !later.iter().any(|expr| may_change(expr, variable)))
        }
        Expr::Unary(unary) if !matches!(unary.op, syn::UnOp::Deref(_)) => can_wait(&unary.expr, later),
        _ => false,
    }
}

/// A variable, or fields of one.
pub(super) fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Paren(paren) => is_place(&paren.expr),
        _ => false,
    }
}

/// The variable that a place belongs to.
pub(super) fn root(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident(),
        Expr::Field(field) => root(&field.base),
        Expr::Paren(paren) => root(&paren.expr),
        _ => None,
    }
}

/// Whether the expression reads from the module's state.
pub(crate) fn mentions_self(expr: &Expr) -> bool {
    struct Mentions(bool);
    impl<'ast> Visit<'ast> for Mentions {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            self.0 |= ident == "self";
        }
    }
    let mut mentions = Mentions(false);
    mentions.visit_expr(expr);
    mentions.0
}

/// Every plain name in an expression, macros included.
fn variables(expr: &Expr) -> Vec<Ident> {
    fn of_tokens(tokens: proc_macro2::TokenStream, found: &mut Vec<Ident>) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(ident) => found.push(ident),
                proc_macro2::TokenTree::Group(group) => of_tokens(group.stream(), found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    of_tokens(quote::ToTokens::to_token_stream(expr), &mut found);
    found
}

/// Whether evaluating `expr` may change `variable`.
pub(super) fn may_change(expr: &Expr, variable: &Ident) -> bool {
    struct Changes<'a> {
        variable: &'a Ident,
        found: bool,
    }
    impl Changes<'_> {
        fn is_variable(&self, expr: &Expr) -> bool {
            root(expr) == Some(self.variable)
        }
    }
    impl<'ast> Visit<'ast> for Changes<'_> {
        fn visit_expr(&mut self, expr: &'ast Expr) {
            self.found |= match expr {
                // `(x, y) = ..` changes both.
                Expr::Assign(assign) => variables(&assign.left).contains(self.variable),
                // `+=` and its kin are binary operations whose left side is changed; plain ones change nothing.
                Expr::Binary(binary) => is_compound_assignment(&binary.op) && self.is_variable(&binary.left),
                Expr::Reference(reference) => reference.mutability.is_some() && self.is_variable(&reference.expr),
                Expr::MethodCall(call) => self.is_variable(&call.receiver),
                Expr::Macro(_) => true,
                _ => false,
            };
            visit::visit_expr(self, expr);
        }

        fn visit_local(&mut self, local: &'ast syn::Local) {
            // `let ref mut y = x;`
            if let Some(init) = &local.init
                && self.is_variable(&init.expr)
                && !matches!(&local.pat, syn::Pat::Ident(ident) if ident.by_ref.is_none())
            {
                self.found = true;
            }
            visit::visit_local(self, local);
        }
    }
    let mut changes = Changes { variable, found: false };
    changes.visit_expr(expr);
    changes.found
}

/// `+=`, `|=` and so on.
pub(crate) fn is_compound_assignment(op: &syn::BinOp) -> bool {
    use syn::BinOp;
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}

/// The `break`s and `continue`s in `block` whose target is outside of it.
pub(super) fn jumps_out(block: &syn::Block) -> Vec<&Expr> {
    struct Jumps<'ast> {
        /// The labels of the loops and blocks around, inside `block`; empty for none.
        inside: Vec<(String, bool)>,
        found: Vec<&'ast Expr>,
    }
    impl<'ast> Visit<'ast> for Jumps<'ast> {
        fn visit_expr(&mut self, expr: &'ast Expr) {
            let name = |label: &Option<syn::Label>| {
                label
                    .as_ref()
                    .map_or_else(String::new, |label| label.name.ident.to_string())
            };
            let (target, is_loop) = match expr {
                Expr::Closure(_) | Expr::Async(_) => return,
                Expr::Loop(repeat) => (name(&repeat.label), true),
                Expr::While(repeat) => (name(&repeat.label), true),
                Expr::ForLoop(repeat) => (name(&repeat.label), true),
                Expr::Block(block) if block.label.is_some() => (name(&block.label), false),
                _ => {
                    let label = match expr {
                        Expr::Break(jump) => Some(&jump.label),
                        Expr::Continue(jump) => Some(&jump.label),
                        _ => None,
                    };
                    let is_inside = |label: &Option<syn::Lifetime>| match label {
                        Some(label) => self.inside.iter().any(|(name, _)| label.ident == name),
                        None => self.inside.iter().any(|(_, is_loop)| *is_loop),
                    };
                    if label.is_some_and(|label| !is_inside(label)) {
                        self.found.push(expr);
                    }
                    return visit::visit_expr(self, expr);
                }
            };
            self.inside.push((target, is_loop));
            visit::visit_expr(self, expr);
            self.inside.pop();
        }

        fn visit_item(&mut self, _: &'ast Item) {}
    }
    let mut jumps = Jumps {
        inside: Vec::new(),
        found: Vec::new(),
    };
    jumps.visit_block(block);
    jumps.found
}
