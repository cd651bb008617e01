//! The files of the page under `/_mock/ui`: HTML, CSS and ES modules as they are written, no build step.
//!
//! A report of a failed run is a file of its own that draws its lanes with the same modules.

/// The page itself.
pub const INDEX: &str = include_str!("../ui/index.html");

/// Its style, which reports share.
pub const STYLE: &str = include_str!("../ui/style.css");

/// How elements are made: text as text.
pub const DOM: &str = include_str!("../ui/dom.js");

/// Lanes that can be zoomed.
pub const LANES: &str = include_str!("../ui/lanes.js");

/// How a report of a failed run is drawn.
pub const REPORT: &str = include_str!("../ui/report.js");

/// Every file beside [`INDEX`], by name.
const FILES: [(&str, &str); 18] = [
    ("style.css", STYLE),
    ("main.js", include_str!("../ui/main.js")),
    ("api.js", include_str!("../ui/api.js")),
    ("dom.js", DOM),
    ("ctl.js", include_str!("../ui/ctl.js")),
    ("journal.js", include_str!("../ui/journal.js")),
    ("entry.js", include_str!("../ui/entry.js")),
    ("websites.js", include_str!("../ui/websites.js")),
    ("website.js", include_str!("../ui/website.js")),
    ("form.js", include_str!("../ui/form.js")),
    ("schema.js", include_str!("../ui/schema.js")),
    ("faults.js", include_str!("../ui/faults.js")),
    ("events.js", include_str!("../ui/events.js")),
    ("world.js", include_str!("../ui/world.js")),
    ("lanes.js", LANES),
    ("report.js", REPORT),
    ("report_view.js", include_str!("../ui/report_view.js")),
    ("icon.svg", include_str!("../ui/icon.svg")),
];

/// The media type and the text of a file; none when the page has no file of this name.
#[must_use]
pub fn file(name: &str) -> Option<(&'static str, &'static str)> {
    let (_, text) = FILES.iter().find(|(known, _)| *known == name)?;
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css",
        Some((_, "svg")) => "image/svg+xml",
        _ => "text/javascript",
    };
    Some((kind, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the whole page may weigh, in bytes.
    const MOST: usize = 120_000;

    #[test]
    fn the_page_weighs_no_more_than_120_kb() {
        let all = INDEX.len() + FILES.iter().map(|(_, text)| text.len()).sum::<usize>();
        assert!(all <= MOST, "{all} bytes");
    }

    #[test]
    fn every_file_that_a_module_imports_is_served() {
        let from = |text: &'static str| {
            let imports = text.lines().filter_map(|line| line.split_once(" from \"./"));
            imports.filter_map(|(_, rest)| rest.split_once('"')).map(|(name, _)| name)
        };
        for (name, text) in FILES {
            for imported in from(text) {
                assert!(file(imported).is_some(), "{name} imports {imported}");
            }
        }
    }

    #[test]
    fn no_file_makes_markup_of_text() {
        for (name, text) in FILES {
            for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
            {
                assert!(!text.contains(word), "{name} uses {word}");
            }
        }
    }
}
