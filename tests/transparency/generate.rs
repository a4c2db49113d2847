//! Generates the bodies of the hop transparency test: each once as a topology, once as a plain function without its hops.
//!
//! `RAMA_BODIES` sets how many (default 48), `RAMA_SEED` from which seed on (default 1).

use std::fmt::Write as _;

fn main() {
    println!("cargo::rerun-if-changed=transparency/generate.rs");
    println!("cargo::rerun-if-env-changed=RAMA_BODIES");
    println!("cargo::rerun-if-env-changed=RAMA_SEED");
    let setting = |name: &str, otherwise: u64| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let (bodies, seed) = (setting("RAMA_BODIES", 48), setting("RAMA_SEED", 1));
    let code = generate(bodies, seed);
    let folder = std::env::var("OUT_DIR").unwrap_or_default();
    if let Err(error) = std::fs::write(format!("{folder}/bodies.rs"), code) {
        println!("cargo::error=cannot write the generated bodies: {error}");
    }
}

/// Bodies a module.
const PER_MODULE: u64 = 8;

fn generate(bodies: u64, seed: u64) -> String {
    let mut code = String::new();
    let modules = bodies.div_ceil(PER_MODULE);
    let _ = writeln!(code, "pub const BODIES: usize = {};", modules * PER_MODULE);
    let _ = writeln!(
        code,
        "#[macro_export] macro_rules! each_module {{ ($m:ident) => {{ {} }} }}",
        (0..modules).map(|m| format!("$m!(m{m});")).collect::<String>()
    );
    for module in 0..modules {
        let programs: Vec<Program> = (0..PER_MODULE)
            .map(|body| Program::new(seed + module * PER_MODULE + body))
            .collect();
        let _ = writeln!(
            code,
            "pub mod m{module} {{ #![allow(warnings, clippy::all)] use super::*;"
        );
        code.push_str("#[module] pub struct Bodies {");
        for body in 0..PER_MODULE {
            let _ = write!(code, "#[depot(random)] d{body}: Depot<u64>,");
        }
        code.push_str("}\ntopology! { impl Bodies {\n");
        for (body, program) in programs.iter().enumerate() {
            let _ = writeln!(
                code,
                "#[stream(source = d{body}, max_retries = 0, on_failure = skip)] async fn t{body}(&mut self, n: u64) -> u64 {{ {} }}",
                program.hopping
            );
        }
        code.push_str("} }\n");
        for (body, program) in programs.iter().enumerate() {
            let _ = writeln!(
                code,
                "pub fn erased{body}(n: u64) -> std::result::Result<u64, Refused> {{ let value: u64 = (|| -> std::result::Result<u64, Refused> {{ {} }})()?; Ok(value) }}",
                program.erased
            );
        }
        let arms: String = (0..PER_MODULE)
            .map(|body| format!("{body} => (app.d{body}().append(n).await, erased{body}(n)),"))
            .collect();
        let _ = writeln!(
            code,
            "pub async fn run(app: &BodiesClient, body: u64, n: u64) -> (rama_runtime::Result<u64>, std::result::Result<u64, Refused>) {{ match body {{ {arms} _ => unreachable!() }} }}"
        );
        let _ = writeln!(
            code,
            "pub const HOPS: usize = {};",
            programs.iter().map(|program| program.hops).sum::<usize>()
        );
        code.push_str("}\n");
    }
    let _ = writeln!(
        code,
        "pub const HOPS: usize = {};",
        (0..modules)
            .map(|m| format!("m{m}::HOPS"))
            .collect::<Vec<_>>()
            .join(" + ")
    );
    code
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Number,
    Text,
    List,
    /// A `&str`.
    Borrowed,
}

#[derive(Clone)]
struct Variable {
    name: String,
    kind: Kind,
    mutable: bool,
}

struct Program {
    hopping: String,
    erased: String,
    hops: usize,
}

struct Writer {
    random: u64,
    /// The text with hops, and without.
    hopping: String,
    erased: String,
    scope: Vec<Variable>,
    loops: Vec<usize>,
    labels: usize,
    budget: usize,
    hops: usize,
}

