//! The modules of a crate, read from its files.

use super::paths::{self, Import};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// Reads a file; `None` where there is none.
pub type Reader<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// The meaning of a name in a module.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A module, by its index in the tree.
    Module(usize),
    /// An item that the module with this index defines.
    Item(usize),
    /// An imported name, by its index in the module's imports.
    Import(usize),
}

/// A module: a file, or a part of one in braces.
#[derive(Debug, Default)]
pub struct Module {
    /// The file that the module is written in.
    pub file: PathBuf,
    pub parent: Option<usize>,
    /// The module at the top of the crate: itself, or an ancestor.
    pub root: usize,
    /// `true` if it is compiled for tests alone.
    pub test: bool,
    pub names: BTreeMap<String, Vec<Entry>>,
    pub imports: Vec<Import>,
    /// Paths of types, expressions, patterns and macros, as they are written.
    pub paths: Vec<Vec<String>>,
}

/// The modules of one crate's library and binaries.
#[derive(Debug, Default)]
pub struct Tree {
    pub modules: Vec<Module>,
    /// The modules that define each macro of the crate, for calls without a path.
    pub macros: BTreeMap<String, Vec<usize>>,
    /// Files that cannot be read or parsed.
    pub faults: Vec<String>,
}

impl Tree {
    /// Reads the modules that `roots` and the files below them declare.
    pub fn read(roots: &[PathBuf], read: Reader<'_>) -> Self {
        let mut tree = Self::default();
        for root in roots {
            tree.file(root, None, false, true, read);
        }
        tree
    }

    fn file(&mut self, path: &Path, parent: Option<usize>, test: bool, owns_folder: bool, read: Reader<'_>) {
        let parsed = match read(path).map(|text| syn::parse_file(&text)) {
            Some(Ok(parsed)) => parsed,
            Some(Err(error)) => return self.faults.push(format!("{}: {error}", path.display())),
            None => return self.faults.push(format!("{}: cannot be read", path.display())),
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let children = if owns_folder { folder.into() } else { path.with_extension("") };
        let test = test || paths::is_test(&parsed.attrs);
        let module = self.begin(path, parent, test);
        self.items(module, &parsed.items, folder, &children, read);
    }

    fn begin(&mut self, file: &Path, parent: Option<usize>, test: bool) -> usize {
        let index = self.modules.len();
        let root = parent.map_or(index, |parent| self.modules[parent].root);
        self.modules.push(Module { file: file.into(), parent, root, test, ..Module::default() });
        index
    }

    /// `folder` is where `#[path]` starts, `children` where modules without one lie.
    fn items(
        &mut self,
        module: usize,
        items: &[syn::Item],
        folder: &Path,
        children: &Path,
        read: Reader<'_>,
    ) {
        for item in items {
            if let syn::Item::Mod(child) = item {
                self.child(module, child, folder, children, read);
            } else if !paths::is_test(paths::attributes(item)) {
                self.item(module, item);
            }
        }
    }

    fn child(
        &mut self,
        module: usize,
        child: &syn::ItemMod,
        folder: &Path,
        children: &Path,
        read: Reader<'_>,
    ) {
        let name = child.ident.to_string();
        let index = self.modules.len();
        let test = self.modules[module].test || paths::is_test(&child.attrs);
        let below = children.join(&name);
        if let Some((_, items)) = &child.content {
            let file = self.modules[module].file.clone();
            self.begin(&file, Some(module), test);
            self.items(index, items, &below, &below, read);
        } else if let Some(path) = paths::path_attribute(&child.attrs) {
            self.file(&normalized(&folder.join(path)), Some(module), test, true, read);
        } else {
            let (flat, nested) = (children.join(format!("{name}.rs")), below.join("mod.rs"));
            let owns_folder = read(&flat).is_none();
            self.file(if owns_folder { &nested } else { &flat }, Some(module), test, owns_folder, read);
        }
        if self.modules.len() > index && !test {
            self.modules[module].names.entry(name).or_default().push(Entry::Module(index));
        }
    }

    fn item(&mut self, module: usize, item: &syn::Item) {
        let found = paths::of_item(item);
        if let Some(name) = &found.defines {
            let mut homes = vec![module];
            if found.is_macro {
                self.macros.entry(name.clone()).or_default().push(module);
                homes.extend(found.exported_macro.then_some(self.modules[module].root));
            }
            for home in homes {
                self.modules[home].names.entry(name.clone()).or_default().push(Entry::Item(module));
            }
        }
        let here = &mut self.modules[module];
        for import in found.imports {
            if let Some(name) = &import.name {
                here.names.entry(name.clone()).or_default().push(Entry::Import(here.imports.len()));
            }
            here.imports.push(import);
        }
        here.paths.extend(found.paths);
    }
}

/// The path without `..`, so that a file has one name.
fn normalized(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        if part != Component::ParentDir || !parts.pop() {
            parts.push(part);
        }
    }
    parts
}
