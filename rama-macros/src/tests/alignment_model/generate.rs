//! Random programs. They keep to what rustc accepts where that matters: what a closure captures is not touched between its calls, and
//! no borrow is held across an await.

use super::program::*;
use super::random::Random;

const NAMES: &[Name] = &["k", "j", "m", "n", "v", "w"];

struct Variable {
    name: Name,
    of: Type,
    mutable: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Loop(usize),
    /// A loop that is left by its own `break`.
    Once,
    Block(usize, Type),
    /// A labelled block without a value.
    Statements(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Returns {
    Nothing,
    Text,
    /// A match guard or a condition: no way out.
    Not,
}

struct Generator {
    random: Random,
    variables: Vec<Variable>,
    around: Vec<Around>,
    labels: usize,
    /// Whether an await may stand here.
    hops: bool,
    returns: Returns,
    /// What the computation was last partitioned by.
    witness: Option<(Place, Type)>,
    /// What was last assigned, or bound.
    recent: Option<Place>,
    pstates: Vec<Partition>,
    operations: Vec<Operation>,
    in_operation: bool,
    /// Statements to come.
    left: usize,
}

pub(super) fn program(seed: u64) -> Program {
    let mut random = Random::new(seed);
    let left = 4 + random.below(18);
    let mut generator = Generator {
        random,
        variables: Vec::new(),
        around: Vec::new(),
        labels: 0,
        hops: true,
        returns: Returns::Nothing,
        witness: None,
        recent: None,
        pstates: Vec::new(),
        operations: Vec::new(),
        in_operation: false,
        left,
    };
    let input = generator.random.of(&[
        Input::Random,
        Input::Random,
        Input::Global,
        Input::ByField,
        Input::ByField,
        Input::ByField,
        Input::ByTwo,
        Input::ByPath,
        Input::ByPath,
        Input::ByCode,
        Input::ByFunction,
        Input::ByMatch,
        Input::ByReturn,
        Input::Custom,
    ]);
    for _ in 0..generator.random.below(3) {
        generator.operation();
    }
    let mutable = generator.random.percent(50);
    generator.variables = vec![Variable {
        name: "record",
        of: Type::Record,
        mutable,
    }];
    generator.witness = match input {
        Input::ByField | Input::ByMatch | Input::ByReturn => Some((field("record", &["a"]), Type::Text)),
        Input::ByPath => Some((field("record", &["inner", "a"]), Type::Text)),
        _ => None,
    };
    let mut body = Block::default();
    if generator.random.percent(70) {
        let stmt = generator.followed();
        body.stmts.push(stmt);
    }
    while generator.left > 0 {
        generator.stmt(&mut body.stmts);
    }
    let mut program = Program {
        input,
        mutable,
        pstates: generator.pstates,
        operations: generator.operations,
        body,
    };
    program.number();
    program
}

fn field(root: Name, path: &[Name]) -> Place {
    Place {
        root,
        path: path.to_vec(),
    }
}

fn named(name: Name, mutable: bool) -> Pat {
    Pat::Name {
        name,
        mutable,
        by_ref: false,
        whole: None,
    }
}

/// `{ stmts }` without a value.
fn block(stmts: Vec<Stmt>) -> Block {
    Block { stmts, tail: None }
}

impl Generator {
    fn operation(&mut self) {
        let mut names = NAMES.to_vec();
        let mut parameters = Vec::new();
        for _ in 0..1 + self.random.below(2) {
            let name = names.remove(self.random.below(names.len()));
            let of = self.random.of(&[Type::Text, Type::Text, Type::Pair, Type::Inner]);
            parameters.push((name, of));
        }
        self.variables = parameters
            .iter()
            .map(|(name, of)| Variable {
                name,
                of: *of,
                mutable: false,
            })
            .collect();
        self.in_operation = true;
        let returns = self.random.percent(60);
        self.returns = if returns { Returns::Text } else { Returns::Nothing };
        let left = std::mem::replace(&mut self.left, 5);
        self.witness = None;
        let mut body = Block::default();
        for _ in 0..2 + self.random.below(3) {
            self.stmt(&mut body.stmts);
        }
        if returns {
            body.tail = Some(Box::new(self.expr(Type::Text, 1, true)));
        }
        self.left = left;
        self.in_operation = false;
        self.returns = Returns::Nothing;
        self.witness = None;
        self.operations.push(Operation {
            parameters,
            returns,
            body,
        });
    }

    fn label(&mut self) -> usize {
        self.labels += 1;
        self.labels
    }

    fn name(&mut self) -> Name {
        self.random.of(NAMES)
    }

    fn declare(&mut self, name: Name, of: Type, mutable: bool) {
        self.variables.push(Variable { name, of, mutable });
    }

    /// All places of a type.
    fn places(&self, of: Option<Type>, mutable: bool) -> Vec<(Place, Type)> {
        fn add(at: Place, is: Type, wanted: Option<Type>, found: &mut Vec<(Place, Type)>) {
            for (name, of) in fields(is) {
                let mut inner = at.clone();
                inner.path.push(name);
                add(inner, *of, wanted, found);
            }
            if wanted.is_none_or(|wanted| wanted == is) {
                found.push((at, is));
            }
        }
        let mut found = Vec::new();
        for (at, variable) in self.variables.iter().enumerate() {
            let hidden = self.variables[at + 1..].iter().any(|other| other.name == variable.name);
            if !hidden && (variable.mutable || !mutable) {
                add(field(variable.name, &[]), variable.of, of, &mut found);
            }
        }
        found
    }

    fn place(&mut self, of: Type, mutable: bool) -> Option<Place> {
        // Variables rather than fields of records.
        let places = self.places(Some(of), mutable);
        let short: Vec<_> = places
            .iter()
            .filter(|(place, _)| place.path.is_empty())
            .cloned()
            .collect();
        let chosen = if !short.is_empty() && self.random.percent(60) {
            short
        } else {
            places
        };
        if chosen.is_empty() {
            None
        } else {
            Some(self.random.of(&chosen).0)
        }
    }

    /// Runs `inner` with what is declared in it gone behind it.
    fn scope<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> T {
        let outside = self.variables.len();
        let made = inner(self);
        self.variables.truncate(outside);
        made
    }

    /// A block of up to `count` statements, with awaits if `hops`.
    fn block(&mut self, count: usize, hops: bool, tail: Option<Type>) -> Block {
        let outer = self.hops;
        self.hops &= hops;
        let block = self.scope(|this| {
            let mut block = Block::default();
            for _ in 0..this.random.below(count + 1) {
                if this.left == 0 {
                    break;
                }
                this.stmt(&mut block.stmts);
                if ends(&block.stmts) {
                    break;
                }
            }
            block.tail = tail.map(|of| Box::new(this.expr(of, 1, true)));
            block
        });
        self.hops = outer;
        block
    }

    fn hop_chance(&mut self) -> bool {
        self.random.percent(60)
    }

    /// An expression of a type. `open`: an await may stand in it.
    fn expr(&mut self, of: Type, depth: usize, open: bool) -> Expr {
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

    fn opaque(&mut self, of: Type, depth: usize) -> Expr {
        let opaque = self.random.of(&[Opaque::Function, Opaque::Method, Opaque::Macro]);
        let mut arguments = Vec::new();
        for _ in 0..self.random.below(3) {
            arguments.push(self.expr(Type::Text, depth.min(1), false));
        }
        Expr::Opaque(opaque, of, arguments)
    }

    fn list(&mut self, depth: usize) -> Expr {
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

    fn choice(&mut self, value: Expr, hops: bool, tail: Option<Type>) -> Expr {
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
    fn kind_pat(&mut self) -> Pat {
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
    fn does(&mut self) -> Vec<Stmt> {
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

    fn conditions(&mut self) -> Vec<Condition> {
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
    fn pat(&mut self, of: Type, used: &mut Vec<Name>, depth: usize) -> Pat {
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

    fn pstate(&mut self, partition: Partition) -> usize {
        self.pstates.push(partition);
        self.pstates.len() - 1
    }

    /// What the computation was last partitioned by, if it can still be named.
    fn valid_witness(&self) -> Option<(Place, Type)> {
        let (place, of) = self.witness.clone()?;
        self.is_place(&place, of).then_some((place, of))
    }

    fn is_place(&self, place: &Place, of: Type) -> bool {
        let places = self.places(Some(of), false);
        places
            .iter()
            .any(|(other, _)| other.root == place.root && other.path == place.path)
    }

    /// What the witness is a field of.
    fn around_witness(&self) -> Option<(Place, Type)> {
        let (mut place, _) = self.valid_witness()?;
        place.path.pop()?;
        let types = [Type::Pair, Type::Inner, Type::Record];
        let of = types.into_iter().find(|of| self.is_place(&place, *of))?;
        Some((place, of))
    }

    /// A key, and how a PState is partitioned by such.
    fn key(&mut self) -> (Expr, Partition) {
        let witness = self.valid_witness();
        if let Some(recent) = self.recent.clone()
            && self.is_place(&recent, Type::Text)
            && self.random.percent(30)
        {
            return (Expr::Place(recent), Partition::ByKey);
        }
        if let Some((place, of)) = witness
            && self.random.percent(50)
        {
            let key = Expr::Place(place);
            return match (of, self.random.below(10)) {
                (Type::Text, 0) => {
                    let other = self.expr(Type::Text, 0, false);
                    (Expr::Tuple(vec![key, other]), Partition::ByFirst)
                }
                (Type::Text, 1) => {
                    let other = self.expr(Type::Text, 0, false);
                    (Expr::Tuple(vec![other, key]), Partition::BySecond)
                }
                (Type::Pair, 0..3) => (key, Partition::ByReturn),
                (_, 3) => (Expr::Same(Same::Clone, Box::new(key)), Partition::ByKey),
                _ => (key, Partition::ByKey),
            };
        }
        match self.random.below(12) {
            0 | 1 => {
                let by = self.random.of(&[
                    Partition::ByFirst,
                    Partition::BySecond,
                    Partition::Swapped,
                    Partition::ByReturn,
                    Partition::ByKey,
                ]);
                (self.expr(Type::Pair, 1, false), by)
            }
            2 => (self.expr(Type::Inner, 1, false), Partition::ByKey),
            3 => {
                let by = self.random.of(&[Partition::ByFunction, Partition::ByCode]);
                (self.expr(Type::Text, 0, false), by)
            }
            4 => (self.expr(Type::Text, 0, false), Partition::Global),
            5 => (self.expr(Type::Text, 2, false), Partition::ByKey),
            6 => (self.expr(Type::Maybe, 1, false), Partition::ByKey),
            _ => (self.expr(Type::Text, 0, false), Partition::ByKey),
        }
    }

    fn access(&mut self) -> Stmt {
        let (key, partition) = self.key();
        let site = self.pstate(partition);
        use Touch::*;
        Stmt::Access {
            site,
            key,
            touch: self
                .random
                .of(&[Set, Set, Set, Get, Update, Contains, Renamed, Printed, InMacro]),
        }
    }

    fn hop(&mut self) -> Stmt {
        let hop = match self.random.below(24) {
            0..14 => {
                let places = self.places(None, false);
                let keys: Vec<_> = places
                    .into_iter()
                    .filter(|(_, of)| matches!(of, Type::Text | Type::Pair | Type::Inner | Type::Maybe))
                    .collect();
                let texts: Vec<_> = keys.iter().filter(|(_, of)| *of == Type::Text).cloned().collect();
                let mut keys = if self.random.percent(80) && !texts.is_empty() {
                    texts
                } else {
                    keys
                };
                if self.random.percent(60) {
                    // What may change later.
                    let mutable = self.places(None, true);
                    let may_change = |place: &Place| mutable.iter().any(|(other, _)| other.root == place.root);
                    let changing: Vec<_> = keys.iter().filter(|(place, _)| may_change(place)).cloned().collect();
                    if !changing.is_empty() {
                        keys = changing;
                    }
                }
                if keys.is_empty() {
                    Hop::Hash(Expr::Constant)
                } else {
                    let (place, of) = self.random.of(&keys);
                    self.witness = Some((place.clone(), of));
                    Hop::Hash(Expr::Place(place))
                }
            }
            14 => Hop::Hash(self.expr(Type::Text, 2, true)),
            15 => Hop::Hash(self.expr(Type::Pair, 1, false)),
            16 | 17 => {
                let (key, partition) = self.key();
                if let Expr::Place(place) = &key {
                    self.witness = Some((place.clone(), Type::Text));
                }
                Hop::Path(self.pstate(partition), key)
            }
            18 => Hop::Global,
            19 => Hop::Shuffle,
            20 => Hop::All,
            21 => Hop::Direct(self.random.below(2) as u32),
            22 => Hop::DirectTo(self.expr(Type::Text, 0, false)),
            _ => Hop::Custom,
        };
        Stmt::Hop(hop)
    }

    fn target(&mut self, of: Type) -> Option<Target> {
        let place = |this: &mut Self, of| {
            let place = this.place(of, true);
            place.map_or(Target::Skip, Target::Place)
        };
        if of == Type::Pair && self.random.percent(60) {
            let target = match self.random.below(6) {
                5 => Target::Tuple(vec![None, Some(place(self, Type::Text)), Some(Target::Skip)]),
                0 => Target::Tuple(vec![None, Some(place(self, Type::Text))]),
                1 => Target::Tuple(vec![Some(place(self, Type::Text)), None]),
                2 => Target::Slice(vec![place(self, Type::Text), Target::Skip]),
                _ => Target::Tuple(vec![Some(place(self, Type::Text)), Some(Target::Skip)]),
            };
            return Some(target);
        }
        if of == Type::Inner && self.random.percent(50) {
            let member = self.random.of(&["a", "b"]);
            return Some(Target::Struct("Inner", vec![(member, place(self, Type::Text))]));
        }
        self.place(of, true).map(Target::Place)
    }

    fn stmt(&mut self, stmts: &mut Vec<Stmt>) {
        self.left = self.left.saturating_sub(1);
        let is_deep = self.labels > 40;
        let stmt = match self.random.below(100) {
            0..16 => self.access(),
            16..28 if self.hops => {
                let hop = self.hop();
                stmts.push(hop);
                if self.random.percent(60) { self.access() } else { return }
            }
            28..42 => self.binding(),
            42..52 => match self.changed() {
                Some(stmt) => stmt,
                None => self.binding(),
            },
            52..55 => match self.places(None, false) {
                places if places.is_empty() => self.access(),
                places => {
                    let place = self.random.of(&places).0;
                    Stmt::Look(
                        self.random
                            .of(&[Look::Print, Look::Captured, Look::Length, Look::Compare]),
                        place,
                    )
                }
            },
            55..63 if !is_deep => {
                let hops = self.hop_chance();
                let (conditions, then) = self.scope(|this| (this.conditions(), this.block(3, hops, None)));
                let otherwise = if self.random.percent(50) {
                    Some(self.block(3, hops, None))
                } else {
                    None
                };
                Stmt::Expr(Expr::If(conditions, then, otherwise))
            }
            63..66 if !is_deep => {
                let hops = self.hop_chance();
                let value = self.expr(Type::Kind, 1, false);
                Stmt::Expr(self.choice(value, hops, None))
            }
            66..75 if !is_deep => self.repeated(),
            75..78 => match self.leaving() {
                Some(stmt) if self.random.percent(20) => stmt,
                Some(stmt) => {
                    // A way that is left early, with another place or another value.
                    let mut inner = Vec::new();
                    if self.hops && self.random.percent(40) {
                        let witness = self.witness.clone();
                        inner.push(self.hop());
                        self.witness = witness;
                    } else if self.random.percent(60) {
                        inner.extend(self.changed());
                    }
                    inner.push(stmt);
                    Stmt::Expr(Expr::If(vec![Condition::Any], block(inner), None))
                }
                None => self.access(),
            },
            78..82 if !is_deep => self.closure(),
            82..85 => {
                let hops = self.hop_chance();
                let label = self.label();
                self.around.push(Around::Statements(label));
                let block = self.block(4, hops, None);
                self.around.pop();
                Stmt::Expr(Expr::Block(Some(label), block))
            }
            85..96 if self.hops => match self.moved() {
                Some(stmt) => stmt,
                None => self.hop(),
            },
            _ => self.access(),
        };
        let is_construct = matches!(
            stmt,
            Stmt::Expr(_)
                | Stmt::For { .. }
                | Stmt::While { .. }
                | Stmt::Loop { .. }
                | Stmt::Closure { .. }
                | Stmt::Edit(..)
                | Stmt::Assign(..)
        );
        stmts.push(stmt);
        if is_construct && self.random.percent(50) {
            let stmt = self.access();
            stmts.push(stmt);
        }
    }

    /// `let mut k = ..`: a variable to follow.
    fn followed(&mut self) -> Stmt {
        let of = self.random.of(&[Type::Text, Type::Text, Type::Pair, Type::Inner]);
        let value = self.expr(of, 0, false);
        let name = self.name();
        self.declare(name, of, true);
        Stmt::Let {
            pat: named(name, true),
            value,
            otherwise: None,
        }
    }

    /// A loop's body in which what one iteration makes is used in the next one.
    fn carried(&mut self) -> Block {
        let outer = self.places(Some(Type::Text), true);
        if outer.is_empty() {
            return self.block(4, true, None);
        }
        let kept = self.random.of(&outer).0;
        let outer_hops = self.hops;
        let made = self.scope(|this| {
            let mut stmts = Vec::new();
            let names: Vec<Name> = NAMES.iter().copied().filter(|name| *name != kept.root).collect();
            let name = this.random.of(&names);
            let value = if this.random.percent(70) {
                this.opaque(Type::Text, 0)
            } else {
                this.expr(Type::Text, 1, true)
            };
            let (new, old) = (field(name, &[]), kept);
            this.declare(name, Type::Text, false);
            let mut steps = vec![0, 1, 2, 3, 4];
            while !steps.is_empty() {
                let (key, other) = if this.random.percent(50) {
                    (&new, &old)
                } else {
                    (&old, &new)
                };
                match steps.remove(this.random.below(steps.len())) {
                    0 if this.hops => {
                        this.witness = Some((key.clone(), Type::Text));
                        stmts.push(Stmt::Hop(Hop::Hash(Expr::Place(key.clone()))));
                    }
                    1 => stmts.push(Stmt::Assign(Target::Place(old.clone()), Expr::Place(new.clone()))),
                    2 => {
                        // What it declares must not hide the two.
                        let inner = this.block(2, true, None);
                        stmts.push(Stmt::Expr(Expr::Block(None, inner)));
                    }
                    _ => {
                        let site = this.pstate(Partition::ByKey);
                        let key = Expr::Place(other.clone());
                        let touch = Touch::Set;
                        stmts.push(Stmt::Access { site, key, touch });
                    }
                }
            }
            stmts.insert(
                0,
                Stmt::Let {
                    pat: named(name, false),
                    value,
                    otherwise: None,
                },
            );
            stmts
        });
        self.hops = outer_hops;
        block(made)
    }

    fn binding(&mut self) -> Stmt {
        let types = [
            Type::Text,
            Type::Text,
            Type::Text,
            Type::Pair,
            Type::Pair,
            Type::Inner,
            Type::Record,
            Type::Record,
            Type::Maybe,
            Type::Kind,
            Type::List,
        ];
        let of = self.random.of(&types);
        match self.random.below(12) {
            0 => {
                // A name that the values cannot mention.
                let is_known = |name: &Name| self.variables.iter().any(|variable| variable.name == *name);
                let Some(name) = NAMES.iter().copied().find(|name| !is_known(name)) else {
                    return self.access();
                };
                let (left, right) = (self.expr(Type::Text, 1, false), self.expr(Type::Text, 1, false));
                self.declare(name, Type::Text, true);
                Stmt::Late(name, left, right)
            }
            1 => {
                // With the type that it has, as it may stay what it was.
                let texts: Vec<_> = NAMES
                    .iter()
                    .copied()
                    .filter(|name| {
                        let known = self.variables.iter().rev().find(|variable| variable.name == *name);
                        known.is_none_or(|known| known.of == Type::Text)
                    })
                    .collect();
                if texts.is_empty() {
                    return self.access();
                }
                let name = self.random.of(&texts);
                let value = self.expr(Type::Text, 1, false);
                self.declare(name, Type::Text, false);
                Stmt::Bind(name, value)
            }
            2 if self.returns != Returns::Not => {
                let value = self.expr(Type::Maybe, 1, true);
                let otherwise = self.scope(|this| {
                    let mut stmts = this.does();
                    stmts.push(this.leaving().unwrap_or_else(|| this.return_stmt()));
                    block(stmts)
                });
                let (name, mutable) = (self.name(), self.random.percent(30));
                self.declare(name, Type::Text, mutable);
                Stmt::Let {
                    pat: Pat::Variant("Some", vec![("0", named(name, mutable))]),
                    value,
                    otherwise: Some(otherwise),
                }
            }
            _ => {
                let (value, of) = match self.around_witness() {
                    Some((place, of)) if self.random.percent(30) => (Expr::Place(place), of),
                    _ => (self.expr(of, 2, true), of),
                };
                let before = self.variables.len();
                let pat = self.pat(of, &mut Vec::new(), 2);
                if self.variables.len() > before {
                    let bound = before + self.random.below(self.variables.len() - before);
                    self.recent = Some(field(self.variables[bound].name, &[]));
                }
                Stmt::Let {
                    pat,
                    value,
                    otherwise: None,
                }
            }
        }
    }

    fn changed(&mut self) -> Option<Stmt> {
        let mut places = self.places(None, true);
        places.retain(|(_, of)| *of != Type::List);
        // Mostly what the computation is partitioned by.
        if let Some((witness, _)) = &self.witness
            && self.random.percent(60)
        {
            let root = witness.root;
            let near: Vec<_> = places.iter().filter(|(place, _)| place.root == root).cloned().collect();
            if !near.is_empty() {
                places = near;
            }
        }
        if places.is_empty() {
            return None;
        }
        let (place, of) = self.random.of(&places);
        if self.random.percent(55) {
            if self.random.percent(30) {
                let of = self.random.of(&[Type::Pair, Type::Inner]);
                let target = self.target(of)?;
                return Some(Stmt::Assign(target, self.expr(of, 1, true)));
            }
            let value = self.expr(of, 1, true);
            self.recent = Some(place.clone());
            return Some(Stmt::Assign(Target::Place(place), value));
        }
        use Edit::*;
        let edit = self.random.of(&[
            Method,
            Add,
            Lend,
            Macro,
            LocalMacro,
            RefMut,
            MatchRefMut,
            Deref,
            Replace,
            Asynchronous,
        ]);
        Some(Stmt::Edit(edit, place))
    }

    fn repeated(&mut self) -> Stmt {
        let label = self.label();
        let hops = self.hop_chance();
        self.scope(|this| match this.random.below(4) {
            0 => {
                let conditions = this.conditions();
                this.around.push(Around::Loop(label));
                let body = this.loop_body(hops);
                this.around.pop();
                Stmt::While {
                    label,
                    conditions,
                    body,
                }
            }
            1 => {
                this.around.push(Around::Loop(label));
                let mut body = this.loop_body(hops);
                this.around.pop();
                let at = this.random.below(body.stmts.len() + 1);
                let leave = block(vec![Stmt::Break(None)]);
                body.stmts
                    .insert(at, Stmt::Expr(Expr::If(vec![Condition::Any], leave, None)));
                Stmt::Loop { label, body }
            }
            _ => {
                let items = this.list(1);
                let (name, mutable) = (this.name(), this.random.percent(30));
                this.declare(name, Type::Text, mutable);
                this.around.push(Around::Loop(label));
                let body = this.loop_body(hops);
                this.around.pop();
                Stmt::For {
                    label,
                    pat: named(name, mutable),
                    items,
                    body,
                }
            }
        })
    }

    fn loop_body(&mut self, hops: bool) -> Block {
        if self.random.percent(35) {
            self.carried()
        } else {
            self.block(4, hops, None)
        }
    }

    fn return_stmt(&mut self) -> Stmt {
        match self.returns {
            Returns::Text => Stmt::Return(Some(self.expr(Type::Text, 1, false))),
            _ => Stmt::Return(None),
        }
    }

    /// A jump, of those that are possible.
    fn leaving(&mut self) -> Option<Stmt> {
        if self.returns == Returns::Not {
            return None;
        }
        if self.around.is_empty() || self.random.percent(25) {
            return Some(self.return_stmt());
        }
        if let Some(Around::Loop(_)) = self
            .around
            .iter()
            .rev()
            .find(|around| !matches!(around, Around::Block(..) | Around::Statements(_)))
            && self.random.percent(50)
        {
            return Some(if self.random.percent(50) {
                Stmt::Break(None)
            } else {
                Stmt::Continue(None)
            });
        }
        match self.random.of(&self.around) {
            Around::Once => None,
            Around::Block(label, of) => {
                let value = self.expr(of, 1, false);
                Some(Stmt::Leave(label, value))
            }
            Around::Statements(label) => Some(Stmt::Break(Some(label))),
            Around::Loop(label) if self.random.percent(50) => Some(Stmt::Break(Some(label))),
            Around::Loop(label) => Some(Stmt::Continue(Some(label))),
        }
    }

    fn closure(&mut self) -> Stmt {
        let around = std::mem::take(&mut self.around);
        let returns = std::mem::replace(&mut self.returns, Returns::Nothing);
        let name = self.name();
        let body = self.scope(|this| {
            this.declare(name, Type::Text, false);
            let mut body = this.block(3, false, None);
            if this.random.percent(40) {
                let mut stmts = this.does();
                stmts.push(Stmt::Return(None));
                let at = this.random.below(body.stmts.len() + 1);
                // Nothing that the block declares is in scope at its beginning.
                body.stmts.insert(
                    if stmts.len() > 1 { 0 } else { at },
                    Stmt::Expr(Expr::If(vec![Condition::Any], block(stmts), None)),
                );
            }
            body
        });
        self.around = around;
        self.returns = returns;
        let called = match self.random.below(3) {
            0 => Called::Given,
            _ => Called::Times(self.random.below(4)),
        };
        Stmt::Closure {
            parameter: name,
            body,
            called,
        }
    }

    /// An operation that moves the computation in another way than a hop.
    fn moved(&mut self) -> Option<Stmt> {
        Some(match self.random.below(10) {
            0..3 => {
                let items = self.list(1);
                let pat = self.pat(Type::Text, &mut Vec::new(), 0);
                Stmt::Explode(pat, items)
            }
            3 => {
                let value = self.expr(Type::Text, 1, false);
                let name = self.name();
                self.declare(name, Type::Text, false);
                Stmt::External(name, value)
            }
            4 => Stmt::Yield,
            5 => {
                let around = std::mem::take(&mut self.around);
                let returns = std::mem::replace(&mut self.returns, Returns::Nothing);
                let body = self.block(4, true, None);
                self.around = around;
                self.returns = returns;
                Stmt::Fork(body)
            }
            6..9 if !self.in_operation && !self.operations.is_empty() => {
                let operation = self.random.below(self.operations.len());
                let types: Vec<Type> = self.operations[operation]
                    .parameters
                    .iter()
                    .map(|(_, of)| *of)
                    .collect();
                let returns = self.operations[operation].returns;
                let mut arguments = Vec::new();
                for of in types {
                    arguments.push(self.expr(of, 1, false));
                }
                let into = if returns && self.random.percent(80) {
                    Some(self.name())
                } else {
                    None
                };
                if let Some(name) = into {
                    self.declare(name, Type::Text, false);
                }
                Stmt::Call {
                    operation,
                    arguments,
                    into,
                    copy: 0,
                }
            }
            9 if !self.in_operation => Stmt::Append(self.expr(Type::Record, 1, false)),
            _ => return None,
        })
    }
}

/// Nothing behind the last statement runs.
fn ends(stmts: &[Stmt]) -> bool {
    matches!(
        stmts.last(),
        Some(Stmt::Break(_) | Stmt::Continue(_) | Stmt::Return(_) | Stmt::Leave(..))
    )
}
