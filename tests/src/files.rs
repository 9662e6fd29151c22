//! Files of folders over HTTP, as any server of files serves them: for pages that are not the console's.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Folders that are served, each below its first part of the address. It ends with the test.
#[derive(Debug)]
pub struct Files {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Files {
    /// Serves each folder below its name: `("docs", "/a/b")` has `/a/b/x.html` at `/docs/x.html`.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn serve(folders: &[(&str, PathBuf)]) -> Self {
        let folders: Vec<_> =
            folders.iter().map(|(name, folder)| (format!("/{name}/"), folder.clone())).collect();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let folders = folders.clone();
                // A browser that hangs up in the middle wants nothing more.
                tokio::spawn(async move { answer(stream, &folders).await.ok() });
            }
        });
        Self { address, task }
    }

    /// Where it is.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request a connection.
async fn answer(stream: TcpStream, folders: &[(String, PathBuf)]) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first).await?;
    let mut line = first.clone();
    while !line.trim().is_empty() {
        line.clear();
        stream.read_line(&mut line).await?;
    }
    let asked = first.split(' ').nth(1).unwrap_or_default();
    let path = asked.split('?').next().unwrap_or_default();
    let found =
        folders.iter().find_map(|(name, folder)| Some(folder.join(path.strip_prefix(name.as_str())?)));
    let read = match &found {
        Some(path) if !path.components().any(|part| part.as_os_str() == "..") => tokio::fs::read(path).await,
        _ => Err(ErrorKind::NotFound.into()),
    };
    let (status, bytes) = read.map_or_else(|_| ("404 Not Found", Vec::new()), |bytes| ("200 OK", bytes));
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        content_type(Path::new(path)),
        bytes.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&bytes).await?;
    stream.shutdown().await
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}
