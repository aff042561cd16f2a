//! The imports and the paths that an item is written with.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::visit::{self, Visit};

/// One name that a `use` brings in.
#[derive(Clone, Debug)]
pub struct Import {
    pub path: Vec<String>,
    /// The name in this module; `None` for `*` and `_`.
    pub name: Option<String>,
    pub glob: bool,
    /// `true` for a re-export: `pub use`, `pub(crate) use` and the like.
    pub public: bool,
}

/// The names that an item defines, imports and mentions.
#[derive(Default)]
pub struct Found {
    pub defines: Option<String>,
    pub is_macro: bool,
    pub exported_macro: bool,
    pub imports: Vec<Import>,
    pub paths: Vec<Vec<String>>,
    /// Names of local variables, which hide functions and constants.
    locals: BTreeSet<String>,
}

/// Reads an item, without the modules in it.
pub fn of_item(item: &syn::Item) -> Found {
    use syn::Item::*;
    let defines = match item {
        Const(item) => Some(&item.ident),
        Enum(item) => Some(&item.ident),
        Fn(item) => Some(&item.sig.ident),
        Macro(item) => item.ident.as_ref(),
        Static(item) => Some(&item.ident),
        Struct(item) => Some(&item.ident),
        Trait(item) => Some(&item.ident),
        TraitAlias(item) => Some(&item.ident),
        Type(item) => Some(&item.ident),
        Union(item) => Some(&item.ident),
        _ => None,
    }
    .map(plain);
    let mut found = Found { defines, ..Found::default() };
    if let Macro(item) = item {
        found.is_macro = item.ident.is_some();
        found.exported_macro = item.attrs.iter().any(|a| a.path().is_ident("macro_export"));
    }
    found.visit_item(item);
    found
}

impl Found {
    fn tree(&mut self, mut path: Vec<String>, tree: &syn::UseTree, public: bool) {
        match tree {
            syn::UseTree::Path(part) => {
                path.push(plain(&part.ident));
                self.tree(path, &part.tree, public);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(path.clone(), tree, public);
                }
            }
            syn::UseTree::Glob(_) => self.imports.push(Import { path, name: None, glob: true, public }),
            syn::UseTree::Name(name) => self.leaf(path, &name.ident, None, public),
            syn::UseTree::Rename(name) => self.leaf(path, &name.ident, Some(plain(&name.rename)), public),
        }
    }

    fn leaf(&mut self, mut path: Vec<String>, last: &syn::Ident, name: Option<String>, public: bool) {
        if last != "self" || path.is_empty() {
            path.push(plain(last));
        }
        let name = name.or_else(|| path.last().cloned()).filter(|name| name != "_");
        self.imports.push(Import { path, name, glob: false, public });
    }

    /// Paths among the tokens of a macro, which need not be Rust.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |i: usize, c: char| matches!(tokens.get(i), Some(TokenTree::Punct(p)) if p.as_char() == c);
        let mut i = 0;
        while i < tokens.len() {
            let start = i;
            i += 1;
            match &tokens[start] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(ident) => {
                    let mut path = vec![plain(ident)];
                    while let (true, true, Some(TokenTree::Ident(next))) =
                        (is(i, ':'), is(i + 1, ':'), tokens.get(i + 2))
                    {
                        path.push(plain(next));
                        i += 3;
                    }
                    let before = |c| start > 0 && is(start - 1, c);
                    let field = before('.') && !(start > 1 && is(start - 2, '.'));
                    let label = path.len() == 1 && is(i, ':') && !is(i + 1, ':');
                    let variable = before('$') && path[0] != "crate";
                    if !field && !label && !variable && !before('\'') {
                        self.path(path);
                    }
                }
                _ => {}
            }
        }
    }

    fn path(&mut self, path: Vec<String>) {
        if path.len() > 1 || !self.locals.contains(&path[0]) {
            self.paths.push(path);
        }
    }

    fn function(&mut self, visit: impl FnOnce(&mut Self), collect: impl FnOnce(&mut Locals)) {
        let mut locals = Locals::default();
        collect(&mut locals);
        let outer = self.locals.clone();
        self.locals.extend(locals.0);
        visit(self);
        self.locals = outer;
    }
}

