//! The struct under `#[module]`.

use super::options::{self, AttributeOption};
use crate::diag::{Code, Diagnostics, list};
use crate::model::{DepotDecl, Keep, KeyFunction, ModuleDecl, PStateDecl, Partitioner, docs};
use proc_macro2::Ident;
use syn::{Attribute, Expr, Field, Fields, GenericArgument, ItemStruct, LitStr, PathArguments, Type};

const MODULE_OPTIONS: &[&str] = &["check_alignment"];
const DEPOT_OPTIONS: &[&str] = &["random", "hash_by", "global", "disallow", "tick", "partitioner", "keep"];
const PARTITIONERS: &[&str] = &["random", "hash_by", "global", "disallow", "tick", "partitioner"];
const PSTATE_OPTIONS: &[&str] = &["owner", "global", "private", "initial", "partition_by"];

/// Understands the module's struct. What is wrong is reported; the rest is in the result.
pub(crate) fn parse(item: &ItemStruct, diagnostics: &mut Diagnostics) -> ModuleDecl {
    if !item.generics.params.is_empty() {
        diagnostics.error_with_help(
            Code::Declaration,
            &item.generics,
            "a module has no generic parameters: it is one deployable thing",
            "use concrete types in its fields",
        );
    }
    let mut module = ModuleDecl {
        ident: item.ident.clone(),
        path: item.ident.clone().into(),
        vis: item.vis.clone(),
        docs: docs(&item.attrs),
        depots: Vec::new(),
        pstates: Vec::new(),
        check_alignment: false,
        broken: Vec::new(),
        ownerless: Vec::new(),
    };
    for attribute in item.attrs.iter().filter(|attribute| is_options(attribute)) {
        let (options, _) = options::options(attribute, diagnostics);
        options::duplicates(&options, diagnostics);
        for option in &options {
            match option.name.to_string().as_str() {
                "check_alignment" => module.check_alignment = option.flag(diagnostics),
                _ => options::unknown(option, "module", MODULE_OPTIONS, diagnostics),
            }
        }
    }
    match &item.fields {
        Fields::Named(fields) => {
            let mut names: Vec<&Ident> = Vec::new();
            for field in &fields.named {
                // A second field of one name is rustc's error.
                if let Some(name) = field.ident.as_ref().filter(|name| !names.contains(name)) {
                    names.push(name);
                    parse_field(field, &mut module, diagnostics);
                }
            }
        }
        Fields::Unnamed(fields) => diagnostics.error_with_help(
            Code::Declaration,
            fields,
            "a module's depots and PStates have names",
            "write a struct with named fields, `struct Module { #[depot(random)] name: Depot<Record> }`",
        ),
        Fields::Unit => {}
    }
    module
}

/// Whether `attribute` holds the options of the module, put back onto the struct by `#[module]`.
pub(crate) fn is_options(attribute: &Attribute) -> bool {
    attribute.path().is_ident("module")
}

/// Whether `attribute` is one of ours, which the struct must not keep.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    is_declaration(attribute) || attribute.path().is_ident("renamed_from") || attribute.path().is_ident("migrate")
}

/// Whether it says what the field is.
fn is_declaration(attribute: &Attribute) -> bool {
    attribute.path().is_ident("depot") || attribute.path().is_ident("pstate")
}

/// `#[renamed_from("old")]`: what the field was called in an earlier version.
fn renamed_from(field: &Field, diagnostics: &mut Diagnostics) -> Option<String> {
    let attribute = field
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("renamed_from"))?;
    match attribute.parse_args::<LitStr>() {
        Ok(name) if Some(name.value()) != field.ident.as_ref().map(Ident::to_string) => Some(name.value()),
        _ => {
            diagnostics.error_with_help(
                Code::Declaration,
                attribute,
                "`renamed_from` says what the field was called before",
                "write `#[renamed_from(\"old_name\")]`",
            );
            None
        }
    }
}

/// `#[migrate(with = path)]`: what makes the values of a PState out of those of an earlier version.
fn migrate(field: &Field, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let attribute = field
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("migrate"))?;
    let (options, parses) = options::options(attribute, diagnostics);
    options::duplicates(&options, diagnostics);
    match options.as_slice() {
        [option] if option.name == "with" => match option.required("path::to::function", diagnostics)? {
            path @ Expr::Path(_) => return Some(path.clone()),
            other => diagnostics.error_with_help(
                Code::Declaration,
                other,
                "the value of `with` is the path of a function",
                "it is a `fn(OldValue) -> NewValue`",
            ),
        },
        _ if parses => diagnostics.error_with_help(
            Code::Declaration,
            attribute,
            "`migrate` names the function that makes new values out of old ones",
            "write `#[migrate(with = path::to::function)]`, of a `fn(OldValue) -> NewValue`",
        ),
        _ => {}
    }
    None
}

