use super::*;

fn at(text: &str, pointer: &str, part: Part) -> (usize, usize) {
    let document = Document::parse("a.yaml", text).unwrap();
    let position = document.root().position(pointer, part);
    (position.line, position.column)
}

const TEXT: &str = "listen: 127.0.0.1:0\nquirks:\n  page-size: 3\nstub:\n- GET a=200\n- no\n";

#[test]
fn pointers_lead_to_lines_and_columns() {
    assert_eq!(at(TEXT, "/listen", Part::Key), (1, 1));
    assert_eq!(at(TEXT, "/listen", Part::Value), (1, 9));
    assert_eq!(at(TEXT, "/quirks/page-size", Part::Key), (3, 3));
    assert_eq!(at(TEXT, "/quirks/page-size", Part::Value), (3, 14));
    assert_eq!(at(TEXT, "/stub/1", Part::Value), (6, 3));
}

#[test]
fn a_pointer_to_nothing_leads_as_far_as_it_can() {
    // A list starts where its first item does.
    assert_eq!(at(TEXT, "/stub/7/x", Part::Key), (5, 3));
    assert_eq!(at(TEXT, "/nothing", Part::Key), (1, 1));
}

#[test]
fn json_with_tabs_and_windows_line_ends_is_read_too() {
    let text = "{\r\n\t\"a\": [1,\r\n\t\t\"\\u00e9\\/\"]\r\n}\r\n";
    let document = Document::parse("a.json", text).unwrap();
    assert_eq!(document.value(), serde_json::json!({ "a": [1, "é/"] }));
    assert_eq!(at(text, "/a/1", Part::Value), (3, 3));
}

#[test]
fn words_that_other_yaml_readers_take_for_flags_stay_words() {
    let text = "a: off\nb: yes\nc: 007\nd: true\n";
    let expected = serde_json::json!({ "a": "off", "b": "yes", "c": "007", "d": true });
    assert_eq!(Document::parse("a.yaml", text).unwrap().value(), expected);
}

#[test]
fn an_empty_text_is_null() {
    assert_eq!(Document::parse("a", "").unwrap().value(), Value::Null);
    assert_eq!(Document::parse("a", "# nothing\n").unwrap().value(), Value::Null);
}

#[test]
fn a_merge_key_takes_in_the_keys_of_a_map() {
    let text = "a: &a { x: 1, y: 2 }\nb:\n  <<: *a\n  y: 3\n";
    let expected = serde_json::json!({ "a": { "x": 1, "y": 2 }, "b": { "y": 3, "x": 1 } });
    assert_eq!(Document::parse("a.yaml", text).unwrap().value(), expected);
}

#[test]
fn what_is_too_large_and_what_is_too_deep_are_told_apart_in_plain_words() {
    let keys: Vec<_> = (0..60_000).map(|number| format!("k{number}: 1")).collect();
    let aliases = format!("a: &a {{ {} }}\nb: *a\n<<: *a\n", keys.join(", "));
    let blocks: String = (0..125).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let flow = format!("a: {}{}", "[".repeat(125), "]".repeat(125));
    for (text, place, told) in [
        (aliases, "2:4", "larger than a document may be"),
        (blocks, "121:121", "nested deeper than a document may be"),
        (flow, "1:124", "nested deeper than a document may be"),
    ] {
        let shown = Document::parse("bad.yaml", text).unwrap_err().to_string();
        let expected = format!("bad.yaml:{place}: from here on this is {told}\n");
        assert!(shown.starts_with(&expected), "{}", &shown[..shown.len().min(300)]);
    }
}

#[test]
fn what_is_no_yaml_says_where() {
    for (text, place) in [
        ("a: [1, 2\n", "bad.yaml:"),
        ("a: 1\na: 2\n", "bad.yaml:2:1: `a` is given twice"),
        ("a: &x [*x]\n", "bad.yaml:1:"),
        ("a: *nobody\n", "bad.yaml:1:4: there is no anchor"),
        ("a: 1\n---\nb: 2\n", "bad.yaml:2:1: a second document begins"),
        ("{\"a\": 1}\n{\"b\": 2}\n", "bad.yaml:2:1: the document has ended before this"),
        ("a: &x [*x]\n", "bad.yaml:1:8: this alias stands inside of what it names"),
        ("y:\n  <<: 5\n", "bad.yaml:2:7: `<<` takes in the keys of a map"),
        ("null: 1\n", "bad.yaml:1:1: a key is a text, and this is null"),
        ("? [1]\n: 3\n", "bad.yaml:1:3: a key is a text, and this is a list"),
        ("a: .inf\n", "bad.yaml:1:4: JSON has no such number"),
    ] {
        let shown = Document::parse("bad.yaml", text).unwrap_err().to_string();
        assert!(shown.starts_with(place), "{shown}");
    }
}

#[test]
fn bytes_that_are_no_utf8_say_where() {
    let invalid = Document::from_bytes("a", b"name: x\nabout: \xff".to_vec()).unwrap_err();
    assert!(invalid.to_string().starts_with("a:2:8: from here on"), "{invalid}");
    let marked = Document::from_bytes("a", "\u{feff}a: 1".into()).unwrap();
    assert_eq!(marked.value(), serde_json::json!({ "a": 1 }));
}

#[test]
fn a_text_made_to_exhaust_the_reader_is_refused() {
    assert!(Document::parse("deep", "[".repeat(100_000)).is_err());
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let of = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{of}]\n"));
    }
    assert!(Document::parse("laughs", laughs).is_err());
}
