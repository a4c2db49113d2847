//! Plain user code to the code of a segment: `self`, `return`, and jumps whose target is resumed in its middle.

use super::segment::Emitter;
use crate::lower::macros::{self, Leaving};
use crate::lower::target_of;
use crate::names;
use proc_macro2::{Group, TokenStream, TokenTree};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Item, Path};

/// Translates in place.
pub(super) struct Translate<'a, 'b> {
    pub(super) emitter: &'a mut Emitter<'b>,
    /// Inside a closure or an `async` block, where `return` and jumps are its own.
    inside: usize,
}

impl<'a, 'b> Translate<'a, 'b> {
    pub(super) fn new(emitter: &'a mut Emitter<'b>) -> Self {
        Translate { emitter, inside: 0 }
    }
}

impl VisitMut for Translate<'_, '_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let nested = matches!(expr, Expr::Closure(_) | Expr::Async(_));
        self.inside += usize::from(nested);
        visit_mut::visit_expr_mut(self, expr);
        self.inside -= usize::from(nested);
        if self.inside > 0 {
            return;
        }
        match expr {
            Expr::Return(leave) => *expr = Expr::Verbatim(self.emitter.leave(leave.expr.as_deref())),
            Expr::Break(jump) => {
                if let Some(target) = jump.label.as_ref().and_then(target_of) {
                    jump.label = Some(self.emitter.break_label(target));
                }
            }
            Expr::Continue(jump) => {
                if let Some(target) = jump.label.as_ref().and_then(target_of) {
                    *expr = self.emitter.continue_jump(target);
                }
            }
            _ => {}
        }
    }

    fn visit_path_mut(&mut self, path: &mut Path) {
        if path.is_ident("self") {
            if let Some(segment) = path.segments.first_mut() {
                segment.ident = names::this(segment.ident.span());
            }
            return;
        }
        visit_mut::visit_path_mut(self, path);
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        let leaves = self.inside == 0 && macros::leaves(mac, &[Leaving::Return, Leaving::Jump]).is_some();
        if !(leaves && macros::rewrite(mac, |argument| self.visit_expr_mut(argument))) {
            mac.tokens = this_in_tokens(std::mem::take(&mut mac.tokens));
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}

/// `self` in a macro's tokens, but not in a path (`self::f`).
pub(super) fn this_in_tokens(tokens: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut out = TokenStream::new();
    for (at, token) in tokens.iter().enumerate() {
        let colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
        out.extend([match token {
            TokenTree::Ident(ident) if ident == "self" && !(colon(at + 1) && colon(at + 2)) => {
                TokenTree::Ident(names::this(ident.span()))
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), this_in_tokens(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            other => other.clone(),
        }]);
    }
    out
}
