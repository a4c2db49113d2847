//! A segment: the code from a resumption point (or the start) to the next awaits.
//!
//! A segment is the body itself, with every await replaced by "emit the scope, end the event". Code that several segments
//! reach stands in each of them: so borrows, moves and drops between two awaits are exactly the user's own.

use super::scope::{lend, member, same_type, scope_fields, value_field};
use super::translate::Translate;
use crate::ir::{Access, Await, AwaitId, BindingId, Block, Body, Facts, Node, Plain, Stmt, TargetId};
use crate::model::ModuleDecl;
use crate::names;
use crate::ops::{Emitted, Site};
use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Expr, Lifetime, Type};

/// Code, and whether control never comes out of its end.
pub(super) type Code = (TokenStream, bool);

/// Writes the code of one segment.
pub(super) struct Emitter<'a> {
    pub(super) body: &'a Body,
    pub(super) module: &'a ModuleDecl,
    /// The source's return type.
    pub(super) returns: Option<&'a Type>,
    /// Number of this segment in its topology.
    pub(super) number: usize,
    /// Number of the segment that resumes await 0 of this body.
    pub(super) first: usize,
    /// The awaits that this segment can reach, in order of their code.
    pub(super) reached: Vec<AwaitId>,
    /// Of those, the partitioners that it reaches once for each item of an `explode`, with that.
    pub(super) exploded: Vec<(AwaitId, AwaitId)>,
    /// How this segment touches PStates, in order of its code; one of a PState, a key and a direction.
    pub(super) accesses: Vec<Access>,
    /// The segment is part of a forked branch, which returns nothing.
    pub(super) in_fork: bool,
    jumps: Vec<Jump>,
    labels: usize,
}

/// Where `break` and `continue` of a target go, at the current place.
struct Jump {
    target: TargetId,
    leave: Lifetime,
    again: Again,
    left: bool,
    continued: bool,
}

/// What `continue` becomes.
pub(super) enum Again {
    /// `continue 'label`
    Loop(Lifetime),
    /// `break 'label`: the end of the iteration that was resumed.
    Iteration(Lifetime),
}

impl<'a> Emitter<'a> {
    pub(super) fn new(
        body: &'a Body,
        module: &'a ModuleDecl,
        returns: Option<&'a Type>,
        number: usize,
        first: usize,
    ) -> Self {
        Emitter {
            body,
            module,
            returns,
            number,
            first,
            reached: Vec::new(),
            exploded: Vec::new(),
            accesses: Vec::new(),
            in_fork: false,
            jumps: Vec::new(),
            labels: 0,
        }
    }

