//! Taking connections. The HTTP library spins when `accept` fails (out of file descriptors), and
//! leaves Nagle's algorithm on. Used by `command/serve.rs`.

use std::time::Duration;

use poem::http::uri::Scheme;
use poem::listener::{Acceptor, TcpAcceptor};
use poem::web::{LocalAddr, RemoteAddr};
use tokio::net::TcpStream;

/// How long to wait before taking the next connection after a failure.
const PAUSE: Duration = Duration::from_millis(200);

/// A patient acceptor.
pub struct PatientAcceptor(pub TcpAcceptor);

impl Acceptor for PatientAcceptor {
    type Io = TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.0.local_addr()
    }

    async fn accept(&mut self) -> std::io::Result<(TcpStream, LocalAddr, RemoteAddr, Scheme)> {
        loop {
            match self.0.accept().await {
                Ok(taken) => {
                    if let Err(error) = taken.0.set_nodelay(true) {
                        tracing::debug!(%error, "a connection stays with Nagle's algorithm");
                    }
                    return Ok(taken);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}