fn parse_field(field: &Field, module: &mut ModuleDecl, diagnostics: &mut Diagnostics) {
    let Some(ident) = field.ident.clone() else { return };
    let mut ours = field.attrs.iter().filter(|attribute| is_declaration(attribute));
    let (Some(attribute), None) = (ours.next(), ours.next()) else {
        diagnostics.error_with_help(
            Code::Declaration,
            &ident,
            format!("field `{ident}` is either a depot or a PState, and says which"),
            "give it one of the attributes `#[depot(random)]` and `#[pstate(owner = TOPOLOGY)]`",
        );
        module.broken.push(ident);
        return;
    };
    let (options, parses) = options::options(attribute, diagnostics);
    options::duplicates(&options, diagnostics);
    if attribute.path().is_ident("depot") {
        let Some(record) = argument(&field.ty, "Depot") else {
            diagnostics.error(
                Code::Declaration,
                &field.ty,
                "a depot's type is written `Depot<Record>`",
            );
            module.broken.push(ident);
            return;
        };
        let (partitioner, keep) = depot_options(attribute, &options, parses, diagnostics);
        if let Some(attribute) = field
            .attrs
            .iter()
            .find(|attribute| attribute.path().is_ident("migrate"))
        {
            diagnostics.error_with_help(
                Code::Declaration,
                attribute,
                "records of a depot are not changed afterwards: only PStates migrate",
                "declare a new depot for the new records, and keep the old one as long as its records are of use",
            );
        }
        if matches!(partitioner, Partitioner::Tick { .. })
            && !matches!(&record, Type::Tuple(tuple) if tuple.elems.is_empty())
        {
            diagnostics.error_with_help(
                Code::Declaration,
                &record,
                "the records of a tick depot are `()`",
                "write `Depot<()>`",
            );
        }
        module.depots.push(DepotDecl {
            ident,
            record,
            partitioner,
            keep,
            renamed_from: renamed_from(field, diagnostics),
            docs: docs(&field.attrs),
        });
    } else {
        let Some(schema) = argument(&field.ty, "PState") else {
            diagnostics.error(
                Code::Declaration,
                &field.ty,
                "a PState's type is written `PState<Schema>`",
            );
            module.broken.push(ident);
            return;
        };
        pstate_options(ident, schema, field, (attribute, &options, parses), module, diagnostics);
    }
}

/// `T` of `Depot<T>`, whatever path `Depot` is reached by.
fn argument(ty: &Type, name: &str) -> Option<Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != name {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match (arguments.args.first(), arguments.args.len()) {
        (Some(GenericArgument::Type(ty)), 1) => Some(ty.clone()),
        _ => None,
    }
}

fn depot_options(
    attribute: &Attribute,
    options: &[AttributeOption],
    parses: bool,
    diagnostics: &mut Diagnostics,
) -> (Partitioner, Option<Keep>) {
    let mut partitioner = None;
    let mut keep = None;
    // What is wrong was reported; whatever is taken in its place then does not run.
    let mut mistaken = !parses;
    for option in options {
        let found = match option.name.to_string().as_str() {
            "random" => option.flag(diagnostics).then_some(Partitioner::Random),
            "global" => option.flag(diagnostics).then_some(Partitioner::Global),
            "disallow" => option.flag(diagnostics).then_some(Partitioner::Disallow),
            "hash_by" => key_function(option, "|record| &record.key", diagnostics).map(Partitioner::HashBy),
            "tick" => option
                .millis("\"30s\"", diagnostics)
                .map(|millis| Partitioner::Tick { millis }),
            "partitioner" => match option.required("path::to::function", diagnostics) {
                Some(path @ Expr::Path(_)) => Some(Partitioner::Custom(path.clone())),
                None => None,
                Some(other) => {
                    diagnostics.error_with_help(
                        Code::Declaration,
                        other,
                        "the value of `partitioner` is the path of a function",
                        "it is a `fn(&Record, usize) -> usize`, which is given the number of tasks",
                    );
                    None
                }
            },
            "keep" => {
                keep = keep_option(option, diagnostics);
                continue;
            }
            _ => {
                options::unknown(option, "depot", DEPOT_OPTIONS, diagnostics);
                None
            }
        };
        mistaken |= found.is_none();
        if let Some(found) = found {
            if partitioner.is_some() {
                diagnostics.error_with_help(
                    Code::Declaration,
                    &option.name,
                    "a depot has one partitioner, and this is another one",
                    format!("keep one of {}", list(PARTITIONERS)),
                );
            }
            partitioner = Some(found);
        }
    }
    if let (Some(Partitioner::Tick { .. }), Some(_)) = (&partitioner, keep)
        && let Some(option) = options.iter().find(|option| option.name == "keep")
    {
        diagnostics.error_with_help(
            Code::Declaration,
            &option.name,
            "ticks are not kept: they are no data",
            "remove `keep`; a topology can append what is to be kept to another depot",
        );
    }
    if partitioner.is_none() && !mistaken {
        diagnostics.error_with_help(
            Code::Declaration,
            attribute,
            "a depot says how its records find their partition",
            format!("add one of {}", list(PARTITIONERS)),
        );
    }
    (partitioner.unwrap_or(Partitioner::Random), keep)
}

