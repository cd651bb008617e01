//! The role `generate`: sends one request over and over, as fast as the answers come.
//!
//! A job is a line of JSON on standard input, its result a line on standard output. Bytes are
//! written and read by hand, because whatever the generator does takes a core from the server.

use std::io::Write as _;
use std::time::Duration;

use crisp_mock_server::spaces::system_clock;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::statistics::quantile;

/// What is to be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    pub address: String,
    /// Each carries one request at a time and is kept alive.
    pub connections: usize,
    /// The whole request.
    pub request: String,
    /// For how long, when `requests` does not end it earlier.
    pub millis: u64,
    /// How many at the most, on each connection.
    pub requests: u64,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Result {
    pub requests: u64,
    /// Answers with another status than 2xx.
    pub refused: u64,
    pub seconds: f64,
    /// Microseconds from the first byte out to the last byte in.
    pub median_us: f64,
    pub p99_us: f64,
}

pub fn run() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for line in std::io::stdin().lines() {
        let job: Job = serde_json::from_str(&line?)?;
        let result = runtime.block_on(carry_out(job))?;
        let mut out = std::io::stdout();
        writeln!(out, "{}", serde_json::to_string(&result)?)?;
        out.flush()?;
    }
    Ok(())
}

async fn carry_out(job: Job) -> Outcome<Result> {
    let began = system_clock::elapsed();
    let until = began + Duration::from_millis(job.millis);
    let mut tasks = JoinSet::new();
    for _ in 0..job.connections {
        let stream = connect(&job.address).await?;
        tasks.spawn(one_connection(stream, job.clone(), until));
    }
    let (mut times, mut refused) = (Vec::new(), 0);
    while let Some(ended) = tasks.join_next().await {
        let (some, bad) = ended??;
        times.extend(some);
        refused += bad;
    }
    let seconds = system_clock::elapsed().saturating_sub(began).as_secs_f64();
    Ok(Result {
        requests: times.len() as u64,
        refused,
        seconds,
        median_us: quantile(&times, 0.5),
        p99_us: quantile(&times, 0.99),
    })
}

async fn connect(address: &str) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn one_connection(
    mut stream: TcpStream,
    job: Job,
    until: Duration,
) -> std::io::Result<(Vec<f64>, u64)> {
    let (mut times, mut refused) = (Vec::new(), 0);
    let mut buffer = vec![0; 64 * 1024];
    let mut closed = false;
    let mut sent = system_clock::elapsed();
    while sent < until && (times.len() as u64) < job.requests {
        if closed {
            stream = connect(&job.address).await?;
        }
        stream.write_all(job.request.as_bytes()).await?;
        let good;
        (good, closed) = read_answer(&mut stream, &mut buffer).await?;
        refused += u64::from(!good);
        let now = system_clock::elapsed();
        times.push(now.saturating_sub(sent).as_secs_f64() * 1e6);
        sent = now;
    }
    Ok((times, refused))
}

/// Reads one whole answer; tells whether its status is 2xx, and whether the connection ends.
async fn read_answer(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> std::io::Result<(bool, bool)> {
    let mut filled = 0;
    let whole = loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        filled += read;
        match length(&buffer[..filled]) {
            Some(Length::Bytes(length)) => break length,
            // One request at a time: the last chunk is the last thing that comes.
            Some(Length::Chunks) if buffer[..filled].ends_with(b"\r\n0\r\n\r\n") => break filled,
            Some(Length::Chunks) if filled == buffer.len() => buffer.resize(2 * filled, 0),
            None if filled == buffer.len() => return Err(std::io::ErrorKind::InvalidData.into()),
            _ => {}
        }
    };
    if buffer.len() < whole {
        buffer.resize(whole, 0);
    }
    if filled < whole {
        stream.read_exact(&mut buffer[filled..whole]).await?;
    }
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n");
    let head = &buffer[..head.unwrap_or_default()];
    let closes = |line: &[u8]| line.eq_ignore_ascii_case(b"connection: close\r");
    let closed = head.split(|byte| *byte == b'\n').any(closes);
    Ok((buffer.get(9) == Some(&b'2'), closed))
}

/// How long an answer is.
enum Length {
    /// Head and body together.
    Bytes(usize),
    /// Until the last chunk, as some of those that we are compared with send.
    Chunks,
}

/// What the head says, once it is whole.
fn length(bytes: &[u8]) -> Option<Length> {
    const LENGTH: &[u8] = b"content-length: ";
    const CHUNKS: &[u8] = b"transfer-encoding: chunked";
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let lines = || bytes[..end].split(|byte| *byte == b'\n');
    let begins = |line: &[u8], name: &[u8]| {
        line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    if lines().any(|line| begins(line, CHUNKS)) {
        return Some(Length::Chunks);
    }
    let declared = lines().find(|line| begins(line, LENGTH));
    let digits = declared.map_or(&b""[..], |line| &line[LENGTH.len()..]);
    let number = std::str::from_utf8(digits).unwrap_or_default().trim();
    Some(Length::Bytes(end + 4 + number.parse::<usize>().unwrap_or(0)))
}
