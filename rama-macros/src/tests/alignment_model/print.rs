//! Programs as Rust text.

use super::program::*;
use std::fmt::Write;

impl Program {
    pub(super) fn module(&self) -> String {
        let input = match self.input {
            Input::Random => "random",
            Input::Global => "global",
            Input::ByField => "hash_by = |r| &r.a",
            Input::ByTwo => "hash_by = |r| (&r.a, &r.inner.b)",
            Input::ByPath => "hash_by = |Record { inner: Inner { a, .. }, .. }| a.clone()",
            Input::ByCode => "hash_by = |r| region(&r.a)",
            Input::ByFunction => "hash_by = key_of",
            Input::ByMatch => "hash_by = |r| match &r.kind { Kind::One(x) => x, _ => &r.a }",
            Input::ByReturn => "hash_by = |r| { if odd(r) { return &r.a; } &r.b }",
            Input::Custom => "partitioner = mine",
        };
        let mut text = format!("pub struct M {{\n    #[depot({input})] input: Depot<Record>,\n");
        for (at, partition) in self.pstates.iter().enumerate() {
            let by = match partition {
                Partition::ByKey => "",
                Partition::ByFirst => ", partition_by = |key| &key.0",
                Partition::BySecond => ", partition_by = |(_, second)| second",
                Partition::Swapped => ", partition_by = |key| (&key.1, &key.0)",
                Partition::ByFunction => ", partition_by = region_of",
                Partition::ByCode => ", partition_by = |key| region(key)",
                Partition::ByReturn => ", partition_by = |key| { if odd(key) { return &key.0; } &key.1 }",
                Partition::Global => ", global",
            };
            writeln!(text, "    #[pstate(owner = t{by})] p{at}: PState<Map<Key, u64>>,").expect("strings grow");
        }
        text + "}"
    }

    pub(super) fn topologies(&self) -> String {
        let mut printer = Printer {
            text: format!(
                "impl M {{\n    #[stream(t, source = input)] async fn f(&mut self, {}record: Record) ",
                if self.mutable { "mut " } else { "" }
            ),
            depth: 1,
        };
        printer.block(&self.body);
        for (at, operation) in self.operations.iter().enumerate() {
            let parameters: String = operation
                .parameters
                .iter()
                .map(|(name, of)| format!(", {name}: {}", of.name()))
                .collect();
            let returns = if operation.returns { "-> String " } else { "" };
            write!(printer.text, "\n    async fn op{at}(&mut self{parameters}) {returns}").expect("strings grow");
            printer.block(&operation.body);
        }
        printer.text + "\n}"
    }
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Type::Text => "String",
            Type::Pair => "(String, String)",
            Type::Inner => "Inner",
            Type::Record => "Record",
            Type::Maybe => "Option<String>",
            Type::Kind => "Kind",
            Type::List => "Vec<String>",
        }
    }
}

struct Printer {
    text: String,
    depth: usize,
}

impl Printer {
    fn line(&mut self) {
        self.text.push('\n');
        self.text.push_str(&"    ".repeat(self.depth));
    }