impl Program {
    fn new(seed: u64) -> Program {
        let mut writer = Writer {
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            hopping: String::new(),
            erased: String::new(),
            scope: vec![Variable {
                name: "n".into(),
                kind: Kind::Number,
                mutable: false,
            }],
            loops: Vec::new(),
            labels: 0,
            budget: 42,
            hops: 0,
        };
        writer.both("let mut trace: Vec<u64> = Vec::new(); let mut steps = 0u64;");
        writer.statements(0);
        writer.both("fold(&trace)");
        writer.returning("fold(&trace)");
        Program {
            hopping: writer.hopping,
            erased: writer.erased,
            hops: writer.hops,
        }
    }
}

impl Writer {
    fn below(&mut self, bound: u64) -> u64 {
        // xorshift64*
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }

    fn both(&mut self, text: &str) {
        self.hopping.push_str(text);
        self.erased.push_str(text);
    }

    /// The plain function's last value is a `Result`.
    fn returning(&mut self, value: &str) {
        let end = self.erased.len() - value.len();
        self.erased.truncate(end);
        let _ = write!(self.erased, "Ok({value})");
    }

    fn pick(&mut self, kind: Kind, mutable: bool) -> Option<String> {
        let fitting: Vec<String> = visible(&self.scope)
            .into_iter()
            .filter(|variable| variable.kind == kind && (variable.mutable || !mutable))
            .map(|variable| variable.name.clone())
            .collect();
        if fitting.is_empty() {
            return None;
        }
        let at = self.below(fitting.len() as u64) as usize;
        Some(fitting[at].clone())
    }

    /// A number, of variables and constants.
    fn number(&mut self) -> String {
        let variable = self.pick(Kind::Number, false);
        match (self.below(7), variable) {
            (0 | 1, Some(name)) => name,
            (2, Some(name)) => format!("mix({name}, {})", self.below(100)),
            (3, Some(name)) => {
                let other = self.pick(Kind::Number, false).unwrap_or_default();
                format!("mix({name}, {other})")
            }
            (4, _) => match self.pick(Kind::Text, false) {
                Some(text) => format!("({text}.len() as u64)"),
                None => format!("{}", self.below(50)),
            },
            (5, _) => match self.pick(Kind::List, false) {
                Some(list) => format!("fold(&{list})"),
                None => format!("{}", self.below(50)),
            },
            (6, _) => match self.pick(Kind::Borrowed, false) {
                Some(text) => format!("letters({text})"),
                None => format!("{}", self.below(50)),
            },
            (_, _) => format!("{}", self.below(50)),
        }
    }

    /// A number that is awaited where there are hops.
    fn awaited(&mut self) -> (String, String) {
        self.hops += 1;
        let value = self.number();
        match self.below(3) {
            0 => (
                format!("{{ let v = {value}; external(async move {{ v }}).await }}"),
                value,
            ),
            1 => (format!("{{ let v = {value}; hash_partition(&v).await; v }}"), value),
            _ => (
                format!("self.through({value}).await")
                    .replace("self.through", "external(later")
                    .replace(").await", ")).await"),
                value,
            ),
        }
    }

    /// `text` with `@` in place of an expression that is awaited in one of the two.
    fn with_await(&mut self, text: &str) {
        let (hopping, erased) = self.awaited();
        self.hopping.push_str(&text.replace('@', &hopping));
        self.erased.push_str(&text.replace('@', &erased));
    }

    fn hop(&mut self) {
        self.hops += 1;
        let value = self.number();
        let hop = match self.below(7) {
            0 | 1 => format!("hash_partition(&{value}).await;"),
            2 => "global_partition().await;".into(),
            3 => "shuffle_partition().await;".into(),
            4 => format!("direct_partition(({value} % 4) as usize).await;"),
            5 => "yield_if_overtime().await;".into(),
            _ => format!("{{ let wanted = {value}; custom_partition(|tasks| wanted as usize % tasks).await; }}"),
        };
        self.hopping.push_str(&hop);
    }

    fn name(&mut self) -> String {
        let names = ["a", "b", "c", "d", "e"];
        names[self.below(5) as usize].to_owned()
    }

    fn declare(&mut self, name: &str, kind: Kind, mutable: bool) {
        self.scope.push(Variable {
            name: name.to_owned(),
            kind,
            mutable,
        });
    }

    /// Statements in braces.
    fn block(&mut self, depth: usize) {
        self.both("{");
        self.statements(depth);
        self.both("}");
    }

