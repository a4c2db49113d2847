//! The codes of mistakes, a page each: a wrong program, what is said about it, right ones, and why.
//!
//! The compiler's messages begin with a code, `[RM0007]`; so do those of rustc that are about what a module needs, and the
//! one that a check gives when it runs.
//!
//! | code | what is wrong |
//! |---|---|
//! | [`RM0001`] | the compiler cannot read it |
//! | [`RM0002`] | a declaration names what does not exist, or has an unknown option |
//! | [`RM0003`] | a PState is written by something else than its owner |
//! | [`RM0004`] | an await, or an operation without one, stands where it cannot |
//! | [`RM0005`] | an operation or a topology of another kind |
//! | [`RM0006`] | an operation calls itself |
//! | [`RM0007`] | a key may live on another task (when compiled, and when it runs) |
//! | [`RM0008`] | two edits of one key may be applied in the wrong order (a warning) |
//! | [`RM0009`] | a value cannot travel with the computation |
//! | [`RM0010`] | a type cannot be in a PState, a key or a record |
//! | [`RM0011`] | a module is not complete |

#![allow(non_snake_case, reason = "a page is called as its code is written in a message")]

#[doc = include_str!("docs/errors/RM0001.md")]
pub mod RM0001 {}

#[doc = include_str!("docs/errors/RM0002.md")]
pub mod RM0002 {}

#[doc = include_str!("docs/errors/RM0003.md")]
pub mod RM0003 {}

#[doc = include_str!("docs/errors/RM0004.md")]
pub mod RM0004 {}

#[doc = include_str!("docs/errors/RM0005.md")]
pub mod RM0005 {}

#[doc = include_str!("docs/errors/RM0006.md")]
pub mod RM0006 {}

#[doc = include_str!("docs/errors/RM0007.md")]
pub mod RM0007 {}

#[doc = include_str!("docs/errors/RM0008.md")]
pub mod RM0008 {}

#[doc = include_str!("docs/errors/RM0009.md")]
pub mod RM0009 {}

#[doc = include_str!("docs/errors/RM0010.md")]
pub mod RM0010 {}

#[doc = include_str!("docs/errors/RM0011.md")]
pub mod RM0011 {}
