//! One request to a plugin whose clock stands, over a connection that ends with the answer. HTTP/1.0 has
//! no other: what the plugin does because of it is over when it comes to rest next, and nothing of a
//! connection that is kept, or closed later, is counted as its own activity.

use std::io::{self, ErrorKind};
use std::time::Duration;

use http::{Method, StatusCode};
use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::peer::http::{LARGEST, Unanswered};

/// The most header fields of an answer.
const MOST_FIELDS: usize = 100;

/// Where the plugin listens.
pub(super) fn place(url: &Url) -> (&str, u16) {
    // A URL with a host of IPv6 has brackets, an address has none.
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    (host, url.port_or_known_default().unwrap_or(80))
}

/// The bytes of a request.
pub(super) fn request(method: &Method, url: &Url, json: Option<&str>) -> Vec<u8> {
    let (host, port) = place(url);
    let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
    let path = url.path();
    let mut text = format!("{method} {path}{query} HTTP/1.0\r\nHost: {host}:{port}\r\n");
    if let Some(json) = json {
        text += &format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{json}",
            json.len()
        );
    } else {
        text += "Accept: */*\r\n\r\n";
    }
    text.into_bytes()
}

/// What has come of an answer, once its head is whole.
pub(super) struct Heard<'a> {
    pub(super) status: StatusCode,
    pub(super) body: &'a [u8],
    /// How long the body is to be; none: until the connection ends.
    length: Option<usize>,
}

impl<'a> Heard<'a> {
    /// Reads what has come; none: the head is not whole.
    fn of(heard: &'a [u8]) -> io::Result<Option<Self>> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut answer = httparse::Response::new(&mut fields);
        let parsed = answer.parse(heard).map_err(|error| invalid(&error.to_string()))?;
        let httparse::Status::Complete(head) = parsed else { return Ok(None) };
        let status = StatusCode::from_u16(answer.code.unwrap_or_default());
        let status = status.map_err(|error| invalid(&error.to_string()))?;
        let mut fields = answer.headers.iter();
        let length = fields.find(|it| it.name.eq_ignore_ascii_case("content-length"));
        let length = length.and_then(|it| std::str::from_utf8(it.value).ok()?.trim().parse().ok());
        Ok(Some(Self { status, body: &heard[head..], length }))
    }

    /// The answer of a connection that goes on, if it is whole; some keep it all the same.
    pub(super) fn whole(heard: &'a [u8]) -> io::Result<Option<Self>> {
        let heard = Self::of(heard)?;
        Ok(heard.filter(|it| it.length.is_some_and(|length| it.body.len() >= length)))
    }

    /// The answer of a connection that has ended.
    pub(super) fn ended(heard: &'a [u8]) -> io::Result<Self> {
        let heard = Self::of(heard)?;
        let whole = heard.filter(|it| it.length.is_none_or(|length| it.body.len() >= length));
        whole.ok_or_else(|| invalid("the connection ended before the answer did"))
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

/// Reads what stands at an address.
pub(super) async fn get(url: &Url, limit: Duration) -> Result<(StatusCode, String), Unanswered> {
    timeout(limit, try_get(url)).await.unwrap_or(Err(Unanswered::Late))
}

async fn try_get(url: &Url) -> Result<(StatusCode, String), Unanswered> {
    let broken = |error: io::Error| Unanswered::Broken(error.to_string().to_lowercase());
    let mut stream = TcpStream::connect(place(url))
        .await
        .map_err(|error| Unanswered::NotThere(error.to_string().to_lowercase()))?;
    stream.set_nodelay(true).map_err(broken)?;
    stream.write_all(&request(&Method::GET, url, None)).await.map_err(broken)?;
    let mut heard = Vec::new();
    loop {
        let count = stream.read_buf(&mut heard).await.map_err(broken)?;
        if heard.len() > LARGEST {
            return Err(Unanswered::Broken(format!("its answer has more than {LARGEST} bytes")));
        }
        if count == 0 || Heard::whole(&heard).map_err(broken)?.is_some() {
            break;
        }
    }
    // Closed before the plugin is asked for rest.
    drop(stream);
    let Heard { status, body, .. } = Heard::ended(&heard).map_err(broken)?;
    let body = String::from_utf8_lossy(body);
    Ok((status, body.trim_start_matches('\u{FEFF}').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_breaks_off_is_none() {
        let whole = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        let heard = Heard::whole(whole).unwrap().unwrap();
        assert_eq!((heard.status, heard.body), (StatusCode::OK, &b"{}"[..]));
        for cut in [0, 10, 37, whole.len() - 1] {
            assert!(Heard::whole(&whole[..cut]).unwrap().is_none(), "{cut}");
            assert!(Heard::ended(&whole[..cut]).is_err(), "{cut}");
        }
        let without_length = b"HTTP/1.1 503 No\r\n\r\nwait";
        assert!(Heard::whole(without_length).unwrap().is_none());
        assert_eq!(Heard::ended(without_length).unwrap().body, b"wait");
        assert!(Heard::whole(b"nothing").is_err());
    }

    #[test]
    fn a_request_names_its_host_and_keeps_its_query() {
        let url = Url::parse("http://[::1]:3000/a%20b?c=d").unwrap();
        let text = String::from_utf8(request(&Method::GET, &url, None)).unwrap();
        assert!(text.starts_with("GET /a%20b?c=d HTTP/1.0\r\nHost: ::1:3000\r\n"), "{text}");
        assert_eq!(place(&url), ("::1", 3000));
    }
}
