//! A bucket on this machine: as much of Amazon S3 as the audit chain asks of it. Objects are put where there is none, and read.
//! They are files of a folder, laid out as a copy of the bucket would be, and so survive a restart. A crate that serves all of S3 would
//! bring twenty others along.
//!
//! Whoever signs a request is believed, but what was signed has to be what came.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{Error, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};
use tempfile::NamedTempFile;

/// Most octets of an object: a segment of the chain has a few million.
const MAX_OBJECT: usize = 64 * 1024 * 1024;

const DIGEST: &str = "x-amz-content-sha256";
const CONDITION: &str = "if-none-match";
const CHECKSUM: &str = "x-amz-checksum-sha256";

/// Where its objects are.
#[derive(Debug, Clone)]
pub struct Bucket {
    name: Arc<str>,
    folder: Arc<Path>,
}

impl Bucket {
    pub fn new(name: &str, folder: &Path) -> Self {
        Self {
            name: name.into(),
            folder: folder.into(),
        }
    }

    /// The service with this one bucket, which is a part of the path.
    pub fn router(self) -> Router {
        Router::new().fallback(answer).with_state(self)
    }

    async fn done(&self, request: Request) -> Result<Response, Fault> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, MAX_OBJECT).await.map_err(|_| TOO_LARGE)?;
        signed(&parts.headers, &body)?;
        let file = self.file(&parts)?;
        match parts.method {
            Method::GET => read(file).await,
            Method::PUT => put(file, &parts.headers, body).await,
            _ => Err(NOT_IMPLEMENTED),
        }
    }

    /// That of the object which a path names. Only names that mean the same in a folder are taken.
    fn file(&self, parts: &Parts) -> Result<PathBuf, Fault> {
        let path = parts.uri.path().trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        if *bucket != *self.name {
            return Err(NO_BUCKET);
        }
        let is_plain = key.split('/').all(is_plain) && parts.uri.query().is_none();
        is_plain
            .then(|| self.folder.join(key))
            .ok_or(NOT_IMPLEMENTED)
    }
}

async fn answer(State(bucket): State<Bucket>, request: Request) -> Response {
    bucket.done(request).await.into_response()
}

fn is_plain(part: &str) -> bool {
    let is_known = |octet: u8| octet.is_ascii_alphanumeric() || b".-_".contains(&octet);
    !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_known)
}

/// Whether somebody signed for this service, the body and the condition among what was signed.
fn signed(headers: &HeaderMap, body: &Bytes) -> Result<(), Fault> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signature = text("authorization").unwrap_or_default();
    let is_for_this = signature.starts_with("AWS4-HMAC-SHA256 Credential=")
        && signature.contains("/s3/aws4_request");
    let is_condition_signed = text(CONDITION).is_none() || signature.contains(CONDITION);
    if !is_for_this || !is_condition_signed {
        return Err(DENIED);
    }
    if text(DIGEST) != Some(&sha256(body)) {
        return Err(OTHER_BODY);
    }
    Ok(())
}

/// As S3 has it.
fn checksum(octets: &[u8]) -> String {
    STANDARD.encode(digest(&SHA256, octets))
}

fn sha256(octets: &[u8]) -> String {
    let digest = digest(&SHA256, octets);
    let digits = digest.as_ref().iter();
    digits.fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

async fn read(file: PathBuf) -> Result<Response, Fault> {
    let read = tokio::fs::read(file).await;
    let octets = read.map_err(|error| match error.kind() {
        ErrorKind::NotFound => NO_OBJECT,
        _ => broken(&error),
    })?;
    Ok(octets.into_response())
}

async fn put(file: PathBuf, headers: &HeaderMap, body: Bytes) -> Result<Response, Fault> {
    let condition = headers.get(CONDITION);
    if condition.is_none_or(|condition| condition != "*") {
        return Err(NOT_IMPLEMENTED);
    }
    // As a bucket with Object Lock does.
    if headers.get(CHECKSUM).map(HeaderValue::as_bytes) != Some(checksum(&body).as_bytes()) {
        return Err(NO_CHECKSUM);
    }
    let written = tokio::task::spawn_blocking(move || put_if_absent(&file, &body)).await;
    let written = written.map_err(Error::other).and_then(|written| written);
    match written {
        Ok(true) => Ok(StatusCode::OK.into_response()),
        Ok(false) => Err(THERE_IS_ONE),
        Err(error) => Err(broken(&error)),
    }
}

/// The whole object or nothing: whoever comes first has it, and a crash leaves no half of one.
fn put_if_absent(file: &Path, content: &[u8]) -> std::io::Result<bool> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(content)?;
    match new.persist_noclobber(file) {
        Ok(_) => Ok(true),
        Err(problem) if problem.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(problem) => Err(problem.error),
    }
}

