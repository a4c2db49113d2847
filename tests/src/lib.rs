//! Tests of the whole: the compiler and the runtime together. See the files under `tests/`.
