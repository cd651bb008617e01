//! Which module of a crate refers to which: read from the sources' tokens, without tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A path in a module's code, resolved from the crate's root.
#[derive(Debug)]
struct Reference {
    to: Vec<String>,
    /// A re-export makes a name available: the module does not depend on what it names.
    is_reexport: bool,
    place: String,
}

/// A module with its references, and the names that a `use` brings into it.
#[derive(Debug, Default)]
struct Module {
    children: BTreeSet<String>,
    imports: BTreeMap<String, Vec<String>>,
    references: Vec<Reference>,
}

/// All modules of a crate that are compiled outside tests, by their path from the root.
#[derive(Debug, Default)]
pub struct Modules(BTreeMap<Vec<String>, Module>);

/// The edges between the children of one module, with the places that make them.
pub type Graph = BTreeMap<(String, String), BTreeSet<String>>;

impl Modules {
    /// Reads a crate, from its root file on.
    pub fn read(root: &Path, files: &BTreeMap<PathBuf, String>) -> Self {
        let mut modules = Self::default();
        let folder = root.parent().unwrap();
        Reader { files, file: root, folder: folder.to_owned(), path: Vec::new() }
            .read_file(&mut modules);
        modules
    }

    /// The graph of the children of a module (of the crate's root: of its top-level modules). The
    /// module itself is the node `mod`: what it defines beside its children.
    pub fn graph(&self, of: &[&str]) -> Graph {
        let of: Vec<String> = of.iter().map(|&name| name.to_owned()).collect();
        let mut graph = Graph::new();
        for (path, module) in self.0.iter().filter(|(path, _)| path.starts_with(&of)) {
            let from = path.get(of.len()).map_or("mod", String::as_str);
            for reference in &module.references {
                let Some(to) = self.child(&of, &reference.to) else { continue };
                let is_reexport = reference.is_reexport && from == "mod";
                if to != from && !is_reexport {
                    let edge = (from.to_owned(), to);
                    graph.entry(edge).or_default().insert(reference.place.clone());
                }
            }
        }
        graph
    }

    /// The child of a module that a path leads into, through the names that the module imports.
    fn child(&self, of: &[String], path: &[String]) -> Option<String> {
        let name = match path.strip_prefix(of)?.first() {
            Some(name) => name,
            None => return Some("mod".to_owned()),
        };
        let module = self.0.get(of)?;
        if module.children.contains(name) {
            return Some(name.clone());
        }
        match module.imports.get(name) {
            Some(import) if import.as_slice() != path => self.child(of, import),
            _ => Some("mod".to_owned()),
        }
    }
}

/// Reads one module.
struct Reader<'a> {
    files: &'a BTreeMap<PathBuf, String>,
    file: &'a Path,
    /// Where the files of its children are.
    folder: PathBuf,
    path: Vec<String>,
}