    /// The segment that starts a record.
    pub(super) fn start(&mut self) -> TokenStream {
        let (record, pattern) = (names::record(), &self.body.parameter);
        let outer = self.outer_names(&self.body.parameter_bindings);
        let code = self.block_from(&self.body.block, 0);
        let end = self.end(code);
        quote!(let #pattern = #record; #outer #end)
    }

    /// The whole body's code, made into the segment's result.
    pub(super) fn end(&self, (code, diverges): Code) -> TokenStream {
        let private = names::private();
        if diverges {
            return code;
        }
        let value = names::local("returned");
        match self.returns {
            Some(ty) if !self.in_fork => {
                let flow = self.flow(&quote!(#value), ty);
                // A missing value is reported at the type that is expected.
                let mut body = Group::new(Delimiter::Brace, code);
                body.set_span(ty.span());
                quote!(let #value: #ty = #body; ::core::result::Result::Ok(#flow))
            }
            _ => quote! {
                let #value: () = { #code };
                ::core::result::Result::Ok(#private::Flow::Done(::core::option::Option::None))
            },
        }
    }

    /// The value of type `ty` that a branch ended with, as its flow. An `Err` fails the event.
    fn flow(&self, value: &TokenStream, ty: &Type) -> TokenStream {
        let private = names::private();
        if is_result(ty) {
            quote!(#private::Flow::returned(#value?))
        } else {
            quote!(#private::Flow::returned(#value))
        }
    }

    /// `return VALUE`
    pub(super) fn leave(&self, value: Option<&Expr>) -> TokenStream {
        let private = names::private();
        let returned = names::local("returned");
        match self.returns {
            Some(ty) if !self.in_fork => {
                let value = value.map_or_else(|| quote!(()), |value| quote!(#value));
                let flow = self.flow(&quote!(#returned), ty);
                quote!({ let #returned: #ty = #value; return ::core::result::Result::Ok(#flow) })
            }
            _ => {
                let value = value.map(|value| quote!(let #returned: () = #value;));
                quote!({ #value return ::core::result::Result::Ok(#private::Flow::Done(::core::option::Option::None)) })
            }
        }
    }

    /// The statements of a block from number `from`, and its value.
    pub(super) fn block_from(&mut self, block: &'a Block, from: usize) -> Code {
        let mut code = if from == 0 {
            self.outer_names(&block.prelude)
        } else {
            TokenStream::new()
        };
        for (at, stmt) in block.stmts.iter().enumerate().skip(from) {
            let (tokens, diverges) = match self.exploded(stmt, block.stmts.get(at + 1)) {
                Some(code) => (code, true),
                None => self.stmt(stmt),
            };
            code.extend(tokens);
            if diverges {
                return (code, true);
            }
        }
        if let Some(tail) = &block.tail {
            let (tokens, diverges) = self.node(tail);
            code.extend(tokens);
            return (code, diverges);
        }
        (code, false)
    }

    /// A block in a position of its own, with its label if it has one.
    fn block(&mut self, block: &'a Block) -> Code {
        let Some(target) = block.target else {
            let (code, diverges) = self.block_from(block, 0);
            return (quote!({ #code }), diverges);
        };
        let label = self.fresh_label("block");
        let ((code, diverges), jump) = self.with_jump(target, &label, Again::Loop(label.clone()), |this| {
            this.block_from(block, 0)
        });
        if jump.left {
            (quote!(#label: { #code }), false)
        } else {
            (quote!({ #code }), diverges)
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> Code {
        match stmt {
            Stmt::Plain(plain, declares) => {
                self.touch(&plain.facts);
                let mut code = plain.code.clone();
                Translate::new(self).visit_stmt_mut(&mut code);
                let outer = self.outer_names(declares);
                (quote!(#code #outer), plain.facts.diverges)
            }
            Stmt::Let { node, .. } | Stmt::Assign { node, .. } | Stmt::Eval { node, .. } => {
                let value = self.node(node);
                self.stmt_of(stmt, value)
            }
            Stmt::Fork { point, .. } => {
                let kept = &self.body.awaits[*point].kept;
                let Emitted { code, .. } = self.emit(*point, &|binding| Some(kept.contains(&binding)));
                (quote!({ #code }), false)
            }
        }
    }

    /// A statement whose value is at hand: the code of its node, or what a resumed segment starts with.
    pub(super) fn stmt_of(&mut self, stmt: &'a Stmt, (value, diverges): Code) -> Code {
        if diverges {
            return (value, true);
        }
        let tokens = match stmt {
            Stmt::Let {
                local,
                diverge,
                declares,
                ..
            } => {
                let (attrs, pat) = (&local.attrs, &local.pat);
                let diverge = diverge.as_ref().map(|block| {
                    let (code, _) = self.block_from(block, 0);
                    quote!(else { #code })
                });
                let outer = self.outer_names(declares);
                quote!(#(#attrs)* let #pat = #value #diverge; #outer)
            }
            Stmt::Assign { place, .. } => {
                let place = self.plain(place);
                quote!(#place = #value;)
            }
            // Without a semicolon it is a block-like expression, which ends a statement by itself; one does not hurt.
            _ => quote!(#value;),
        };
        (tokens, false)
    }

    /// An expression.
    pub(super) fn node(&mut self, node: &'a Node) -> Code {
        match node {
            Node::Plain(plain) => (self.plain(plain), plain.facts.diverges),
            Node::Await(point) => {
                let Emitted { code, end } = self.emit(*point, &|_| None);
                let flow = end.flow();
                (quote!({ #code return ::core::result::Result::Ok(#flow); }), true)
            }
            Node::Block(block) => self.block(block),
            Node::If {
                condition,
                then,
                otherwise,
            } => {
                let condition = self.plain(condition);
                let (then, then_diverges) = self.block(then);
                match otherwise {
                    None => (quote!(if #condition #then), false),
                    Some(otherwise) => {
                        let (otherwise, diverges) = self.node(otherwise);
                        (
                            quote!(if #condition #then else { #otherwise }),
                            then_diverges && diverges,
                        )
                    }
                }
            }
            Node::Match { scrutinee, arms } => {
                let scrutinee = self.plain(scrutinee);
                let mut all_diverge = !arms.is_empty();
                let mut code = TokenStream::new();
                for arm in arms {
                    self.touch(&arm.pat.facts);
                    let mut pat = arm.pat.code.clone();
                    Translate::new(self).visit_pat_mut(&mut pat);
                    // A plain value stays without braces, which would end the life of its temporaries early.
                    let plain_value = match &arm.body {
                        Block {
                            target: None,
                            operation: None,
                            prelude,
                            stmts,
                            tail: Some(tail),
                        } if stmts.is_empty() => matches!(**tail, Node::Plain(_))
                            .then_some(tail)
                            .filter(|_| self.outer_names(prelude).is_empty()),
                        _ => None,
                    };
                    let (body, diverges) = match plain_value {
                        Some(value) => self.node(value),
                        None => self.block(&arm.body),
                    };
                    all_diverge &= diverges;
                    let attrs = &arm.attrs;
                    code.extend(quote!(#(#attrs)* #pat => #body,));
                }
                (quote!(match #scrutinee { #code }), all_diverge)
            }
            Node::Loop { target, body } => {
                let label = self.fresh_label("loop");
                let ((code, _), jump) = self.with_jump(*target, &label, Again::Loop(label.clone()), |this| {
                    this.block_from(body, 0)
                });
                (quote!(#label: loop { #code }), !jump.left)
            }
            Node::While {
                target,
                condition,
                body,
            } => {
                let label = self.fresh_label("while");
                let ((condition, code), _) = self.with_jump(*target, &label, Again::Loop(label.clone()), |this| {
                    let condition = this.plain(condition);
                    (condition, this.block_from(body, 0).0)
                });
                (quote!(#label: while #condition { #code }), false)
            }
        }
    }

    /// Plain code, translated.
    pub(super) fn plain(&mut self, plain: &Plain<Expr>) -> TokenStream {
        self.touch(&plain.facts);
        self.translated(plain.code.clone())
    }

    fn translated(&mut self, mut expr: Expr) -> TokenStream {
        Translate::new(self).visit_expr_mut(&mut expr);
        quote!(#expr)
    }

    /// Notes the accesses of code that this segment contains. Of several alike, the one that is known least stays.
    fn touch(&mut self, facts: &Facts) {
        for access in &facts.accesses {
            let alike = |known: &&mut Access| {
                known.pstate == access.pstate && known.key == access.key && known.writes == access.writes
            };
            match self.accesses.iter_mut().find(alike) {
                Some(known) => known.alignment = known.alignment.max(access.alignment),
                None => self.accesses.push(access.clone()),
            }
        }
    }

    /// The arguments of an await, translated.
    pub(super) fn arguments(&mut self, point: AwaitId) -> Vec<TokenStream> {
        let awaited: &Await = &self.body.awaits[point];
        self.touch(&awaited.facts);
        let evaluated = awaited.call.evaluated();
        evaluated
            .into_iter()
            .map(|argument| self.translated(argument))
            .collect()
    }

    /// The code that emits the scope of `point`. `copied`: whether a variable is copied into it, rather than moved, where that is
    /// not for the operation to say.
    pub(super) fn emit(&mut self, point: AwaitId, copied: &dyn Fn(BindingId) -> Option<bool>) -> Emitted {
        if !self.reached.contains(&point) {
            self.reached.push(point);
        }
        let arguments = self.arguments(point);
        let awaited: &Await = &self.body.awaits[point];
        let next = |value: Option<TokenStream>, copies: bool| {
            self.scope(point, value, &|binding| copied(binding).unwrap_or(copies))
        };
        let lends = awaited.live.iter().filter_map(|&binding| {
            let of = self.body.bindings[binding].lent?;
            let (ident, variable) = (names::lent(binding), self.variable(awaited, binding));
            let lent = lend(of, &variable, self.body.bindings[binding].ident.span());
            Some(quote!(let #ident = #lent;))
        });
        let site = Site {
            lends: lends.collect(),
            cx: names::cx(),
            sink: names::sink(),
            next: &next,
            call: &awaited.call,
            module: self.module,
        };
        let Emitted { code, end } = awaited.call.operation.emit(&arguments, &site);
        let witnessed = awaited.witnessed.iter().copied();
        let witnessed = witnessed.filter(|binding| self.body.bindings[*binding].lent.is_none());
        let witnesses = witnessed.map(|binding| {
            let (witness, private) = (names::witness(binding), names::private());
            let variable = self.variable(awaited, binding);
            let same = same_type(&quote!(#witness), &variable);
            quote!(let #witness = #private::Witness::new(); #same)
        });
        let code = quote!(#(#witnesses)* #code);
        Emitted { code, end }
    }

    /// `Next2::S5(Scope5 { word: carried(word), .. })`
    fn scope(&self, point: AwaitId, value: Option<TokenStream>, copied: &dyn Fn(BindingId) -> bool) -> TokenStream {
        let private = names::private();
        let body = self.body;
        let awaited = &body.awaits[point];
        let number = self.first + point;
        let (next, variant, scope) = (
            names::next_enum(self.number),
            names::variant(number),
            names::scope_struct(number),
        );
        // First what refers to others, which may travel, too: by moving.
        let (mut lent_fields, mut fields) = (TokenStream::new(), TokenStream::new());
        if let Some(value) = value {
            let field = value_field();
            // All of the call has the user's span: an error of a borrowed value is shown at the whole of it.
            let span = awaited.span;
            match awaited.lent {
                Some(lent) => {
                    let lent = lend(lent, &value, span);
                    lent_fields.extend(quote!(#field: #lent,));
                }
                None => {
                    let carried = names::at(quote!(#private::carried), span);
                    fields.extend(quote_spanned!(span=> #field: #carried(#value),));
                }
            }
        }
        for carried in scope_fields(body, awaited) {
            let (field, binding) = (&carried.ident, carried.binding);
            if carried.witness {
                let witness = names::witness(binding);
                fields.extend(quote!(#field: #witness,));
                continue;
            }
            let variable = self.variable(awaited, binding);
            // The span makes rustc report a value that cannot travel at the variable itself.
            let span = body.bindings[binding].ident.span();
            if let Some(lent) = carried.lent {
                let lent = if awaited.call.operation.makes_scope_later() {
                    let ident = names::lent(binding);
                    quote!(#ident)
                } else {
                    lend(lent, &variable, span)
                };
                lent_fields.extend(quote!(#field: #lent,));
                continue;
            }
            let part = carried.part.as_deref().map(member);
            let part = part.map(|part| names::at(quote!(.#part), span));
            fields.extend(if copied(binding) {
                let branched = names::at(quote!(#private::branched), span);
                quote_spanned!(span=> #field: #branched(&#variable #part),)
            } else {
                // What travels behind the future as well is refused as at any hop.
                let is_for_future = awaited
                    .makes
                    .is_some_and(|future| !body.awaits[future].live.contains(&binding));
                let carried = if is_for_future {
                    names::at(quote!(#private::remade), span)
                } else {
                    names::at(quote!(#private::carried), span)
                };
                quote_spanned!(span=> #field: #carried(#variable #part),)
            });
        }
        quote!(#next::#variant(#scope { #lent_fields #fields }))
    }

    /// A variable as an expression, even where an inner one hides its name.
    pub(super) fn variable(&self, awaited: &Await, binding: BindingId) -> TokenStream {
        let ident = &self.body.bindings[binding].ident;
        let innermost = awaited
            .visible
            .iter()
            .rev()
            .find(|other| self.body.bindings[**other].ident == *ident);
        if innermost == Some(&binding) {
            quote!(#ident)
        } else {
            let outer = names::outer(binding);
            quote!(#outer!())
        }
    }

    /// Macros for the variables that are hidden at some await: `macro_rules!` hygiene keeps naming the one in scope here.
    pub(super) fn outer_names(&self, declared: &[BindingId]) -> TokenStream {
        declared
            .iter()
            .filter(|binding| self.body.bindings[**binding].needs_outer)
            .map(|binding| {
                let (outer, ident) = (names::outer(*binding), &self.body.bindings[*binding].ident);
                quote!(macro_rules! #outer { () => { #ident } })
            })
            .collect()
    }

    pub(super) fn fresh_label(&mut self, role: &str) -> Lifetime {
        self.labels += 1;
        names::label(self.labels, role)
    }

    /// Runs `emit` with the jumps of `target` going to these labels.
    pub(super) fn with_jump<T>(
        &mut self,
        target: TargetId,
        leave: &Lifetime,
        again: Again,
        emit: impl FnOnce(&mut Self) -> T,
    ) -> (T, Jumped) {
        self.jumps.push(Jump {
            target,
            leave: leave.clone(),
            again,
            left: false,
            continued: false,
        });
        let result = emit(self);
        let jumped = self.jumps.pop().map_or(Jumped::default(), |jump| Jumped {
            left: jump.left,
            continued: jump.continued,
        });
        (result, jumped)
    }

    fn jump(&mut self, target: TargetId) -> Option<&mut Jump> {
        self.jumps.iter_mut().rev().find(|jump| jump.target == target)
    }

    pub(super) fn break_label(&mut self, target: TargetId) -> Lifetime {
        match self.jump(target) {
            Some(jump) => {
                jump.left = true;
                jump.leave.clone()
            }
            None => names::label(target, "target"),
        }
    }

    pub(super) fn continue_jump(&mut self, target: TargetId) -> Expr {
        match self.jump(target) {
            Some(jump) => {
                jump.continued = true;
                match &jump.again {
                    Again::Loop(label) => Expr::Verbatim(quote!(continue #label)),
                    Again::Iteration(label) => Expr::Verbatim(quote!(break #label)),
                }
            }
            None => {
                let label = names::label(target, "target");
                Expr::Verbatim(quote!(continue #label))
            }
        }
    }
}

/// Which jumps of a target were written.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Jumped {
    pub(super) left: bool,
    pub(super) continued: bool,
}

/// Whether a branch that returns this can fail its event by `Err`.
pub(super) fn is_result(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Result"))
}
