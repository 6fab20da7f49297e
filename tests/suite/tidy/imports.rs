//! Which file imports what of which other file, as the syntax of the sources tells it.
//!
//! A path leads to the file that defines what it names, also through modules that only re-export it. Code that is compiled for
//! tests only is left out: it may use whatever lies above it.

use proc_macro2::{TokenStream, TokenTree};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    mem,
};
use syn::{
    Attribute, Ident, ImplItem, Item, ItemMod, ItemUse, Macro, UseTree, Visibility,
    visit::{self, Visit},
};

/// Re-exports of re-exports that are followed.
const DEEPEST: usize = 16;

/// A path of names, each a module but for the last, which may be an item.
type Path = Vec<String>;

/// One file uses something that another one defines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The numbers of both files.
    pub from: usize,
    pub to: usize,
    /// What is imported, as it is written.
    pub name: String,
}

/// A module, which is a file or a part of one.
#[derive(Debug, Default)]
struct Module {
    file: usize,
    items: HashSet<String>,
    /// Paths by the names that they have here.
    named: HashMap<String, Path>,
    globs: Vec<Path>,
    /// All paths that occur.
    used: Vec<Path>,
}

/// The imports between sources, which have the paths of their files below `src`.
pub fn imports(sources: &[(String, String)]) -> Vec<Import> {
    let mut krate = Crate::default();
    for (file, (name, text)) in sources.iter().enumerate() {
        let path = module_of(name);
        if path.iter().any(|part| part == "tests") || name == "main.rs" {
            continue;
        }
        let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("src/{name}: {error}"));
        let mut reader = Reader { krate: &mut krate, file, path };
        reader.module(&syntax.items);
    }
    krate.imports()
}

/// The module that a file is.
pub fn module_of(name: &str) -> Path {
    let path = name.trim_end_matches(".rs");
    if path == "lib" { Path::new() } else { path.split('/').map(str::to_owned).collect() }
}

#[derive(Default)]
struct Crate {
    modules: BTreeMap<Path, Module>,
}

/// What a path leads to.
enum Target {
    Module(Path),
    /// Something that this file defines.
    Item(usize),
}

impl Crate {
    fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for (path, module) in &self.modules {
            for used in &module.used {
                // A module by itself is nothing that is used; what is named through it is.
                if let Some(Target::Item(to)) = self.resolve(path, used, 0)
                    && to != module.file
                {
                    imports.push(Import { from: module.file, to, name: used.join("::") });
                }
            }
        }
        imports.sort();
        imports.dedup_by_key(|import| (import.from, import.to));
        imports
    }

    /// What a path leads to that is written in the module `from`. Nothing if that lies outside of the crate.
    fn resolve(&self, from: &[String], path: &[String], depth: usize) -> Option<Target> {
        if depth > DEEPEST {
            return None;
        }
        let mut here = from.to_vec();
        let mut rest = path;
        while let [first, others @ ..] = rest {
            match first.as_str() {
                "crate" => here.clear(),
                "self" => {}
                "super" => drop(here.pop()?),
                _ => break,
            }
            rest = others;
        }
        while let [first, others @ ..] = rest {
            match self.member(&here, first, others.is_empty(), depth)? {
                Target::Module(module) => here = module,
                item => return Some(item),
            }
            rest = others;
        }
        Some(Target::Module(here))
    }

    /// What a name means in a module. One name may be that of a module and of an item: inside of a path it is the module.
    fn member(&self, here: &[String], name: &str, is_last: bool, depth: usize) -> Option<Target> {
        let module = self.modules.get(here)?;
        let child = [here, &[name.to_owned()]].concat();
        let child = self.modules.contains_key(&child).then_some(Target::Module(child));
        if !is_last && child.is_some() {
            return child;
        }
        if module.items.contains(name) {
            return Some(Target::Item(module.file));
        }
        let imported = module.named.get(name).and_then(|path| self.resolve(here, path, depth + 1));
        let globbed = || {
            let mut globs = module.globs.iter();
            globs.find_map(|glob| self.resolve(here, &[glob.as_slice(), &[name.to_owned()]].concat(), depth + 1))
        };
        imported.or(child).or_else(globbed)
    }
}

