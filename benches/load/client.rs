//! A cheap client: one kept-alive HTTP/1.1 connection that knows just what the callback answers.
//! It shares a core with the database, so it must cost next to nothing.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// Status and body.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// As it came.
    pub body: String,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// GET.
    pub async fn get(&mut self, target: &str) -> Result<Answer> {
        let request = format!("GET {target} HTTP/1.1\r\nHost: load\r\n\r\n");
        self.exchange(&request).await
    }

    /// GET with a cookie.
    pub async fn get_with(&mut self, target: &str, cookie: &str) -> Result<Answer> {
        let request = format!("GET {target} HTTP/1.1\r\nHost: load\r\nCookie: {cookie}\r\n\r\n");
        self.exchange(&request).await
    }

    /// POST of an XML body.
    pub async fn post(&mut self, target: &str, body: &str) -> Result<Answer> {
        let length = body.len();
        let request = format!(
            "POST {target} HTTP/1.1\r\nHost: load\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.exchange(&request).await
    }

    /// Sends a whole request as it is written.
    pub async fn exchange(&mut self, request: &str) -> Result<Answer> {
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let head_end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more().await?;
        };
        let head = String::from_utf8_lossy(self.buffer.get(..head_end).unwrap_or_default())
            .to_ascii_lowercase();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|text| text.parse().ok())
            .context("no HTTP status")?;
        let length: usize = match status {
            // Which has none.
            204 => 0,
            _ => head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|text| text.trim().parse().ok())
                .context("an answer without Content-Length")?,
        };
        while self.buffer.len() < head_end + length {
            self.read_more().await?;
        }
        let body = self.buffer.get(head_end..head_end + length);
        Ok(Answer {
            status,
            body: String::from_utf8(body.unwrap_or_default().to_vec())?,
        })
    }

    async fn read_more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|part| part == what)
}
