//! From a path to the file that defines what it names.

use super::paths::Import;
use super::tree::{Entry, Tree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The target of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A module, by its index.
    Module(usize),
    /// An item, by the module that defines it.
    Item(usize),
    /// Something of another crate of the workspace, by the name that paths call it.
    Crate(String),
}

/// The names that each file uses from others, by (from, to).
pub type Arrows<T> = BTreeMap<(PathBuf, T), BTreeSet<String>>;

/// The arrows out of the files of one crate.
#[derive(Debug, Default)]
pub struct Uses {
    pub files: Arrows<PathBuf>,
    pub crates: Arrows<String>,
}

/// Resolves the paths of a tree.
pub struct Resolver<'a> {
    pub tree: &'a Tree,
    /// The workspace's other crates, by the names that paths call them.
    pub crates: &'a BTreeSet<String>,
}

/// The imports that are being followed: some lead to themselves (`pub use gae::gae`).
type Followed = BTreeSet<(usize, usize)>;

impl Resolver<'_> {
    /// Every arrow of the crate, from what is not only compiled for tests.
    pub fn uses(&self) -> Uses {
        let mut uses = Uses::default();
        for (index, module) in self.tree.modules.iter().enumerate().filter(|(_, module)| !module.test) {
            for (number, import) in module.imports.iter().enumerate() {
                let targets = self.targets(index, &import.path, &mut Followed::from([(index, number)]));
                self.note(&mut uses, index, &import.path, targets, import.public);
            }
            for path in &module.paths {
                let mut targets = self.targets(index, path, &mut Followed::new());
                if let (true, [name]) = (targets.is_empty(), &path[..]) {
                    targets =
                        self.tree.macros.get(name).into_iter().flatten().map(|m| Target::Item(*m)).collect();
                }
                self.note(&mut uses, index, path, targets, false);
            }
        }
        uses
    }

    fn note(&self, uses: &mut Uses, from: usize, path: &[String], targets: Vec<Target>, re_export: bool) {
        let file = &self.tree.modules[from].file;
        for target in targets {
            match target {
                // What is used through a module has a path of its own.
                Target::Module(_) => {}
                // A parent shows what its children define; that alone is no use of it.
                Target::Item(to) if re_export && self.is_below(to, from) => {}
                Target::Item(to) => {
                    let to = &self.tree.modules[to].file;
                    if to != file {
                        uses.files
                            .entry((file.clone(), to.clone()))
                            .or_default()
                            .insert(self.item_name(from, path));
                    }
                }
                Target::Crate(to) => {
                    uses.crates.entry((file.clone(), to)).or_default().insert(path.join("::"));
                }
            }
        }
    }

    /// The name in a path that ends its modules: of `maths::Kl::K3` it is `Kl`.
    fn item_name(&self, from: usize, path: &[String]) -> String {
        let is_module = |end: usize| {
            let targets = self.targets(from, &path[..end], &mut Followed::new());
            targets.iter().any(|target| matches!(target, Target::Module(_)))
        };
        let end = (1..path.len()).find(|end| !is_module(*end)).unwrap_or(path.len());
        path[end - 1].clone()
    }

    fn is_below(&self, mut module: usize, ancestor: usize) -> bool {
        while let Some(parent) = self.tree.modules[module].parent {
            if parent == ancestor {
                return true;
            }
            module = parent;
        }
        false
    }

    /// Returns the targets of a path in a module. A name that is in no file, such as one that a macro makes, counts
    /// as one of the module that it is looked up in.
    fn targets(&self, from: usize, path: &[String], followed: &mut Followed) -> Vec<Target> {
        let Some((first, mut rest)) = path.split_first() else { return Vec::new() };
        let mut targets = match first.as_str() {
            "crate" | "$crate" => vec![Target::Module(self.tree.modules[from].root)],
            "self" => vec![Target::Module(from)],
            "super" => self.tree.modules[from].parent.map(Target::Module).into_iter().collect(),
            "" => {
                let Some((name, after)) = rest.split_first() else { return Vec::new() };
                rest = after;
                self.outside(name)
            }
            name => {
                let found = self.lookup(from, name, from, followed);
                if found.is_empty() { self.outside(name) } else { found }
            }
        };
        for name in rest {
            targets = self.step(from, &targets, name, followed);
        }
        targets.sort();
        targets.dedup();
        targets
    }

    /// Returns the targets of the next name of a path.
    fn step(&self, from: usize, steps: &[Target], name: &str, followed: &mut Followed) -> Vec<Target> {
        let modules =
            || steps.iter().filter_map(|step| if let Target::Module(m) = step { Some(*m) } else { None });
        if modules().next().is_none() {
            // A variant, an associated item, something of another crate.
            return steps.to_vec();
        }
        let mut targets = Vec::new();
        for module in modules() {
            match name {
                "super" => targets.extend(self.tree.modules[module].parent.map(Target::Module)),
                "self" => targets.push(Target::Module(module)),
                name => targets.extend(self.lookup(module, name, from, followed)),
            }
        }
        if targets.is_empty() {
            targets.extend(modules().map(Target::Item));
        }
        targets
    }

    fn outside(&self, name: &str) -> Vec<Target> {
        self.crates.contains(name).then(|| Target::Crate(name.into())).into_iter().collect()
    }

    /// Returns the targets of a name in a module, as visible from `viewer`.
    fn lookup(&self, module: usize, name: &str, viewer: usize, followed: &mut Followed) -> Vec<Target> {
        let here = &self.tree.modules[module];
        let mut targets = Vec::new();
        for entry in here.names.get(name).into_iter().flatten() {
            match *entry {
                Entry::Module(module) => targets.push(Target::Module(module)),
                Entry::Item(module) => targets.push(Target::Item(module)),
                Entry::Import(number) => targets.extend(self.follow(module, number, None, viewer, followed)),
            }
        }
        if targets.is_empty() {
            for number in (0..here.imports.len()).filter(|number| here.imports[*number].glob) {
                targets.extend(self.follow(module, number, Some(name), viewer, followed));
            }
        }
        targets
    }

    /// Returns the targets of an import; for a glob, those of `name` in it.
    fn follow(
        &self,
        module: usize,
        number: usize,
        name: Option<&str>,
        viewer: usize,
        followed: &mut Followed,
    ) -> Vec<Target> {
        let Import { path, public, .. } = &self.tree.modules[module].imports[number];
        let visible = *public || module == viewer || self.is_below(viewer, module);
        if !visible || !followed.insert((module, number)) {
            return Vec::new();
        }
        let mut targets = self.targets(module, path, followed);
        if let Some(name) = name {
            targets = targets
                .into_iter()
                .flat_map(|target| match target {
                    Target::Module(of) => self.lookup(of, name, module, followed),
                    Target::Item(_) | Target::Crate(_) => Vec::new(),
                })
                .collect();
        }
        followed.remove(&(module, number));
        targets
    }
}