/// A number of records, or a span of time.
fn keep_option(option: &AttributeOption, diagnostics: &mut Diagnostics) -> Option<Keep> {
    let value = option.required("10_000", diagnostics)?;
    if options::whole_number(value).is_some() {
        return option.number("10_000", diagnostics).map(Keep::Last);
    }
    if let Some(millis) = options::span_of_time(value) {
        return Some(Keep::Within { millis });
    }
    diagnostics.error_with_help(
        Code::Declaration,
        value,
        "the value of `keep` is a number of records or a span of time",
        "write `keep = 10_000` for the last ten thousand records, or `keep = \"7d\"` for those of the last seven days (units: ms, s, m, h, d)",
    );
    None
}

fn pstate_options(
    ident: Ident,
    schema: Type,
    field: &Field,
    (attribute, options, parses): (&Attribute, &[AttributeOption], bool),
    module: &mut ModuleDecl,
    diagnostics: &mut Diagnostics,
) {
    let mut owner = None;
    let mut mistaken = !parses;
    let (mut global, mut private) = (false, false);
    let (mut initial, mut partition_by) = (None, None);
    for option in options {
        match option.name.to_string().as_str() {
            "owner" => {
                owner = option.word("TOPOLOGY", diagnostics);
                mistaken |= owner.is_none();
            }
            "global" => global = option.flag(diagnostics),
            "private" => private = option.flag(diagnostics),
            "initial" => initial = option.required("0", diagnostics).cloned(),
            "partition_by" => partition_by = key_function(option, "|key| &key.0", diagnostics),
            _ => {
                options::unknown(option, "pstate", PSTATE_OPTIONS, diagnostics);
                mistaken = true;
            }
        }
    }
    if global && partition_by.is_some() {
        diagnostics.error_with_help(
            Code::Declaration,
            attribute,
            "a `global` PState has one partition: nothing is left for `partition_by` to decide",
            "keep one of `global` and `partition_by`",
        );
    }
    if owner.is_none() && !mistaken {
        diagnostics.error_with_help(
            Code::Declaration,
            attribute,
            "a PState names the one topology that writes it",
            "write `#[pstate(owner = TOPOLOGY)]`",
        );
    }
    let is_owned = owner.is_some();
    let pstate = PStateDecl {
        owner: owner.unwrap_or_else(|| ident.clone()),
        ident,
        schema,
        global,
        private,
        initial,
        partition_by,
        renamed_from: renamed_from(field, diagnostics),
        migrate: migrate(field, diagnostics),
        docs: docs(&field.attrs),
    };
    if is_owned {
        module.pstates.push(pstate);
    } else {
        module.broken.push(pstate.ident.clone());
        module.ownerless.push(pstate);
    }
}

fn key_function(option: &AttributeOption, example: &str, diagnostics: &mut Diagnostics) -> Option<KeyFunction> {
    match option.required(example, diagnostics)? {
        Expr::Closure(closure) if closure.inputs.len() == 1 => Some(KeyFunction::Closure(closure.clone())),
        path @ Expr::Path(_) => Some(KeyFunction::Path(path.clone())),
        other => {
            diagnostics.error_with_help(
                Code::Declaration,
                other,
                format!(
                    "the value of `{}` is a closure of one argument, or the path of a function",
                    option.name
                ),
                format!("write `{} = {example}`", option.name),
            );
            None
        }
    }
}
