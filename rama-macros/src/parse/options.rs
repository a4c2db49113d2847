//! Options inside an attribute: `name`, or `name = value`, separated by commas.

use crate::diag::{Code, Diagnostics, choices};
use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, LitInt, Meta, Token};

/// One option.
#[derive(Debug)]
pub(crate) struct AttributeOption {
    pub(crate) name: Ident,
    pub(crate) value: Option<Expr>,
}

impl Parse for AttributeOption {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Some(input.parse()?)
        } else {
            None
        };
        Ok(AttributeOption { name, value })
    }
}

/// The options of `attribute`, and whether it parses; where it does not, that is reported, and there are none.
pub(crate) fn options(attribute: &Attribute, diagnostics: &mut Diagnostics) -> (Vec<AttributeOption>, bool) {
    match &attribute.meta {
        Meta::Path(_) => (Vec::new(), true),
        _ => match attribute.parse_args_with(Punctuated::<AttributeOption, Token![,]>::parse_terminated) {
            Ok(options) => (options.into_iter().collect(), true),
            Err(error) => {
                let message = format!("this attribute does not parse: {}", super::recover::said(&error));
                let help = "options are written `name` or `name = value`, with commas between them";
                diagnostics.error_at_with_help(Code::Syntax, error.span(), message, help);
                (Vec::new(), false)
            }
        },
    }
}

/// Reports an option that nobody knows, with those that are known.
pub(crate) fn unknown(option: &AttributeOption, attribute: &str, known: &[&str], diagnostics: &mut Diagnostics) {
    let name = &option.name;
    diagnostics.error_with_help(
        Code::Declaration,
        name,
        format!("unknown option `{name}` of `#[{attribute}]`"),
        choices(name, "options", known),
    );
}

/// Reports every option that is given twice.
pub(crate) fn duplicates(options: &[AttributeOption], diagnostics: &mut Diagnostics) {
    for (at, option) in options.iter().enumerate() {
        if options[..at].iter().any(|earlier| earlier.name == option.name) {
            diagnostics.error_with_help(
                Code::Declaration,
                &option.name,
                format!("option `{}` is given twice", option.name),
                "keep one of them",
            );
        }
    }
}

impl AttributeOption {
    /// The option's value, which must be there.
    pub(crate) fn required(&self, example: &str, diagnostics: &mut Diagnostics) -> Option<&Expr> {
        if self.value.is_none() {
            diagnostics.error_with_help(
                Code::Declaration,
                &self.name,
                format!("option `{}` needs a value", self.name),
                format!("write `{} = {example}`", self.name),
            );
        }
        self.value.as_ref()
    }

    /// Reports a value that should not be there.
    pub(crate) fn flag(&self, diagnostics: &mut Diagnostics) -> bool {
        if let Some(value) = &self.value {
            diagnostics.error_with_help(
                Code::Declaration,
                value,
                format!("option `{}` takes no value", self.name),
                format!("write just `{}`", self.name),
            );
        }
        true
    }

    /// The value as one of our words.
    pub(crate) fn word(&self, example: &str, diagnostics: &mut Diagnostics) -> Option<Ident> {
        let value = self.required(example, diagnostics)?;
        if let Expr::Path(path) = value
            && let Some(word) = path.path.get_ident()
        {
            return Some(word.clone());
        }
        diagnostics.error(
            Code::Declaration,
            value,
            format!("the value of `{0}` is a plain name: `{0} = {example}`", self.name),
        );
        None
    }

    /// The value as a whole number.
    pub(crate) fn number<N>(&self, example: &str, diagnostics: &mut Diagnostics) -> Option<N>
    where
        N: std::str::FromStr,
        N::Err: std::fmt::Display,
    {
        let value = self.required(example, diagnostics)?;
        if let Some(number) = whole_number(value)
            && let Ok(number) = number.base10_parse()
        {
            return Some(number);
        }
        diagnostics.error(
            Code::Declaration,
            value,
            format!("the value of `{0}` is a whole number: `{0} = {example}`", self.name),
        );
        None
    }

    /// The value as a span of time, in milliseconds: `"250ms"`, `"30s"`, `"5m"`, `"1h"`, `"7d"`.
    pub(crate) fn millis(&self, example: &str, diagnostics: &mut Diagnostics) -> Option<u64> {
        let value = self.required(example, diagnostics)?;
        if let Some(millis) = span_of_time(value) {
            return Some(millis);
        }
        diagnostics.error(
            Code::Declaration,
            value,
            format!(
                "the value of `{0}` is a span of time above zero, as in `{0} = {example}` (units: ms, s, m, h, d)",
                self.name
            ),
        );
        None
    }
}

/// A literal whole number; `7d` is none, though it looks like one to rustc.
pub(super) fn whole_number(value: &Expr) -> Option<&LitInt> {
    const TYPES: [&str; 13] = [
        "", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
    ];
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number), ..
        }) if TYPES.contains(&number.suffix()) => Some(number),
        _ => None,
    }
}

/// A literal span of time above zero, in milliseconds.
pub(super) fn span_of_time(value: &Expr) -> Option<u64> {
    let Expr::Lit(ExprLit {
        lit: Lit::Str(text), ..
    }) = value
    else {
        return None;
    };
    millis(&text.value()).filter(|&millis| millis > 0)
}

fn millis(text: &str) -> Option<u64> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn spans_of_time_have_a_number_and_a_unit() {
        assert_eq!(millis("250ms"), Some(250));
        assert_eq!(millis("30s"), Some(30_000));
        assert_eq!(millis("5 m"), Some(300_000));
        assert_eq!(millis("1h"), Some(3_600_000));
        assert_eq!(millis("7d"), Some(604_800_000));
        assert_eq!(millis("10"), None);
        assert_eq!(millis("s"), None);
        assert_eq!(millis("99999999999999999999h"), None);
    }
}
