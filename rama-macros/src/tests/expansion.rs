use super::{errors, expand};

const WORD_COUNT: &str = "
/// Counts how often each word was seen.
pub struct WordCount {
    /// Lines of text.
    #[depot(random)] lines: Depot<String>,
    /// How often each word was seen.
    #[pstate(owner = count_words)] counts: PState<Map<String, u64>>,
}";

#[test]
fn word_count() {
    insta::assert_snapshot!(expand(
        WORD_COUNT,
        "impl WordCount {
            /// Counts each word.
            #[stream(source = lines)]
            async fn count_words(&mut self, line: String) {
                let word = explode(line.split_whitespace().map(str::to_owned)).await;
                hash_partition(&word).await;
                self.counts.key(&word).update(|n| *n += 1);
            }
        }"
    ));
}

#[test]
fn expansions_are_deterministic() {
    let block = "impl WordCount {
        #[stream(source = lines)]
        async fn count_words(&mut self, line: String) {
            for word in words(line) { if keep(&word) { hash_partition(&word).await; self.counts.key(&word).update(|n| *n += 1); } }
        }
    }";
    assert_eq!(expand(WORD_COUNT, block), expand(WORD_COUNT, block));
}

#[test]
fn check_alignment_keeps_the_check_in_release_builds() {
    let block = "impl WordCount { #[stream(source = lines)] async fn count_words(&mut self, line: String) {} }";
    let plain = expand(WORD_COUNT, block);
    assert!(plain.contains("cfg!(debug_assertions)") && !plain.contains("true.then"));
    let checked = expand(
        &WORD_COUNT.replace("pub struct", "#[module(check_alignment)] pub struct"),
        block,
    );
    assert!(!checked.contains("cfg!(debug_assertions)") && checked.contains("true.then"));
}

#[test]
fn code_that_an_attribute_may_take_away_keeps_its_attribute() {
    let text = expand(
        WORD_COUNT,
        "impl WordCount { #[stream(source = lines)] async fn count_words(&mut self, line: String) {
            let mut key = line;
            #[cfg(x)] { key = other(); }
            hash_partition(&key).await;
            #[cfg(y)] if key.is_empty() { return; }
            #[cfg(z)] loop { break; }
        } }",
    );
    for attribute in ["#[cfg(x)]", "#[cfg(y)]", "#[cfg(z)]"] {
        assert!(text.contains(attribute), "{attribute}: {text}");
    }
}

#[test]
fn an_await_that_an_attribute_may_take_away_is_an_error() {
    for stmt in [
        "let x = external(g()).await;",
        "shuffle_partition().await;",
        "{ shuffle_partition().await; }",
        "if x { shuffle_partition().await; }",
    ] {
        let block = format!(
            "impl WordCount {{ #[stream(source = lines)] async fn count_words(&mut self, line: String) {{ #[cfg(x)] {stmt} }} }}"
        );
        let found = errors(WORD_COUNT, &block);
        assert!(
            found.contains("an await cannot depend on `#[cfg(..)]`"),
            "{stmt}: {found}"
        );
    }
}
