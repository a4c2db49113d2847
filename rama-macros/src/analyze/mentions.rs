//! What a piece of plain code does to the variables around it.

use super::patterns::bound;
use crate::ir::{BindingId, Facts};
use crate::lower::target_of;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Item, Local, Pat, Stmt, Token};

/// Macros that evaluate their arguments, which are expressions, and whose format strings name variables.
const FORMATTING: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Others that assign nothing.
const HARMLESS: &[&str] = &["debug", "error", "event", "info", "log", "matches", "trace", "warn"];

/// A name without `r#`, as format strings write it.
pub(crate) fn unraw(ident: &proc_macro2::Ident) -> String {
    syn::ext::IdentExt::unraw(ident).to_string()
}

/// The variables of the body that are in scope, innermost last.
pub(crate) type Environment = [(String, BindingId)];

/// Collects the facts of code that stands in `environment`.
pub(crate) struct Mentions<'a> {
    environment: &'a Environment,
    /// Variables that the code itself declares, a list a block.
    own: Vec<Vec<String>>,
    pub(crate) facts: Facts,
    /// Names that are neither declared in the code nor in the environment.
    free: std::collections::BTreeSet<String>,
    /// The code at hand is a macro's tokens, which mean what the macro makes of them.
    in_macro: Option<Macro>,
}

/// What is known of a macro.
#[derive(Clone, Copy, PartialEq)]
enum Macro {
    /// It assigns nothing: one that formats or logs.
    Harmless,
    Unknown,
}

impl<'a> Mentions<'a> {
    pub(crate) fn new(environment: &'a Environment) -> Self {
        Mentions {
            environment,
            own: vec![Vec::new()],
            facts: Facts::default(),
            free: std::collections::BTreeSet::new(),
            in_macro: None,
        }
    }

    /// The facts of one expression.
    pub(crate) fn of_expr(environment: &'a Environment, expr: &Expr) -> Facts {
        let mut mentions = Mentions::new(environment);
        match expr {
            Expr::Assign(assign) => {
                mentions.visit_expr(&assign.right);
                mentions.assigned(&assign.left, true);
            }
            _ => mentions.visit_expr(expr),
        }
        mentions.facts.diverges = diverges(expr);
        mentions.facts
    }

    /// The facts of a statement; of a `let`, those of its initialiser.
    pub(crate) fn of_stmt(environment: &'a Environment, stmt: &Stmt) -> Facts {
        if let Stmt::Expr(expr, _) = stmt {
            return Mentions::of_expr(environment, expr);
        }
        let mut mentions = Mentions::new(environment);
        mentions.visit_stmt(stmt);
        mentions.facts
    }

    /// The facts of what is matched on these patterns.
    pub(crate) fn of_scrutinee(environment: &'a Environment, scrutinee: &Expr, patterns: &[&Pat]) -> Facts {
        let mut mentions = Mentions::new(environment);
        mentions.visit_expr(scrutinee);
        for pat in patterns {
            mentions.taken_apart(scrutinee, pat);
        }
        mentions.facts
    }

    /// The facts of a match arm's pattern and guard, which see the variables that the pattern binds.
    pub(crate) fn of_pattern(environment: &'a Environment, pat: &Pat) -> Facts {
        let mut mentions = Mentions::new(environment);
        mentions.declare(pat);
        mentions.visit_pat(pat);
        mentions.facts
    }

    /// The facts of the left side of an assignment.
    pub(crate) fn of_place(environment: &'a Environment, place: &Expr) -> Facts {
        let mut mentions = Mentions::new(environment);
        mentions.assigned(place, true);
        mentions.facts
    }

    fn lookup(&self, name: &str) -> Option<BindingId> {
        if self.own.iter().any(|block| block.iter().any(|own| own == name)) {
            return None;
        }
        self.environment
            .iter()
            .rev()
            .find(|(outer, _)| outer == name)
            .map(|(_, binding)| *binding)
    }

    fn used(&mut self, name: &str) {
        if let Some(binding) = self.lookup(name) {
            self.facts.uses.insert(binding);
            self.facts.mentions.insert(binding);
            self.seen(binding, None);
        } else if !self.own.iter().any(|block| block.iter().any(|own| own == name)) {
            self.free.insert(name.to_owned());
        }
    }

