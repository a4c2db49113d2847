//! Touches of PStates: what each is about, and whether the computation is where that lives.

use super::Analysis;
use super::place::{Here, Verdict, Wanted, judge};
use super::sites::Node;
use super::value::{Kind, Value};
use crate::analyze::mentions::unraw;
use crate::analyze::ownership::{WRITES, root_field};
use crate::model::{KeyFunction, PStateDecl, text};
use proc_macro2::Span;
use quote::ToTokens;
use std::rc::Rc;
use syn::visit::{self, Visit};
use syn::{Expr, ExprMethodCall, Type};

/// The words that read, at the end of a path into a PState.
const READS: &[&str] = &[
    "get", "get_or", "exists", "contains", "len", "is_empty", "keys", "values", "items", "iter", "first", "last",
    "task",
];

/// One touch of a PState, as it was last seen.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) pstate: usize,
    /// The key's expression; `None` where the whole partition is meant.
    pub(super) key: Option<Expr>,
    pub(super) value: Value,
    pub(super) method: proc_macro2::Ident,
    /// The tokens that an error is shown at.
    pub(super) shown_at: proc_macro2::TokenStream,
    pub(super) writes: bool,
    /// Where it overwrites what an earlier record of the same key may have left.
    pub(super) overwrites: Option<Span>,
    pub(super) unaligned: bool,
    /// What a write by another topology is shown at.
    pub(super) field: proc_macro2::TokenStream,
    pub(super) verdict: Verdict,
    pub(super) here: Vec<Here>,
    /// The macro call that it stands in.
    pub(super) in_macro: Option<Node>,
    /// It stands in the argument of an `external`.
    pub(super) in_future: bool,
    /// And there in an `async` block: it would run elsewhere.
    pub(super) in_async: bool,
}