/// An answer that is none of success, with the code that S3 has for it.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
}

impl Fault {
    const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self {
            status,
            code,
            message: Cow::Borrowed(message),
        }
    }
}

const DENIED: Fault = Fault::new(
    StatusCode::FORBIDDEN,
    "AccessDenied",
    "expected a request that is signed for S3, its condition too",
);
const OTHER_BODY: Fault = Fault::new(
    StatusCode::BAD_REQUEST,
    "XAmzContentSHA256Mismatch",
    "the body is not the one that was signed",
);
const NO_CHECKSUM: Fault = Fault::new(
    StatusCode::BAD_REQUEST,
    "InvalidRequest",
    "a bucket with Object Lock expects the checksum of the body, x-amz-checksum-sha256",
);
const TOO_LARGE: Fault = Fault::new(
    StatusCode::BAD_REQUEST,
    "EntityTooLarge",
    "the body broke off, or is larger than this stand-in takes",
);
const NO_BUCKET: Fault = Fault::new(
    StatusCode::NOT_FOUND,
    "NoSuchBucket",
    "this stand-in has another bucket",
);
const NO_OBJECT: Fault = Fault::new(
    StatusCode::NOT_FOUND,
    "NoSuchKey",
    "there is no object of this name",
);
const THERE_IS_ONE: Fault = Fault::new(
    StatusCode::PRECONDITION_FAILED,
    "PreconditionFailed",
    "there is an object of this name",
);
const NOT_IMPLEMENTED: Fault = Fault::new(
    StatusCode::NOT_IMPLEMENTED,
    "NotImplemented",
    "this stand-in puts objects of plain names where there is none (If-None-Match: *), reads them, and does nothing else",
);

fn broken(error: &Error) -> Fault {
    Fault {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: "InternalError",
        message: error.kind().to_string().into(),
    }
}