    fn statements(&mut self, depth: usize) {
        let outside = self.scope.len();
        for _ in 0..2 + self.below(5) {
            if self.budget == 0 {
                break;
            }
            self.budget -= 1;
            self.statement(depth);
        }
        self.scope.truncate(outside);
    }

    fn statement(&mut self, depth: usize) {
        // Deep in, only straight lines.
        let choice = if depth >= 4 { self.below(10) } else { self.below(29) };
        match choice {
            0 | 1 => self.hop(),
            2 => {
                let value = self.number();
                self.both(&format!("trace.push({value});"));
            }
            3 => {
                let (name, value, mutable) = (self.name(), self.number(), self.below(2) == 0);
                self.both(&format!(
                    "let {}{name}: u64 = {value};",
                    if mutable { "mut " } else { "" }
                ));
                self.declare(&name, Kind::Number, mutable);
            }
            4 => {
                let name = self.name();
                self.with_await(&format!("let {name} = @;"));
                self.declare(&name, Kind::Number, false);
            }
            5 => match self.pick(Kind::Number, true) {
                Some(name) => {
                    let value = self.number();
                    match self.below(3) {
                        0 => self.both(&format!("{name} = {value};")),
                        1 => self.both(&format!("{name} = {name}.wrapping_add({value});")),
                        _ => self.with_await(&format!("{name} = @;")),
                    }
                }
                None => self.hop(),
            },
            6 => {
                let (name, number) = (self.name(), self.pick(Kind::Number, false).unwrap_or_default());
                self.both(&format!("let {name} = format!(\"{{{number}}}-{{}}\", {number} % 7);"));
                self.declare(&name, Kind::Text, false);
            }
            7 => {
                let (name, first) = (self.name(), self.number());
                self.both(&format!("let mut {name} = vec![{first}];"));
                self.declare(&name, Kind::List, true);
                self.with_await(&format!("{name}.push(@);"));
            }
            8 => {
                let (first, last) = (self.number(), self.number());
                self.with_await(&format!("trace.push(three({first}, @, {last}));"));
            }
            9 => {
                let name = self.name();
                // Declared first, as the closure's parameter hides what had the name.
                self.declare(&name, Kind::Number, false);
                let number = self.number();
                self.both(&format!(
                    "let {name} = {{ let add = |{name}: u64| mix({name}, {number}); add(3) }};"
                ));
            }
            10 | 11 => self.conditional(depth),
            12 => {
                let (name, value) = (self.name(), self.number());
                self.both(&format!("if let Some({name}) = some({value})"));
                self.declare(&name, Kind::Number, false);
                self.with_await(" && @ % 2 == 0");
                self.block(depth + 1);
                self.scope.pop();
                self.both(" else ");
                self.block(depth + 1);
            }
            13 => self.choice(depth),
            14 | 15 => self.for_loop(depth),
            16 => self.while_loop(depth),
            17 => self.loop_value(depth),
            23 | 24 => self.ways(depth),
            18 => {
                let (name, value) = (self.name(), self.number());
                let (hopping, erased) = self.awaited();
                let _ = write!(
                    self.hopping,
                    "let Some({name}) = some({hopping}) else {{ trace.push({value}); return fold(&trace); }};"
                );
                let _ = write!(
                    self.erased,
                    "let Some({name}) = some({erased}) else {{ trace.push({value}); return Ok(fold(&trace)); }};"
                );
                self.declare(&name, Kind::Number, false);
            }
            19 => {
                let value = self.number();
                self.both(&format!("trace.push(refuse({value})?);"));
            }
            20 => {
                // Declared here, assigned behind a hop on every way.
                self.labels += 1;
                let name = format!("late{}", self.labels);
                let (condition, first, second) = (self.number(), self.number(), self.number());
                self.both(&format!("let {name};"));
                self.hop();
                self.both(&format!(
                    "if {condition} % 2 == 0 {{ {name} = mix({first}, 1); }} else {{"
                ));
                self.hop();
                self.both(&format!("{name} = mix({second}, 2); }}"));
                self.declare(&name, Kind::Number, false);
            }
            21 => {
                // The type of the variable is said before the hop only.
                self.labels += 1;
                let (small, value) = (format!("s{}", self.labels), self.number());
                self.both(&format!(
                    "let mut {small} = ({value} % 250) as u8; trace.push({small} as u64);"
                ));
                self.hop();
                self.both(&format!("{small} = !0; trace.push({small} as u64);"));
            }
            22 => {
                let (name, value) = (self.name(), self.number());
                self.both(&format!("let {name} = {{ let mut f = 1.0f32; trace.push(f as u64);"));
                self.hop();
                self.both(&format!("f = 0.1; ((f as f64) * 1e9) as u64 % 1000 + {value} % 3 }};"));
                self.declare(&name, Kind::Number, false);
            }
            25 => {
                let (name, value, mutable) = (self.name(), self.number(), self.below(2) == 0);
                let mutability = if mutable { "mut " } else { "" };
                self.both(&format!("let {mutability}{name}: &str = "));
                if self.below(3) == 0 {
                    self.hops += 1;
                    let _ = write!(
                        self.hopping,
                        "{{ let v = {value}; external(async move {{ lend(v) }}).await }};"
                    );
                    let _ = write!(self.erased, "lend({value});");
                } else {
                    self.both(&format!("lend({value});"));
                }
                self.declare(&name, Kind::Borrowed, mutable);
            }
            26 => match self.pick(Kind::Borrowed, true) {
                Some(name) => {
                    let value = self.number();
                    match self.below(2) {
                        0 => self.both(&format!("{name} = lend({value});")),
                        _ => self.both(&format!("{name} = &{name}[{name}.len() / 2..];")),
                    }
                }
                None => self.hop(),
            },
            27 => {
                // As 20, borrowed.
                self.labels += 1;
                let name = format!("borrowed{}", self.labels);
                let (condition, first, second) = (self.number(), self.number(), self.number());
                self.both(&format!("let {name}: &str;"));
                self.hop();
                self.both(&format!(
                    "if {condition} % 2 == 0 {{ {name} = lend({first}); }} else {{"
                ));
                self.hop();
                self.both(&format!("{name} = lend({second}); }}"));
                self.declare(&name, Kind::Borrowed, false);
            }
            _ => {
                let value = self.number();
                let _ = write!(
                    self.hopping,
                    "if {value} % 13 == 5 {{ return mix(fold(&trace), {value}); }}"
                );
                let _ = write!(
                    self.erased,
                    "if {value} % 13 == 5 {{ return Ok(mix(fold(&trace), {value})); }}"
                );
            }
        }
    }