impl Analysis<'_> {
    /// A method of a PState itself.
    pub(super) fn root_method(
        &mut self,
        call: &ExprMethodCall,
        pstate: usize,
        unaligned: bool,
        arguments: &[Value],
    ) -> Value {
        let module = self.module;
        let declared = &module.pstates[pstate];
        let method = unraw(&call.method);
        match (method.as_str(), arguments) {
            ("root" | "reader", []) if unaligned => return Value::Unaligned(pstate),
            ("root" | "reader", []) => return Value::PState(pstate),
            ("unaligned", []) => return Value::Unaligned(pstate),
            _ => {}
        }
        let writes = WRITES.contains(&method.as_str());
        let keyed = match (method.as_str(), arguments) {
            ("key", [key]) => Some(key),
            ("contains" | "remove", [key]) if is_map(&declared.schema) => Some(key),
            _ => None,
        };
        let wanted = match keyed {
            _ if declared.global => Some(Wanted::Global),
            Some(key) => Some(Wanted::OwnerOf(self.owner_of(declared, key.clone()))),
            None => None,
        };
        let access = self.access(call, pstate, keyed.is_some(), unaligned, wanted.as_ref());
        let found = &mut self.accesses[access];
        found.writes |= writes;
        found.value = keyed.cloned().unwrap_or(Value::Unknown);
        if keyed.is_some() {
            return match method.as_str() {
                "key" => Value::Cursor(access),
                _ => self.computed(call, "value", arguments.iter().collect::<Vec<_>>().as_slice()),
            };
        }
        self.cursor_method(call, access, arguments)
    }

    /// A method of a cursor.
    pub(super) fn cursor_method(&mut self, call: &ExprMethodCall, access: usize, arguments: &[Value]) -> Value {
        let method = unraw(&call.method);
        let found = &mut self.accesses[access];
        if WRITES.contains(&method.as_str()) {
            found.writes = true;
            if method == "next" {
                return self.origin(call, "next", Kind::New);
            }
            let overwrites = match method.as_str() {
                "set" => !arguments.iter().all(|value| is_always(value, &found.value)),
                "update" => call.args.first().is_some_and(assigns_parameter),
                _ => false,
            };
            if overwrites && found.key.is_some() {
                found.overwrites = Some(call.method.span());
            }
        } else if !READS.contains(&method.as_str()) {
            return Value::Cursor(access);
        }
        // What a whole partition holds may be keys that live here; what is behind a key, another one's.
        let global = self.module.pstates[found.pstate].global;
        let kind = if found.key.is_none() && !global {
            Kind::FromHere
        } else {
            Kind::Computed
        };
        self.origin(call, "value", kind)
    }

    fn access(
        &mut self,
        call: &ExprMethodCall,
        pstate: usize,
        keyed: bool,
        unaligned: bool,
        wanted: Option<&Wanted>,
    ) -> usize {
        let node = Node::of(call);
        let at = match self.known_accesses.get(&node) {
            Some(&at) => at,
            None => {
                let key = if keyed { call.args.first().cloned() } else { None };
                let shown_at = match &key {
                    Some(key) => key.to_token_stream(),
                    None => call.receiver.to_token_stream(),
                };
                self.accesses.push(Found {
                    pstate,
                    key,
                    value: Value::Unknown,
                    method: call.method.clone(),
                    writes: false,
                    overwrites: None,
                    unaligned,
                    field: match root_field(&call.receiver) {
                        Some(field) => field.to_token_stream(),
                        None => shown_at.clone(),
                    },
                    shown_at,
                    verdict: Verdict::Undecided,
                    here: Vec::new(),
                    in_macro: self.in_macro,
                    in_future: self.in_future,
                    in_async: self.in_async,
                });
                let at = self.accesses.len() - 1;
                self.known_accesses.insert(node, at);
                at
            }
        };
        let verdict = match wanted {
            None => Verdict::Aligned,
            // A macro may run what it is given in any order, several times or not at all.
            Some(_) if !self.state.reachable || self.in_opaque_macro => Verdict::Undecided,
            Some(wanted) => judge(&self.state.here, wanted),
        };
        let found = &mut self.accesses[at];
        found.verdict = verdict;
        found.here.clone_from(&self.state.here);
        at
    }

    /// A PState that is lent as `&mut self.p` to code that cannot be seen: it may write.
    pub(super) fn lent_to(&mut self, argument: &Expr, pstate: usize) {
        let node = Node::of(argument);
        if self.known_accesses.contains_key(&node) {
            return;
        }
        let field = match argument {
            Expr::Reference(reference) => root_field(&reference.expr),
            _ => None,
        };
        self.accesses.push(Found {
            pstate,
            key: None,
            value: Value::Unknown,
            method: proc_macro2::Ident::new("lent", proc_macro2::Span::call_site()),
            field: field.map_or_else(|| argument.to_token_stream(), ToTokens::to_token_stream),
            writes: true,
            overwrites: None,
            unaligned: false,
            shown_at: argument.to_token_stream(),
            verdict: Verdict::Aligned,
            here: self.state.here.clone(),
            in_macro: self.in_macro,
            in_future: self.in_future,
            in_async: self.in_async,
        });
        self.known_accesses.insert(node, self.accesses.len() - 1);
    }

    /// What decides the partition of a key of a PState.
    pub(super) fn owner_of(&mut self, pstate: &PStateDecl, key: Value) -> Value {
        match &pstate.partition_by {
            None => key,
            Some(function) => self.applied(function, key),
        }
    }

    /// What a partitioner makes of `argument`. It depends on its argument only: all placement rests on that.
    pub(super) fn applied(&mut self, function: &KeyFunction, argument: Value) -> Value {
        let closure = match function {
            KeyFunction::Path(path) => return Value::Applied(text(path), Rc::new(argument)),
            KeyFunction::Closure(closure) => closure,
        };
        if leaves_early(&closure.body) {
            return Value::Applied(text(closure), Rc::new(argument));
        }
        let outside = std::mem::take(&mut self.state.variables);
        let items = std::mem::replace(&mut self.items, usize::from(!self.body.items.is_empty()));
        let mark = self.passed.len();
        if let Some(parameter) = closure.inputs.first() {
            self.bind(parameter, argument.clone());
        }
        let value = self.value(&closure.body);
        self.state.variables = outside;
        self.items = items;
        let made = self.passed[mark..].to_vec();
        let is_computed = |value: &Value| match value {
            Value::Origin(origin) => made.contains(&origin.site),
            other => *other == Value::Unknown,
        };
        if value.any(&is_computed) {
            return Value::Applied(text(closure), Rc::new(argument));
        }
        value
    }
}