    fn block(&mut self, block: &Block) {
        self.text.push('{');
        self.depth += 1;
        for stmt in &block.stmts {
            self.line();
            self.stmt(stmt);
        }
        if let Some(tail) = &block.tail {
            self.line();
            self.text.push_str(&expr(tail, self.depth));
        }
        self.depth -= 1;
        self.line();
        self.text.push('}');
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let expr = |value: &Expr| expr(value, self.depth);
        let conditions = |all: &[Condition]| conditions(all, self.depth);
        let text = match stmt {
            Stmt::Let {
                pat: to,
                value,
                otherwise,
            } => {
                let (to, value) = (pat(to), expr(value));
                match otherwise {
                    Some(otherwise) => format!("let {to} = {} else {};", guarded(value), nested(otherwise, self.depth)),
                    None => format!("let {to} = {value};"),
                }
            }
            Stmt::Late(name, left, right) => format!(
                "let {name}; if any() {{ {name} = {}; }} else {{ {name} = {}; }}",
                expr(left),
                expr(right)
            ),
            Stmt::Assign(to, value) => format!("{} = {};", target(to), expr(value)),
            Stmt::Edit(edit, at) => {
                let at = place(at);
                match edit {
                    Edit::Method => format!("{at}.push('x');"),
                    Edit::Add => format!("{at} += \"x\";"),
                    Edit::Lend => format!("change(&mut {at});"),
                    Edit::Macro => format!("edit!({at});"),
                    Edit::LocalMacro => format!("{{ macro_rules! bump {{ () => {{ {at} = any() }} }} bump!(); }}"),
                    Edit::RefMut => format!("{{ let ref mut lent = {at}; *lent = any(); }}"),
                    Edit::MatchRefMut => format!("match {at} {{ ref mut lent => *lent = any() }}"),
                    Edit::Deref => format!("*(&mut {at}) = any();"),
                    Edit::Replace => format!("let _ = std::mem::replace(&mut {at}, any());"),
                    Edit::Asynchronous => format!("block_on(async {{ {at} = any(); }});"),
                }
            }
            Stmt::Look(look, at) => {
                let shown = place(at);
                match look {
                    Look::Print => format!("println!(\"{{:?}}\", {shown});"),
                    Look::Captured => format!("println!(\"{{{}:?}}\");", at.root),
                    Look::Length => format!("count({shown}.len());"),
                    Look::Compare => format!("check({shown}.eq(&{shown}));"),
                }
            }
            Stmt::Bind(name, value) => format!("bind!({name}, {});", expr(value)),
            Stmt::Expr(value) => expr(value) + ";",
            Stmt::For {
                label,
                pat: to,
                items,
                body,
            } => {
                let (to, items) = (pat(to), guarded(expr(items)));
                format!("'l{label}: for {to} in {items} {}", nested(body, self.depth))
            }
            Stmt::While {
                label,
                conditions: all,
                body,
            } => {
                let all = conditions(all);
                format!("'l{label}: while {all} {}", nested(body, self.depth))
            }
            Stmt::Loop { label, body } => format!("'l{label}: loop {}", nested(body, self.depth)),
            Stmt::Break(None) => "break;".to_owned(),
            Stmt::Break(Some(label)) => format!("break 'l{label};"),
            Stmt::Leave(label, value) => format!("break 'l{label} {};", guarded(expr(value))),
            Stmt::Continue(None) => "continue;".to_owned(),
            Stmt::Continue(Some(label)) => format!("continue 'l{label};"),
            Stmt::Return(None) => "return;".to_owned(),
            Stmt::Return(Some(value)) => format!("return {};", expr(value)),
            Stmt::Closure {
                parameter,
                body,
                called,
            } => {
                let body = nested(body, self.depth);
                match called {
                    Called::Times(times) => {
                        format!(
                            "{{ let mut g = |{parameter}| {body}; {} }}",
                            "g(any()); ".repeat(*times)
                        )
                    }
                    Called::Given => format!("each(any(), |{parameter}| {body});"),
                }
            }
            Stmt::Access { site, key, touch } => {
                let key = expr(key);
                match touch {
                    Touch::Set => format!("self.p{site}.key(&{key}).set(1);"),
                    Touch::Get => format!("let _ = self.p{site}.key(&{key}).get();"),
                    Touch::Update => format!("self.p{site}.key(&{key}).update(|n| *n += 1);"),
                    Touch::Contains => format!("self.p{site}.contains(&{key});"),
                    Touch::Renamed => format!("{{ let counts = &mut self.p{site}; counts.key(&{key}).set(1); }}"),
                    Touch::Printed => format!("println!(\"{{:?}}\", self.p{site}.key(&{key}).get());"),
                    Touch::InMacro => format!("perhaps!(self.p{site}.key(&{key}).set(1));"),
                }
            }
            Stmt::Hop(hop) => match hop {
                Hop::Hash(key) => format!("hash_partition(&{}).await;", expr(key)),
                Hop::Path(pstate, key) => format!("path_partition(self.p{pstate}.key(&{})).await;", expr(key)),
                Hop::Global => "global_partition().await;".to_owned(),
                Hop::Shuffle => "shuffle_partition().await;".to_owned(),
                Hop::All => "all_partition().await;".to_owned(),
                Hop::Direct(task) => format!("direct_partition({task}).await;"),
                Hop::DirectTo(task) => format!("direct_partition({}).await;", expr(task)),
                Hop::Custom => "custom_partition(|tasks| any()).await;".to_owned(),
            },
            Stmt::Explode(to, items) => format!("let {} = explode({}).await;", pat(to), expr(items)),
            // A value may be made by a write, which stands in front.
            Stmt::External(name, value) => {
                format!(
                    "let {name} = {{ let given = {}; external(later(given)).await }};",
                    expr(value)
                )
            }
            Stmt::Yield => "yield_if_overtime().await;".to_owned(),
            Stmt::Fork(body) => format!("fork(async {});", nested(body, self.depth)),
            Stmt::Call {
                operation,
                arguments,
                into,
                ..
            } => {
                let arguments: Vec<String> = arguments.iter().map(expr).collect();
                let call = format!("self.op{operation}({}).await;", arguments.join(", "));
                match into {
                    Some(name) => format!("let {name} = {call}"),
                    None => call,
                }
            }
            Stmt::Append(value) => format!("self.input.append({}).await;", expr(value)),
        };
        self.text.push_str(&text);
    }
}

