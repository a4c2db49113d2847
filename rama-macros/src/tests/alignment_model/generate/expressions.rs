//! Expressions, patterns and conditions.

use super::super::program::*;
use super::{Around, Generator, NAMES, Returns, named};

impl Generator {
    /// An expression of a type. `open`: an await may stand in it.
    pub(super) fn expr(&mut self, of: Type, depth: usize, open: bool) -> Expr {
        let same = |this: &mut Self, value: Expr| match this.random.below(14) {
            0..5 => Expr::Same(Same::Clone, Box::new(value)),
            5 if matches!(value, Expr::Place(_)) => Expr::Same(Same::Reference, Box::new(value)),
            6 => Expr::Same(Same::Paren, Box::new(value)),
            7 if of == Type::Text => Expr::Same(Same::StringFrom, Box::new(value)),
            8 if of == Type::Text => Expr::Same(Same::Text, Box::new(value)),
            9 => Expr::Same(Same::Argument, Box::new(value)),
            10 => Expr::Same(Same::BoxNew, Box::new(value)),
            _ => value,
        };
        if self.random.percent(15)
            && let Some((place, _)) = self.valid_witness().filter(|(_, is)| *is == of)
        {
            return Expr::Place(place);
        }
        if (depth == 0 || self.random.percent(60))
            && let Some(place) = self.place(of, false)
        {
            return same(self, Expr::Place(place));
        }
        if depth > 0 && self.left > 0 && self.random.percent(30) {
            let inner = depth - 1;
            let hops = open && self.hop_chance();
            match self.random.below(6) {
                0 | 1 => {
                    let (conditions, then) = self.scope(|this| (this.conditions(), this.block(2, hops, Some(of))));
                    let otherwise = self.block(2, hops, Some(of));
                    return Expr::If(conditions, then, Some(otherwise));
                }
                2 => return Expr::Block(None, self.block(2, hops, Some(of))),
                3 => {
                    let label = self.label();
                    self.around.push(Around::Block(label, of));
                    let block = self.block(3, hops, Some(of));
                    self.around.pop();
                    return Expr::Block(Some(label), block);
                }
                4 => {
                    self.around.push(Around::Once);
                    let block = self.block(2, hops, Some(of));
                    self.around.pop();
                    return Expr::Once(block);
                }
                _ => {
                    let value = self.expr(Type::Kind, inner.min(1), false);
                    return self.choice(value, hops, Some(of));
                }
            }
        }
        let inner = depth.saturating_sub(1);
        if self.random.percent(25) {
            return self.opaque(of, inner);
        }
        match of {
            Type::Text => match self.random.below(8) {
                0 | 1 => Expr::Literal(self.random.below(2) as u8),
                2 => Expr::Constant,
                3 | 4 => Expr::Unwrap(Box::new(self.expr(Type::Maybe, 0, false))),
                _ => self.opaque(of, inner),
            },
            Type::Pair => {
                let open = open && self.random.percent(30);
                let first = self.expr(Type::Text, inner, open);
                Expr::Tuple(vec![first, self.expr(Type::Text, inner, false)])
            }
            Type::Inner => match self.place(Type::Inner, false) {
                Some(rest) if self.random.percent(50) => {
                    let member = self.random.of(&["a", "b"]);
                    let value = self.expr(Type::Text, inner, false);
                    Expr::Struct("Inner", vec![(member, value)], Some(rest))
                }
                _ => {
                    let fields = vec![
                        ("a", self.expr(Type::Text, inner, false)),
                        ("b", self.expr(Type::Text, inner, false)),
                    ];
                    Expr::Struct("Inner", fields, None)
                }
            },
            Type::Record => match self.place(Type::Record, false) {
                Some(rest) => {
                    let (member, of) = self.random.of(fields(Type::Record));
                    let value = self.expr(of, inner, false);
                    Expr::Struct("Record", vec![(member, value)], Some(rest))
                }
                None => self.opaque(of, inner),
            },
            Type::Maybe => match self.random.below(3) {
                0 => Expr::Variant("None", Vec::new()),
                _ => Expr::Variant("Some", vec![("0", self.expr(Type::Text, inner, false))]),
            },
            Type::Kind => match self.random.below(4) {
                0 => Expr::Variant("Kind::Nil", Vec::new()),
                1 => Expr::Variant(
                    "Kind::Two",
                    vec![
                        ("a", self.expr(Type::Text, inner, false)),
                        ("b", self.expr(Type::Text, inner, false)),
                    ],
                ),
                _ => Expr::Variant("Kind::One", vec![("0", self.expr(Type::Text, inner, false))]),
            },
            Type::List => self.list(inner),
        }
    }

    pub(super) fn opaque(&mut self, of: Type, depth: usize) -> Expr {
        let opaque = self.random.of(&[Opaque::Function, Opaque::Method, Opaque::Macro]);
        let mut arguments = Vec::new();
        for _ in 0..self.random.below(3) {
            arguments.push(self.expr(Type::Text, depth.min(1), false));
        }
        Expr::Opaque(opaque, of, arguments)
    }

    pub(super) fn list(&mut self, depth: usize) -> Expr {
        if self.random.percent(40)
            && let Some(place) = self.place(Type::List, false)
        {
            return Expr::Place(place);
        }
        match self.random.below(8) {
            0 if !self.pstates.is_empty() => {
                let pstate = self.pstate(Partition::ByKey);
                Expr::Here(pstate)
            }
            1..4 => Expr::Words(Box::new(self.expr(Type::Text, depth, false))),
            _ => {
                let mut items = Vec::new();
                for _ in 0..self.random.below(3) {
                    items.push(self.expr(Type::Text, depth, false));
                }
                Expr::List(self.random.percent(50), items)
            }
        }
    }

