//! Plain code: what its expressions' values are, and which accesses it makes.

use super::Analysis;
use super::sites::Node;
use super::state::State;
use super::value::{Kind, PAYLOAD, Value};
use crate::analyze::mentions::unraw;
use crate::lower::{attributes_of, is_conditional};
use proc_macro2::TokenStream;
use quote::ToTokens;
use std::collections::BTreeMap;
use syn::punctuated::Punctuated;
use syn::{Block, Expr, Lit, Macro, Member, Stmt, Token};

/// Values with more parts than this are not followed.
const LARGEST: usize = 64;

/// Methods that give the same value back, of whatever type: one hash, one owner.
const SAME: &[&str] = &["clone", "to_owned", "cloned", "copied", "into_owned"];

/// Methods that look at one value in another form. On a string it has the same hash; on a user's own type it may have another.
const FORMS: &[&str] = &[
    "as_str",
    "as_ref",
    "as_slice",
    "as_deref",
    "deref",
    "into_boxed_str",
    "into_string",
];

/// What gives a string back, called on a string literal.
const TO_STRING: &[&str] = &["to_string", "as_str"];

/// Methods that take the payload out of an `Option` or a `Result`.
const UNWRAP: &[&str] = &["unwrap", "expect"];

/// Functions that give their argument back as the only item of an iterator.
const ONCE: &[&str] = &["once", "repeat", "repeat_n"];

/// Methods that leave their receiver as it is, of variables that are `mut`.
const LOOKING: &[&str] = &[
    "len",
    "is_empty",
    "iter",
    "contains",
    "to_string",
    "chars",
    "bytes",
    "lines",
    "starts_with",
    "ends_with",
    "eq",
    "ne",
    "cmp",
    "partial_cmp",
    "is_some",
    "is_none",
    "is_ok",
    "is_err",
    "to_lowercase",
    "to_uppercase",
];

/// Functions that give their argument back, in another box.
const SAME_FUNCTIONS: &[&str] = &[
    "Box::new",
    "Rc::new",
    "Arc::new",
    "Clone::clone",
    "ToOwned::to_owned",
    "LoopState::new",
];

/// Macros that declare no variables.
const PLAIN_MACROS: &[&str] = &[
    "println",
    "print",
    "eprintln",
    "eprint",
    "format",
    "format_args",
    "write",
    "writeln",
    "vec",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "matches",
    "panic",
    "unreachable",
    "dbg",
    "todo",
    "unimplemented",
];