    /// The names in a function's body that mean items outside of it.
    pub(crate) fn free_names(parameters: &[&Pat], body: &Block) -> std::collections::BTreeSet<String> {
        let mut mentions = Mentions::new(&[]);
        for parameter in parameters {
            mentions.declare(parameter);
        }
        mentions.visit_block(body);
        mentions.free
    }

    /// A field of a variable of the body: `record.user`.
    fn part(&self, expr: &Expr) -> Option<(BindingId, String)> {
        let Expr::Field(field) = expr else { return None };
        let Expr::Path(base) = &*field.base else { return None };
        let binding = self.lookup(&unraw(base.path.get_ident()?))?;
        let member = match &field.member {
            syn::Member::Named(name) => unraw(name),
            syn::Member::Unnamed(index) => index.index.to_string(),
        };
        Some((binding, member))
    }

    /// Files a use under what is known of it for sure.
    fn seen(&mut self, binding: BindingId, part: Option<&str>) {
        match (self.in_macro, part) {
            (Some(Macro::Harmless), _) => {}
            (Some(Macro::Unknown), _) => {
                self.facts.changes.insert(binding);
            }
            (None, _) if self.facts.changes.contains(&binding) => {}
            (None, None) => {
                self.facts.reads.insert(binding);
            }
            (None, Some(part)) => {
                self.facts.reads_parts.insert((binding, part.to_owned()));
            }
        }
    }

    fn used_part(&mut self, (binding, member): (BindingId, String)) {
        self.facts.mentions.insert(binding);
        self.seen(binding, Some(&member));
        self.facts.parts.insert((binding, member));
    }

    /// An expression that is only looked at: a field in it is not moved.
    fn looked_at(&mut self, expr: &Expr) {
        match self.part(expr) {
            Some(part) => self.used_part(part),
            None => match expr {
                Expr::Field(field) => self.looked_at(&field.base),
                Expr::Paren(inner) => self.looked_at(&inner.expr),
                other => self.visit_expr(other),
            },
        }
    }

    /// `let Walk { stops, .. } = walk`, `match walk { Walk { stops, .. } => .. }`: these fields may be moved.
    fn taken_apart(&mut self, value: &Expr, pat: &Pat) {
        let Expr::Path(path) = value else { return };
        let Some(binding) = path.path.get_ident().and_then(|name| self.lookup(&unraw(name))) else {
            return;
        };
        let members: Vec<String> = match pat {
            Pat::Struct(fields) => fields
                .fields
                .iter()
                .map(|field| match &field.member {
                    syn::Member::Named(name) => unraw(name),
                    syn::Member::Unnamed(index) => index.index.to_string(),
                })
                .collect(),
            Pat::Tuple(tuple) => (0..tuple.elems.len()).map(|index| index.to_string()).collect(),
            Pat::TupleStruct(tuple) => (0..tuple.elems.len()).map(|index| index.to_string()).collect(),
            Pat::Type(typed) => return self.taken_apart(value, &typed.pat),
            _ => return,
        };
        self.facts
            .moves
            .extend(members.into_iter().map(|member| (binding, member)));
    }

    /// `place = ..`: a whole variable is overwritten; anything else is used. `(a, b) = ..` overwrites both.
    fn assigned(&mut self, place: &Expr, surely: bool) {
        match place {
            Expr::Path(path) => {
                if let Some(name) = path.path.get_ident()
                    && let Some(binding) = self.lookup(&unraw(name))
                {
                    self.facts.mentions.insert(binding);
                    self.facts.changes.insert(binding);
                    if surely && !self.facts.uses.contains(&binding) {
                        self.facts.assigns.insert(binding);
                    }
                }
            }
            Expr::Tuple(tuple) => tuple.elems.iter().for_each(|place| self.assigned(place, surely)),
            Expr::Infer(_) => {}
            other => self.looked_at(other),
        }
    }

