//! Binding: the values of the variables of a pattern.

use super::Analysis;
use super::state::Variable;
use super::value::Value;
use crate::analyze::mentions::unraw;
use crate::analyze::patterns;
use syn::visit::{self, Visit};
use syn::{Expr, Member, Pat};

impl Analysis<'_> {
    /// Declares the variables of `pat`, matched against `value`.
    pub(super) fn bind(&mut self, pat: &Pat, value: Value) {
        match pat {
            Pat::Ident(ident) => {
                if let Some((_, inner)) = &ident.subpat {
                    self.bind(inner, value.clone());
                }
                // What is borrowed mutably is whatever it is made.
                let value = if ident.by_ref.is_some() && ident.mutability.is_some() {
                    self.computed(pat, "borrowed", &[&value])
                } else {
                    value
                };
                self.declare(unraw(&ident.ident), ident.mutability.is_some(), value);
            }
            Pat::Type(typed) => self.bind(&typed.pat, value),
            Pat::Paren(inner) => self.bind(&inner.pat, value),
            Pat::Reference(inner) => self.bind(&inner.pat, value),
            Pat::Guard(guard) => {
                self.bind(&guard.pat, value);
                self.value(&guard.guard);
            }
            Pat::Tuple(tuple) => self.bind_elements(tuple.elems.iter(), &value),
            Pat::TupleStruct(tuple) => self.bind_elements(tuple.elems.iter(), &value),
            Pat::Struct(fields) => {
                for field in &fields.fields {
                    let member = match &field.member {
                        Member::Named(name) => unraw(name),
                        Member::Unnamed(index) => index.index.to_string(),
                    };
                    self.bind(&field.pat, value.clone().field(&member));
                }
            }
            other => {
                // Alternatives and slices: each variable is something of the value.
                for (at, bound) in patterns::bound(other).into_iter().enumerate() {
                    let part = self.computed(pat, ("part", at), &[&value]);
                    self.declare(unraw(&bound.ident), bound.mutable, part);
                }
            }
        }
    }

    /// `ref mut`: what is matched, at `place`, can be changed by whoever has the variable.
    pub(super) fn lend(&mut self, pat: &Pat, place: &Expr, before: &Value) {
        struct Lends(bool);
        impl<'ast> Visit<'ast> for Lends {
            fn visit_pat_ident(&mut self, ident: &'ast syn::PatIdent) {
                self.0 |= ident.by_ref.is_some() && ident.mutability.is_some();
                visit::visit_pat_ident(self, ident);
            }
        }
        let mut lends = Lends(false);
        lends.visit_pat(pat);
        if lends.0 {
            let after = self.computed(pat, "lent", &[before]);
            self.overwrite(place, after);
        }
    }

    fn bind_elements<'p>(&mut self, elements: impl Iterator<Item = &'p Pat>, value: &Value) {
        let elements: Vec<&Pat> = elements.collect();
        let rest = elements.iter().position(|pat| matches!(pat, Pat::Rest(_)));
        for (at, pat) in elements.iter().enumerate() {
            // Behind a `..` positions count from an end that is not known.
            let part = match rest {
                Some(rest) if at > rest => self.computed(*pat, "part", &[value]),
                _ => value.clone().field(&at.to_string()),
            };
            self.bind(pat, part);
        }
    }

    fn declare(&mut self, name: String, mutable: bool, value: Value) {
        self.state.variables.push(Variable { name, mutable, value });
    }
}