    fn conditional(&mut self, depth: usize) {
        if self.below(2) == 0 {
            self.with_await("if @ % 3 == 1");
        } else {
            let value = self.number();
            self.both(&format!("if {value} % 3 == 1"));
        }
        self.block(depth + 1);
        match self.below(3) {
            0 => {
                self.both(" else ");
                self.block(depth + 1);
            }
            1 => {
                self.with_await(" else if @ % 2 == 0");
                self.block(depth + 1);
            }
            _ => {}
        }
    }

    /// Statements in a row that hop on some of their ways: behind each, the compiler may cut the body.
    fn ways(&mut self, depth: usize) {
        for _ in 0..3 + self.below(4) {
            let value = self.number();
            match self.below(6) {
                0 => {
                    self.both(&format!("match {value} % 3 {{ 0 => {{"));
                    self.hop();
                    self.both("} 1 => { steps += 1; ");
                    self.jump();
                    self.hop();
                    self.both("} _ => {} }");
                }
                1 => {
                    let name = self.name();
                    self.with_await(&format!("let {name} = if {value} % 2 == 0 {{ @ }} else {{ {value} }};"));
                    self.declare(&name, Kind::Number, false);
                }
                2 => {
                    // Moved away on one way only, and overwritten before it is used.
                    self.labels += 1;
                    let text = format!("m{}", self.labels);
                    self.both(&format!(
                        "let mut {text} = format!(\"{{}}\", {value}); if {value} % 2 == 0 {{"
                    ));
                    self.hop();
                    self.both(&format!(
                        "}} else {{ let gone = {text}; trace.push(gone.len() as u64); }} for _ in 0..1 {{ {text} = String::new(); trace.push({text}.len() as u64); }}"
                    ));
                }
                3 if depth < 3 => self.for_loop(depth + 1),
                4 => {
                    self.labels += 1;
                    let label = format!("'w{}", self.labels);
                    let other = self.number();
                    self.both(&format!("{label}: {{ if {value} % 3 == 0 {{ break {label}; }}"));
                    self.hop();
                    self.both(&format!("trace.push({other}); }}"));
                }
                _ => {
                    self.both(&format!("if {value} % 3 != 1 {{"));
                    self.hop();
                    let other = self.number();
                    self.both(&format!("trace.push({other}); }}"));
                }
            }
        }
    }