    fn declare(&mut self, pat: &Pat) {
        if let Some(block) = self.own.last_mut() {
            block.extend(bound(pat).into_iter().map(|bound| unraw(&bound.ident)));
        }
    }

    fn nested(&mut self, visit: impl FnOnce(&mut Self)) {
        self.own.push(Vec::new());
        visit(self);
        self.own.pop();
    }

    /// What a formatting macro surely reads.
    fn formatted(&mut self, mac: &syn::Macro) {
        let Ok(arguments) = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) else {
            return;
        };
        let mut inner = Mentions::new(self.environment);
        inner.own.clone_from(&self.own);
        inner.facts.changes.clone_from(&self.facts.changes);
        for argument in &arguments {
            match argument {
                // `name = value`
                Expr::Assign(named) => inner.visit_expr(&named.right),
                Expr::Lit(literal) => {
                    let text = literal.to_token_stream().to_string();
                    captured(&text).iter().for_each(|name| inner.used(name));
                }
                other => inner.visit_expr(other),
            }
        }
        // A name that an argument gives another meaning is none of ours.
        let named = |binding: &BindingId| {
            arguments.iter().any(|argument| {
                matches!(argument, Expr::Assign(named) if matches!(&*named.left, Expr::Path(path) if path
                    .path
                    .get_ident()
                    .and_then(|name| self.lookup(&unraw(name)))
                    .as_ref()
                    == Some(binding)))
            })
        };
        let (reads, parts) = (inner.facts.reads, inner.facts.reads_parts);
        let reads: Vec<BindingId> = reads.into_iter().filter(|binding| !named(binding)).collect();
        self.facts.reads.extend(reads);
        self.facts.reads_parts.extend(parts);
    }

    /// A macro's tokens: any identifier may be a use, and so may a name captured in a format string.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let punct = |at: usize, wanted: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted);
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(ident) => {
                    // `x.name` is a field of `x`, `x.name()` a method, `..name` a range or a rest.
                    let member = match (punct(at + 1, '.') && !punct(at + 2, '.'), tokens.get(at + 2)) {
                        (true, Some(TokenTree::Ident(member))) => Some(unraw(member)),
                        (true, Some(TokenTree::Literal(member))) => Some(member.to_string()),
                        _ => None,
                    };
                    let is_call = matches!(tokens.get(at + 3), Some(TokenTree::Group(group)) if group.delimiter() == proc_macro2::Delimiter::Parenthesis);
                    match (member, self.lookup(&unraw(ident))) {
                        (Some(member), Some(binding))
                            if !is_call && member.chars().all(|c| c.is_alphanumeric() || c == '_') =>
                        {
                            self.used_part((binding, member));
                            at += 2;
                        }
                        _ => self.used(&unraw(ident)),
                    }
                    // Members behind it are no variables.
                    while punct(at + 1, '.') && !punct(at + 2, '.') {
                        at += 2;
                    }
                }
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    for name in captured(&literal.to_string()) {
                        self.used(&name);
                    }
                }
                TokenTree::Punct(_) => {
                    // A member of something that is no plain variable, as in `f().name`.
                    if punct(at, '.') && !punct(at + 1, '.') && !(at > 0 && punct(at - 1, '.')) {
                        at += 1;
                    }
                }
            }
            at += 1;
        }
    }
}

