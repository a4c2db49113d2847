//! Plain code: what its expressions' values are, and which accesses it makes.

use super::Analysis;
use super::sites::Node;
use super::state::State;
use super::value::{Kind, Value};
use crate::analyze::mentions::unraw;
use quote::ToTokens;
use std::collections::BTreeMap;
use syn::punctuated::Punctuated;
use syn::{Block, Expr, Item, ItemConst, ItemStatic, Macro, Member, Stmt, Token, parse_quote};

/// Values with more parts than this are not followed.
const LARGEST: usize = 64;

/// Methods that give the same value back, in another form: one hash, one owner.
const SAME: &[&str] = &[
    "clone",
    "to_owned",
    "as_str",
    "as_ref",
    "as_slice",
    "as_deref",
    "borrow",
    "deref",
    "cloned",
    "copied",
    "into_boxed_str",
    "into_string",
    "into_owned",
    "into_iter",
];

/// Methods that take the payload out of an `Option` or a `Result`.
const PAYLOAD: &[&str] = &["unwrap", "expect"];

/// Methods that leave their receiver as it is, of variables that are `mut`.
const LOOKING: &[&str] = &[
    "len",
    "is_empty",
    "iter",
    "get",
    "contains",
    "contains_key",
    "to_string",
    "to_vec",
    "chars",
    "bytes",
    "split",
    "split_whitespace",
    "lines",
    "trim",
    "starts_with",
    "ends_with",
    "eq",
    "cmp",
    "partial_cmp",
    "is_some",
    "is_none",
    "is_ok",
    "is_err",
    "first",
    "last",
    "keys",
    "values",
    "to_lowercase",
    "to_uppercase",
    "abs",
    "min",
    "max",
];

/// Macros that are known to declare no variables, as statements.
const DECLARING_NOTHING: &[&str] = &[
    "print",
    "println",
    "eprint",
    "eprintln",
    "dbg",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "panic",
    "todo",
    "unimplemented",
    "unreachable",
    "write",
    "writeln",
    "error",
    "warn",
    "info",
    "debug",
    "trace",
];

