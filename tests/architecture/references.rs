//! References from one file to another: what is linked exists.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{files, root};

/// A link to a part of a Markdown page.
#[derive(Debug, PartialEq, Eq)]
struct Link {
    /// As written; empty for the page itself.
    page: String,
    anchor: String,
}

fn is_of_a_path(c: char) -> bool {
    c.is_ascii_alphanumeric() || "./_-".contains(c)
}

fn is_of_an_anchor(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-".contains(c)
}

/// The links to anchors in a text: `page.md#anchor` anywhere, `](#anchor)` in Markdown.
fn links(text: &str) -> Vec<Link> {
    let mut found = Vec::new();
    for (at, mark) in text.match_indices('#') {
        let before = &text[..at];
        let after = &text[at + mark.len()..];
        let anchor: String = after.chars().take_while(|&c| is_of_an_anchor(c)).collect();
        let page = before.chars().rev().take_while(|&c| is_of_a_path(c)).count();
        let page = &before[before.len() - page..];
        let linked = page.ends_with(".md") || before.ends_with("](");
        if linked && !anchor.is_empty() {
            found.push(Link { page: page.to_owned(), anchor });
        }
    }
    found
}

/// The anchors of a page: its headings as GitHub names them, and those set by hand.
fn anchors(page: &str) -> BTreeSet<String> {
    let by_hand = page.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let headings = headings.map(|line| slug(line.trim_start_matches('#').trim()));
    by_hand.map(str::to_owned).chain(headings).collect()
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|&c| c.is_alphanumeric() || " _-".contains(c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The file that a link leads to: from the repository's root when it begins with `docs/` or is the
/// address of a published page.
fn target(file: &Path, link: &Link) -> PathBuf {
    if link.page.is_empty() {
        return file.to_owned();
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    let published = link.page.split_once("/blob/main/").map(|(_, page)| page);
    let page = published.unwrap_or(&link.page);
    let is_from_root = published.is_some() || page.starts_with("docs/");
    let from = if is_from_root { Path::new("") } else { folder };
    let mut path = PathBuf::new();
    for part in from.join(page).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    path
}

#[test]
fn every_anchor_that_is_linked_exists() {
    let mut broken = Vec::new();
    let this_file = Path::new(file!());
    for (file, text) in files(".", &["rs", "md", "yaml"]) {
        let text = if file == this_file { String::new() } else { text };
        for link in links(&text) {
            let target = target(&file, &link);
            let page = std::fs::read_to_string(root().join(&target)).unwrap_or_default();
            if !anchors(&page).contains(&link.anchor) {
                broken.push(format!("{}: {}#{}", file.display(), target.display(), link.anchor));
            }
        }
    }
    assert!(broken.is_empty(), "no such heading:\n{}", broken.join("\n"));
}

#[test]
fn sections_of_documents_outside_the_repository_are_not_referred_to() {
    let mut lines = Vec::new();
    for (file, text) in files(".", &["rs", "md", "yaml"]) {
        for (number, line) in text.lines().enumerate() {
            let marks = line.matches('\u{a7}').count();
            lines.extend((0..marks).map(|_| format!("{}:{}", file.display(), number + 1)));
        }
    }
    assert!(lines.is_empty(), "section marks; link to docs/wire.md:\n{}", lines.join("\n"));
}

#[test]
fn links_are_found_in_prose_and_in_markdown() {
    let link = |page: &str, anchor: &str| Link { page: page.to_owned(), anchor: anchor.to_owned() };
    let text =
        "/// See docs/wire.md#pages, [here](#tiers) or [there](../a.md#b-c); `since#2`, a.md#{id}";
    assert_eq!(
        links(text),
        [link("docs/wire.md", "pages"), link("", "tiers"), link("../a.md", "b-c")]
    );
}

#[test]
fn anchors_are_those_of_headings_and_those_set_by_hand() {
    let page = "# Base URL\n\nText\n\n### `GET` cache: *how*\n\n| <a id=\"c1\"></a>C1 |";
    assert_eq!(Vec::from_iter(anchors(page)), ["base-url", "c1", "get-cache-how"]);
    assert!(!anchors(page).contains("pages"));
}

#[test]
fn a_link_is_relative_to_its_file_unless_it_names_the_folder_of_documents() {
    let to = |file: &str, page: &str| {
        target(Path::new(file), &Link { page: page.to_owned(), anchor: String::new() })
    };
    assert_eq!(to("client/src/lib.rs", "docs/wire.md"), Path::new("docs/wire.md"));
    assert_eq!(to("docs/sync/README.md", "../hazards.md"), Path::new("docs/hazards.md"));
    let published = "//github.com/a/b/blob/main/docs/wire.md";
    assert_eq!(to("client/src/lib.rs", published), Path::new("docs/wire.md"));
    assert_eq!(to("docs/wire.md", ""), Path::new("docs/wire.md"));
}
