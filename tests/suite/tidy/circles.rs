//! Circles of modules that use each other.
//!
//! What a module and its descendants use of each other is their own affair.

use super::imports::{Import, imports, module_of};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    iter::successors,
};

/// What is looked at as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A file by itself.
    File,
    /// A module with all that is below it. It is compared with those that lie beside it. Where these make no circle, files
    /// make none either.
    Module,
}

/// For each module those that it uses, each with an import that does so.
type Graph<'a> = BTreeMap<Vec<String>, BTreeMap<Vec<String>, &'a Import>>;

/// Describes the circles among some sources, which have the paths of their files below `src`. Those that lie wholly in an
/// `exempt` module are left out.
pub fn circles(sources: &[(String, String)], imports: &[Import], unit: Unit, exempt: &[&str]) -> Vec<String> {
    let graph = graph(sources, imports, unit);
    let reached: BTreeMap<_, _> = graph.keys().map(|module| (module, reached_from(module, &graph))).collect();
    let mut known: BTreeSet<&[String]> = BTreeSet::new();
    let mut circles = Vec::new();
    for module in graph.keys() {
        let reaches =
            |from: &[String], to: &[String]| reached.get(&from.to_vec()).is_some_and(|it| it.contains_key(to));
        if known.contains(module.as_slice()) || !reaches(module, module) {
            continue;
        }
        let circle: Vec<&[String]> =
            graph.keys().map(Vec::as_slice).filter(|&it| reaches(module, it) && reaches(it, module)).collect();
        known.extend(&circle);
        let is_exempt = |exempt: &str| circle.iter().all(|it| it.join("/").starts_with(&format!("{exempt}/")));
        if !exempt.iter().any(|exempt| is_exempt(exempt)) {
            circles.push(describe(&circle, &reached[module], module, sources));
        }
    }
    circles
}

fn graph<'a>(sources: &[(String, String)], imports: &'a [Import], unit: Unit) -> Graph<'a> {
    let mut graph = Graph::new();
    for import in imports {
        let (mut from, mut to) = (module_of(&sources[import.from].0), module_of(&sources[import.to].0));
        let common = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
        let is_descendant = common == to.len();
        match unit {
            Unit::File if is_descendant => continue,
            Unit::Module if is_descendant || common == from.len() => continue,
            Unit::File => {}
            Unit::Module => {
                from.truncate(common + 1);
                to.truncate(common + 1);
            }
        }
        graph.entry(from).or_default().entry(to).or_insert(import);
    }
    graph
}

/// The modules that a module uses, directly or not, each with the import that is the last of the shortest way there and
/// the module that it comes from.
fn reached_from<'a>(start: &Vec<String>, graph: &'a Graph<'a>) -> BTreeMap<&'a [String], (&'a [String], &'a Import)> {
    let mut reached = BTreeMap::new();
    let mut next: VecDeque<&Vec<String>> = graph.get_key_value(start).map(|(start, _)| start).into_iter().collect();
    while let Some(from) = next.pop_front() {
        for (to, import) in graph.get(from).into_iter().flatten() {
            reached.entry(to.as_slice()).or_insert_with(|| {
                next.push_back(to);
                (from.as_slice(), *import)
            });
        }
    }
    reached
}

fn describe(
    circle: &[&[String]],
    reached: &BTreeMap<&[String], (&[String], &Import)>,
    start: &[String],
    sources: &[(String, String)],
) -> String {
    let names: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
    let last = reached[start];
    let way = successors(Some(last), |(from, _)| (*from != start).then(|| reached[*from]));
    let imports = way.map(|(_, import)| format!("\n    src/{} uses {}", sources[import.from].0, import.name));
    let mut imports: Vec<String> = imports.collect();
    imports.reverse();
    format!("in a circle: {}{}", names.join(", "), imports.concat())
}

#[test]
fn circles_are_found_however_they_are_written() {
    let circle = |files: &[(&str, &str)]| {
        let root = [("lib", "mod a; mod b; mod c; mod d;")];
        let files = root.iter().chain(files);
        let sources: Vec<_> = files.map(|(name, text)| (format!("{name}.rs"), (*text).to_owned())).collect();
        let imports = imports(&sources);
        [Unit::File, Unit::Module].map(|unit| !circles(&sources, &imports, unit, &[]).is_empty())
    };
    let back = "use super::a::A; pub struct B; pub fn b() {}";
    for (a, is_circle) in [
        ("pub struct A;", false),
        ("use crate::b::B; pub struct A;", true),
        ("use crate::{c::C, b::{self, B}}; pub struct A;", true),
        ("use super::b as other; pub struct A; fn a() { other::b() }", true),
        ("pub struct A; fn a() -> Vec<crate::b::B> { Vec::new() }", true),
        ("pub struct A; fn a() { assert!(true, \"{}\", crate::b::b()) }", true),
        ("pub struct A; mod inner { use super::super::b::B; }", true),
        // By what another module passes on.
        ("use crate::d::B; pub struct A;", true),
        ("use crate::d::*; pub struct A; fn a(_: crate::d::Renamed) {}", true),
        ("use crate::c::C; pub struct A;", false),
        // What names a module and uses nothing of it.
        ("use crate::b; pub struct A;", false),
        ("pub(in crate::b) struct A;", false),
        ("pub struct A; // crate::b::B\nconst TEXT: &str = \"crate::b::B\";", false),
        ("pub struct A; #[cfg(test)] mod tests { use crate::b::B; }", false),
        ("pub struct A; impl A { #[cfg(test)] fn a() { crate::b::b() } }", false),
        ("pub struct A; fn a() { ::b::b() }", false),
    ] {
        let c = [("c", "mod e; pub use self::e::C;"), ("c/e", "pub struct C;")];
        let d = ("d", "pub use super::b::{B, B as Renamed};");
        let found = circle(&[&[("a", a), ("b", back), d][..], &c].concat());
        assert_eq!(found, [is_circle; 2], "{a}");
    }
    let parent = ("a", "mod b; use b::B; pub struct A;");
    assert_eq!(circle(&[parent, ("a/b", "use super::A; pub struct B;")]), [false; 2], "a module and its child");
    let child = ("a/b", "use crate::c::C; pub struct B;");
    assert_eq!(circle(&[parent, child, ("c", "use crate::a::A; pub struct C;")]), [true; 2], "by way of a child");
    let folders = [("a", ""), ("a/x", "use crate::b::X; pub struct Y;"), ("a/y", "pub struct Z;")];
    let back = [("b/x", "pub struct X;"), ("b/y", "use crate::a::y::Z;")];
    let folders = [&folders[..], &[("b", "pub use x::X; mod x;")], &back].concat();
    assert_eq!(circle(&folders), [false, true], "folders may use each other where files do not");
    let sources = [
        ("a.rs", "mod b; mod c;"),
        ("a/b.rs", "use super::c::C; pub struct B;"),
        ("a/c.rs", "use super::b::B; pub struct C;"),
    ];
    let sources = sources.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let expected = "in a circle: a::b, a::c\n    src/a/b.rs uses super::c::C\n    src/a/c.rs uses super::b::B";
    let imports = imports(&sources);
    assert_eq!(circles(&sources, &imports, Unit::File, &[]), [expected]);
    assert_eq!(circles(&sources, &imports, Unit::File, &["a"]), [""; 0]);
}