impl IntoResponse for Fault {
    /// Neither code nor message has anything to escape.
    fn into_response(self) -> Response {
        let Self {
            status,
            code,
            message,
        } = self;
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        let content_type = [(header::CONTENT_TYPE, "application/xml")];
        (status, content_type, Body::from(body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=local/20261122/local/s3/aws4_request, \
                             SignedHeaders=host;if-none-match;x-amz-content-sha256, Signature=0";

    /// As the product asks.
    fn request(method: &Method, path: &str, body: &str) -> Request {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", SIGNATURE)
            .header(DIGEST, sha256(body.as_bytes()));
        let request = match *method {
            Method::PUT => request
                .header(CONDITION, "*")
                .header(CHECKSUM, checksum(body.as_bytes())),
            _ => request,
        };
        request.body(body.to_owned().into()).unwrap()
    }

    fn without(name: &str, mut request: Request) -> Request {
        request.headers_mut().remove(name);
        request
    }

    fn with(name: &'static str, value: &str, mut request: Request) -> Request {
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    }

    /// Status and body.
    async fn asked(folder: &TempDir, request: Request) -> (u16, String) {
        let bucket = Bucket::new("audit", folder.path());
        let response = answer(State(bucket), request).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), MAX_OBJECT).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn refused(folder: &TempDir, request: Request) -> (u16, String) {
        let (status, body) = asked(folder, request).await;
        let (_, code) = body.split_once("<Error><Code>").unwrap();
        (status, code.split_once('<').unwrap().0.to_owned())
    }

    fn is(status: u16, code: &str) -> (u16, String) {
        (status, code.to_owned())
    }

    #[tokio::test]
    async fn an_object_is_put_once_and_is_a_file() {
        let folder = TempDir::new().unwrap();
        let path = "/audit/a/2026-11-22/00000001.jsonl";
        let missing = refused(&folder, request(&Method::GET, path, "")).await;
        assert_eq!(missing, is(404, "NoSuchKey"));
        let put = asked(&folder, request(&Method::PUT, path, "one")).await;
        assert_eq!(put, is(200, ""));
        let again = refused(&folder, request(&Method::PUT, path, "two")).await;
        assert_eq!(again, is(412, "PreconditionFailed"));
        let read = asked(&folder, request(&Method::GET, path, "")).await;
        assert_eq!(read, is(200, "one"));
        let file = folder.path().join("a/2026-11-22/00000001.jsonl");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "one");
        // Nothing is left of the one that came second.
        let files = std::fs::read_dir(file.parent().unwrap()).unwrap();
        assert_eq!(files.count(), 1);
    }

    #[tokio::test]
    async fn of_many_at_once_one_is_kept() {
        let folder = Arc::new(TempDir::new().unwrap());
        let puts = (0..20).map(|number| {
            let folder = Arc::clone(&folder);
            tokio::spawn(async move {
                let put = request(&Method::PUT, "/audit/a", &number.to_string());
                (number, asked(&folder, put).await.0)
            })
        });
        let mut first = Vec::new();
        for put in puts.collect::<Vec<_>>() {
            let (number, status) = put.await.unwrap();
            assert!([200, 412].contains(&status), "{status}");
            first.extend((status == 200).then_some(number));
        }
        assert_eq!(first.len(), 1);
        let (_, kept) = asked(&folder, request(&Method::GET, "/audit/a", "")).await;
        assert_eq!(kept, first[0].to_string());
    }

    #[tokio::test]
    async fn what_was_not_signed_is_refused() {
        let folder = TempDir::new().unwrap();
        let put = || request(&Method::PUT, "/audit/a", "one");
        let unsigned = [
            without("authorization", put()),
            with("authorization", &SIGNATURE.replace("/s3/", "/sqs/"), put()),
            with(
                "authorization",
                &SIGNATURE.replace("if-none-match;", ""),
                put(),
            ),
        ];
        for request in unsigned {
            assert_eq!(refused(&folder, request).await, is(403, "AccessDenied"));
        }
        for request in [
            without(CHECKSUM, put()),
            with(CHECKSUM, &checksum(b"two"), put()),
        ] {
            let found = refused(&folder, request).await;
            assert_eq!(found, is(400, "InvalidRequest"));
        }
        for request in [without(DIGEST, put()), with(DIGEST, &sha256(b"two"), put())] {
            let found = refused(&folder, request).await;
            assert_eq!(found, is(400, "XAmzContentSHA256Mismatch"));
        }
        let nothing = refused(&folder, request(&Method::GET, "/audit/a", "")).await;
        assert_eq!(nothing, is(404, "NoSuchKey"));
    }

    #[tokio::test]
    async fn what_it_does_not_do_it_says() {
        let folder = TempDir::new().unwrap();
        let put = |path| request(&Method::PUT, path, "one");
        let not_done = [
            without(CONDITION, put("/audit/a")),
            with(CONDITION, "\"etag\"", put("/audit/a")),
            request(&Method::DELETE, "/audit/a", ""),
            request(&Method::GET, "/audit?list-type=2", ""),
            request(&Method::GET, "/audit/a?versionId=1", ""),
            put("/audit/"),
            put("/audit/../a"),
            put("/audit/a//b"),
            put("/audit/.a"),
            put("/audit/%2e%2e/a"),
        ];
        for request in not_done {
            assert_eq!(refused(&folder, request).await, is(501, "NotImplemented"));
        }
        let other = refused(&folder, put("/other/a")).await;
        assert_eq!(other, is(404, "NoSuchBucket"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_the_folder_does_not_take_is_a_fault_of_its_own() {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("a"), "a file").unwrap();
        let put = request(&Method::PUT, "/audit/a/b", "one");
        assert_eq!(refused(&folder, put).await, is(500, "InternalError"));
    }
}
