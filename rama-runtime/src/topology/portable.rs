//! What may travel between tasks.

use super::arena::{Leaves, leaf};
use serde::{Serialize, de::DeserializeOwned};

/// A hop could not be encoded or decoded.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// A value does not serialise, or the bytes are not its encoding.
    #[error("a hop's value cannot be encoded or decoded")]
    Value(#[from] postcard::Error),
    /// The bytes name a resumption point that this topology does not have.
    #[error("resumption point {0} does not exist in this topology")]
    UnknownHop(u32),
}

/// A value that may cross a partition hop: it owns its data, serialises, and may be sent to another thread.
///
/// Implemented for every `Serialize + DeserializeOwned + Send + 'static`; never implemented by hand.
#[diagnostic::on_unimplemented(
    message = "[RM0009] `{Self}` cannot cross a partition hop",
    label = "this value is still needed after the hop",
    note = "a value that crosses a hop owns its data and is `Serialize + DeserializeOwned + Send + 'static`",
    note = "either make it so (for your own type: `#[derive(Serialize, Deserialize)]`), or let its last use be before the hop"
)]
pub trait Portable: Send + Sized + 'static {
    /// Appends the value's encoding to `out`.
    ///
    /// # Errors
    /// When the value's own `Serialize` fails.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), WireError>;

    /// Takes one value off the front of `input`.
    ///
    /// # Errors
    /// When the bytes are not an encoding of such a value.
    fn decode(input: &mut &[u8]) -> Result<Self, WireError>;

    /// Hands the value to `leaves`, if it is a text or bytes.
    fn leaves<L: Leaves>(&mut self, leaves: &mut L);
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Portable for T {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        let buffer = std::mem::take(out);
        *out = postcard::to_extend(self, buffer)?;
        Ok(())
    }

    fn decode(input: &mut &[u8]) -> Result<Self, WireError> {
        let (value, rest) = postcard::take_from_bytes(input)?;
        *input = rest;
        Ok(value)
    }

    #[inline(always)]
    fn leaves<L: Leaves>(&mut self, leaves: &mut L) {
        leaf(self, leaves);
    }
}

/// A [`Portable`] value that several branches need: each gets a copy.
#[diagnostic::on_unimplemented(
    message = "[RM0009] `{Self}` cannot be given to several branches",
    label = "every branch needs its own copy of this value",
    note = "`explode`, `fork` and `all_partition` multiply the computation: what is needed after them is `Clone + Serialize + DeserializeOwned + Send + 'static`"
)]
pub trait Branch: Portable {
    /// A copy for one branch.
    fn branch(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Portable + Clone> Branch for T {
    fn branch(&self) -> Self {
        self.clone()
    }
}

/// A value moves into a scope. The bound is where "cannot cross a hop" is reported, on the user's own variable.
pub fn carried<T: Portable>(value: T) -> T {
    value
}

/// A value is copied into the scope of one branch of several.
pub fn branched<T: Branch>(value: &T) -> T {
    value.branch()
}

/// A [`Portable`] value that an `external` future is made from.
#[diagnostic::on_unimplemented(
    message = "[RM0009] `{Self}` cannot be stored, so a future made from it could not be made again",
    label = "the argument of `external` uses this value",
    note = "after a crash, a future that had not ended is made again from what its argument uses: that owns its data and is `Serialize + DeserializeOwned + Send + 'static`",
    note = "make what cannot be stored in the argument itself, `external(fetch(url))`; a client or a pool stands in a `static` that the future looks at"
)]
pub trait Remade: Portable {}

#[diagnostic::do_not_recommend]
impl<T: Portable> Remade for T {}

/// A value moves into the scope that a future is made from. The bound is where "cannot be stored" is reported, on the user's own
/// variable.
pub fn remade<T: Remade>(value: T) -> T {
    value
}

/// What a depot may hold.
///
/// Implemented for every `Clone + Serialize + DeserializeOwned + Send + 'static`; never by hand.
#[diagnostic::on_unimplemented(
    message = "[RM0010] `{Self}` cannot be a record of a depot",
    label = "not a record",
    note = "a record owns its data and is `Serialize + DeserializeOwned + Clone + Send + 'static`: for your own type `#[derive(Serialize, Deserialize, Clone)]`"
)]
pub trait Record: Clone + Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Serialize + DeserializeOwned + Send + 'static> Record for T {}

/// The bound is where "cannot be a record" is reported, on the user's own type.
pub fn record<T: Record>() {}

/// A whole hop, as it goes between processes. Implemented by the generated enum and scope structs.
#[diagnostic::on_unimplemented(
    message = "[RM0009] this topology carries a value that cannot cross a partition hop",
    label = "the value is the one of the error above: make it portable, and this error is gone too"
)]
pub trait Wire: Send + Sized + 'static {
    /// Appends the encoding to `out`.
    ///
    /// # Errors
    /// When a value's own `Serialize` fails.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), WireError>;

    /// Takes one hop off the front of `input`.
    ///
    /// # Errors
    /// When the bytes are not an encoding of such a hop.
    fn decode(input: &mut &[u8]) -> Result<Self, WireError>;

    /// Hands every variable that is a text or bytes to `leaves`, in order.
    fn leaves<L: Leaves>(&mut self, _leaves: &mut L) {}

    /// Whether some hops of this type make futures.
    const MAKES_FUTURES: bool = false;

    /// Whether the event that this hop resumes makes a future, and does nothing before that would be done twice if the event ran
    /// again.
    fn makes_future(&self) -> bool {
        false
    }
}