    fn choice(&mut self, depth: usize) {
        let (name, value, bound) = (self.name(), self.number(), format!("g{depth}"));
        self.with_await(&format!("let {name} = match @ % 4 {{ 0 => {{"));
        self.block(depth + 1);
        self.with_await("@ }");
        self.both(&format!(" {bound} if {bound} == {value} % 4 => {{"));
        self.declare(&bound, Kind::Number, false);
        self.block(depth + 1);
        self.both(&format!("{bound} }} 1 | 2 => {{"));
        self.scope.pop();
        self.block(depth + 1);
        self.both(&format!("{value} }} _ => {{ trace.push(9); 7 }} }};"));
        self.declare(&name, Kind::Number, false);
    }

    /// `break` or `continue`, perhaps of an outer loop.
    fn jump(&mut self) {
        if self.loops.is_empty() {
            return;
        }
        let (value, at) = (self.number(), self.below(self.loops.len() as u64) as usize);
        let word = if self.below(2) == 0 { "break" } else { "continue" };
        let label = if at + 1 == self.loops.len() && self.below(2) == 0 {
            String::new()
        } else {
            format!(" 'l{}", self.loops[at])
        };
        self.both(&format!("if {value} % 5 == 2 {{ {word}{label}; }}"));
    }

    fn looped(&mut self, depth: usize) {
        // Whatever is broken or continued, a body ends.
        self.both("steps += 1; if steps > 60 { break; }");
        self.block(depth + 1);
        self.jump();
        self.block(depth + 1);
    }

    fn for_loop(&mut self, depth: usize) {
        self.labels += 1;
        let (label, name) = (self.labels, self.name());
        let list = self.pick(Kind::List, false);
        match list {
            Some(list) if self.below(2) == 0 => self.both(&format!("'l{label}: for {name} in {list}.clone() {{")),
            _ => {
                let value = self.number();
                self.both(&format!("'l{label}: for {name} in 0..({value} % 4) {{"));
            }
        }
        self.loops.push(label);
        self.declare(&name, Kind::Number, false);
        self.looped(depth);
        self.scope.pop();
        self.loops.pop();
        self.both("}");
    }

    fn while_loop(&mut self, depth: usize) {
        self.labels += 1;
        let (label, counter) = (self.labels, format!("w{}", self.labels));
        let value = self.number();
        self.both(&format!("let mut {counter} = {value} % 4;"));
        if self.below(2) == 0 {
            self.both(&format!("'l{label}: while {counter} > 0 {{ {counter} -= 1;"));
        } else {
            self.with_await(&format!(
                "'l{label}: while {counter} > 0 && @ % 5 != 4 {{ {counter} -= 1;"
            ));
        }
        self.loops.push(label);
        self.looped(depth);
        self.loops.pop();
        self.both("}");
    }

    fn loop_value(&mut self, depth: usize) {
        self.labels += 1;
        let (label, name) = (self.labels, self.name());
        self.both(&format!(
            "let {name} = 'l{label}: loop {{ steps += 1; if steps > 60 {{ break 1; }}"
        ));
        // Plain jumps of its own only: a `break` without a value does not fit.
        let outer = std::mem::take(&mut self.loops);
        self.block(depth + 1);
        let value = self.number();
        self.both(&format!("if {value} % 2 == 0 {{ continue 'l{label}; }}"));
        self.with_await(&format!("break 'l{label} @; }};"));
        self.loops = outer;
        self.declare(&name, Kind::Number, false);
    }
}

/// The innermost variable of each name.
fn visible(scope: &[Variable]) -> Vec<&Variable> {
    let mut found: Vec<&Variable> = Vec::new();
    for variable in scope.iter().rev() {
        if !found.iter().any(|other| other.name == variable.name) {
            found.push(variable);
        }
    }
    found
}
