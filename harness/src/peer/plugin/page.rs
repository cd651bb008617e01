//! The page on which people change a plugin's settings, as far as a browser would use it: one request
//! to the plugin, which the plugin answers when it has saved.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::task::Poll;
use std::time::Duration;

use http::{Method, StatusCode};
use reqwest::Url;
use tokio::time::{Instant, sleep};

use super::PORT;
use super::exchange::{Heard, place, request};
use crate::peer::http::address;
use crate::peer::{PeerError, SaveOrder};
use crate::words::SaveEnd;

/// What is sent unless another body is named: the form of the guide's widget.
const BODY: &str =
    r#"{ "website_id": "{website_id}", "token": "{token}", "settings": {settings} }"#;
const WEBSITE: &str = "{website_id}";
const TOKEN: &str = "{token}";
const SETTINGS: &str = "{settings}";

/// How long a plugin may take to accept a connection, and the bytes of a request.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether an answer has come, where nothing else calls for a look.
const LOOKS: Duration = Duration::from_millis(5);
/// The longest answer.
const LONGEST: usize = 1 << 20;

/// Where a plugin's own page sends its settings, and in what form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavePage {
    method: Method,
    url: String,
    body: String,
}

impl SavePage {
    /// A page that sends `"POST http://127.0.0.1:{port}/settings"`, with this body: JSON with
    /// `{website_id}`, `{token}` and `{settings}` in it. Without one it is
    /// `{ "website_id": "{website_id}", "token": "{token}", "settings": {settings} }`.
    ///
    /// # Errors
    ///
    /// In words, when one of the two cannot be used.
    pub fn parse(request: &str, body: Option<&str>) -> Result<Self, String> {
        let (method, url) = request.trim().split_once(' ').ok_or_else(|| {
            format!("`{request}` names no method: write it like \"POST http://127.0.0.1:{PORT}/settings\"")
        })?;
        let method = match method {
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            other => return Err(format!("`{other}` saves nothing: POST, PUT or PATCH does")),
        };
        let page =
            Self { method, url: url.trim().to_owned(), body: body.unwrap_or(BODY).to_owned() };
        let example = filled(&page.url, "w", "t", "s").replace(PORT, "1");
        address(&example)?;
        if !page.body.contains(SETTINGS) {
            return Err(format!("the body has no {SETTINGS}, and would save nothing"));
        }
        let example = filled(&page.body, "w", "t", "{}");
        match serde_json::from_str::<serde_json::Value>(&example) {
            Ok(_) => Ok(page),
            Err(error) => Err(format!(
                "the body is no JSON with {{}} for {SETTINGS}: {error}\n  it would be: {example}"
            )),
        }
    }

    /// Whether it has a port of its own for each scenario.
    pub(super) fn replacing_port(&self, port: Option<&str>) -> Self {
        let url = port.map_or_else(|| self.url.clone(), |port| self.url.replace(PORT, port));
        Self { url, ..self.clone() }
    }

