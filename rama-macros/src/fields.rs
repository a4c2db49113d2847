//! `#[derive(Fields)]`: a struct whose fields are schemas becomes a schema.
//!
//! For `struct Account { balance: u64, history: List<Transfer> }` it generates, with the struct's visibility:
//!
//! * `AccountCursor<X, P>`: one method a field, and reads and writes of the whole struct;
//! * `AccountValue`: the whole struct as an owned value, each field an `Option`;
//! * out of sight, the node that stores it, its undo record and the `impl`s that tie them together.

use crate::diag::{Code, Diagnostics};
use crate::names;
use crate::parse::{block, recover, scan};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Type, Visibility};

/// What a cursor can do with the whole struct: no field can have one of these names.
const TAKEN: [&str; 5] = ["get", "exists", "set", "remove", "by_ref"];

/// A field is stored by its number, in one byte.
const MOST_FIELDS: usize = 255;

/// The code for one `#[derive(Fields)]`; what is wrong with the struct comes out as `compile_error!`s.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    if let Some(span) = scan::too_deep(&input) {
        block::nests_too_deep(span, &mut diagnostics);
        return diagnostics.to_compile_errors();
    }
    let last = input
        .clone()
        .into_iter()
        .last()
        .map_or_else(Span::call_site, |token| token.span());
    let whole = |input: ParseStream<'_>| input.parse::<DeriveInput>();
    match recover::whole(whole, input, last).map(|input| Model::new(&input)) {
        Ok(Ok(model)) => return model.generate(),
        Ok(Err(errors)) => {
            for error in errors {
                diagnostics.error_at(Code::Declaration, error.span(), error.to_string());
            }
        }
        Err(error) => {
            let message = format!("this struct does not parse: {}", recover::said(&error));
            diagnostics.error_at(Code::Syntax, error.span(), message);
        }
    }
    diagnostics.to_compile_errors()
}

/// The struct, as far as it matters here.
struct Model {
    name: Ident,
    vis: Visibility,
    fields: Vec<Field>,
}

struct Field {
    name: Ident,
    docs: Vec<Attribute>,
    schema: Type,
    /// Its number, which is its type-level name.
    number: usize,
    /// Its variant of the undo enum.
    variant: Ident,
}

impl Model {
    fn new(input: &DeriveInput) -> Result<Model, Error> {
        let advice = "write `struct NAME { field: Schema, .. }`";
        let data = match &input.data {
            Data::Struct(data) => data,
            Data::Enum(data) => {
                let message = format!(
                    "`Fields` needs a struct with named fields, this is an enum: {advice}, or store the enum as a plain \
                     value (`#[derive(Serialize, Deserialize, Clone)]`)"
                );
                return Err(Error::new(data.enum_token.span, message));
            }
            Data::Union(data) => {
                let message = format!("`Fields` needs a struct with named fields, this is a union: {advice}");
                return Err(Error::new(data.union_token.span, message));
            }
        };
        let named = match &data.fields {
            syn::Fields::Named(named) if !named.named.is_empty() => named,
            _ => {
                let message = format!("`Fields` needs a struct with named fields: {advice}");
                return Err(Error::new(input.ident.span(), message));
            }
        };
        let mut errors: Option<Error> = None;
        let mut report = |error: Error| match &mut errors {
            Some(errors) => errors.combine(error),
            None => errors = Some(error),
        };
        if !input.generics.params.is_empty() || input.generics.where_clause.is_some() {
            let message = "a struct with `Fields` cannot be generic: declare one struct for each schema you need";
            report(Error::new(input.generics.span(), message));
        }
        if named.named.len() > MOST_FIELDS {
            let message = format!("a struct with `Fields` has at most {MOST_FIELDS} fields: nest some of them");
            report(Error::new(input.ident.span(), message));
        }
        let mut fields = Vec::new();
        for (number, field) in named.named.iter().enumerate() {
            let Some(name) = field.ident.clone() else { continue };
            if TAKEN.contains(&name.to_string().as_str()) {
                let message = format!(
                    "a field cannot be called `{name}`: that is what the cursor does with the whole struct; rename it"
                );
                report(Error::new(name.span(), message));
            }
            if let Some(span) = mention(&input.ident, field.ty.to_token_stream()) {
                let message = format!(
                    "`{}` cannot contain itself: keep the nested ones in a map of their own, by an id",
                    input.ident
                );
                report(Error::new(span, message));
            }
            let docs = field
                .attrs
                .iter()
                .filter(|attr| attr.path().is_ident("doc"))
                .cloned()
                .collect();
            fields.push(Field {
                name,
                docs,
                schema: field.ty.clone(),
                number,
                variant: format_ident!("Field{number}"),
            });
        }
        match errors {
            Some(errors) => Err(errors),
            None => Ok(Model {
                name: input.ident.clone(),
                vis: input.vis.clone(),
                fields,
            }),
        }
    }

