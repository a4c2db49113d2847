//! Not an operation of the language: the cut that stands in front of each `external`.

use super::{Call, Emitted, Operation, Site};
use proc_macro2::{Span, TokenStream};
use quote::quote;

/// The event ends, and the next one makes the future. So what the body did before is done, and what stands in this cut's scope is
/// enough to make the future: it is stored while the future runs, and made again from it after a crash.
pub(crate) struct BeforeExternal;

impl Operation for BeforeExternal {
    fn name(&self) -> &'static str {
        "before_external"
    }

    fn usage(&self) -> &'static str {
        ""
    }

    fn arity(&self) -> usize {
        0
    }

    fn emit(&self, _arguments: &[TokenStream], site: &Site<'_>) -> Emitted {
        let next = (site.next)(None, false);
        let private = crate::names::private();
        Emitted::hop(TokenStream::new(), quote!(#private::Route::Here), next)
    }
}

/// The cut in front of the `external` at `span`.
pub(crate) fn before_external(span: Span) -> Call {
    Call {
        operation: &BeforeExternal,
        arguments: Vec::new(),
        span,
    }
}