    /// Sends an order and waits for the answer. The request has left whole when this was polled once.
    pub(super) async fn save(&self, order: SaveOrder<'_>) -> Result<SaveEnd, PeerError> {
        let mut sent = None;
        let mut alarm = Box::pin(sleep(LOOKS));
        poll_fn(|cx| {
            let sent = match &mut sent {
                Some(sent) => sent,
                none => match self.send(&order) {
                    Ok(stream) => none.insert(stream),
                    Err(error) => return Poll::Ready(Err(self.problem(&error))),
                },
            };
            match sent.look() {
                Ok(Some(status)) if status.is_success() => Poll::Ready(Ok(SaveEnd::Done)),
                // Whether a plugin that answers so has saved, it does not say.
                Ok(Some(_)) => Poll::Ready(Ok(SaveEnd::Unknown)),
                Err(error) => Poll::Ready(Err(self.problem(&error))),
                Ok(None) => {
                    alarm.as_mut().reset(Instant::now() + LOOKS);
                    let _ = alarm.as_mut().poll(cx);
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Such a save has no end that is known; the plugin is judged by what comes of it.
    fn problem(&self, error: &io::Error) -> PeerError {
        PeerError::Refused(format!("{} {}: {error}", self.method, self.url))
    }

    /// A whole request in the system's buffers: a plugin that is asked for rest afterwards finds it
    /// there, so that rest comes after it has dealt with it.
    fn send(&self, order: &SaveOrder<'_>) -> io::Result<Sent> {
        let website = order.website.to_string();
        let token = order.token.as_deref().unwrap_or_default();
        let url = filled(&self.url, &website, token, "");
        let url =
            Url::parse(&url).map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let body = filled(&self.body, &website, token, order.settings);
        let address = place(&url).to_socket_addrs()?.next().ok_or(ErrorKind::AddrNotAvailable)?;
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(&request(&self.method, &url, Some(&body)))?;
        stream.set_nonblocking(true)?;
        Ok(Sent { stream, heard: Vec::new() })
    }
}

/// A request that is not answered.
struct Sent {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Sent {
    /// What has come by now; the status, when the answer is whole. The connection ends with it.
    fn look(&mut self) -> io::Result<Option<StatusCode>> {
        let mut chunk = [0; 4096];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Heard::ended(&self.heard).map(|heard| Some(heard.status)),
                Ok(count) => self.heard.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.heard.len() > LONGEST {
                let why = format!("it is answered with more than {LONGEST} bytes");
                return Err(io::Error::new(ErrorKind::InvalidData, why));
            }
            if let Some(heard) = Heard::whole(&self.heard)? {
                return Ok(Some(heard.status));
            }
        }
    }
}

/// A template with its places filled. What is put in is not looked at again.
fn filled(template: &str, website: &str, token: &str, settings: &str) -> String {
    let places = [(WEBSITE, website), (TOKEN, token), (SETTINGS, settings)];
    let mut text = String::new();
    let mut rest = template;
    loop {
        let found = places.iter().filter_map(|place| Some((rest.find(place.0)?, place)));
        let Some((at, (name, value))) = found.min_by_key(|(at, _)| *at) else { break };
        text.push_str(&rest[..at]);
        text.push_str(value);
        rest = &rest[at + name.len()..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use crisp_mock_server::id::WebsiteId;

    use super::*;
    use crate::words::How;

    #[test]
    fn what_cannot_be_sent_is_refused_in_words() {
        for (request, body, problem) in [
            ("http://127.0.0.1:1/", None, "names no method"),
            ("GET http://127.0.0.1:1/", None, "`GET` saves nothing"),
            ("POST 127.0.0.1:1", None, "is no address"),
            ("POST http://127.0.0.1:1/", Some(r#"{"a": 1}"#), "has no {settings}"),
            (
                "POST http://127.0.0.1:1/",
                Some(r#"{"a": {website_id}, "s": {settings}}"#),
                "no JSON",
            ),
        ] {
            let refused = SavePage::parse(request, body).unwrap_err();
            assert!(refused.contains(problem), "{refused}");
        }
    }

    #[test]
    fn what_is_put_into_a_template_is_not_filled_again() {
        let text = filled("{settings} {token}", "w", "t", "{token}");
        assert_eq!(text, "{token} t");
    }

    fn order(settings: &str) -> SaveOrder<'_> {
        let (website, how) = (WebsiteId::numbered(1), How::Put);
        SaveOrder { website, settings, token: Some("t1".to_owned()), how }
    }

    /// What the page sends to a plugin that gives this answer, and how the save has ended.
    fn exchange(answer: &'static str) -> (String, Result<SaveEnd, PeerError>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let plugin = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut heard = Vec::new();
            while !heard.ends_with(b"}") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                heard.push(byte[0]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(heard).unwrap()
        });
        let page = SavePage::parse(
            "POST http://127.0.0.1:{port}/s?id={website_id}",
            Some(r#"{"t":"{token}","s":{settings}}"#),
        );
        let page = page.unwrap().replacing_port(Some(&port));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let ended = runtime.block_on(page.save(order("1")));
        (plugin.join().unwrap(), ended)
    }

    #[test]
    fn a_page_sends_one_request_and_an_answer_of_2xx_alone_says_that_it_is_saved() {
        let (sent, ended) = exchange("HTTP/1.1 204 No Content\r\n\r\n");
        let website = WebsiteId::numbered(1);
        assert!(sent.starts_with(&format!("POST /s?id={website} HTTP/1.0\r\n")), "{sent}");
        assert!(sent.ends_with("\r\n\r\n{\"t\":\"t1\",\"s\":1}"), "{sent}");
        assert_eq!(ended, Ok(SaveEnd::Done));
        assert_eq!(exchange("HTTP/1.1 400 Bad Request\r\n\r\n").1, Ok(SaveEnd::Unknown));
        assert!(matches!(exchange("").1, Err(PeerError::Refused(_))));
        assert!(matches!(exchange("nothing\r\n\r\n").1, Err(PeerError::Refused(_))));
    }
}
