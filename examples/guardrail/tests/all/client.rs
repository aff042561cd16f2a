//! A client of HTTP/1.1 that sees what came over the wire.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A connection, which is kept.
#[derive(Debug)]
pub struct Client(BufReader<TcpStream>);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Client {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request, and waits for the answer.
    pub async fn send(&mut self, method: &str, path: &str, body: &str) -> Result<Answer> {
        self.write(&request(method, path, body)).await?;
        self.answer().await
    }

    /// Sends bytes.
    pub async fn write(&mut self, bytes: &str) -> Result<()> {
        self.0.get_mut().write_all(bytes.as_bytes()).await
    }

    /// Waits for an answer.
    pub async fn answer(&mut self) -> Result<Answer> {
        let invalid = |what: &str| Error::new(ErrorKind::InvalidData, what);
        let line = self.line().await?;
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| invalid(&line))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").ok_or_else(|| invalid(&line))?;
            headers.push((name.to_lowercase(), value.to_string()));
        }
        let mut answer = Answer { status, headers, body: String::new() };
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.ok_or_else(|| invalid("no length"))?];
        self.0.read_exact(&mut body).await?;
        answer.body = String::from_utf8(body).map_err(|_| invalid("no UTF-8"))?;
        Ok(answer)
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_string()),
        }
    }
}

/// The bytes of a request.
pub fn request(method: &str, path: &str, body: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

impl Answer {
    /// The value of a header, whose name is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
    }
}
