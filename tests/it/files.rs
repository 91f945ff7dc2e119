//! The storage of attachments: a folder, and a bucket that speaks S3 (a small one made here, which
//! checks what it is asked).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use linli::base::fault::Code;
use linli::config;
use linli::files::{FileKind, Files};
use poem::http::{Method, StatusCode};
use poem::listener::TcpAcceptor;
use poem::{Request, Response, Server, endpoint::make};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

fn connect(url: &str) -> Result<Files, linli::base::fault::Fault> {
    Files::connect(&config::Storage { url: url.into() })
}

async fn put_get_delete(files: &Files) {
    let path = "2026/11/7.png";
    files.put(path, FileKind::Png, PNG.to_vec()).await.unwrap();
    assert_eq!(files.get(path).await.unwrap(), PNG);
    files.delete(path).await.unwrap();
    assert_eq!(files.get(path).await.unwrap_err().code, Code::NotFound);
    files.delete(path).await.unwrap();
}

#[tokio::test]
async fn a_folder_keeps_files() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("made/on/the/way");
    let files = connect(&format!("fs://{}", root.display())).unwrap();
    put_get_delete(&files).await;
}

#[tokio::test]
async fn a_url_that_cannot_be_is_refused_with_what_to_write() {
    for url in [
        "",
        "data",
        "fs://",
        "ftp://x",
        "s3://",
        "s3://b?colour=red",
        "s3://b?region",
    ] {
        let fault = connect(url)
            .err()
            .unwrap_or_else(|| panic!("{url} was taken"));
        assert!(format!("{fault:?}").contains("storage.url"), "{url}");
    }
}

type Kept = Arc<Mutex<HashMap<String, (Vec<u8>, String)>>>;

/// Just enough of S3: signed requests for objects of one bucket.
async fn bucket() -> (String, Kept) {
    let kept = Kept::default();
    let shelf = kept.clone();
    let endpoint = make(move |request: Request| {
        let shelf = shelf.clone();
        async move { Ok::<_, poem::Error>(serve(request, &shelf).await) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
    tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
    (format!("http://{address}"), kept)
}

fn empty(status: StatusCode) -> Response {
    Response::builder().status(status).finish()
}

async fn serve(request: Request, kept: &Kept) -> Response {
    let signed = request
        .header("authorization")
        .unwrap_or_default()
        .to_owned();
    if !signed.starts_with("AWS4-HMAC-SHA256 Credential=key/") {
        return empty(StatusCode::FORBIDDEN);
    }
    let path = request.uri().path().to_owned();
    let kind = request.content_type().unwrap_or_default().to_owned();
    let method = request.method().clone();
    let body = request.into_body().into_vec().await.unwrap();
    let mut kept = kept.lock().unwrap();
    match method {
        Method::PUT => {
            kept.insert(path, (body, kind));
            empty(StatusCode::OK)
        }
        Method::DELETE => {
            kept.remove(&path);
            empty(StatusCode::NO_CONTENT)
        }
        _ => match kept.get(&path) {
            Some((bytes, _)) => Response::builder().body(bytes.clone()),
            None => Response::builder()
                .status(StatusCode::NOT_FOUND)
                .body("<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>"),
        },
    }
}

#[tokio::test]
async fn a_bucket_keeps_files_under_their_type() {
    let (endpoint, kept) = bucket().await;
    let url =
        format!("s3://linli/photos?endpoint={endpoint}&region=cn&access_key=key&secret_key=s");
    let files = connect(&url).unwrap();
    files
        .put("2026/11/1.png", FileKind::Png, PNG.to_vec())
        .await
        .unwrap();
    {
        let kept = kept.lock().unwrap();
        let (bytes, kind) = &kept["/linli/photos/2026/11/1.png"];
        assert_eq!((bytes.as_slice(), kind.as_str()), (PNG, "image/png"));
    }
    put_get_delete(&files).await;
}

#[tokio::test]
async fn a_bucket_that_does_not_answer_is_outside() {
    let url = "s3://linli?endpoint=http://127.0.0.1:1&region=cn&access_key=key&secret_key=s";
    let files = connect(url).unwrap();
    let fault = files.get("x").await.unwrap_err();
    assert_eq!(fault.code, Code::Outside);
}
