//! Prints the graph of one of the examples' modules: what flows where, and what it reads and writes.
//!
//! ```text
//! cargo run --example graph                                  # lists the modules
//! cargo run --example graph -- WordCount                     # as Mermaid: paste it into Markdown
//! cargo run --example graph -- WordCount --format dot | dot -Tsvg > word_count.svg
//! cargo run --example graph -- WordCount --format json
//! ```
//!
//! What it shows: a module is data as well, `Module::DESCRIPTOR`, and `.graph()` makes that data a graph. A picture of it stands
//! in the module's rustdoc: `cargo doc -p rama-examples --open`.

use clap::{Parser, ValueEnum};
use rama_examples::{bananaman, page_analytics, profiles, word_count};
use rama_runtime::module::{Module, ModuleDescriptor};
use std::io::{self, Write};
use std::process::ExitCode;

/// Every module of the examples.
const MODULES: &[&ModuleDescriptor] = &[
    word_count::WordCount::DESCRIPTOR,
    page_analytics::PageAnalytics::DESCRIPTOR,
    profiles::Profiles::DESCRIPTOR,
    bananaman::Names::DESCRIPTOR,
];

/// Prints the graph of a module.
#[derive(Debug, Parser)]
struct Arguments {
    /// The module's name; without it, the modules are listed.
    module: Option<String>,
    /// The language to print it in.
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Mermaid,
    Dot,
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments, &mut io::stdout().lock(), &mut io::stderr().lock()) {
        Ok(code) => ExitCode::from(code),
        // The reader of our output has seen enough, as in `graph .. | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("graph: cannot write: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what is asked for; the exit code is 2 for a module that is not there.
fn run(arguments: &Arguments, out: &mut impl Write, errors: &mut impl Write) -> io::Result<u8> {
    let Some(name) = &arguments.module else {
        list(out)?;
        return Ok(0);
    };
    let Some(module) = MODULES.iter().find(|module| module.name == name) else {
        writeln!(errors, "graph: there is no module `{name}`; the modules are:")?;
        list(errors)?;
        return Ok(2);
    };
    let graph = module.graph();
    let text = match arguments.format {
        Format::Mermaid => graph.to_mermaid(),
        Format::Dot => graph.to_dot(),
        Format::Json => graph.to_json() + "\n",
    };
    out.write_all(text.as_bytes())?;
    Ok(0)
}

fn list(out: &mut impl Write) -> io::Result<()> {
    for module in MODULES {
        writeln!(
            out,
            "{:14} {}",
            module.name,
            module.docs.lines().next().unwrap_or_default()
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exit code, the output and the errors of a command line.
    fn ran(arguments: &[&str]) -> (u8, String, String) {
        let arguments = Arguments::try_parse_from(["graph"].iter().chain(arguments)).unwrap();
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let code = run(&arguments, &mut out, &mut errors).unwrap();
        (
            code,
            String::from_utf8(out).unwrap(),
            String::from_utf8(errors).unwrap(),
        )
    }

    #[test]
    fn every_module_prints_in_every_format() {
        for module in MODULES {
            let printed = |format| ran(&[module.name, "--format", format]);
            for (format, start) in [("mermaid", "flowchart TD\n"), ("dot", "digraph "), ("json", "{\n")] {
                let (code, out, errors) = printed(format);
                assert_eq!((code, errors.as_str()), (0, ""));
                assert!(out.starts_with(start) && out.ends_with('\n'), "{out}");
                for pstate in module.pstates {
                    assert!(out.contains(pstate.name), "{out}");
                }
            }
            assert_eq!(ran(&[module.name]), printed("mermaid"));
        }
    }

    #[test]
    fn hops_are_printed_with_what_they_carry() {
        let (_, out, _) = ran(&["WordCount", "--format", "dot"]);
        let hop = "topology0_segment0 -> topology0_segment2 [label=\"explode(line.split_whitespace())\\nhash_partition(word)\\ncarries word\"];";
        assert!(out.contains(hop), "{out}");
    }

    #[test]
    fn without_a_module_all_are_listed() {
        let (code, out, errors) = ran(&[]);
        assert_eq!((code, errors.as_str()), (0, ""));
        assert_eq!(out.lines().count(), MODULES.len());
        assert!(
            out.starts_with("WordCount      Counts how often each word was seen.\n"),
            "{out}"
        );
    }

    #[test]
    fn an_unknown_module_is_named_with_those_that_there_are() {
        let (code, out, errors) = ran(&["Wordcount"]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(
            errors.contains("`Wordcount`") && errors.contains("WordCount "),
            "{errors}"
        );
    }
}
