//! Damage to tokens.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The tokens of `text`, with places in it; `None` where damage left what is no token, as a quote without its name.
pub(super) fn located(text: &str) -> Option<TokenStream> {
    text.parse().ok()
}

fn with(group: &Group, tokens: TokenStream) -> TokenTree {
    TokenTree::Group(Group::new(group.delimiter(), tokens))
}

/// The tokens without each one of them, at any depth.
pub(super) fn without_each(tokens: TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut all = Vec::new();
    for at in 0..tokens.len() {
        let mut without = tokens.clone();
        without.remove(at);
        all.push(without.into_iter().collect());
        if let TokenTree::Group(group) = &tokens[at] {
            for inner in without_each(group.stream()) {
                let mut changed = tokens.clone();
                changed[at] = with(group, inner);
                all.push(changed.into_iter().collect());
            }
        }
    }
    all
}

/// The tokens up to each one of them, at any depth: half typed, with the delimiters that an editor closes.
pub(super) fn cut_at_each(tokens: TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut all = Vec::new();
    for at in 0..tokens.len() {
        all.push(tokens[..at].iter().cloned().collect());
        if let TokenTree::Group(group) = &tokens[at] {
            for inner in cut_at_each(group.stream()) {
                let mut front = tokens[..at].to_vec();
                front.push(with(group, inner));
                all.push(front.into_iter().collect());
            }
        }
    }
    all
}

/// What is put in place of tokens.
const STRANGE: &[&str] = &[
    ";",
    ",",
    ".",
    "..",
    "=>",
    "->",
    "::",
    "=",
    "?",
    "!",
    "|",
    "&",
    "&mut",
    "#",
    "'a",
    "'a:",
    "_",
    "0",
    "1.5",
    "\"text\"",
    "b'x'",
    "r#\"raw\"#",
    "let",
    "if",
    "else",
    "match x",
    "loop",
    "for x in",
    "return",
    "break 'a",
    "continue",
    "await",
    ".await",
    "async",
    "move",
    "fn",
    "fn f",
    "impl",
    "where",
    "dyn",
    "self",
    "Self",
    "self.",
    "self.counts.",
    "self.counts.key(&x).",
    "fork(async { x })",
    "explode(x).await",
    "self.deliver(1).await",
    "self.deliver(record, 2).await",
    "macro_rules! m { () => {} }",
    "println!(\"{x}\", return)",
    "#[cfg(x)]",
    "#[unknown]",
    "#[stream]",
    "#[stream(source = nowhere, unknown = 3)]",
    "#[stream(source)]",
    "#[query]",
    "#[depot]",
    "#[depot(strange = 1)]",
    "#[pstate(owner)]",
    "()",
    "[]",
    "{}",
    "{ let }",
    "( a, )",
    "<T>",
    "const { 1 }",
    "unsafe {}",
    "union",
    "r#type",
    "é",
    "/// doc\n",
    "//! inner\n",
    "let Some(x) = y else { z };",
    "struct S;",
    "use a::b;",
    "x = y = z",
    "|a, b| a.await",
    "async move {}",
    "static X: u64 = 1;",
    "break",
    "99999999999999999999999",
    "tick = \"0s\"",
];

/// A seeded source of damage.
pub(super) struct Mutator {
    state: u64,
}

impl Mutator {
    pub(super) fn new(seed: u64) -> Self {
        Mutator {
            state: seed.wrapping_mul(2).wrapping_add(1),
        }
    }

    /// A number below `bound` (SplitMix64).
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % bound.max(1) as u64).unwrap_or(0)
    }

    /// The tokens with one to four pieces of damage.
    pub(super) fn damaged(&mut self, mut tokens: TokenStream) -> TokenStream {
        for _ in 0..=self.below(4) {
            let size = count(&tokens);
            let at = self.below(size);
            tokens = self.at(tokens, at);
        }
        tokens
    }

    /// Damage in the list that token number `at` is in.
    fn at(&mut self, tokens: TokenStream, mut at: usize) -> TokenStream {
        let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for place in 0..tokens.len() {
            if at == 0 {
                self.damage(&mut tokens, place);
                break;
            }
            at -= 1;
            if let TokenTree::Group(group) = &tokens[place] {
                let inside = count(&group.stream());
                if at < inside {
                    let inner = self.at(group.stream(), at);
                    tokens[place] = with(group, inner);
                    break;
                }
                at -= inside;
            }
        }
        tokens.into_iter().collect()
    }

    fn damage(&mut self, tokens: &mut Vec<TokenTree>, place: usize) {
        let other = self.below(tokens.len());
        let (from, to) = (place.min(other), place.max(other) + 1);
        match self.below(10) {
            0 => drop(tokens.remove(place)),
            1 => drop(tokens.drain(from..to)),
            2 => tokens.insert(other, tokens[place].clone()),
            3 => {
                let range = tokens[from..to].to_vec();
                tokens.splice(place..place, range);
            }
            4 => tokens.swap(place, other),
            5 => tokens.truncate(place),
            6 => {
                let strange = self.strange();
                tokens.splice(place..=place, strange);
            }
            7 => {
                let strange = self.strange();
                tokens.splice(place..place, strange);
            }
            // A range gets delimiters, of any kind; or a group loses its own.
            8 => {
                let range: TokenStream = tokens.drain(from..to).collect();
                let delimiter = [Delimiter::Brace, Delimiter::Parenthesis, Delimiter::Bracket][self.below(3)];
                tokens.insert(from, TokenTree::Group(Group::new(delimiter, range)));
            }
            _ => {
                if let TokenTree::Group(group) = &tokens[place] {
                    let inner = group.stream();
                    tokens.splice(place..=place, inner);
                } else {
                    tokens.swap(from, to - 1);
                }
            }
        }
    }

    fn strange(&mut self) -> TokenStream {
        located(STRANGE[self.below(STRANGE.len())]).unwrap_or_default()
    }
}

fn count(tokens: &TokenStream) -> usize {
    let inside = |token: TokenTree| match token {
        TokenTree::Group(group) => 1 + count(&group.stream()),
        _ => 1,
    };
    tokens.clone().into_iter().map(inside).sum()
}