    /// A name made from the struct's. It points at the struct, but is the macro's, so that lints leave it alone.
    fn derived(&self, suffix: &str) -> Ident {
        let name = self.name.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        Ident::new(
            &format!("{name}{suffix}"),
            self.name.span().resolved_at(Span::call_site()),
        )
    }

    fn generate(&self) -> TokenStream {
        let value = self.value();
        let cursor = self.cursor();
        let schema = self.schema();
        let used = self.used();
        quote! {
            #value
            #cursor
            const _: () = {
                #schema
                #used
            };
        }
    }

    /// The owned value of the whole struct.
    fn value(&self) -> TokenStream {
        let (name, vis, value) = (&self.name, &self.vis, self.derived("Value"));
        let doc = format!(
            "The whole of a [`{name}`]: what [`{}::get`] gives and `set` takes.",
            self.derived("Cursor")
        );
        let title = value.to_string();
        let fields = self.fields.iter().map(|field| {
            let (field_name, docs, schema) = (&field.name, field.docs(), &field.schema);
            quote!(#docs #vis #field_name: ::core::option::Option<<#schema as ::rama_runtime::__private::Schema>::Value>)
        });
        let names: Vec<&Ident> = self.fields.iter().map(|field| &field.name).collect();
        let titles = names.iter().map(|name| name.to_string());
        let types: Vec<TokenStream> = self
            .fields
            .iter()
            .map(|field| {
                let schema = &field.schema;
                quote!(::core::option::Option<<#schema as ::rama_runtime::__private::Schema>::Value>)
            })
            .collect();
        // The `for<'a>` makes rustc decide these where they are used: a field's type need not be `Debug` or `PartialEq`. The numbers
        // keep fields of one type apart, which rustc would take for one bound that it has twice.
        let numbers: Vec<usize> = self.fields.iter().map(|field| field.number).collect();
        quote! {
            #[doc = #doc]
            ///
            /// A field is `None` where it was never written, or was removed.
            #vis struct #value { #(#fields,)* }

            #[automatically_derived]
            impl ::core::clone::Clone for #value {
                fn clone(&self) -> Self {
                    Self { #(#names: ::core::clone::Clone::clone(&self.#names),)* }
                }
            }

            #[automatically_derived]
            impl ::core::default::Default for #value {
                fn default() -> Self {
                    Self { #(#names: ::core::option::Option::None,)* }
                }
            }

            #[automatically_derived]
            impl ::core::fmt::Debug for #value
            where
                #(for<'a> ::rama_runtime::__private::Numbered<#numbers, &'a #types>: ::core::fmt::Debug,)*
            {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.debug_struct(#title) #(.field(#titles, &::rama_runtime::__private::Numbered::<#numbers, _>(&self.#names)))* .finish()
                }
            }

            #[automatically_derived]
            impl ::core::cmp::PartialEq for #value
            where
                #(for<'a> ::rama_runtime::__private::Numbered<#numbers, &'a #types>: ::core::cmp::PartialEq,)*
            {
                fn eq(&self, other: &Self) -> bool {
                    #(::rama_runtime::__private::Numbered::<#numbers, _>(&self.#names)
                        == ::rama_runtime::__private::Numbered::<#numbers, _>(&other.#names))&&*
                }
            }
        }
    }

    /// The cursor's type and methods.
    fn cursor(&self) -> TokenStream {
        let (name, vis, value, cursor) = (&self.name, &self.vis, self.derived("Value"), self.derived("Cursor"));
        let doc = format!("A place that holds a [`{name}`], or nothing.");
        let steps = self.fields.iter().map(|field| {
            let (field_name, docs, schema, number) = (&field.name, field.docs(), &field.schema, field.number);
            quote! {
                #docs
                #vis fn #field_name(
                    self,
                ) -> <#schema as ::rama_runtime::__private::Schema>::Cursor<X, ::rama_runtime::__private::Field<P, #number>> {
                    <#schema as ::rama_runtime::__private::Schema>::cursor(
                        self.site,
                        ::rama_runtime::__private::Field::of(self.path),
                    )
                }
            }
        });
        quote! {
            #[doc = #doc]
            #[derive(Debug, Clone, Copy)]
            #[must_use = "a cursor does nothing until something is read or written through it"]
            #vis struct #cursor<X, P> {
                site: X,
                path: P,
            }

