//! `?` inside an operation that is inlined into a topology: it leaves the operation, not the event.

/// What `?` works on: `Result` and `Option`.
pub trait Question {
    /// What is there.
    type Value;
    /// What is returned instead.
    type Residual;
    /// The value, or what to return.
    ///
    /// # Errors
    /// What `?` would return.
    fn question(self) -> Result<Self::Value, Self::Residual>;
}

/// The other end of `?`: what the operation returns.
pub trait FromResidual<R> {
    /// The return value that stands for `residual`.
    fn from_residual(residual: R) -> Self;
}

/// The error of a `Result`.
pub struct Failed<E>(E);

/// The `None` of an `Option`.
pub struct Nothing;

impl<T, E> Question for Result<T, E> {
    type Value = T;
    type Residual = Failed<E>;

    fn question(self) -> Result<T, Failed<E>> {
        self.map_err(Failed)
    }
}

impl<T, E, F: From<E>> FromResidual<Failed<E>> for Result<T, F> {
    fn from_residual(residual: Failed<E>) -> Self {
        Err(F::from(residual.0))
    }
}

impl<T> Question for Option<T> {
    type Value = T;
    type Residual = Nothing;

    fn question(self) -> Result<T, Nothing> {
        self.ok_or(Nothing)
    }
}

impl<T> FromResidual<Nothing> for Option<T> {
    fn from_residual(_: Nothing) -> Self {
        None
    }
}