impl<'a> Visit<'a> for Found {
    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        let public = match &item.vis {
            syn::Visibility::Inherited => false,
            syn::Visibility::Restricted(restricted) => !restricted.path.is_ident("self"),
            syn::Visibility::Public(_) => true,
        };
        let start = if item.leading_colon.is_some() { vec![String::new()] } else { Vec::new() };
        self.tree(start, &item.tree, public);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let mut names: Vec<String> = path.segments.iter().map(|segment| plain(&segment.ident)).collect();
        if path.leading_colon.is_some() {
            names.insert(0, String::new());
        }
        self.path(names);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }

    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.function(|found| visit::visit_item_fn(found, item), |locals| locals.visit_item_fn(item));
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            self.function(
                |found| visit::visit_impl_item_fn(found, item),
                |locals| locals.visit_impl_item_fn(item),
            );
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'a syn::TraitItemFn) {
        self.function(
            |found| visit::visit_trait_item_fn(found, item),
            |locals| locals.visit_trait_item_fn(item),
        );
    }

    /// Of attributes only the paths that serde takes as strings.
    fn visit_attribute(&mut self, attribute: &'a syn::Attribute) {
        let syn::Meta::List(list) = &attribute.meta else { return };
        if !list.path.is_ident("serde") {
            return;
        }
        for token in list.tokens.clone() {
            let TokenTree::Literal(literal) = token else { continue };
            let text = literal.to_string();
            if text.contains("::")
                && let Ok(tokens) = text.trim_matches('"').parse()
            {
                self.tokens(tokens);
            }
        }
    }

    fn visit_vis_restricted(&mut self, _: &'a syn::VisRestricted) {}
}

/// The variables that a function binds.
#[derive(Default)]
struct Locals(BTreeSet<String>);

impl<'a> Visit<'a> for Locals {
    fn visit_pat_ident(&mut self, pattern: &'a syn::PatIdent) {
        self.0.insert(plain(&pattern.ident));
        visit::visit_pat_ident(self, pattern);
    }
}

/// The identifier without `r#`.
fn plain(ident: &syn::Ident) -> String {
    ident.to_string().trim_start_matches("r#").into()
}

/// Returns whether an item is compiled for tests alone.
pub fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            list.parse_args::<syn::Meta>().is_ok_and(|condition| implies_test(&condition))
        }
        _ => false,
    })
}

fn implies_test(condition: &syn::Meta) -> bool {
    use syn::{Meta, Token, punctuated::Punctuated};
    let Meta::List(list) = condition else { return condition.path().is_ident("test") };
    let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
    let Ok(parts) = list.parse_args_with(parse) else { return false };
    if list.path.is_ident("all") {
        parts.iter().any(implies_test)
    } else {
        list.path.is_ident("any") && parts.iter().all(implies_test)
    }
}

/// The file that `#[path = "…"]` names.
pub fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

/// An item's attributes.
pub fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    use syn::Item::*;
    match item {
        Const(item) => &item.attrs,
        Enum(item) => &item.attrs,
        ExternCrate(item) => &item.attrs,
        Fn(item) => &item.attrs,
        ForeignMod(item) => &item.attrs,
        Impl(item) => &item.attrs,
        Macro(item) => &item.attrs,
        Mod(item) => &item.attrs,
        Static(item) => &item.attrs,
        Struct(item) => &item.attrs,
        Trait(item) => &item.attrs,
        TraitAlias(item) => &item.attrs,
        Type(item) => &item.attrs,
        Union(item) => &item.attrs,
        Use(item) => &item.attrs,
        _ => &[],
    }
}
