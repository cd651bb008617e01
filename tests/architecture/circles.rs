//! Modules depend on one another in one direction.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use super::modules::{Graph, Modules};
use super::sources;

/// Where circles are looked for: the root of a crate, and a module whose children are compared.
const GRAPHS: [(&str, &[&str]); 6] = [
    ("src/main.rs", &[]),
    ("mock-server/src/lib.rs", &[]),
    ("mock-server/src/lib.rs", &["fault"]),
    ("client/src/lib.rs", &[]),
    ("client/src/lib.rs", &["machine"]),
    ("harness/src/lib.rs", &[]),
];

/// Edges that still close a circle: crate and module, from, to. None may be added, and one that no
/// longer closes a circle has to go.
const ALLOWED: [(&str, &str, &str); 0] = [];

/// The nodes from `start` to `goal` by the fewest edges, both included.
fn way(graph: &Graph, start: &str, goal: &str) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        if node == goal {
            let mut way = vec![node.to_owned()];
            let mut at = node;
            while at != start {
                at = came_from[at];
                way.insert(0, at.to_owned());
            }
            return Some(way);
        }
        for (_, to) in graph.keys().filter(|(from, _)| from == node) {
            if to != start && !came_from.contains_key(to.as_str()) {
                came_from.insert(to, node);
                queue.push_back(to);
            }
        }
    }
    None
}

/// A shortest circle, as its edges.
fn circle(graph: &Graph) -> Option<Vec<(String, String)>> {
    let ways = graph.keys().filter_map(|(from, to)| way(graph, to, from));
    let nodes = ways.min_by_key(Vec::len)?;
    let next = nodes.iter().cycle().skip(1).take(nodes.len());
    Some(nodes.iter().cloned().zip(next.cloned()).collect())
}

fn explain(graph: &Graph, circle: &[(String, String)]) -> String {
    let mut text = String::new();
    for edge in circle {
        let places: Vec<_> = graph[edge].iter().take(5).map(String::as_str).collect();
        text += &format!("  {} -> {}: {}\n", edge.0, edge.1, places.join(", "));
    }
    text
}

fn graph(root: &str, module: &[&str]) -> Graph {
    let folder = Path::new(root).parent().unwrap();
    let files = sources(folder.to_str().unwrap()).into_iter().collect();
    Modules::read(Path::new(root), &files).graph(module)
}

#[test]
fn modules_do_not_depend_on_each_other_in_a_circle() {
    let mut complaints = Vec::new();
    let mut known = BTreeSet::new();
    for (root, module) in GRAPHS {
        let name = [&[root], module].concat().join(" ");
        let full = graph(root, module);
        let allowed: Vec<_> = ALLOWED.into_iter().filter(|(graph, ..)| *graph == name).collect();
        known.extend(allowed.iter().copied());
        let mut cut = full.clone();
        for (_, from, to) in &allowed {
            cut.remove(&((*from).to_owned(), (*to).to_owned()));
        }
        for (_, from, to) in allowed {
            let closes = full.contains_key(&(from.to_owned(), to.to_owned()))
                && way(&cut, to, from).is_some();
            if !closes {
                complaints.push(format!("{name}: {from} -> {to} closes no circle: not allowed"));
            }
        }
        while let Some(circle) = circle(&cut) {
            complaints.push(format!("{name}: a circle\n{}", explain(&cut, &circle)));
            let weakest = circle.iter().min_by_key(|edge| cut[*edge].len());
            cut.remove(weakest.unwrap());
        }
    }
    let stray: Vec<_> = ALLOWED.into_iter().filter(|edge| !known.contains(edge)).collect();
    assert!(stray.is_empty(), "no such graph: {stray:?}");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn planted(files: &[(&str, &str)], module: &[&str]) -> Graph {
    let files = files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
    Modules::read(Path::new("lib.rs"), &files.collect()).graph(module)
}

fn edges(graph: &Graph) -> Vec<String> {
    let edge = |((from, to), places): (&(String, String), &BTreeSet<String>)| {
        format!("{from} -> {to}: {}", Vec::from_iter(places.iter().cloned()).join(", "))
    };
    graph.iter().map(edge).collect()
}

#[test]
fn a_planted_circle_is_found_with_its_places() {
    let graph = planted(
        &[
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "use crate::b::{self, X};"),
            ("b/mod.rs", "mod deep;"),
            ("b/deep.rs", "\nfn f() -> super::super::c::C { vec![crate::d::D] }"),
            ("c.rs", "use super::d; struct C;\n\nimpl C { const A: u8 = crate::a::A; }"),
            ("d.rs", "pub(in crate::a) struct D;"),
        ],
        &[],
    );
    assert_eq!(
        edges(&graph),
        [
            "a -> b: a.rs:1",
            "b -> c: b/deep.rs:2",
            "b -> d: b/deep.rs:2",
            "c -> a: c.rs:3",
            "c -> d: c.rs:1"
        ]
    );
    let circle = circle(&graph).unwrap();
    assert_eq!(
        explain(&graph, &circle),
        "  b -> c: b/deep.rs:2\n  c -> a: c.rs:3\n  a -> b: a.rs:1\n"
    );
}

#[test]
fn a_name_that_the_root_exports_leads_to_the_module_that_has_it() {
    let graph = planted(
        &[
            ("lib.rs", "mod a; mod b; pub use a::inner::{A, B as C}; pub struct Own;"),
            ("a.rs", "pub mod inner { pub struct A; pub struct B; }"),
            ("b.rs", "use crate::{A, Own};\nfn f(c: crate::C, d: other::a::D) {}"),
        ],
        &[],
    );
    assert_eq!(edges(&graph), ["b -> a: b.rs:1, b.rs:2", "b -> mod: b.rs:1"]);
    assert_eq!(circle(&graph), None);
}

#[test]
fn tests_make_no_edges() {
    let graph = planted(
        &[
            ("lib.rs", "mod a; mod b; #[cfg(test)] mod tests;"),
            (
                "a.rs",
                "use crate::b; #[cfg(test)] use crate::a; #[cfg(test)] mod tests { use crate::c; }",
            ),
            (
                "b.rs",
                "#[cfg(test)] impl B { fn f() { crate::a::f() } }\n// crate::a\nfn g() { \"crate::a\" }",
            ),
        ],
        &[],
    );
    assert_eq!(edges(&graph), ["a -> b: a.rs:1"]);
}

#[test]
fn the_children_of_a_module_are_a_graph_of_their_own() {
    let graph = planted(
        &[
            ("lib.rs", "mod m; mod other;"),
            ("other.rs", "use crate::m::a;"),
            ("m/mod.rs", "mod a; mod b; use b::B; struct M { a: a::A }"),
            ("m/a.rs", "use super::B; use crate::other;"),
            ("m/b.rs", "impl super::M {}"),
        ],
        &["m"],
    );
    assert_eq!(
        edges(&graph),
        ["a -> b: m/a.rs:1", "b -> mod: m/b.rs:1", "mod -> a: m/mod.rs:1", "mod -> b: m/mod.rs:1"]
    );
}