fn nested(block: &Block, depth: usize) -> String {
    let mut printer = Printer {
        text: String::new(),
        depth,
    };
    printer.block(block);
    printer.text
}

/// Statements and a condition in one block.
fn does(stmts: &[Stmt], depth: usize) -> String {
    let block = Block {
        stmts: stmts.to_vec(),
        tail: Some(Box::new(Expr::Opaque(Opaque::Function, Type::Text, Vec::new()))),
    };
    nested(&block, depth)
}

fn conditions(all: &[Condition], depth: usize) -> String {
    let one = |condition: &Condition| match condition {
        Condition::Any => "any()".to_owned(),
        Condition::Let(to, value) => format!("let {} = {}", pat(to), guarded(expr(value, depth))),
        Condition::Does(stmts) => does(stmts, depth),
        Condition::Or(stmts) => format!("(any() || {})", does(stmts, depth)),
    };
    all.iter().map(one).collect::<Vec<_>>().join(" && ")
}

fn place(place: &Place) -> String {
    let path: String = place.path.iter().map(|member| format!(".{member}")).collect();
    format!("{}{path}", place.root)
}

fn list<T>(items: &[T], one: impl Fn(&T) -> String) -> String {
    items.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// `Name(x)`, `Name { a: x }`, `Name`
fn variant<T>(name: Name, fields: &[(Name, T)], one: impl Fn(&T) -> String) -> String {
    if fields.is_empty() {
        return name.to_owned();
    }
    if fields.iter().all(|(field, _)| field.parse::<usize>().is_ok()) {
        return format!("{name}({})", list(fields, |(_, value)| one(value)));
    }
    format!(
        "{name} {{ {} }}",
        list(fields, |(field, value)| format!("{field}: {}", one(value)))
    )
}

/// Where a `{` would begin a block: behind `match`, `for .. in`, `let .. =` in a condition, in front of a `.`.
fn guarded(text: String) -> String {
    if text.contains('{') { format!("({text})") } else { text }
}

fn expr(value: &Expr, depth: usize) -> String {
    let inner = |value: &Expr| expr(value, depth);
    match value {
        Expr::Place(at) => place(at),
        Expr::Same(same, value) => {
            let value = inner(value);
            match same {
                Same::Clone => format!("{value}.clone()"),
                Same::Reference => format!("&{value}"),
                Same::Paren => format!("({value})"),
                Same::StringFrom => format!("String::from({value})"),
                Same::Text => format!("{value}.as_str()"),
                Same::Argument => format!("same({value})"),
                Same::BoxNew => format!("Box::new({value})"),
            }
        }
        Expr::Literal(number) => format!("\"text{number}\""),
        Expr::Constant => "LIMIT".to_owned(),
        Expr::Opaque(opaque, _, arguments) => {
            let all = list(arguments, |argument| format!("&{}", inner(argument)));
            match (opaque, arguments.first()) {
                (Opaque::Method, Some(receiver)) => format!("{}.normal()", guarded(inner(receiver))),
                (Opaque::Macro, _) => format!("make!({all})"),
                _ => format!("any({all})"),
            }
        }
        Expr::Tuple(elements) => format!("({})", list(elements, inner)),
        Expr::Struct(name, fields, rest) => {
            let rest = rest
                .as_ref()
                .map_or_else(String::new, |rest| format!("..{}", place(rest)));
            let comma = if fields.is_empty() || rest.is_empty() { "" } else { ", " };
            let fields = list(fields, |(field, value)| format!("{field}: {}", inner(value)));
            format!("{name} {{ {fields}{comma}{rest} }}")
        }
        Expr::Variant(name, fields) => variant(name, fields, inner),
        Expr::If(all, then, otherwise) => {
            let text = format!("if {} {}", conditions(all, depth), nested(then, depth));
            match otherwise {
                Some(otherwise) => format!("{text} else {}", nested(otherwise, depth)),
                None => text,
            }
        }
        Expr::Block(None, block) => nested(block, depth),
        Expr::Block(Some(label), block) => format!("'l{label}: {}", nested(block, depth)),
        Expr::Match(value, arms) => {
            let arms: String = arms
                .iter()
                .map(|arm| {
                    let guard = arm.guard.as_ref();
                    let guard = guard.map_or_else(String::new, |stmts| format!(" if {}", does(stmts, depth + 1)));
                    format!(
                        "{}{guard} => {}\n{}",
                        pat(&arm.pat),
                        nested(&arm.body, depth + 1),
                        "    ".repeat(depth)
                    )
                })
                .collect();
            format!("match {} {{ {arms} }}", guarded(inner(value)))
        }
        Expr::Unwrap(value) => format!("{}.unwrap()", guarded(inner(value))),
        Expr::Once(block) => {
            let mut printed = nested(
                &Block {
                    stmts: block.stmts.clone(),
                    tail: None,
                },
                depth,
            );
            printed.pop();
            let value = block
                .tail
                .as_ref()
                .map_or_else(String::new, |tail| guarded(inner(tail)));
            format!("loop {printed}    break {value}; }}")
        }
        Expr::List(true, items) => format!("vec![{}]", list(items, inner)),
        Expr::List(false, items) => format!("[{}]", list(items, inner)),
        Expr::Words(value) => format!("words(&{})", inner(value)),
        Expr::Here(pstate) => format!("self.p{pstate}.keys()"),
    }
}

fn pat(pattern: &Pat) -> String {
    match pattern {
        Pat::Wild => "_".to_owned(),
        Pat::Name {
            name,
            mutable,
            by_ref,
            whole,
        } => {
            let by_ref = if *by_ref { "ref " } else { "" };
            let mutable = if *mutable { "mut " } else { "" };
            let whole = whole
                .as_ref()
                .map_or_else(String::new, |whole| format!(" @ {}", pat(whole)));
            format!("{by_ref}{mutable}{name}{whole}")
        }
        Pat::Tuple(elements) => format!(
            "({})",
            list(elements, |element| element
                .as_ref()
                .map_or_else(|| "..".to_owned(), pat))
        ),
        Pat::Struct(name, fields) => {
            let fields: String = fields
                .iter()
                .map(|(field, inner)| format!("{field}: {}, ", pat(inner)))
                .collect();
            format!("{name} {{ {fields}.. }}")
        }
        Pat::Variant(name, fields) => variant(name, fields, pat),
        Pat::Or(cases) => cases.iter().map(pat).collect::<Vec<_>>().join(" | "),
    }
}

fn target(to: &Target) -> String {
    match to {
        Target::Skip => "_".to_owned(),
        Target::Place(at) => place(at),
        Target::Tuple(elements) => format!(
            "({})",
            list(elements, |element| element
                .as_ref()
                .map_or_else(|| "..".to_owned(), target))
        ),
        Target::Slice(elements) => format!("[{}]", list(elements, target)),
        Target::Struct(name, fields) => {
            format!(
                "{name} {{ {}, .. }}",
                list(fields, |(field, inner)| format!("{field}: {}", target(inner)))
            )
        }
    }
}
