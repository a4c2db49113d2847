//! Jumps out of plain code: each `break` or `continue` whose target is taken apart gets that target's own label, so that
//! code generation can redirect it where the target is resumed in its middle.

use super::macros::{self, Leaving};
use crate::ir::TargetId;
use crate::names;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Item, Lifetime};

/// A loop or labelled block of the IR.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) id: TargetId,
    pub(super) label: Option<String>,
    pub(super) is_loop: bool,
}

const ROLE: &str = "target";

/// The target that a label written by [`resolve`] stands for.
pub(crate) fn target_of(label: &Lifetime) -> Option<TargetId> {
    label.ident.to_string().strip_prefix("__rama_target")?.parse().ok()
}

/// Gives every jump in `visit`ed code that leaves it the label of its target.
pub(super) struct Resolve<'a> {
    pub(super) targets: &'a [Target],
    /// Labels of the plain loops and blocks around the current place.
    inner_labels: Vec<String>,
    inner_loops: usize,
}

impl<'a> Resolve<'a> {
    pub(super) fn new(targets: &'a [Target]) -> Self {
        Resolve {
            targets,
            inner_labels: Vec::new(),
            inner_loops: 0,
        }
    }

    fn label(&self, written: Option<&Lifetime>) -> Option<Lifetime> {
        let target = match written {
            Some(label) => {
                let name = label.ident.to_string();
                if self.inner_labels.contains(&name) {
                    return None;
                }
                self.targets
                    .iter()
                    .rev()
                    .find(|target| target.label.as_deref() == Some(&name))?
            }
            None if self.inner_loops > 0 => return None,
            None => self.targets.iter().rev().find(|target| target.is_loop)?,
        };
        Some(names::label(target.id, ROLE))
    }

    fn inside(&mut self, label: Option<&syn::Label>, is_loop: bool, visit: impl FnOnce(&mut Self)) {
        if let Some(label) = label {
            self.inner_labels.push(label.name.ident.to_string());
        }
        self.inner_loops += usize::from(is_loop);
        visit(self);
        self.inner_loops -= usize::from(is_loop);
        if label.is_some() {
            self.inner_labels.pop();
        }
    }
}

impl VisitMut for Resolve<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) => {}
            Expr::Break(jump) => {
                if let Some(label) = self.label(jump.label.as_ref()) {
                    jump.label = Some(label);
                }
                if let Some(value) = &mut jump.expr {
                    self.visit_expr_mut(value);
                }
            }
            Expr::Continue(jump) => {
                if let Some(label) = self.label(jump.label.as_ref()) {
                    jump.label = Some(label);
                }
            }
            Expr::Loop(inner) => {
                let label = inner.label.clone();
                self.inside(label.as_ref(), true, |this| this.visit_block_mut(&mut inner.body));
            }
            Expr::While(inner) => {
                let label = inner.label.clone();
                self.inside(label.as_ref(), true, |this| {
                    this.visit_expr_mut(&mut inner.cond);
                    this.visit_block_mut(&mut inner.body);
                });
            }
            Expr::ForLoop(inner) => {
                self.visit_expr_mut(&mut inner.expr);
                let label = inner.label.clone();
                self.inside(label.as_ref(), true, |this| this.visit_block_mut(&mut inner.body));
            }
            Expr::Block(inner) => {
                let label = inner.label.clone();
                self.inside(label.as_ref(), false, |this| this.visit_block_mut(&mut inner.block));
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        if macros::leaves(mac, &[Leaving::Jump]).is_some() {
            macros::rewrite(mac, |argument| self.visit_expr_mut(argument));
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