impl Analysis<'_> {
    /// The value of an expression; its accesses and assignments happen on the way.
    pub(super) fn value(&mut self, expr: &Expr) -> Value {
        let value = self.value_of(expr);
        if size(&value, LARGEST + 1) > LARGEST {
            return self.computed(expr, "large", &[&value]);
        }
        value
    }

    fn value_of(&mut self, expr: &Expr) -> Value {
        match expr {
            Expr::Lit(literal) => {
                let text = literal.to_token_stream().to_string();
                match &literal.lit {
                    Lit::Int(number) if number.suffix().is_empty() => {
                        Value::Number(text, self.site(Node::of(expr), "number"))
                    }
                    Lit::Float(number) if number.suffix().is_empty() => {
                        Value::Number(text, self.site(Node::of(expr), "number"))
                    }
                    _ => Value::Literal(text),
                }
            }
            Expr::Path(path) => self.path(expr, path),
            Expr::Paren(inner) => self.value(&inner.expr),
            Expr::Group(inner) => self.value(&inner.expr),
            Expr::Reference(reference) if reference.mutability.is_some() => {
                match self.value(&reference.expr) {
                    // `let counts = &mut self.counts;` is another name of it.
                    whole @ (Value::PState(_) | Value::Module) => whole,
                    before => {
                        let after = self.holding(expr, "lent", &[&before]);
                        self.overwrite(&reference.expr, after);
                        self.holding(expr, "loan", &[&before])
                    }
                }
            }
            Expr::Reference(reference) => self.value(&reference.expr),
            Expr::Unary(unary) => {
                let value = self.value(&unary.expr);
                match (&unary.op, &value) {
                    // Of a reference it is the same; a user's own type may deref to anything.
                    (syn::UnOp::Deref(_), _) => value.field("*"),
                    (syn::UnOp::Neg(_), Value::Literal(text)) => Value::Literal(format!("-{text}")),
                    (syn::UnOp::Neg(_), Value::Number(text, site)) => Value::Number(format!("-{text}"), *site),
                    _ => self.computed(expr, "value", &[&value]),
                }
            }
            Expr::Field(field) => {
                let base = self.value(&field.base);
                let member = member(&field.member);
                if base == Value::Module {
                    let pstate = self.module.pstates.iter().position(|pstate| pstate.ident == member);
                    return pstate.map_or_else(|| self.computed(expr, "value", &[&base]), Value::PState);
                }
                base.field(&member)
            }
            Expr::Tuple(tuple) => Value::Tuple(tuple.elems.iter().map(|element| self.value(element)).collect()),
            Expr::Struct(literal) => {
                let fields: BTreeMap<String, Value> = literal
                    .fields
                    .iter()
                    .map(|field| (member(&field.member), self.value(&field.expr)))
                    .collect();
                let is_conditional = literal.fields.iter().any(|field| is_conditional(&field.attrs));
                match &literal.rest {
                    _ if is_conditional => self.computed(expr, "value", &fields.values().collect::<Vec<_>>()),
                    None => Value::Built(literal.path.to_token_stream().to_string(), fields),
                    Some(rest) => {
                        let rest = self.value(rest);
                        Value::Updated(rest.into(), fields)
                    }
                }
            }
            Expr::Call(call) => self.call(expr, call),
            Expr::MethodCall(call) => self.method(call),
            Expr::Macro(mac) => self.macro_call(expr, &mac.mac),
            Expr::Try(question) => {
                let value = self.value(&question.expr);
                self.leave_closure();
                value.field("0")
            }
            Expr::Assign(assign) => {
                let value = self.value(&assign.right);
                self.assign(&assign.left, value);
                Value::Tuple(Vec::new())
            }
            Expr::Binary(binary) => self.binary(expr, binary),
            Expr::Cast(cast) => {
                let value = self.value(&cast.expr);
                self.computed(expr, "value", &[&value])
            }
            Expr::Index(index) => {
                let (base, at) = (self.value(&index.expr), self.value(&index.index));
                self.computed(expr, "value", &[&base, &at])
            }
            Expr::Array(array) => {
                let values: Vec<Value> = array.elems.iter().map(|element| self.value(element)).collect();
                self.holding(expr, "value", &values.iter().collect::<Vec<_>>())
            }
            Expr::Repeat(repeat) => {
                let value = self.value(&repeat.expr);
                self.holding(expr, "value", &[&value])
            }
            Expr::Range(range) => {
                let ends = [&range.start, &range.end];
                let values: Vec<Value> = ends.into_iter().flatten().map(|end| self.value(end)).collect();
                self.computed(expr, "value", &values.iter().collect::<Vec<_>>())
            }
            Expr::Closure(closure) => self.closure(closure, Kind::FromHere),
            Expr::Async(block) => {
                // It may be run here, as by `block_on`.
                let outside = std::mem::replace(&mut self.in_async, self.in_future);
                self.repeat(block, super::flow::Label::closure(), &mut |this| {
                    this.leave_loop();
                    this.body(&block.block);
                });
                self.in_async = outside;
                self.origin(expr, "value", Kind::Computed)
            }
            Expr::Let(condition) => {
                let value = self.value(&condition.expr);
                self.lent(&condition.expr, [&*condition.pat]);
                self.bind(&condition.pat, value);
                self.origin(expr, "value", Kind::Computed)
            }
            other => self.control(other),
        }
    }

    fn path(&mut self, expr: &Expr, path: &syn::ExprPath) -> Value {
        if path.qself.is_some() {
            return self.origin(expr, "value", Kind::Computed);
        }
        let item = |text: String| match self.items {
            0 => text,
            items => format!("{text} of {items}"),
        };
        match path.path.get_ident() {
            Some(name) if name == "self" => Value::Module,
            Some(name) => match self.state.find(&unraw(name)) {
                Some(at) => self.state.variables[at].value.clone(),
                None if unraw(name).starts_with(char::is_uppercase) => Value::Literal(item(name.to_string())),
                // A function; or a variable that a macro declared.
                None => self.origin(expr, "value", Kind::FromHere),
            },
            None => Value::Literal(item(path.to_token_stream().to_string())),
        }
    }

    fn call(&mut self, expr: &Expr, call: &syn::ExprCall) -> Value {
        if let Some(item) = self.next_item(expr, call) {
            return item;
        }
        let function = match &*call.func {
            Expr::Path(path) => Some(path.path.to_token_stream().to_string().replace(' ', "")),
            other => {
                self.value(other);
                None
            }
        };
        let arguments: Vec<Value> = call
            .args
            .iter()
            .map(|argument| match argument {
                Expr::Closure(closure) => self.closure(closure, Kind::FromHere),
                other => self.argument(other),
            })
            .collect();
        let Some(function) = function else {
            return self.computed(expr, "value", &arguments.iter().collect::<Vec<_>>());
        };
        let is_same = |known: &&str| function == **known || function.ends_with(&format!("::{known}"));
        if SAME_FUNCTIONS.iter().any(is_same)
            && let [only] = arguments.as_slice()
        {
            return only.clone();
        }
        if is_same(&"String::from")
            && let [only] = arguments.as_slice()
        {
            return if is_text(only) {
                only.clone()
            } else {
                only.clone().field("String::from()")
            };
        }
        // A function whose name is a type's or a variant's makes one.
        let name = function.rsplit("::").next().unwrap_or_default();
        if name.starts_with(char::is_uppercase) {
            let fields = arguments
                .into_iter()
                .enumerate()
                .map(|(at, value)| (at.to_string(), value))
                .collect();
            return Value::Built(function, fields);
        }
        let given: Vec<&Value> = arguments.iter().collect();
        if ONCE.contains(&name) {
            return self.holding(expr, "value", &given);
        }
        self.computed(expr, "value", &given)
    }

    /// `Iterator::next(&mut __rama_iter1)`, which lowering makes of a `for`: an item of what is iterated over.
    fn next_item(&mut self, expr: &Expr, call: &syn::ExprCall) -> Option<Value> {
        let Some(Expr::Reference(reference)) = call.args.first() else {
            return None;
        };
        let Expr::Path(path) = &*reference.expr else {
            return None;
        };
        let name = path.path.get_ident()?.to_string();
        if !name.starts_with("__rama_iter") {
            return None;
        }
        let items = self.value(&reference.expr);
        Some(Value::Built(
            "Some".to_owned(),
            BTreeMap::from([("0".to_owned(), self.item(expr, &items))]),
        ))
    }

    /// An argument of a call that cannot be seen.
    fn argument(&mut self, argument: &Expr) -> Value {
        let value = self.value(argument);
        if let (Value::PState(pstate) | Value::Unaligned(pstate), Expr::Reference(reference)) = (&value, argument)
            && reference.mutability.is_some()
        {
            self.lent_to(argument, *pstate);
        }
        value
    }

    /// One item of `items`.
    pub(super) fn item<T>(&mut self, node: &T, items: &Value) -> Value {
        let kind = if items.may_be_from_here() {
            Kind::FromHere
        } else if items.may_hold_names() {
            Kind::Computed
        } else if items.is_transparent() {
            Kind::Distinct
        } else {
            Kind::Made
        };
        self.origin(node, "item", kind)
    }

    fn method(&mut self, call: &syn::ExprMethodCall) -> Value {
        let receiver = self.value(&call.receiver);
        let method = unraw(&call.method);
        if self.in_future && receiver == Value::Module && !self.called_in_futures.contains(&call.method) {
            self.called_in_futures.push(call.method.clone());
        }
        let from = if receiver.may_be_from_here() || matches!(receiver, Value::PState(_)) {
            Kind::FromHere
        } else {
            Kind::Computed
        };
        let arguments: Vec<Value> = call
            .args
            .iter()
            .map(|argument| match argument {
                Expr::Closure(closure) => self.closure(closure, from),
                other => self.argument(other),
            })
            .collect();
        match receiver {
            Value::PState(pstate) => return self.root_method(call, pstate, false, &arguments),
            Value::Unaligned(pstate) => return self.root_method(call, pstate, true, &arguments),
            Value::Cursor(access) => return self.cursor_method(call, access, &arguments),
            _ => {}
        }
        if SAME.contains(&method.as_str()) && arguments.is_empty() {
            return receiver;
        }
        if arguments.is_empty() && is_text(&receiver) && TO_STRING.contains(&method.as_str()) {
            return receiver;
        }
        if FORMS.contains(&method.as_str()) && arguments.is_empty() {
            // What it is a reference to depends on what is wanted there.
            let form = match method.as_str() {
                "as_ref" => format!("as_ref() {}", self.site(Node::of(call), "form")),
                _ => format!("{method}()"),
            };
            return receiver.field(&form);
        }
        if UNWRAP.contains(&method.as_str()) {
            return receiver.field(PAYLOAD);
        }
        let given: Vec<&Value> = std::iter::once(&receiver).chain(&arguments).collect();
        if !LOOKING.contains(&method.as_str()) && self.is_mutable(&call.receiver) {
            let after = if arguments.is_empty() {
                self.computed(call, "receiver", &given)
            } else {
                self.holding(call, "receiver", &given)
            };
            self.overwrite(&call.receiver, after);
        }
        self.computed(call, "value", &given)
    }

    fn binary(&mut self, expr: &Expr, binary: &syn::ExprBinary) -> Value {
        if matches!(binary.op, syn::BinOp::And(_) | syn::BinOp::Or(_)) {
            let left = self.value(&binary.left);
            let before = self.state.clone();
            let right = self.value(&binary.right);
            if matches!(binary.op, syn::BinOp::Or(_)) {
                self.state.variables.truncate(before.variables.len());
            }
            // What `a && let P = b` binds stays; what it changes may not have happened.
            let bound = self.state.variables.split_off(before.variables.len());
            self.merge(expr, before);
            self.state.variables.extend(bound);
            return self.computed(expr, "value", &[&left, &right]);
        }
        let is_assignment = crate::lower::is_compound_assignment(&binary.op);
        let (left, right) = (self.value(&binary.left), self.value(&binary.right));
        let result = self.computed(expr, "value", &[&left, &right]);
        if is_assignment {
            self.overwrite(&binary.left, result);
            return Value::Tuple(Vec::new());
        }
        result
    }

    /// A closure: its code may run any number of times, whenever; `from` is what its parameters may be.
    pub(super) fn closure(&mut self, closure: &syn::ExprClosure, from: Kind) -> Value {
        let mut names_others = false;
        self.repeat(closure, super::flow::Label::closure(), &mut |this| {
            this.leave_loop();
            let mark = this.passed.len();
            for (at, input) in closure.inputs.iter().enumerate() {
                let given = this.origin(input, ("parameter", at), from);
                this.bind(input, given);
            }
            let value = this.value(&closure.body);
            let made = &this.passed[mark..];
            names_others |= value.any(&|part| matches!(part, Value::Origin(origin) if !made.contains(&origin.site)));
        });
        let kind = if names_others && from == Kind::Computed {
            Kind::Holding
        } else {
            from
        };
        self.origin(closure, "closure", kind)
    }

    pub(super) fn assign(&mut self, place: &Expr, value: Value) {
        match place {
            Expr::Tuple(tuple) => self.assign_elements(tuple.elems.iter(), &value),
            Expr::Call(call) => self.assign_elements(call.args.iter(), &value),
            Expr::Array(array) => {
                for element in &array.elems {
                    let part = self.computed(element, "assigned", &[&value]);
                    self.assign(element, part);
                }
            }
            Expr::Struct(fields) => {
                for field in &fields.fields {
                    self.assign(&field.expr, value.clone().field(&member(&field.member)));
                }
            }
            Expr::Paren(inner) => self.assign(&inner.expr, value),
            Expr::Group(inner) => self.assign(&inner.expr, value),
            Expr::Infer(_) | Expr::Range(_) => {}
            other => {
                if !matches!(other, Expr::Path(_)) {
                    self.value(other);
                }
                self.overwrite(other, value);
            }
        }
    }

    fn assign_elements<'p>(&mut self, elements: impl Iterator<Item = &'p Expr>, value: &Value) {
        let mut is_behind_rest = false;
        for (at, element) in elements.enumerate() {
            is_behind_rest |= matches!(element, Expr::Range(_));
            // Behind a `..` positions count from an end that is not known.
            let part = if is_behind_rest {
                self.computed(element, "assigned", &[value])
            } else {
                value.clone().field(&at.to_string())
            };
            self.assign(element, part);
        }
    }

    /// The variable, or the field of one, at `place` has another value from now on.
    pub(super) fn overwrite(&mut self, place: &Expr, value: Value) {
        let mut path = Vec::new();
        let mut at = place;
        let mut is_whole = true;
        let name = loop {
            match at {
                Expr::Field(field) => {
                    path.push(member(&field.member));
                    at = &field.base;
                }
                Expr::Paren(inner) => at = &inner.expr,
                Expr::Group(inner) => at = &inner.expr,
                Expr::Reference(reference) => at = &reference.expr,
                // `*x = ..`, `x[i] = ..`, `x.get_mut(i).y = ..`: something of `x`, or all of it.
                Expr::Unary(_) | Expr::Index(_) | Expr::MethodCall(_) => {
                    path.clear();
                    is_whole = false;
                    at = match at {
                        Expr::Unary(unary) => &unary.expr,
                        Expr::Index(index) => &index.expr,
                        Expr::MethodCall(call) => &call.receiver,
                        other => other,
                    };
                }
                Expr::Path(path) => break path.path.get_ident(),
                _ => break None,
            }
        };
        let Some(variable) = name.and_then(|name| self.state.find(&unraw(name))) else {
            return;
        };
        path.reverse();
        let before = self.state.variables[variable].value.clone();
        let value = if is_whole {
            value
        } else {
            self.holding(place, "place", &[&before, &value])
        };
        let after = before.updated(&path, value);
        let after = if size(&after, LARGEST + 1) > LARGEST {
            self.computed(place, "large", &[&after])
        } else {
            after
        };
        self.state.variables[variable].value = after;
    }

    fn is_mutable(&self, place: &Expr) -> bool {
        match place {
            Expr::Path(path) => path
                .path
                .get_ident()
                .and_then(|name| self.state.find(&unraw(name)))
                .is_some_and(|at| self.state.variables[at].mutable),
            Expr::Field(field) => self.is_mutable(&field.base),
            Expr::Paren(inner) => self.is_mutable(&inner.expr),
            Expr::Group(inner) => self.is_mutable(&inner.expr),
            Expr::Index(index) => self.is_mutable(&index.expr),
            Expr::MethodCall(call) => self.is_mutable(&call.receiver),
            Expr::Unary(unary) => self.is_mutable(&unary.expr),
            _ => false,
        }
    }

    /// A macro call: where its tokens read as expressions, as those of `println!` do, they are that; else they may be anything.
    fn macro_call(&mut self, expr: &Expr, mac: &Macro) -> Value {
        let address = Node::of(mac);
        let parsed = match self.macros.get(&address) {
            Some(parsed) => parsed.clone(),
            None => {
                let parsed = mac
                    .parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated)
                    .map(|arguments| arguments.into_iter().collect())
                    .unwrap_or_default();
                let parsed: std::rc::Rc<Vec<Expr>> = std::rc::Rc::new(parsed);
                self.macros.insert(address, parsed.clone());
                parsed
            }
        };
        let name = mac
            .path
            .segments
            .last()
            .map_or_else(String::new, |last| last.ident.to_string());
        let is_local = self.local_macros.iter().any(|(local, _)| *local == name);
        let is_plain = !is_local && PLAIN_MACROS.contains(&name.as_str());
        let outer = (self.in_macro, self.in_opaque_macro);
        self.in_macro = outer.0.or(Some(address));
        self.in_opaque_macro |= !is_plain;
        let values: Vec<Value> = parsed.iter().map(|argument| self.value(argument)).collect();
        (self.in_macro, self.in_opaque_macro) = outer;
        self.tokens_may_change(expr, mac.tokens.clone(), is_plain);
        if is_local {
            // One of them may call another one.
            for (_, tokens) in self.local_macros.clone() {
                self.tokens_may_change(expr, tokens, false);
            }
        }
        let mentions_self = crate::lower::mentions_self(expr);
        let mut given: Vec<&Value> = values.iter().collect();
        if mentions_self || values.is_empty() {
            given.push(&Value::Module);
        }
        self.holding(expr, "value", &given)
    }

    /// A variable that a macro names may be changed by it, if it is `mut`; or be declared anew, unless the macro is a plain one.
    pub(super) fn tokens_may_change<T>(&mut self, node: &T, tokens: TokenStream, is_plain: bool) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(ident) => {
                    if let Some(at) = self.state.find(&unraw(&ident))
                        && (self.state.variables[at].mutable || !is_plain)
                    {
                        let before = self.state.variables[at].value.clone();
                        self.state.variables[at].value = self.computed(node, ("changed", at), &[&before]);
                    }
                }
                proc_macro2::TokenTree::Group(group) => self.tokens_may_change(node, group.stream(), is_plain),
                _ => {}
            }
        }
    }

    /// A block of plain code, and its value.
    pub(super) fn body(&mut self, block: &Block) -> Value {
        let outside = self.state.variables.len();
        let items = self.items;
        if block.stmts.iter().any(|stmt| matches!(stmt, Stmt::Item(_))) {
            self.items = self.site(Node::of(block), "items") + 2;
        }
        let mut value = Value::Tuple(Vec::new());
        let count = block.stmts.len();
        for (at, stmt) in block.stmts.iter().enumerate() {
            let found = self.plain_stmt(stmt);
            if at + 1 == count {
                value = found;
            }
        }
        self.state.variables.truncate(outside);
        self.items = items;
        value
    }

    /// A statement of plain code. Variables that it declares stay in scope.
    pub(super) fn plain_stmt(&mut self, stmt: &Stmt) -> Value {
        let attributes = match stmt {
            Stmt::Local(local) => &local.attrs,
            Stmt::Expr(expr, _) => attributes_of(expr),
            Stmt::Macro(mac) => &mac.attrs,
            Stmt::Item(_) => return self.item_stmt(stmt),
        };
        if !is_conditional(attributes) {
            return self.whole_stmt(stmt);
        }
        // It may be there or not; and what it declares may hide another variable.
        let before = self.state.clone();
        let value = self.whole_stmt(stmt);
        let mut bound = self.state.variables.split_off(before.variables.len());
        self.merge(stmt, before);
        bound.iter_mut().for_each(|variable| variable.value = Value::Unknown);
        self.state.variables.extend(bound);
        self.computed(stmt, "value", &[&value])
    }

    fn item_stmt(&mut self, stmt: &Stmt) -> Value {
        if let Stmt::Item(syn::Item::Macro(mac)) = stmt
            && let Some(name) = &mac.ident
        {
            let tokens = mac.mac.tokens.to_string();
            let is_known = |(known, code): &(String, TokenStream)| name == known && code.to_string() == tokens;
            if !self.local_macros.iter().any(is_known) {
                self.local_macros.push((name.to_string(), mac.mac.tokens.clone()));
            }
        }
        Value::Tuple(Vec::new())
    }

    fn whole_stmt(&mut self, stmt: &Stmt) -> Value {
        match stmt {
            Stmt::Local(local) => {
                let value = match &local.init {
                    Some(init) => {
                        let value = self.value(&init.expr);
                        self.lent(&init.expr, [&local.pat]);
                        if let Some((_, otherwise)) = &init.diverge {
                            let before = self.state.clone();
                            self.value(otherwise);
                            self.state = before;
                        }
                        value
                    }
                    None => self.origin(stmt, "declared", Kind::Computed),
                };
                let from = self.state.variables.len();
                self.bind(&local.pat, value);
                if local.init.is_none() {
                    for variable in &mut self.state.variables[from..] {
                        variable.mutable = true;
                    }
                }
                Value::Tuple(Vec::new())
            }
            Stmt::Expr(expr, semicolon) => {
                let value = self.value(expr);
                if semicolon.is_some() {
                    Value::Tuple(Vec::new())
                } else {
                    value
                }
            }
            Stmt::Macro(mac) => {
                // As an expression, whose address stays what it is.
                let address = Node::of(mac);
                let expr = match self.macro_stmts.get(&address) {
                    Some(expr) => expr.clone(),
                    None => {
                        let expr = std::rc::Rc::new(Expr::Macro(syn::ExprMacro {
                            attrs: Vec::new(),
                            mac: mac.mac.clone(),
                        }));
                        self.macro_stmts.insert(address, expr.clone());
                        expr
                    }
                };
                let outer = self.in_macro;
                self.in_macro = outer.or(Some(Node::of(&mac.mac)));
                let value = self.value(&expr);
                self.in_macro = outer;
                value
            }
            Stmt::Item(_) => self.item_stmt(stmt),
        }
    }

    /// The state here, or `other`.
    pub(super) fn merge<T>(&mut self, node: &T, other: State) {
        let here = std::mem::replace(&mut self.state, other.clone());
        let joined = here.join(other, &mut |at, left, right| {
            self.computed(node, ("join", at), &[left, right])
        });
        self.state = joined;
    }
}

pub(super) fn member(member: &Member) -> String {
    match member {
        Member::Named(name) => unraw(name),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// How many parts a value has, as far as `limit`.
fn size(value: &Value, limit: usize) -> usize {
    fn count(value: &Value, left: &mut usize) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        match value {
            Value::Tuple(elements) => elements.iter().for_each(|value| count(value, left)),
            Value::Built(_, fields) => fields.values().for_each(|value| count(value, left)),
            Value::Updated(base, fields) => {
                count(base, left);
                fields.values().for_each(|value| count(value, left));
            }
            Value::Field(base, _) | Value::Applied(_, base) => count(base, left),
            _ => {}
        }
    }
    let mut left = limit;
    count(value, &mut left);
    limit - left
}

/// Whether the value is a string literal.
fn is_text(value: &Value) -> bool {
    matches!(value, Value::Literal(text) if text.starts_with('"'))
}
