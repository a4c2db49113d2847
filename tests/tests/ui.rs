//! What rustc says to a user: every mistake points at the user's own tokens, and correct code compiles without a warning.
//!
//! The expected messages are those of the stable rustc of the CI. `TRYBUILD=overwrite cargo test -p tests --test ui`
//! writes them anew; read each one then.

#[test]
fn mistakes_are_reported_at_the_users_own_tokens() {
    trybuild::TestCases::new().compile_fail("ui/*/*.rs");
}

#[test]
fn the_whole_language_compiles_without_a_warning() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.pass("warnings/*.rs");
}