/// Whether the value of a closure may be another one than that of its last expression.
fn leaves_early(body: &Expr) -> bool {
    struct Leaves(bool);
    impl<'ast> Visit<'ast> for Leaves {
        fn visit_expr(&mut self, expr: &'ast Expr) {
            self.0 |= matches!(expr, Expr::Return(_) | Expr::Try(_) | Expr::Macro(_));
            visit::visit_expr(self, expr);
        }

        fn visit_stmt_macro(&mut self, _: &'ast syn::StmtMacro) {
            self.0 = true;
        }
    }
    let mut leaves = Leaves(false);
    leaves.visit_expr(body);
    leaves.0
}

/// Whether a schema is a map, as far as its text says.
fn is_map(schema: &Type) -> bool {
    let Type::Path(path) = schema else { return false };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    if last.ident != "Subindexed" {
        return last.ident == "Map";
    }
    match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => matches!(
            arguments.args.first(),
            Some(syn::GenericArgument::Type(inner)) if is_map(inner)
        ),
        _ => false,
    }
}

/// A value that every record of one key would write alike.
fn is_always(value: &Value, key: &Value) -> bool {
    let given = key.leaves();
    value
        .leaves()
        .into_iter()
        .all(|leaf| matches!(leaf, Value::Literal(_) | Value::Number(..)) || given.contains(&leaf))
}

/// `|profile| profile.name = name`: a change that does not depend on what was there.
fn assigns_parameter(argument: &Expr) -> bool {
    struct Assigns {
        parameters: Vec<String>,
        found: bool,
    }
    impl<'ast> Visit<'ast> for Assigns {
        fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
            let mut place = &*assign.left;
            loop {
                match place {
                    Expr::Field(field) => place = &field.base,
                    Expr::Unary(unary) => place = &unary.expr,
                    Expr::Paren(inner) => place = &inner.expr,
                    _ => break,
                }
            }
            if let Expr::Path(path) = place
                && let Some(name) = path.path.get_ident()
                && self.parameters.contains(&unraw(name))
                && !mentions(&assign.right, &self.parameters)
            {
                self.found = true;
            }
            visit::visit_expr_assign(self, assign);
        }
    }
    let Expr::Closure(closure) = argument else { return false };
    let parameters = closure
        .inputs
        .iter()
        .flat_map(crate::analyze::patterns::bound)
        .map(|bound| unraw(&bound.ident))
        .collect();
    let mut assigns = Assigns {
        parameters,
        found: false,
    };
    assigns.visit_expr(&closure.body);
    assigns.found
}

fn mentions(expr: &Expr, names: &[String]) -> bool {
    fn search(tokens: proc_macro2::TokenStream, names: &[String]) -> bool {
        let mut is_member = false;
        tokens.into_iter().any(|token| {
            let found = match &token {
                proc_macro2::TokenTree::Ident(ident) => !is_member && names.contains(&unraw(ident)),
                proc_macro2::TokenTree::Group(group) => search(group.stream(), names),
                _ => false,
            };
            is_member = matches!(&token, proc_macro2::TokenTree::Punct(punct) if punct.as_char() == '.');
            found
        })
    }
    let constant = matches!(expr, Expr::Lit(_));
    constant || search(expr.to_token_stream(), names)
}
