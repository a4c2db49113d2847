//! The corpus: programs as text, taken apart into what is mutated and what all mutants of a program share.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use std::collections::BTreeMap;
use syn::{Fields, GenericArgument, ImplItem, Item, ItemFn, ItemImpl, ItemStruct, PathArguments, Type, parse_quote};

macro_rules! corpus {
    ($($name:ident)*) => {
        &[$((stringify!($name), include_str!(concat!("../../mutation/corpus/", stringify!($name), ".rs")))),*]
    };
}

const CORPUS: &[(&str, &str)] = corpus! {
    bank cleaning followers fork leaderboard mentions operations orders page_analytics pairs profiles restock walk word_count
};

/// What is mutated.
#[derive(Clone)]
pub(crate) struct Variant {
    pub(crate) module: ItemStruct,
    pub(crate) block: ItemImpl,
}

/// A program of the corpus.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) original: Variant,
    drive: ItemFn,
    /// Types, records and expected contents: compiled once, for all mutants.
    shared: Vec<Item>,
    /// The named fields of the records.
    pub(crate) records: BTreeMap<String, Vec<(String, Type)>>,
}

/// A declared PState.
pub(crate) struct PState {
    pub(crate) name: String,
    /// The key's type, of a map.
    pub(crate) key: Option<Type>,
    pub(crate) global: bool,
    pub(crate) partition_by: Option<syn::ExprClosure>,
}

pub(crate) fn corpus() -> Vec<Program> {
    CORPUS.iter().map(|(name, text)| Program::parse(name, text)).collect()
}

impl Program {
    fn parse(name: &'static str, text: &str) -> Self {
        let file: syn::File = syn::parse_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (mut module, mut block, mut drive, mut shared) = (None, None, None, Vec::new());
        let mut records = BTreeMap::new();
        for item in file.items {
            match item {
                Item::Struct(item) if item.attrs.iter().any(|attr| attr.path().is_ident("module")) => {
                    module = Some(item);
                }
                Item::Macro(item) if item.mac.path.is_ident("topology") => {
                    block = Some(item.mac.parse_body().unwrap_or_else(|error| panic!("{name}: {error}")));
                }
                Item::Fn(item) if item.sig.ident == "drive" => drive = Some(item),
                item => {
                    if let Item::Struct(ItemStruct {
                        ident,
                        fields: Fields::Named(fields),
                        ..
                    }) = &item
                    {
                        let fields = fields
                            .named
                            .iter()
                            .filter_map(|field| Some((field.ident.as_ref()?.to_string(), field.ty.clone())));
                        records.insert(ident.to_string(), fields.collect());
                    }
                    shared.push(item);
                }
            }
        }
        let whole = "a program has a module, a topology! and a driver";
        Program {
            name,
            original: Variant {
                module: module.expect(whole),
                block: block.expect(whole),
            },
            drive: drive.expect(whole),
            shared,
            records,
        }
    }

    /// The file that all mutants of this program use.
    pub(crate) fn shared_text(&self) -> String {
        let items = &self.shared;
        print(quote!(use crate::support::*; #(#items)*))
    }

    /// The file of one mutant. Failed records are skipped at once, so that one failure does not hide the others' fate.
    pub(crate) fn text(&self, variant: &Variant) -> String {
        let (module, drive) = (&variant.module, &self.drive);
        let name = &module.ident;
        let shared = quote::format_ident!("{}", self.name);
        let mut block = variant.block.clone();
        for item in &mut block.items {
            let ImplItem::Fn(function) = item else { continue };
            for attr in &mut function.attrs {
                if let syn::Meta::List(list) = &mut attr.meta
                    && list.path.is_ident("stream")
                {
                    list.tokens.extend(quote!(, retry = none));
                }
            }
        }
        let head = print(quote! {
            use crate::support::*;
            use crate::#shared::*;
            #module
            #drive
            pub fn run() -> Run {
                Box::pin(async {
                    let cluster = TestCluster::start()?;
                    let app = cluster.launch::<#name>(Launch::tasks(TASKS).threads(2)).await?;
                    let mut found = Found::default();
                    drive(&cluster, &app, &mut found).await?;
                    Ok(found)
                })
            }
        });
        format!("{head}\ntopology! {{\n{}}}\n", print(block.to_token_stream()))
    }
}

impl Variant {
    /// What tells two mutants apart.
    pub(crate) fn identity(&self) -> String {
        format!("{} {}", self.module.to_token_stream(), self.block.to_token_stream())
    }

    pub(crate) fn pstates(&self) -> Vec<PState> {
        let mut found = Vec::new();
        for field in &self.module.fields {
            let Some(attr) = field.attrs.iter().find(|attr| attr.path().is_ident("pstate")) else {
                continue;
            };
            let mut pstate = PState {
                name: field.ident.as_ref().map(ToString::to_string).unwrap_or_default(),
                key: argument(&field.ty)
                    .filter(|schema| is_named(schema, "Map"))
                    .and_then(|schema| argument(&schema)),
                global: false,
                partition_by: None,
            };
            for option in options(attr) {
                match option {
                    syn::Expr::Path(path) => pstate.global |= path.path.is_ident("global"),
                    syn::Expr::Assign(assign) if assign.left.to_token_stream().to_string() == "partition_by" => {
                        pstate.partition_by = match *assign.right {
                            syn::Expr::Closure(closure) => Some(closure),
                            _ => None,
                        };
                    }
                    _ => {}
                }
            }
            found.push(pstate);
        }
        found
    }

    /// The names of the functions that bodies can await.
    pub(crate) fn operations(&self) -> Vec<String> {
        let functions = self.block.items.iter().filter_map(|item| match item {
            ImplItem::Fn(function) if function.attrs.is_empty() && function.sig.asyncness.is_some() => Some(function),
            _ => None,
        });
        functions.map(|function| function.sig.ident.to_string()).collect()
    }
}

/// The options of an attribute, all of which read as expressions.
pub(crate) fn options(attr: &syn::Attribute) -> Vec<syn::Expr> {
    let parser = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
    attr.parse_args_with(parser)
        .map(|options| options.into_iter().collect())
        .unwrap_or_default()
}

/// `u64` of `Depot<u64>`.
pub(crate) fn argument(ty: &Type) -> Option<Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    }
}

fn is_named(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == name))
}

fn print(tokens: TokenStream) -> String {
    let file: syn::File = parse_quote!(#tokens);
    prettyplease::unparse(&file)
}
