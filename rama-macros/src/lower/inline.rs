//! Calls of the module's operations: `self.deliver(post, follower).await` becomes a labelled block.

use super::Lowering;
use super::macros::{self, Leaving};
use crate::analyze::mentions::Mentions;
use crate::diag::{Code, Diagnostics};
use crate::ir::Inlined;
use crate::model::OperationDecl;
use crate::names;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprMethodCall, Item, Lifetime, Type};

impl Lowering<'_> {
    /// The operation that `base`, standing in front of `.await`, calls.
    pub(super) fn called_operation(&self, base: &Expr) -> Option<(usize, ExprMethodCall)> {
        let Expr::MethodCall(call) = base else { return None };
        let Expr::Path(receiver) = &*call.receiver else {
            return None;
        };
        if !receiver.path.is_ident("self") {
            return None;
        }
        let at = self
            .operations
            .iter()
            .position(|operation| operation.ident == call.method)?;
        Some((at, call.clone()))
    }

    /// The operation's body as an expression of the caller. `None`, reported, where it would call itself.
    pub(super) fn inlined(&mut self, operation: usize, call: &ExprMethodCall) -> Option<Expr> {
        let operations = self.operations;
        let declared = &operations[operation];
        if let Some(start) = self.inlining.iter().position(|caller| *caller == declared.ident) {
            let mut cycle: Vec<String> = self.inlining[start..].iter().map(ToString::to_string).collect();
            cycle.push(declared.ident.to_string());
            self.diagnostics.error_with_help(
                Code::Recursion,
                &call.method,
                format!(
                    "an operation is inlined where it is called, so it cannot call itself ({})",
                    cycle.join(" → ")
                ),
                "write the recursion as a loop",
            );
            return None;
        }
        if declared.lost {
            return None;
        }
        if call.args.len() != declared.parameters.len() {
            self.diagnostics.error(
                Code::Syntax,
                call,
                format!(
                    "operation `{}` takes {} arguments, and is given {}",
                    declared.ident,
                    declared.parameters.len(),
                    call.args.len()
                ),
            );
            return None;
        }
        let number = self.target();
        let parameters: Vec<&syn::Pat> = declared.parameters.iter().map(|(pattern, _)| pattern).collect();
        let free = Mentions::free_names(&parameters, &declared.body);
        self.inlined.insert(
            number,
            Inlined {
                name: declared.ident.clone(),
                free,
            },
        );
        Some(inlined(declared, call, number, self.diagnostics))
    }

    /// Lowers `lower` with `operation` on the stack of those being inlined.
    pub(super) fn while_inlining<T>(&mut self, operation: usize, lower: impl FnOnce(&mut Self) -> T) -> T {
        self.inlining.push(self.operations[operation].ident.clone());
        // A jump in the operation's body cannot aim at the caller's loops: its own loops are lowered inside.
        let outer = std::mem::take(&mut self.targets);
        let lowered = lower(self);
        self.targets = outer;
        self.inlining.pop();
        lowered
    }
}

/// Reports control flow in a macro call that cannot be read.
pub(super) fn hidden_leaving(span: proc_macro2::Span, diagnostics: &mut Diagnostics) {
    diagnostics.error_at_with_help(
        Code::Await,
        span,
        "this compiler cannot look into this macro call, so nothing in it can leave the code around it",
        "put it outside of the macro",
    );
}

/// The operation whose body a block with this label is.
pub(super) fn operation_of(label: &syn::Label) -> Option<usize> {
    label
        .name
        .ident
        .to_string()
        .strip_prefix("__rama_operation")?
        .parse()
        .ok()
}

/// `{ let result: R = 'op: { let (p, q): (P, Q) = (a, b); BODY }; result }`, with `return` and `?` leaving the block.
fn inlined(operation: &OperationDecl, call: &ExprMethodCall, number: usize, diagnostics: &mut Diagnostics) -> Expr {
    let label = Lifetime::new(&format!("'__rama_operation{number}"), proc_macro2::Span::mixed_site());
    let mut body = operation.body.clone();
    let question = operation.returns.as_ref().is_some_and(has_question);
    let mut leave = Leave {
        label: &label,
        question,
        hidden: Vec::new(),
    };
    leave.visit_block_mut(&mut body);
    for span in leave.hidden {
        hidden_leaving(span, diagnostics);
    }
    let patterns = operation.parameters.iter().map(|(pattern, _)| pattern);
    let types = operation.parameters.iter().map(|(_, ty)| ty);
    let arguments = call.args.iter();
    let bind: TokenStream = if operation.parameters.is_empty() {
        TokenStream::new()
    } else {
        quote!(let (#(#patterns,)*): (#(#types,)*) = (#(#arguments,)*);)
    };
    let stmts = &body.stmts;
    let tokens = match &operation.returns {
        None => quote!(#label: { #bind #(#stmts)* }),
        Some(ty) => {
            let result: Ident = names::temporary(1_000_000 + number, call.method.span());
            quote!({ let #result: #ty = #label: { #bind #(#stmts)* }; #result })
        }
    };
    // The tokens are made of parsed parts in valid positions.
    syn::parse2(tokens.clone()).unwrap_or(Expr::Verbatim(tokens))
}

/// Whether `?` in a body that returns `ty` returns from it, as in plain Rust.
fn has_question(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| {
        let name: &Ident = &last.ident;
        *name == format_ident!("Result") || *name == format_ident!("Option")
    })
}

struct Leave<'a> {
    label: &'a Lifetime,
    question: bool,
    /// Where a macro call hides a way out of the operation.
    hidden: Vec<proc_macro2::Span>,
}

impl VisitMut for Leave<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if matches!(expr, Expr::Closure(_) | Expr::Async(_)) {
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
        let label = self.label;
        let tokens = match expr {
            Expr::Return(leave) => {
                let value = &leave.expr;
                quote_spanned!(leave.return_token.span=> break #label #value)
            }
            Expr::Try(question) if self.question => {
                let tried = &question.expr;
                let private = names::private();
                let (value, residual) = (names::local("value"), names::local("residual"));
                quote_spanned! {question.question_token.span=>
                    match #private::Question::question(#tried) {
                        ::core::result::Result::Ok(#value) => #value,
                        ::core::result::Result::Err(#residual) => break #label #private::FromResidual::from_residual(#residual),
                    }
                }
            }
            _ => return,
        };
        if let Ok(leave) = syn::parse2(tokens) {
            *expr = leave;
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        let wanted: &[Leaving] = if self.question {
            &[Leaving::Return, Leaving::Question]
        } else {
            &[Leaving::Return]
        };
        if let Some(span) = macros::leaves(mac, wanted)
            && !macros::rewrite(mac, |argument| self.visit_expr_mut(argument))
        {
            self.hidden.push(span);
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