/// Reads the modules of one file.
struct Reader<'a> {
    krate: &'a mut Crate,
    file: usize,
    path: Path,
}

impl Reader<'_> {
    fn module(&mut self, items: &[Item]) {
        self.here();
        items.iter().for_each(|item| self.visit_item(item));
    }

    fn here(&mut self) -> &mut Module {
        let new = Module { file: self.file, ..Module::default() };
        self.krate.modules.entry(self.path.clone()).or_insert(new)
    }

    fn use_tree(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: &Ident| [before, &[name.to_string()]].concat();
        // `use a::{self}` names `a`.
        let plain = |path: Path| if path.last().is_some_and(|it| it == "self") { before.to_vec() } else { path };
        match tree {
            UseTree::Path(path) => self.use_tree(&path.tree, &with(&path.ident)),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(tree, before)),
            UseTree::Name(name) => {
                let path = plain(with(&name.ident));
                let Some(own) = path.last().cloned() else { return };
                self.import(own, path);
            }
            UseTree::Rename(rename) => self.import(rename.rename.to_string(), plain(with(&rename.ident))),
            UseTree::Glob(_) => self.here().globs.push(before.to_vec()),
        }
    }

    fn paths_among(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Path::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Punct(it) if it.as_char() == ':' => colons += 1,
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.note(mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                other => {
                    self.note(mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.paths_among(group.stream());
                    }
                }
            }
        }
        self.note(path);
    }

    /// A single name needs no look: it was imported, or is defined here.
    fn note(&mut self, path: Path) {
        if path.len() > 1 {
            self.here().used.push(path);
        }
    }

    fn import(&mut self, name: String, path: Path) {
        let here = self.here();
        here.used.push(path.clone());
        here.named.insert(name, path);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name): (&[Attribute], Option<&Ident>) = match item {
            Item::Const(it) => (&it.attrs, Some(&it.ident)),
            Item::Enum(it) => (&it.attrs, Some(&it.ident)),
            Item::Fn(it) => (&it.attrs, Some(&it.sig.ident)),
            Item::Impl(it) => (&it.attrs, None),
            Item::Macro(it) => (&it.attrs, it.ident.as_ref()),
            Item::Mod(it) => (&it.attrs, None),
            Item::Static(it) => (&it.attrs, Some(&it.ident)),
            Item::Struct(it) => (&it.attrs, Some(&it.ident)),
            Item::Trait(it) => (&it.attrs, Some(&it.ident)),
            Item::Type(it) => (&it.attrs, Some(&it.ident)),
            Item::Union(it) => (&it.attrs, Some(&it.ident)),
            Item::Use(it) => (&it.attrs, None),
            _ => (&[], None),
        };
        if attributes.iter().any(is_for_tests) {
            return;
        }
        if let Some(name) = name {
            self.here().items.insert(name.to_string());
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(it) => &it.attrs,
            ImplItem::Fn(it) => &it.attrs,
            ImplItem::Type(it) => &it.attrs,
            _ => &Vec::new(),
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if let Some((_, items)) = &module.content {
            self.path.push(module.ident.to_string());
            self.module(items);
            self.path.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.use_tree(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.note(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    /// What a macro is given need not be Rust, but paths in it are.
    fn visit_macro(&mut self, given: &'ast Macro) {
        self.visit_path(&given.path);
        self.paths_among(given.tokens.clone());
    }

    /// `pub(in path)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    /// Attributes name derives and crates.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

fn is_for_tests(attribute: &Attribute) -> bool {
    let mut is_for_tests = false;
    if attribute.path().is_ident("cfg") {
        // Anything else that is nested is no `test`.
        let _ = attribute.parse_nested_meta(|meta| {
            is_for_tests |= meta.path.is_ident("test");
            Ok(())
        });
    }
    is_for_tests
}