            /// One step a field.
            #[automatically_derived]
            #[allow(dead_code)]
            impl<X, P> #cursor<X, P> {
                #(#steps)*
            }

            /// Reads of the whole.
            #[automatically_derived]
            #[allow(dead_code)]
            impl<X, P> #cursor<X, P>
            where
                X: ::rama_runtime::__private::Read<P> + ::rama_runtime::__private::Site<Root = P::Root>,
                P: ::rama_runtime::__private::Path<Target = #name>,
            {
                /// All fields, or `None` where nothing was ever written. Cost: a copy of everything in them.
                #vis fn get(self) -> <X as ::rama_runtime::__private::Site>::Answer<::core::option::Option<#value>> {
                    ::rama_runtime::__private::get_fields(self.site, self.path)
                }

                /// Whether any field was written.
                #vis fn exists(self) -> <X as ::rama_runtime::__private::Site>::Answer<bool> {
                    ::rama_runtime::__private::fields_exist(self.site, self.path)
                }
            }

            /// Writes of the whole.
            #[automatically_derived]
            #[allow(dead_code)]
            impl<'p, S, P> #cursor<::rama_runtime::__private::Local<'p, S>, P>
            where
                S: ::rama_runtime::__private::Schema,
                P: ::rama_runtime::__private::Path<Root = S, Target = #name>,
            {
                /// Puts `value` there, whatever there was.
                ///
                /// # Panics
                /// At a list index that is out of range; so the event fails.
                #vis fn set(self, value: #value) {
                    ::rama_runtime::__private::set_fields(self.site, self.path, value);
                }

                /// Removes it, and from a map its key. Says whether there was anything.
                #vis fn remove(self) -> bool {
                    ::rama_runtime::__private::remove_fields(self.site, self.path)
                }

                /// The same cursor for a shorter time, so that this one can be used again.
                #vis fn by_ref(&mut self) -> #cursor<::rama_runtime::__private::Local<'_, S>, P>
                where
                    P: ::core::marker::Copy,
                {
                    #cursor { site: self.site.by_ref(), path: self.path }
                }
            }
        }
    }

    /// Node, undo record, and the `impl`s.
    fn schema(&self) -> TokenStream {
        let (name, vis) = (&self.name, &self.vis);
        let (value, cursor, node, undo) = (
            self.derived("Value"),
            self.derived("Cursor"),
            self.derived("Node"),
            self.derived("Undo"),
        );
        let names: Vec<&Ident> = self.fields.iter().map(|field| &field.name).collect();
        // At most 255: see `Model::new`.
        let count = self.fields.len() as u8;
        let numbers = self.fields.iter().map(|field| field.number as u8);
        let numbers: Vec<u8> = numbers.collect();
        let title = name.to_string();
        let titles: Vec<String> = names.iter().map(|name| name.to_string()).collect();
        let separators = (0..names.len()).map(|number| if number == 0 { " { " } else { ", " });
        let stored = names::stored_fields();
        let stored_fields = quote!(node.#stored);
        let variants: Vec<&Ident> = self.fields.iter().map(|field| &field.variant).collect();
        let schemas: Vec<&Type> = self.fields.iter().map(|field| &field.schema).collect();
        let bounds = self.fields.iter().map(|field| {
            let schema = &field.schema;
            // Spanned, so that a field that is no schema is the place of the error.
            quote_spanned!(schema.span()=> <#schema as ::rama_runtime::__private::Schema>::Node)
        });
        let has_field = self.fields.iter().map(|field| {
            let Field {
                name: field_name,
                schema,
                number,
                variant,
                ..
            } = field;
            quote! {
                #[automatically_derived]
                impl ::rama_runtime::__private::HasField<#number> for #name {
                    type Field = #schema;

                    fn place(
                        node: &#node,
                    ) -> &::core::option::Option<<#schema as ::rama_runtime::__private::Schema>::Node> {
                        &node.#field_name
                    }

                    fn place_mut(
                        node: &mut #node,
                    ) -> &mut ::core::option::Option<<#schema as ::rama_runtime::__private::Schema>::Node> {
                        &mut node.#field_name
                    }

                    fn at(undo: ::rama_runtime::__private::PlaceUndo<#schema>) -> #undo {
                        #undo::#variant(undo)
                    }
                }
            }
        });
        quote! {
            /// How it is stored.
            #vis struct #node {
                #(#names: ::core::option::Option<#bounds>,)*
                #stored: ::rama_runtime::__private::StoredFields,
            }

            #[automatically_derived]
            impl ::core::default::Default for #node {
                fn default() -> Self {
                    Self {
                        #(#names: ::core::option::Option::None,)*
                        #stored: ::core::default::Default::default(),
                    }
                }
            }

            /// Takes back one write.
            #vis enum #undo {
                #(
                    /// To this field.
                    #variants(::rama_runtime::__private::PlaceUndo<#schemas>),
                )*
                /// To all of it. (Rare and large: boxed, so that the other records stay small.)
                Replaced(::std::boxed::Box<#node>),
            }

            #[automatically_derived]
            impl ::rama_runtime::__private::Schema for #name {
                type Node = #node;
                type Undo = #undo;
                type Value = #value;
                type Cursor<X, P> = #cursor<X, P>;
                type Partition = ();

                fn vacant() -> ::core::option::Option<#node> {
                    ::core::option::Option::None
                }

                fn build(value: #value) -> #node {
                    #node {
                        #(#names: value.#names.map(<#schemas as ::rama_runtime::__private::Schema>::build),)*
                        #stored: ::core::default::Default::default(),
                    }
                }

                fn value(node: &#node) -> #value {
                    #value {
                        #(#names: node.#names.as_ref().map(<#schemas as ::rama_runtime::__private::Schema>::value),)*
                    }
                }

                fn replaced(old: #node) -> #undo {
                    #undo::Replaced(::std::boxed::Box::new(old))
                }

                fn undo(node: &mut #node, undo: #undo) {
                    match undo {
                        #(#undo::#variants(undo) => {
                            ::rama_runtime::__private::undo_field::<#schemas>(&mut node.#names, undo);
                        })*
                        #undo::Replaced(old) => *node = *old,
                    }
                }

                fn cursor<X, P>(site: X, path: P) -> #cursor<X, P> {
                    #cursor { site, path }
                }

                fn shape() -> ::std::string::String {
                    let mut shape = ::std::string::String::from(#title);
                    #(
                        shape.push_str(#separators);
                        shape.push_str(#titles);
                        shape.push_str(": ");
                        shape.push_str(&<#schemas as ::rama_runtime::__private::Schema>::shape());
                    )*
                    shape.push_str(" }");
                    shape
                }

                const FLAT: bool = true #(&& <#schemas as ::rama_runtime::__private::Schema>::FLAT)*;

                fn encode(
                    node: &#node,
                    out: &mut ::std::vec::Vec<::core::primitive::u8>,
                ) -> ::core::result::Result<(), ::rama_runtime::__private::StoreError> {
                    out.push(#count);
                    #(::rama_runtime::__private::encode_field::<#schemas>(&node.#names, out)?;)*
                    ::core::result::Result::Ok(())
                }

                fn decode(
                    input: &mut &[::core::primitive::u8],
                ) -> ::core::result::Result<#node, ::rama_runtime::__private::StoreError> {
                    let mut fields = ::rama_runtime::__private::decode_fields(input, #count)?;
                    ::core::result::Result::Ok(#node {
                        #(#names: ::rama_runtime::__private::decode_field::<#schemas>(&mut fields, input)?,)*
                        #stored: ::core::default::Default::default(),
                    })
                }

                fn store(
                    node: &mut #node,
                    changes: &mut ::rama_runtime::__private::Changes,
                ) -> ::core::result::Result<(), ::rama_runtime::__private::StoreError> {
                    if Self::FLAT {
                        return changes.put(|out| Self::encode(node, out));
                    }
                    #stored_fields.begin(changes)?;
                    #(::rama_runtime::__private::store_field::<#schemas>(
                        &mut node.#names, #numbers, &mut #stored_fields, changes,
                    )?;)*
                    ::core::result::Result::Ok(())
                }

                fn weight(node: &#node) -> ::core::primitive::usize {
                    0 #(+ ::rama_runtime::__private::weigh_field::<#schemas>(&node.#names))*
                }

                fn evict(node: &mut #node, evicting: &mut ::rama_runtime::__private::Evicting) {
                    #(::rama_runtime::__private::evict_field::<#schemas>(&mut node.#names, #numbers, evicting);)*
                }

                fn load(
                    entries: &mut ::rama_runtime::__private::Entries<'_>,
                ) -> ::core::result::Result<::core::option::Option<#node>, ::rama_runtime::__private::StoreError> {
                    let ::core::option::Option::Some(value) = entries.here()? else {
                        return ::core::result::Result::Ok(::core::option::Option::None);
                    };
                    if Self::FLAT {
                        return ::rama_runtime::__private::whole::<Self>(&value).map(::core::option::Option::Some);
                    }
                    let mut node = #node::default();
                    #stored_fields.found();
                    #(node.#names = ::rama_runtime::__private::load_field::<#schemas>(
                        entries, #numbers, &mut #stored_fields,
                    )?;)*
                    ::core::result::Result::Ok(::core::option::Option::Some(node))
                }
            }

            #(#has_field)*
        }
    }

    /// A schema has no values, so rustc would call its fields dead.
    fn used(&self) -> TokenStream {
        let name = &self.name;
        let names = self.fields.iter().map(|field| &field.name);
        quote! {
            #[allow(dead_code, unused_variables, clippy::all)]
            fn used(schema: #name) {
                let #name { #(#names,)* } = schema;
            }
        }
    }
}

impl Field {
    /// The field's own documentation, or that it is this field.
    fn docs(&self) -> TokenStream {
        if self.docs.is_empty() {
            let doc = format!("The field `{}`.", self.name);
            quote!(#[doc = #doc])
        } else {
            let docs = &self.docs;
            quote!(#(#docs)*)
        }
    }
}

/// Where `name` (or `Self`) stands in the tokens of a type.
fn mention(name: &Ident, tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == *name || ident == "Self" => Some(ident.span()),
        TokenTree::Group(group) => mention(name, group.stream()),
        _ => None,
    })
}
