//! Not an operation of the language: the body goes on in another segment, in the same event.

use super::{Emitted, Operation, Site};
use proc_macro2::TokenStream;

/// A cut behind a join ([`crate::analyze::joins`]).
pub(crate) struct Jump;

impl Operation for Jump {
    fn name(&self) -> &'static str {
        "jump"
    }

    fn usage(&self) -> &'static str {
        ""
    }

    fn arity(&self) -> usize {
        0
    }

    fn ends_event(&self) -> bool {
        false
    }

    fn emit(&self, _arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        Emitted::jump((site.next)(None, false))
    }
}