    pub(super) fn choice(&mut self, value: Expr, hops: bool, tail: Option<Type>) -> Expr {
        let mut arms = Vec::new();
        for _ in 0..1 + self.random.below(2) {
            let arm = self.scope(|this| {
                let pat = this.kind_pat();
                let guard = if this.random.percent(50) {
                    Some(this.does())
                } else {
                    None
                };
                let body = this.block(2, hops, tail);
                Arm { pat, guard, body }
            });
            arms.push(arm);
        }
        arms.push(Arm {
            pat: Pat::Wild,
            guard: None,
            body: self.block(2, hops, tail),
        });
        Expr::Match(Box::new(value), arms)
    }

    /// A pattern of a `Kind` that may not match.
    pub(super) fn kind_pat(&mut self) -> Pat {
        let (name, mutable) = (self.name(), self.random.percent(30));
        let one = Pat::Variant("Kind::One", vec![("0", named(name, mutable))]);
        let two = Pat::Variant("Kind::Two", vec![("a", named(name, mutable)), ("b", Pat::Wild)]);
        match self.random.below(4) {
            0 => Pat::Variant("Kind::Nil", Vec::new()),
            1 => {
                self.declare(name, Type::Text, mutable);
                one
            }
            2 => {
                self.declare(name, Type::Text, mutable);
                two
            }
            _ => {
                self.declare(name, Type::Text, mutable);
                Pat::Or(vec![one, two])
            }
        }
    }

    /// A few statements that change variables and nothing else.
    pub(super) fn does(&mut self) -> Vec<Stmt> {
        let hops = std::mem::replace(&mut self.hops, false);
        let around = std::mem::take(&mut self.around);
        let returns = std::mem::replace(&mut self.returns, Returns::Not);
        let mut stmts = Vec::new();
        if self.random.percent(50)
            && let Some(stmt) = self.changed()
        {
            stmts.push(stmt);
        } else if let Some(place) = self.place(Type::Text, true) {
            let value = self.expr(Type::Text, 0, false);
            stmts.push(Stmt::Assign(Target::Place(place), value));
        }
        (self.hops, self.around, self.returns) = (hops, around, returns);
        stmts
    }

    pub(super) fn conditions(&mut self) -> Vec<Condition> {
        let mut all = Vec::new();
        for _ in 0..1 + self.random.below(2) {
            all.push(match self.random.below(8) {
                0 => Condition::Does(self.does()),
                1 => Condition::Or(self.does()),
                2 | 3 => {
                    let value = self.expr(Type::Maybe, 1, false);
                    let (name, mutable) = (self.name(), self.random.percent(30));
                    self.declare(name, Type::Text, mutable);
                    Condition::Let(Pat::Variant("Some", vec![("0", named(name, mutable))]), value)
                }
                4 => {
                    let value = self.expr(Type::Kind, 1, false);
                    let pat = self.kind_pat();
                    // `a | b` needs parentheses in nothing but closures, and no `let` condition.
                    Condition::Let(pat, value)
                }
                _ => Condition::Any,
            });
        }
        all
    }

    /// A pattern that matches every value of a type.
    pub(super) fn pat(&mut self, of: Type, used: &mut Vec<Name>, depth: usize) -> Pat {
        let free: Vec<Name> = NAMES.iter().copied().filter(|name| !used.contains(name)).collect();
        if free.is_empty() || self.random.percent(10) {
            return Pat::Wild;
        }
        let name = self.random.of(&free);
        let mutable = self.random.percent(60);
        if depth > 0 && self.random.percent(75) {
            let pat = match of {
                Type::Pair => match self.random.below(5) {
                    4 => {
                        let first = self.pat(Type::Text, used, 0);
                        Some(Pat::Tuple(vec![None, Some(first), Some(self.pat(Type::Text, used, 0))]))
                    }
                    0 => Some(Pat::Tuple(vec![Some(self.pat(Type::Text, used, 0)), None])),
                    1 => Some(Pat::Tuple(vec![None, Some(self.pat(Type::Text, used, 0))])),
                    _ => {
                        let first = self.pat(Type::Text, used, 0);
                        Some(Pat::Tuple(vec![Some(first), Some(self.pat(Type::Text, used, 0))]))
                    }
                },
                Type::Inner | Type::Record => {
                    let type_name = if of == Type::Inner { "Inner" } else { "Record" };
                    let mut members: Vec<(Name, Type)> = fields(of).to_vec();
                    let mut inner = Vec::new();
                    for _ in 0..1 + self.random.below(2) {
                        let (member, of) = members.remove(self.random.below(members.len()));
                        inner.push((member, self.pat(of, used, depth - 1)));
                    }
                    Some(Pat::Struct(type_name, inner))
                }
                _ => None,
            };
            if let Some(pat) = pat {
                if self.random.percent(15) && !used.contains(&name) {
                    used.push(name);
                    self.declare(name, of, mutable);
                    return Pat::Name {
                        name,
                        mutable,
                        by_ref: false,
                        whole: Some(Box::new(pat)),
                    };
                }
                return pat;
            }
        }
        used.push(name);
        let by_ref = !mutable && self.random.percent(20);
        self.declare(name, of, mutable);
        Pat::Name {
            name,
            mutable,
            by_ref,
            whole: None,
        }
    }
}
