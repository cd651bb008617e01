//! Lines of a program's output, none of which can fill the memory.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// A line that a program wrote.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// All of it, without its end.
    Whole(&'a str),
    /// The beginning of one that was longer than allowed, and how long it was.
    TooLong(&'a str, usize),
}

/// Hands over every line until the output ends or cannot be read.
pub(super) async fn each_line(
    output: impl AsyncRead + Unpin,
    longest: usize,
    mut take: impl FnMut(Line<'_>),
) {
    let mut output = BufReader::with_capacity(64 * 1024, output);
    let mut line = Vec::new();
    let mut length = 0;
    loop {
        let chunk = match output.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(chunk) => chunk,
        };
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        length += part.len();
        line.extend_from_slice(&part[..part.len().min(longest - line.len())]);
        let used = part.len() + usize::from(end.is_some());
        output.consume(used);
        if end.is_some() {
            hand_over(&line, length, &mut take);
            line.clear();
            length = 0;
        }
    }
    if length > 0 {
        hand_over(&line, length, &mut take);
    }
}

fn hand_over(line: &[u8], length: usize, take: &mut impl FnMut(Line<'_>)) {
    let text = String::from_utf8_lossy(line);
    let text = text.strip_suffix('\r').unwrap_or(&text);
    if length > line.len() {
        take(Line::TooLong(text, length));
    } else {
        take(Line::Whole(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(output: &[u8], longest: usize) -> Vec<String> {
        let mut lines = Vec::new();
        each_line(output, longest, |line| lines.push(format!("{line:?}"))).await;
        lines
    }

    #[tokio::test]
    async fn a_huge_line_is_cut_and_the_one_behind_it_is_whole() {
        let output = [vec![b'x'; 200_000], b"\nnext\r\nlast".to_vec()].concat();
        assert_eq!(
            lines(&output, 3).await,
            ["TooLong(\"xxx\", 200000)", "TooLong(\"nex\", 5)", "TooLong(\"las\", 4)",]
        );
        let whole = lines(&output, 100_000).await;
        assert_eq!(whole[1..], ["Whole(\"next\")", "Whole(\"last\")"]);
    }

    #[tokio::test]
    async fn what_is_no_utf8_is_shown_as_far_as_it_can_be() {
        assert_eq!(lines(b"a\xFFb\n\n", 10).await, ["Whole(\"a\u{FFFD}b\")", "Whole(\"\")"]);
    }
}