impl Reader<'_> {
    fn read_file(&self, modules: &mut Modules) {
        let tokens = TokenStream::from_str(&self.files[self.file]).unwrap();
        self.read(tokens, modules);
    }

    fn read(&self, tokens: TokenStream, modules: &mut Modules) {
        let tokens = without_tests(tokens);
        let mut module = Module::default();
        for (at, token) in tokens.iter().enumerate() {
            let (true, Some(TokenTree::Ident(name))) = (is(token, "mod"), tokens.get(at + 1))
            else {
                continue;
            };
            let name = name.to_string();
            self.read_child(&name, tokens.get(at + 2), modules);
            module.children.insert(name);
        }
        self.scan(&tokens, &mut module);
        modules.0.insert(self.path.clone(), module);
    }

    fn read_child(&self, name: &str, body: Option<&TokenTree>, modules: &mut Modules) {
        let folder = self.folder.join(name);
        let path = [self.path.as_slice(), &[name.to_owned()]].concat();
        if let Some(TokenTree::Group(body)) = body {
            return Reader { folder, path, ..*self }.read(body.stream(), modules);
        }
        let candidates = [folder.with_extension("rs"), folder.join("mod.rs")];
        let file = candidates.iter().find(|file| self.files.contains_key(*file));
        let file = file.unwrap_or_else(|| panic!("{} has no file", path.join("::")));
        Reader { files: self.files, file, folder, path }.read_file(modules);
    }

    fn scan(&self, tokens: &[TokenTree], module: &mut Module) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if is(token, "use") {
                let end = tokens[at..].iter().position(|token| is(token, ";"));
                let end = end.map_or(tokens.len(), |end| at + end);
                self.take_use(&tokens[at + 1..end], &[], is_public(&tokens[..at]), module);
                at = end;
            } else if let TokenTree::Group(group) = token {
                let is_module = at >= 2 && is(&tokens[at - 2], "mod");
                if !is_module {
                    self.scan(&without_tests(group.stream()), module);
                }
                at += 1;
            } else if starts_path(tokens, at) {
                let (path, end) = path(tokens, at);
                if let Some(to) = self.resolve(&path, module) {
                    let place = self.place(token);
                    module.references.push(Reference { to, is_reexport: false, place });
                }
                at = end;
            } else {
                at += 1;
            }
        }
    }

    /// Follows one `use` to each name that it brings.
    fn take_use(&self, tokens: &[TokenTree], before: &[String], public: bool, module: &mut Module) {
        let (names, end) = path(tokens, 0);
        let names = [before, &names].concat();
        match tokens.get(end) {
            Some(TokenTree::Group(group)) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                for tree in inner.split(|token| is(token, ",")).filter(|tree| !tree.is_empty()) {
                    self.take_use(tree, &names, public, module);
                }
            }
            end => {
                let (Some(to), Some(token)) = (self.resolve(&names, module), tokens.first()) else {
                    return;
                };
                let alias = tokens.last().filter(|_| end.is_some_and(|token| is(token, "as")));
                let name =
                    alias.map_or_else(|| names[names.len() - 1].clone(), ToString::to_string);
                let place = self.place(token);
                module.references.push(Reference { to: to.clone(), is_reexport: public, place });
                module.imports.insert(name, to);
            }
        }
    }

    /// The path from the crate's root; none when it leads out of the crate.
    fn resolve(&self, names: &[String], module: &Module) -> Option<Vec<String>> {
        let mut base = self.path.clone();
        let mut rest = names;
        match names.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &names[1..];
            }
            "self" => rest = &names[1..],
            "super" => {
                while let Some(("super", after)) = rest.split_first().map(|(a, b)| (a.as_str(), b))
                {
                    base.pop();
                    rest = after;
                }
            }
            name if module.children.contains(name) => {}
            _ => return None,
        }
        let rest = rest.iter().filter(|name| *name != "self");
        Some(base.into_iter().chain(rest.cloned()).collect())
    }

    fn place(&self, token: &TokenTree) -> String {
        format!("{}:{}", self.file.display(), token.span().start().line)
    }
}

fn is(token: &TokenTree, text: &str) -> bool {
    !matches!(token, TokenTree::Group(_)) && token.to_string() == text
}

/// Whether these tokens end in `pub` or `pub(…)`.
fn is_public(before: &[TokenTree]) -> bool {
    match before {
        [.., keyword, TokenTree::Group(_)] if is(keyword, "pub") => true,
        [.., keyword] => is(keyword, "pub"),
        [] => false,
    }
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    tokens[at.min(tokens.len())..].iter().take(2).filter(|token| is(token, ":")).count() == 2
}

/// Whether a path begins here; the one in `pub(in …)` refers to nothing.
fn starts_path(tokens: &[TokenTree], at: usize) -> bool {
    let goes_on = at >= 2 && is_colons(tokens, at - 2);
    let is_visibility = at == 1 && is(&tokens[0], "in");
    matches!(tokens[at], TokenTree::Ident(_))
        && is_colons(tokens, at + 1)
        && !goes_on
        && !is_visibility
}

/// The names of a path from here, and where it ends; before a group or a star, its prefix.
fn path(tokens: &[TokenTree], mut at: usize) -> (Vec<String>, usize) {
    let mut names = Vec::new();
    while let Some(TokenTree::Ident(name)) = tokens.get(at) {
        names.push(name.to_string());
        at += 1;
        if !is_colons(tokens, at) {
            break;
        }
        at += 2;
    }
    (names, at)
}

/// The tokens without attributes and without the items that only tests compile.
fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_attribute = is(&token, "#");
        if is_attribute && tokens.peek().is_some_and(|token| is(token, "!")) {
            tokens.next();
        }
        match tokens.peek() {
            Some(TokenTree::Group(group)) if is_attribute => {
                let only_tests = is_test(group);
                tokens.next();
                if only_tests {
                    let is_end = |token: &TokenTree| {
                        is(token, ";")
                            || matches!(token, TokenTree::Group(group)
                                if group.delimiter() == Delimiter::Brace)
                    };
                    let _item = tokens.by_ref().find(is_end);
                }
            }
            _ => kept.push(token),
        }
    }
    kept
}

fn is_test(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(' ', "");
    text == "test" || text == "cfg(test)" || text.starts_with("cfg(all(test,")
}
