//! Programs of the model: a subset of the language, as a tree that is printed and interpreted.

pub(super) type Name = &'static str;

/// What a variable holds. All strings are atoms: nothing is known of them but whether they are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    /// `(String, String)`
    Pair,
    /// `Inner { a: String, b: String }`
    Inner,
    Record,
    /// `Option<String>`
    Maybe,
    /// `enum Kind { One(String), Two { a: String, b: String }, Nil }`
    Kind,
    /// `Vec<String>`
    List,
}

/// The fields of a type that are places of their own.
pub(super) fn fields(of: Type) -> &'static [(Name, Type)] {
    match of {
        Type::Pair => &[("0", Type::Text), ("1", Type::Text)],
        Type::Inner => &[("a", Type::Text), ("b", Type::Text)],
        Type::Record => &[
            ("a", Type::Text),
            ("b", Type::Text),
            ("c", Type::Text),
            ("inner", Type::Inner),
            ("pair", Type::Pair),
            ("maybe", Type::Maybe),
            ("kind", Type::Kind),
            ("list", Type::List),
        ],
        Type::Text | Type::Maybe | Type::Kind | Type::List => &[],
    }
}

#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) root: Name,
    pub(super) path: Vec<Name>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Block {
    pub(super) stmts: Vec<Stmt>,
    pub(super) tail: Option<Box<Expr>>,
}

#[derive(Debug, Clone)]
pub(super) enum Expr {
    Place(Place),
    /// The same value, as the suffix or prefix says.
    Same(Same, Box<Expr>),
    Literal(u8),
    Constant,
    /// The result of code that is not looked into: any value of the type.
    Opaque(Opaque, Type, Vec<Expr>),
    Tuple(Vec<Expr>),
    Struct(Name, Vec<(Name, Expr)>, Option<Place>),
    /// `Some(x)`, `Kind::Two { a: x, b: y }`: a variant with named or numbered fields.
    Variant(Name, Vec<(Name, Expr)>),
    If(Vec<Condition>, Block, Option<Block>),
    /// `'label: { .. }`
    Block(Option<usize>, Block),
    Match(Box<Expr>, Vec<Arm>),
    Unwrap(Box<Expr>),
    /// `loop { ..; break tail; }`
    Once(Block),
    /// `vec![..]`, or `[..]`.
    List(bool, Vec<Expr>),
    /// `words(&x)`: a list of values that nothing else has.
    Words(Box<Expr>),
    /// `self.p.keys()`: keys that live on this task.
    Here(usize),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Same {
    Clone,
    Reference,
    Paren,
    StringFrom,
    Text,
    Argument,
    BoxNew,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Opaque {
    Function,
    Method,
    Macro,
}

#[derive(Debug, Clone)]
pub(super) struct Arm {
    pub(super) pat: Pat,
    /// `if { does; any() }`
    pub(super) guard: Option<Vec<Stmt>>,
    pub(super) body: Block,
}

/// A part of `a && b && c`.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Any,
    Let(Pat, Expr),
    /// `{ does; any() }`
    Does(Vec<Stmt>),
    /// `(any() || { does; any() })`
    Or(Vec<Stmt>),
}

#[derive(Debug, Clone)]
pub(super) enum Pat {
    Wild,
    Name {
        name: Name,
        mutable: bool,
        by_ref: bool,
        whole: Option<Box<Pat>>,
    },
    /// `None` is `..`.
    Tuple(Vec<Option<Pat>>),
    Struct(Name, Vec<(Name, Pat)>),
    Variant(Name, Vec<(Name, Pat)>),
    Or(Vec<Pat>),
}

#[derive(Debug, Clone)]
pub(super) enum Target {
    Skip,
    Place(Place),
    /// `None` is `..`.
    Tuple(Vec<Option<Target>>),
    /// Of a pair as an array.
    Slice(Vec<Target>),
    Struct(Name, Vec<(Name, Target)>),
}

/// A change of a place that makes some other value of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edit {
    Method,
    Add,
    Lend,
    Macro,
    LocalMacro,
    /// `{ let ref mut x = place; *x = any(); }`
    RefMut,
    MatchRefMut,
    Deref,
    Replace,
    Asynchronous,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    Print,
    Captured,
    Length,
    Compare,
}

#[derive(Debug, Clone)]
pub(super) enum Stmt {
    Let {
        pat: Pat,
        value: Expr,
        otherwise: Option<Block>,
    },
    /// `let x; if any() { x = a; } else { x = b; }`
    Late(Name, Expr, Expr),
    Assign(Target, Expr),
    Edit(Edit, Place),
    Look(Look, Place),
    /// `bind!(x, value)`: an unknown macro declares `x` anew, or does not.
    Bind(Name, Expr),
    Expr(Expr),
    For {
        label: usize,
        pat: Pat,
        items: Expr,
        body: Block,
    },
    While {
        label: usize,
        conditions: Vec<Condition>,
        body: Block,
    },
    Loop {
        label: usize,
        body: Block,
    },
    Break(Option<usize>),
    /// Of a labelled block.
    Leave(usize, Expr),
    Continue(Option<usize>),
    Return(Option<Expr>),
    Closure {
        parameter: Name,
        body: Block,
        called: Called,
    },
    Access {
        site: usize,
        key: Expr,
        touch: Touch,
    },
    Hop(Hop),
    Explode(Pat, Expr),
    External(Name, Expr),
    Yield,
    Fork(Block),
    Call {
        operation: usize,
        arguments: Vec<Expr>,
        into: Option<Name>,
        /// Which of the calls of this operation, in the order of the text.
        copy: usize,
    },
    /// `self.input.append(record).await`
    Append(Expr),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Called {
    /// `g(any()); g(any());`
    Times(usize),
    /// `for_each(|x| ..)`, any number of times.
    Given,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Touch {
    Set,
    Get,
    Update,
    Contains,
    Renamed,
    Printed,
    InMacro,
}

#[derive(Debug, Clone)]
pub(super) enum Hop {
    Hash(Expr),
    /// The number of the PState.
    Path(usize, Expr),
    Global,
    Shuffle,
    All,
    Direct(u32),
    DirectTo(Expr),
    Custom,
}

/// How a PState is partitioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Partition {
    ByKey,
    ByFirst,
    BySecond,
    Swapped,
    ByFunction,
    ByCode,
    ByReturn,
    Global,
}

/// How the source's depot is partitioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    Random,
    Global,
    ByField,
    ByTwo,
    ByPath,
    ByCode,
    ByFunction,
    ByMatch,
    ByReturn,
    Custom,
}

#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) parameters: Vec<(Name, Type)>,
    pub(super) returns: bool,
    pub(super) body: Block,
}

#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) input: Input,
    /// `mut record: Record`
    pub(super) mutable: bool,
    pub(super) pstates: Vec<Partition>,
    pub(super) operations: Vec<Operation>,
    pub(super) body: Block,
}
