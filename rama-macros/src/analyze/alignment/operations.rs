//! What each awaited operation does to the place where the computation is.

use super::Analysis;
use super::place::{Here, Place, Verdict, Wanted, judge};
use super::value::{Kind, Value};
use crate::ir::AwaitId;
use crate::model::{DepotDecl, PStateDecl, Partitioner, text};
use crate::ops::{appended, first_key};
use syn::Expr;

impl Here {
    pub(super) fn unknown(because: &str) -> Self {
        Here {
            place: Place::Unknown,
            text: String::new(),
            because: because.to_owned(),
        }
    }
}

impl Analysis<'_> {
    /// Where a record of `depot` starts. `trusted`: no topology appends records to it from elsewhere.
    pub(super) fn start(&mut self, depot: &DepotDecl, record: &Value, trusted: bool) -> Here {
        let name = &depot.ident;
        if !trusted {
            let why = format!("where a topology appended the record of depot `{name}`");
            return Here::unknown(&why);
        }
        match &depot.partitioner {
            Partitioner::Random => Here {
                place: Place::Anywhere,
                text: "any task".to_owned(),
                because: format!("on any task, as depot `{name}` is `random`"),
            },
            Partitioner::Global | Partitioner::Tick { .. } => Here {
                place: Place::Task(0),
                text: "task 0".to_owned(),
                because: format!("on task 0, where depot `{name}` is"),
            },
            Partitioner::HashBy(function) => {
                let value = self.applied(function, record.clone());
                let code = crate::model::function_text(function);
                let key = code.rsplit_once('|').map_or(code.as_str(), |(_, body)| body.trim());
                let key = key.trim_start_matches('&');
                Here {
                    place: Place::Keyed(value),
                    text: format!("`{key}`"),
                    because: format!("partitioned by `{key}`, the `hash_by` of depot `{name}`"),
                }
            }
            Partitioner::Disallow => Here::unknown(&format!("where a topology appended the record of depot `{name}`")),
            Partitioner::Custom(path) => Here::unknown(&format!("partitioned by `{}`", text(path))),
        }
    }

    /// One await: its arguments, the hop, and the value that it yields.
    pub(super) fn awaited(&mut self, point: AwaitId) -> Value {
        let body = self.body;
        let call = &body.awaits[point].call;
        let operation = call.operation.name();
        let argument = call.arguments.first();
        let mut yields = Value::Tuple(Vec::new());
        match (operation, argument) {
            ("hash_partition", Some(key)) => {
                let value = self.value(key);
                self.keyed(value, key);
            }
            ("path_partition", Some(path)) => self.path_partition(path),
            ("global_partition", _) => self.on_task(0, "`global_partition`"),
            ("direct_partition", Some(task)) => {
                let value = self.value(task);
                match literal(&value) {
                    Some(task) => self.on_task(task, "`direct_partition`"),
                    None => self.state.here = vec![Here::unknown("on the task of a `direct_partition`")],
                }
            }
            ("shuffle_partition", _) => self.go(
                Place::Anywhere,
                "any task".to_owned(),
                "on any task, by `shuffle_partition`".to_owned(),
            ),
            ("all_partition", _) => self.go(
                Place::Every,
                "every task".to_owned(),
                "on every task, by `all_partition`".to_owned(),
            ),
            ("custom_partition", Some(function)) => {
                self.value(function);
                self.state.here = vec![Here::unknown("on the task of a `custom_partition`")];
            }
            ("explode", Some(items)) => {
                let items = self.value(items);
                yields = self.item(call, &items);
            }
            ("append", Some(append)) => self.append(append),
            ("external", Some(future)) => {
                self.in_future = true;
                self.value(future);
                self.in_future = false;
                // It may have been given keys that live here.
                yields = self.origin(call, "external", Kind::FromHere);
            }
            (_, Some(other)) => {
                self.value(other);
            }
            (_, None) => {}
        }
        self.arrived(point);
        yields
    }

    /// Notes where the computation goes on behind an await.
    pub(super) fn arrived(&mut self, point: AwaitId) {
        if self.state.reachable {
            self.arrivals[point] = words(&self.state.here);
        }
    }

    fn keyed(&mut self, value: Value, key: &Expr) {
        let code = key_text(key);
        self.go(
            Place::Keyed(value),
            format!("`{code}`"),
            format!("partitioned by `{code}`"),
        );
    }

    fn on_task(&mut self, task: u32, by: &str) {
        self.go(
            Place::Task(task),
            format!("task {task}"),
            format!("on task {task}, by {by}"),
        );
    }

    fn path_partition(&mut self, path: &Expr) {
        let module = self.module;
        let Some((field, key)) = first_key(path) else {
            return;
        };
        let value = self.value(key);
        let Some(pstate) = module.pstates.iter().find(|pstate| pstate.ident == field) else {
            self.state.here = vec![Here::unknown("on the task of a `path_partition`")];
            return;
        };
        let pstate: &PStateDecl = pstate;
        if pstate.global {
            self.on_task(0, "`path_partition`");
            return;
        }
        let value = self.owner_of(pstate, value);
        let code = key_text(key);
        self.go(
            Place::Keyed(value),
            format!("`{code}`"),
            format!("partitioned by `{code}`, as PState `{field}` is"),
        );
    }

    /// `self.depot.append(record)`: the record stays on this task, whatever the depot's partitioner.
    fn append(&mut self, append: &Expr) {
        let module = self.module;
        let Some((depot, Some(record))) = appended(append, module) else {
            self.value(append);
            return;
        };
        let record = self.value(record);
        self.acknowledgement(append);
        let wanted = match &module.depots[depot].partitioner {
            Partitioner::HashBy(function) => Some(Wanted::OwnerOf(self.applied(function, record))),
            Partitioner::Global => Some(Wanted::Global),
            _ => None,
        };
        let aligned = wanted.is_some_and(|wanted| judge(&self.state.here, &wanted) == Verdict::Aligned);
        self.appends.push((depot, aligned));
    }

    /// What is behind the record in `.append(record).ack(..)`.
    fn acknowledgement(&mut self, append: &Expr) {
        if let Expr::MethodCall(call) = append
            && call.method == "ack"
        {
            self.acknowledgement(&call.receiver);
            for argument in &call.args {
                self.value(argument);
            }
        }
    }
}

/// The ways that lead somewhere, in words.
pub(super) fn words(here: &[Here]) -> String {
    let mut texts: Vec<&str> = Vec::new();
    for here in here {
        let text = if here.text.is_empty() { "unknown" } else { &here.text };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join(" or ")
}

/// A key as the user would call it.
pub(super) fn key_text(key: &Expr) -> String {
    match key {
        Expr::Reference(reference) => key_text(&reference.expr),
        Expr::Paren(inner) => key_text(&inner.expr),
        other => text(other),
    }
}

fn literal(value: &Value) -> Option<u32> {
    let (Value::Literal(text) | Value::Number(text, _)) = value else {
        return None;
    };
    match syn::parse_str::<syn::Lit>(text) {
        Ok(syn::Lit::Int(number)) => number.base10_parse().ok(),
        _ => None,
    }
}
