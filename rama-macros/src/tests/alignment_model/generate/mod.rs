//! Random programs. They keep to what rustc accepts where that matters: what a closure captures is not touched between its calls, and
//! no borrow is held across an await.

mod expressions;
mod flow;
mod keys;
mod statements;

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
}

/// Nothing behind the last statement runs.
fn ends(stmts: &[Stmt]) -> bool {
    matches!(
        stmts.last(),
        Some(Stmt::Break(_) | Stmt::Continue(_) | Stmt::Return(_) | Stmt::Leave(..))
    )
}
