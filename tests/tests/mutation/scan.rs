//! Where a body can be mutated: its partitioners, its accesses, its blocks, and what is in scope at each.

use super::program::{Program, Variant};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ImplItem, ImplItemFn, Pat, Stmt, Type, parse_quote};

const PARTITIONERS: &[&str] = &[
    "hash_partition",
    "path_partition",
    "global_partition",
    "direct_partition",
    "shuffle_partition",
    "all_partition",
    "custom_partition",
];

/// Something that could be a key.
#[derive(Clone)]
pub(crate) struct Candidate {
    pub(crate) code: Expr,
    /// Its type, where the text tells.
    ty: Option<String>,
}

impl Candidate {
    pub(crate) fn fits(&self, key: Option<&Type>) -> bool {
        match (&self.ty, key) {
            (Some(ty), Some(key)) => *ty == key.to_token_stream().to_string(),
            _ => true,
        }
    }
}

/// A statement's place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Spot {
    pub(crate) block: usize,
    pub(crate) at: usize,
}

/// `hash_partition(&key).await`, or an operation of the module that is awaited as a statement.
#[derive(Clone)]
pub(crate) struct Hop {
    pub(crate) code: Expr,
    pub(crate) scope: Vec<Candidate>,
    /// Where it stands, if it is a statement.
    pub(crate) spot: Option<Spot>,
    pub(crate) is_partitioner: bool,
}

/// `self.pstate.key(&key)`
pub(crate) struct Access {
    pub(crate) pstate: String,
    pub(crate) key: Expr,
    pub(crate) scope: Vec<Candidate>,
    /// Whether no hop stands in front of it.
    pub(crate) is_before_hops: bool,
}

pub(crate) struct BlockInfo {
    /// The statement of an outer block that it stands in.
    pub(crate) within: Option<Spot>,
}

#[derive(Default)]
pub(crate) struct Body {
    /// The variables that the function's parameters bind.
    pub(crate) parameters: Vec<String>,
    pub(crate) hops: Vec<Hop>,
    pub(crate) accesses: Vec<Access>,
    pub(crate) blocks: Vec<BlockInfo>,
}

pub(crate) fn functions(variant: &Variant) -> Vec<(usize, &ImplItemFn)> {
    let functions = variant
        .block
        .items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| match item {
            ImplItem::Fn(function) if function.sig.asyncness.is_some() => Some((at, function)),
            _ => None,
        });
    functions.collect()
}

/// What is to be found in one function.
pub(crate) fn scan(program: &Program, variant: &Variant, function: &ImplItemFn) -> Body {
    let mut scanner = Scanner {
        program,
        operations: variant.operations(),
        scope: Vec::new(),
        spot: None,
        here: None,
        body: Body::default(),
    };
    for input in &function.sig.inputs {
        if let syn::FnArg::Typed(typed) = input {
            scanner.bind(&typed.pat, Some(&typed.ty));
            if let Pat::Ident(name) = &*typed.pat {
                scanner.body.parameters.push(name.ident.to_string());
            }
        }
    }
    scanner.visit_block(&function.block);
    scanner.body
}

/// The name of the partitioner that is awaited.
pub(crate) fn partitioner(expr: &Expr) -> Option<(String, &syn::ExprCall)> {
    let Expr::Await(awaited) = expr else { return None };
    let Expr::Call(call) = &*awaited.base else { return None };
    let Expr::Path(path) = &*call.func else { return None };
    let name = path.path.get_ident()?.to_string();
    PARTITIONERS.contains(&name.as_str()).then_some((name, call))
}

pub(crate) fn awaited_operation(expr: &Expr, operations: &[String]) -> bool {
    let Expr::Await(awaited) = expr else { return false };
    let Expr::MethodCall(call) = &*awaited.base else {
        return false;
    };
    is_self(&call.receiver) && operations.contains(&call.method.to_string())
}

/// `self.pstate.key(..)`, with the PState's name.
pub(crate) fn access(expr: &Expr) -> Option<(String, &Expr)> {
    let Expr::MethodCall(call) = expr else { return None };
    if call.method != "key" {
        return None;
    }
    Some((field_of_self(&call.receiver)?, call.args.first()?))
}

pub(crate) fn field_of_self(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Field(field) if is_self(&field.base) => Some(field.member.to_token_stream().to_string()),
        _ => None,
    }
}