impl<'ast> Visit<'ast> for Mentions<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        self.nested(|this| visit::visit_block(this, block));
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if let Some(init) = &local.init {
            self.visit_expr(&init.expr);
            self.taken_apart(&init.expr, &local.pat);
            if let Some((_, otherwise)) = &init.diverge {
                self.visit_expr(otherwise);
            }
        }
        self.visit_pat(&local.pat);
        self.declare(&local.pat);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Path(path) => {
                if let Some(name) = path.path.get_ident() {
                    self.used(&unraw(name));
                }
            }
            Expr::Field(field) => match self.part(expr) {
                Some(part) => {
                    self.facts.moves.insert(part.clone());
                    self.used_part(part);
                }
                None => self.looked_at(&field.base),
            },
            Expr::Reference(reference) => self.looked_at(&reference.expr),
            Expr::Assign(assign) => {
                self.visit_expr(&assign.right);
                self.assigned(&assign.left, false);
            }
            Expr::Closure(closure) => self.nested(|this| {
                for input in &closure.inputs {
                    this.declare(input);
                }
                this.visit_expr(&closure.body);
            }),
            Expr::If(conditional) => {
                self.nested(|this| {
                    this.visit_expr(&conditional.cond);
                    this.visit_block(&conditional.then_branch);
                });
                if let Some((_, otherwise)) = &conditional.else_branch {
                    self.visit_expr(otherwise);
                }
            }
            Expr::While(repeat) => self.nested(|this| {
                this.visit_expr(&repeat.cond);
                this.visit_block(&repeat.body);
            }),
            Expr::ForLoop(repeat) => {
                self.visit_expr(&repeat.expr);
                self.nested(|this| {
                    this.declare(&repeat.pat);
                    this.visit_block(&repeat.body);
                });
            }
            Expr::Let(condition) => {
                self.visit_expr(&condition.expr);
                self.taken_apart(&condition.expr, &condition.pat);
                self.visit_pat(&condition.pat);
                self.declare(&condition.pat);
            }
            Expr::Match(choice) => {
                self.visit_expr(&choice.expr);
                for arm in &choice.arms {
                    self.taken_apart(&choice.expr, &arm.pat);
                }
                for arm in &choice.arms {
                    self.nested(|this| {
                        this.declare(&arm.pat);
                        this.visit_pat(&arm.pat);
                        this.visit_expr(&arm.body);
                    });
                }
            }
            Expr::Break(jump) => {
                self.facts.breaks.extend(jump.label.as_ref().and_then(target_of));
                if let Some(value) = &jump.expr {
                    self.visit_expr(value);
                }
            }
            Expr::Continue(jump) => self.facts.continues.extend(jump.label.as_ref().and_then(target_of)),
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        let name = mac.path.segments.last().map(|last| last.ident.to_string());
        let is = |names: &[&str]| name.as_deref().is_some_and(|name| names.contains(&name));
        let outside = self.in_macro.replace(match is(FORMATTING) || is(HARMLESS) {
            true => Macro::Harmless,
            false => Macro::Unknown,
        });
        self.tokens(mac.tokens.clone());
        self.in_macro = outside;
        if outside.is_none() && is(FORMATTING) {
            self.formatted(mac);
        }
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

fn diverges(expr: &Expr) -> bool {
    matches!(expr, Expr::Return(_) | Expr::Break(_) | Expr::Continue(_))
}

/// The variables named inside a format string's braces: `"{word}: {count:>width$}"`.
fn captured(literal: &str) -> Vec<String> {
    let Some(start) = literal.find('"') else {
        return Vec::new();
    };
    let mut names = Vec::new();
    let mut rest = &literal[start + 1..];
    while let Some(open) = rest.find('{') {
        rest = &rest[open + 1..];
        if let Some(escaped) = rest.strip_prefix('{') {
            rest = escaped;
            continue;
        }
        let Some(close) = rest.find('}') else { break };
        let (argument, format) = rest[..close].split_once(':').unwrap_or((&rest[..close], ""));
        if is_name(argument.trim()) {
            names.push(argument.trim().to_owned());
        }
        // Width and precision name variables with a `$` behind them.
        for piece in format.split('$').rev().skip(1) {
            let name: String = piece
                .chars()
                .rev()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            let name: String = name.chars().rev().collect();
            let name = name.trim_start_matches(|c: char| c.is_ascii_digit());
            if is_name(name) {
                names.push(name.to_owned());
            }
        }
        rest = &rest[close + 1..];
    }
    names
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::captured;

    #[test]
    fn names_in_format_strings_are_found() {
        assert_eq!(
            captured(r#""{word}: {count:>width$.precision$} {{escaped}} {0} {}""#),
            ["word", "count", "precision", "width"]
        );
        assert_eq!(captured("r#\"{raw:?}\"#"), ["raw"]);
        assert!(captured("'{'").is_empty());
        assert!(captured("\"unclosed {\"").is_empty());
    }
}
