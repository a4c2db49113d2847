//! The pages about codes, `rama-runtime/src/docs/errors/`: each code has one, each shows a program that is wrong in just that
//! way, and the words that the compiler has for it.
//!
//! What stands on a page is compiled, and the right programs are run, as doc tests of `rama-runtime`. A doc test that must
//! not compile passes whatever is wrong with it: hence this.

use super::{errors, warnings};
use crate::diag::Code;
use quote::ToTokens;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The codes of this compiler.
const CODES: [Code; 8] = [
    Code::Syntax,
    Code::Declaration,
    Code::Ownership,
    Code::Await,
    Code::Kind,
    Code::Recursion,
    Code::Alignment,
    Code::Reordering,
];

/// Where a code stands in [`CODES`]: a new one does not compile before it stands in both.
fn position(code: Code) -> usize {
    match code {
        Code::Syntax => 0,
        Code::Declaration => 1,
        Code::Ownership => 2,
        Code::Await => 3,
        Code::Kind => 4,
        Code::Recursion => 5,
        Code::Alignment => 6,
        Code::Reordering => 7,
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn page(code: &str) -> String {
    read(&workspace().join(format!("rama-runtime/src/docs/errors/{code}.md")))
}

/// The files below a folder, in any order.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The codes in messages: `[RM0007]`.
fn codes_in(text: &str) -> BTreeSet<String> {
    text.match_indices("[RM")
        .filter_map(|(at, _)| text.get(at + 1..at + 8))
        .filter(|code| code.ends_with(']') && code[2..6].bytes().all(|digit| digit.is_ascii_digit()))
        .map(|code| code[..6].to_owned())
        .collect()
}

/// The codes that rustc, or a check when it runs, gives to a user: those in the messages of `rama-runtime`.
fn codes_of_the_runtime() -> BTreeSet<String> {
    let mut found = Vec::new();
    files(&workspace().join("rama-runtime/src"), &mut found);
    found
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("errors.rs"))
        .flat_map(|path| codes_in(&read(path)))
        .collect()
}

/// What stands in the first fence of that language, as the compiler sees it: with the hidden lines.
fn fenced(page: &str, language: &str) -> String {
    let shown = |line: &str| match line {
        "#" => String::new(),
        hidden if language != "text" => hidden.strip_prefix("# ").unwrap_or(hidden).to_owned(),
        other => other.to_owned(),
    };
    let fence = format!("```{language}");
    page.lines()
        .skip_while(|line| *line != fence)
        .skip(1)
        .take_while(|line| *line != "```")
        .map(|line| shown(line) + "\n")
        .collect()
}

/// The struct and the `impl` block of a program.
fn module_and_block(program: &str) -> (String, String) {
    let file = syn::parse_file(program).expect("the program is Rust");
    let (mut module, mut block) = (None, None);
    for item in file.items {
        match item {
            syn::Item::Struct(mut item) if item.attrs.iter().any(|attribute| attribute.path().is_ident("module")) => {
                item.attrs.retain(|attribute| !attribute.path().is_ident("module"));
                module = Some(item.into_token_stream().to_string());
            }
            syn::Item::Macro(item) if item.mac.path.is_ident("topology") => block = Some(item.mac.tokens.to_string()),
            _ => {}
        }
    }
    (module.expect("there is a module"), block.expect("there are topologies"))
}

#[test]
fn each_code_has_its_page_and_each_page_its_code() {
    for (at, code) in CODES.into_iter().enumerate() {
        assert_eq!(position(code), at);
    }
    let mut codes: BTreeSet<String> = CODES.iter().map(|code| code.text().to_owned()).collect();
    codes.extend(codes_of_the_runtime());
    let mut found = Vec::new();
    files(&workspace().join("rama-runtime/src/docs/errors"), &mut found);
    let pages: BTreeSet<String> = found
        .iter()
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .collect();
    assert_eq!(codes, pages);
    let shown = read(&workspace().join("rama-runtime/src/errors.rs"));
    for code in &pages {
        assert!(
            shown.contains(&format!(
                "#[doc = include_str!(\"docs/errors/{code}.md\")]\npub mod {code} {{}}"
            )),
            "{code} is not shown in `rama_runtime::errors`"
        );
        assert!(
            shown.contains(&format!("[`{code}`]")),
            "{code} is not in the table of `rama_runtime::errors`"
        );
    }
}

#[test]
fn the_wrong_program_of_a_page_is_wrong_in_that_way_only() {
    for code in CODES {
        let code = code.text();
        let (module, block) = module_and_block(&fenced(&page(code), "compile_fail"));
        let reported = errors(&module, &block) + &warnings(&module, &block);
        assert_eq!(
            codes_in(&reported),
            BTreeSet::from([code.to_owned()]),
            "{code}: {reported}"
        );
        // And it says what the page says.
        let quoted = fenced(&page(code), "text");
        for line in reported.lines() {
            let words = line.split_once("] ").map_or(line, |(_, message)| message).trim();
            assert!(quoted.contains(words), "{code}: the page does not quote: {words}");
        }
    }
}

#[test]
fn the_wrong_program_of_a_page_that_only_rustc_refuses_is_a_case_of_the_ui_tests() {
    let ours: BTreeSet<String> = CODES.iter().map(|code| code.text().to_owned()).collect();
    for code in codes_of_the_runtime().difference(&ours) {
        let page = page(code);
        let case = workspace().join(format!("tests/ui/pages/{code}.rs"));
        assert_eq!(
            read(&case),
            fenced(&page, "compile_fail"),
            "the program of the page {code} stands in {}; `TRYBUILD=overwrite` renews what rustc says",
            case.display()
        );
        let said = read(&case.with_extension("stderr"));
        assert!(codes_in(&said).contains(code), "{code}: {said}");
        for line in fenced(&page, "text").lines() {
            assert!(said.contains(line.trim_end()), "{code}: rustc does not say: {line}");
        }
    }
}

#[test]
fn the_right_programs_of_a_page_have_no_mistakes() {
    for code in CODES {
        let page = page(code.text());
        let mut rest = page.as_str();
        let mut programs = 0;
        while let Some(at) = rest.find("\n```\n#") {
            rest = &rest[at + 1..];
            let program = fenced(rest, "");
            let (module, block) = module_and_block(&program);
            assert_eq!(errors(&module, &block), "", "{}: {program}", code.text());
            programs += 1;
            rest = &rest[4..];
        }
        assert!(programs > 0, "{} shows no right program", code.text());
    }
}