/// Functions that give their argument back, in another form.
const SAME_FUNCTIONS: &[&str] = &[
    "String::from",
    "Box::new",
    "Rc::new",
    "Arc::new",
    "Clone::clone",
    "ToOwned::to_owned",
    "LoopState::new",
    "IntoIterator::into_iter",
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
            Expr::Lit(literal) => Value::Literal(literal.to_token_stream().to_string()),
            Expr::Path(path) => self.path(expr, path),
            Expr::Paren(inner) => self.value(&inner.expr),
            Expr::Group(inner) => self.value(&inner.expr),
            Expr::Reference(reference) if reference.mutability.is_some() => {
                match self.value(&reference.expr) {
                    // `let counts = &mut self.counts;` is another name of it.
                    whole @ (Value::PState(_) | Value::Module) => whole,
                    before => {
                        let after = self.computed(expr, "lent", &[&before]);
                        self.overwrite(&reference.expr, after);
                        self.computed(expr, "loan", &[&before])
                    }
                }
            }
            Expr::Reference(reference) => self.value(&reference.expr),
            Expr::Unary(unary) => {
                let value = self.value(&unary.expr);
                match (&unary.op, &value) {
                    (syn::UnOp::Deref(_), _) => value,
                    (syn::UnOp::Neg(_), Value::Literal(text)) => Value::Literal(format!("-{text}")),
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
                match &literal.rest {
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
            Expr::Try(question) => self.value(&question.expr).field("0"),
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
                self.computed(expr, "value", &values.iter().collect::<Vec<_>>())
            }
            Expr::Repeat(repeat) => {
                let value = self.value(&repeat.expr);
                self.computed(expr, "value", &[&value])
            }
            Expr::Range(range) => {
                let ends = [&range.start, &range.end];
                let values: Vec<Value> = ends.into_iter().flatten().map(|end| self.value(end)).collect();
                self.computed(expr, "value", &values.iter().collect::<Vec<_>>())
            }
            Expr::Closure(closure) => self.closure(closure, Kind::FromHere),
            Expr::Async(block) => {
                // A future is polled elsewhere; it cannot reach the module.
                let outside = self.state.clone();
                self.body(&block.block);
                self.state = outside;
                self.origin(expr, "value", Kind::Computed)
            }
            Expr::Let(condition) => {
                let value = self.value(&condition.expr);
                self.lend(&condition.pat, &condition.expr, &value);
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
        match path.path.get_ident() {
            Some(name) if name == "self" => Value::Module,
            Some(name) => match self.state.find(&unraw(name)) {
                Some(at) => self.state.variables[at].value.clone(),
                None => Value::Literal(name.to_string()),
            },
            None => Value::Literal(path.to_token_stream().to_string()),
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
                other => self.value(other),
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
        self.computed(expr, "value", &arguments.iter().collect::<Vec<_>>())
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

    /// One item of `items`.
    pub(super) fn item<T>(&mut self, node: &T, items: &Value) -> Value {
        let kind = if items.may_be_from_here() {
            Kind::FromHere
        } else {
            Kind::Distinct
        };
        self.origin(node, "item", kind)
    }

    fn method(&mut self, call: &syn::ExprMethodCall) -> Value {
        let receiver = self.value(&call.receiver);
        let method = unraw(&call.method);
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
                other => self.value(other),
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
        if PAYLOAD.contains(&method.as_str()) {
            return receiver.field("0");
        }
        let given: Vec<&Value> = std::iter::once(&receiver).chain(&arguments).collect();
        if !LOOKING.contains(&method.as_str()) && self.is_mutable(&call.receiver) {
            let after = self.computed(call, "receiver", &given);
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
        self.repeat(closure, super::flow::Label::closure(), &mut |this| {
            this.leave_loop();
            for (at, input) in closure.inputs.iter().enumerate() {
                let given = this.origin(input, ("parameter", at), from);
                this.bind(input, given);
            }
            this.value(&closure.body);
            this.state.reachable = true;
        });
        self.origin(closure, "closure", from)
    }

    pub(super) fn assign(&mut self, place: &Expr, value: Value) {
        match place {
            Expr::Tuple(tuple) => self.assign_elements(tuple.elems.iter(), &value),
            Expr::Call(call) => self.assign_elements(call.args.iter(), &value),
            Expr::Array(array) => {
                for element in &array.elems {
                    let part = self.computed(element, "part", &[&value]);
                    self.assign(element, part);
                }
            }
            Expr::Struct(fields) => {
                for field in &fields.fields {
                    self.assign(&field.expr, value.clone().field(&member(&field.member)));
                }
            }
            Expr::Infer(_) | Expr::Range(_) => {}
            other => {
                if !matches!(other, Expr::Path(_)) {
                    self.value(other);
                }
                self.overwrite(other, value);
            }
        }
    }

    fn assign_elements<'e>(&mut self, elements: impl Iterator<Item = &'e Expr>, value: &Value) {
        let mut is_behind_rest = false;
        for (at, element) in elements.enumerate() {
            is_behind_rest |= matches!(element, Expr::Range(_));
            // Behind a `..` positions count from an end that is not known.
            let part = if is_behind_rest {
                self.computed(element, "part", &[value])
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
        let name = loop {
            match at {
                Expr::Field(field) => {
                    path.push(member(&field.member));
                    at = &field.base;
                }
                Expr::Paren(inner) => at = &inner.expr,
                Expr::Group(inner) => at = &inner.expr,
                // `*x = ..`, `x[i] = ..`, `x.get_mut(i).y = ..`: something of `x`, or all of it.
                Expr::Unary(unary) => at = &unary.expr,
                Expr::Index(index) => {
                    path.clear();
                    at = &index.expr;
                }
                Expr::MethodCall(call) => {
                    path.clear();
                    at = &call.receiver;
                }
                Expr::Reference(reference) => at = &reference.expr,
                Expr::Path(path) => break path.path.get_ident(),
                _ => break None,
            }
        };
        let Some(variable) = name.and_then(|name| self.state.find(&unraw(name))) else {
            return;
        };
        path.reverse();
        let is_whole = !matches!(place, Expr::Index(_) | Expr::MethodCall(_));
        let before = self.state.variables[variable].value.clone();
        let value = if is_whole {
            value
        } else {
            self.computed(place, "place", &[&before, &value])
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
        let outer = self.in_macro;
        self.in_macro = outer.or(Some(address));
        let values: Vec<Value> = parsed.iter().map(|argument| self.value(argument)).collect();
        self.in_macro = outer;
        self.tokens_may_change(expr, mac.tokens.clone(), false);
        let mentions_self = crate::lower::mentions_self(expr);
        let mut given: Vec<&Value> = values.iter().collect();
        if mentions_self || values.is_empty() {
            given.push(&Value::Module);
        }
        self.computed(expr, "value", &given)
    }

    /// Any `mut` variable that a macro names may be changed by it; if it `may_declare`, any variable at all: `let` hides it.
    fn tokens_may_change<T>(&mut self, node: &T, tokens: proc_macro2::TokenStream, may_declare: bool) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(ident) => {
                    if let Some(at) = self.state.find(&unraw(&ident))
                        && (may_declare || self.state.variables[at].mutable)
                    {
                        let before = self.state.variables[at].value.clone();
                        self.state.variables[at].value = self.computed(node, ("changed", at), &[&before]);
                    }
                }
                proc_macro2::TokenTree::Group(group) => self.tokens_may_change(node, group.stream(), may_declare),
                _ => {}
            }
        }
    }

    /// A block of plain code, and its value.
    pub(super) fn body(&mut self, block: &Block) -> Value {
        let outside = self.state.variables.len();
        let mut value = Value::Tuple(Vec::new());
        let count = block.stmts.len();
        for (at, stmt) in block.stmts.iter().enumerate() {
            let found = self.plain_stmt(stmt);
            if at + 1 == count {
                value = found;
            }
        }
        self.state.variables.truncate(outside);
        value
    }

    /// A statement of plain code. Variables that it declares stay in scope.
    pub(super) fn plain_stmt(&mut self, stmt: &Stmt) -> Value {
        match stmt {
            Stmt::Local(local) => {
                let value = match &local.init {
                    Some(init) => {
                        let value = self.value(&init.expr);
                        self.lend(&local.pat, &init.expr, &value);
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
                let name = mac.mac.path.segments.last().map(|segment| unraw(&segment.ident));
                if !name.is_some_and(|name| DECLARING_NOTHING.contains(&name.as_str())) {
                    self.tokens_may_change(stmt, mac.mac.tokens.clone(), true);
                }
                value
            }
            // One of the same name in another block is another one.
            Stmt::Item(Item::Const(ItemConst { ident, .. }) | Item::Static(ItemStatic { ident, .. })) => {
                let value = self.origin(stmt, "item", Kind::Computed);
                self.bind(&parse_quote!(#ident), value);
                Value::Tuple(Vec::new())
            }
            Stmt::Item(_) => Value::Tuple(Vec::new()),
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
