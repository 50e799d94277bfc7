//! The list of disposable domains: refreshed from files and from a server on this machine, shown, and reset.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::desk::{Desk, Ran};

/// Serves one answer to every request; gives its URL.
async fn server(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/domains.txt", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

async fn refresh(desk: &Desk, from: &str) -> Ran {
    desk.run(&["disposable", "refresh", "--from", from]).await
}

async fn show(desk: &Desk) -> String {
    desk.output(&["disposable", "show"]).await
}

#[tokio::test]
async fn a_list_is_refreshed_shown_and_reset() {
    let desk = Desk::new().await;
    let built_in = show(&desk).await;
    assert!(
        built_in.starts_with("the built-in list: ") && built_in.ends_with(" domains\n"),
        "{built_in}"
    );
    desk.file("domains.txt", "# ours\nb.example\nA.example\nc.example\n");
    let force = ["disposable", "refresh", "--from", "domains.txt", "--force"];
    let out = desk.output(&force).await;
    assert!(
        out.starts_with("published version 1 of the list, 3 domains: 3 added, "),
        "{out}"
    );
    assert!(
        out.ends_with(" removed; it counts within 30 seconds\n"),
        "{out}"
    );
    let shown = show(&desk).await;
    assert!(shown.starts_with("version 1 of 20"), "{shown}");
    assert!(
        shown.ends_with(", from domains.txt: 3 domains\n"),
        "{shown}"
    );

    let url = server("200 OK", "a.example\nb.example\nd.example\n").await;
    let ran = refresh(&desk, &url).await;
    assert_eq!(
        ran.out,
        "published version 2 of the list, 3 domains: 1 added, 1 removed; it counts within 30 seconds\n"
    );
    assert!(show(&desk).await.contains(&url));
    let ran = refresh(&desk, &url).await;
    assert_eq!(
        ran.out,
        "unchanged: the list in use has the same 3 domains\n"
    );

    let reset = ["disposable", "reset"];
    assert_eq!(
        desk.output(&reset).await,
        "the built-in list counts within 30 seconds instead of version 2\n"
    );
    assert_eq!(
        desk.output(&reset).await,
        "unchanged: the built-in list is in use\n"
    );
    assert_eq!(show(&desk).await, built_in);
}

#[tokio::test]
async fn a_list_that_is_cut_off_is_refused() {
    let desk = Desk::new().await;
    desk.file("domains.txt", "mailinator.com\n");
    let ran = refresh(&desk, "domains.txt").await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(
        ran.err.starts_with("signupctl: the list lacks ") && ran.err.contains("--force"),
        "{}",
        ran.err
    );
    assert!(show(&desk).await.starts_with("the built-in list"));
}

#[tokio::test]
async fn lines_that_are_no_domains_are_told_with_their_numbers() {
    let desk = Desk::new().await;
    let page = "<html>\n<p>\u{1b}[2J sorry\n".to_owned() + &"no domain\n".repeat(10);
    desk.file("domains.txt", page);
    let ran = refresh(&desk, "domains.txt").await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    let lines: Vec<_> = ran.err.lines().collect();
    assert_eq!(
        lines[0],
        "signupctl: domains.txt:1: found \"<html>\", expected a domain"
    );
    assert_eq!(
        lines[1],
        "domains.txt:2: found \"<p>\\u{1b}[2J sorry\", expected a domain"
    );
    assert_eq!(
        lines[10..],
        ["and 2 lines more", "nothing was published"],
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn what_cannot_be_had_is_told_and_nothing_is_published() {
    let desk = Desk::new().await;
    let missing = server("404 Not Found", "a.example\n").await;
    let binary = server("200 OK", "\u{0}").await;
    for (from, told) in [
        (missing.as_str(), "HTTP status 404"),
        (binary.as_str(), ":1: found \"\\u{0}\", expected a domain"),
        ("http://lists.example/domains.txt", "is not HTTPS"),
        ("ftp://lists.example/domains.txt", "is not HTTPS"),
        ("nowhere.txt", "signupctl: nowhere.txt: "),
    ] {
        let ran = refresh(&desk, from).await;
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{from}");
        assert!(ran.err.contains(told), "{from}: {}", ran.err);
    }
    desk.file("latin1.txt", b"b\xfccher.example\n");
    let ran = refresh(&desk, "latin1.txt").await;
    assert!(ran.err.contains("the file is not UTF-8"), "{}", ran.err);
    assert!(show(&desk).await.starts_with("the built-in list"));
}

#[tokio::test]
async fn a_list_that_is_too_long_is_refused() {
    let desk = Desk::new().await;
    let lines: Vec<_> = (0..30_000)
        .map(|number| format!("{number:07}.example\n"))
        .collect();
    desk.file("domains.txt", lines.concat());
    let ran = refresh(&desk, "domains.txt").await;
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.err,
        "signupctl: the list has 480000 octets, expected at most 399360\n"
    );
}