fn is_self(expr: &Expr) -> bool {
    matches!(expr, Expr::Path(path) if path.path.is_ident("self"))
}

struct Scanner<'a> {
    program: &'a Program,
    operations: Vec<String>,
    scope: Vec<Candidate>,
    /// The statement that is being visited, and the same while nothing but the statement itself was entered.
    spot: Option<Spot>,
    here: Option<Spot>,
    body: Body,
}

impl Scanner<'_> {
    fn bind(&mut self, pat: &Pat, ty: Option<&Type>) {
        match pat {
            Pat::Ident(ident) if !ident.ident.to_string().starts_with('_') => {
                let name = &ident.ident;
                self.offer(parse_quote!(#name), ty);
            }
            Pat::Type(typed) => self.bind(&typed.pat, Some(&typed.ty)),
            Pat::Struct(fields) => {
                let record = fields
                    .path
                    .segments
                    .last()
                    .map(|segment| segment.ident.to_string())
                    .unwrap_or_default();
                let types = self.program.records.get(&record).cloned().unwrap_or_default();
                for field in &fields.fields {
                    let member = field.member.to_token_stream().to_string();
                    let ty = types.iter().find(|(name, _)| *name == member).map(|(_, ty)| ty);
                    self.bind(&field.pat, ty);
                }
            }
            Pat::Tuple(tuple) => tuple.elems.iter().for_each(|pat| self.bind(pat, None)),
            Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|pat| self.bind(pat, None)),
            _ => {}
        }
    }

    fn offer(&mut self, code: Expr, ty: Option<&Type>) {
        let name = ty.map(|ty| ty.to_token_stream().to_string());
        if let Some(fields) = name.as_ref().and_then(|name| self.program.records.get(name)) {
            for (member, ty) in fields {
                let member = quote::format_ident!("{member}");
                self.offer(parse_quote!(#code.#member), Some(ty));
            }
            return;
        }
        self.scope.push(Candidate { code, ty: name });
    }
}

impl<'ast> Visit<'ast> for Scanner<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        let number = self.body.blocks.len();
        let outer = self.spot;
        self.body.blocks.push(BlockInfo { within: outer });
        let scope = self.scope.len();
        for (at, stmt) in block.stmts.iter().enumerate() {
            self.spot = Some(Spot { block: number, at });
            self.here = if matches!(stmt, Stmt::Expr(_, Some(_))) {
                self.spot
            } else {
                None
            };
            self.visit_stmt(stmt);
        }
        self.scope.truncate(scope);
        self.spot = outer;
        self.here = None;
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        let spot = self.here.take();
        let is_partitioner = partitioner(expr).is_some();
        if is_partitioner || spot.is_some() && awaited_operation(expr, &self.operations) {
            let scope = self.scope.clone();
            self.body.hops.push(Hop {
                code: expr.clone(),
                scope,
                spot,
                is_partitioner,
            });
            return;
        }
        if let Some((pstate, key)) = access(expr) {
            let scope = self.scope.clone();
            self.body.accesses.push(Access {
                pstate,
                key: key.clone(),
                scope,
                is_before_hops: self.body.hops.is_empty(),
            });
        }
        visit::visit_expr(self, expr);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if let Some(init) = &local.init {
            self.visit_expr(&init.expr);
            if let Some((_, diverge)) = &init.diverge {
                self.visit_expr(diverge);
            }
        }
        self.bind(&local.pat, None);
        // The parts of a tuple that is made here.
        if let (Pat::Ident(name), Some(init)) = (&local.pat, &local.init)
            && let Expr::Tuple(tuple) = &*init.expr
        {
            for at in 0..tuple.elems.len() {
                let (name, at) = (&name.ident, syn::Index::from(at));
                self.scope.push(Candidate {
                    code: parse_quote!(#name.#at),
                    ty: None,
                });
            }
        }
    }

    fn visit_expr_for_loop(&mut self, node: &'ast syn::ExprForLoop) {
        self.visit_expr(&node.expr);
        let scope = self.scope.len();
        self.bind(&node.pat, None);
        self.visit_block(&node.body);
        self.scope.truncate(scope);
    }

    fn visit_expr_let(&mut self, node: &'ast syn::ExprLet) {
        self.visit_expr(&node.expr);
        self.bind(&node.pat, None);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let scope = self.scope.len();
        self.bind(&arm.pat, None);
        self.visit_expr(&arm.body);
        self.scope.truncate(scope);
    }

    fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
}
