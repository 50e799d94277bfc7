use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use proptest::prelude::*;
use rstest::rstest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;

/// For calls that are answered; none of the tests waits so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// For calls that never are.
const SHORT: Duration = Duration::from_millis(150);

const BODY: &str = r#"{"email":"åsa@example.com"}"#;

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn endpoint(address: SocketAddr, time_out: Duration) -> Endpoint {
    Endpoint {
        url: format!("http://{address}/connectors/before-creating-user?code=1"),
        authentication: Authentication::Basic {
            username: "connector".to_owned(),
            password: "a:å".to_owned(),
        },
        time_out,
        retries: 1,
    }
}

async fn call(endpoint: &Endpoint, faults: &CallFaults) -> Vec<Exchange> {
    let caller = Caller::new().unwrap();
    let step = Step::BeforeCreatingUser;
    caller
        .call(step, endpoint, None, BODY.to_owned(), faults)
        .await
}

/// Reads one request: head and body.
async fn request(stream: &mut TcpStream) -> (String, String) {
    let mut octets = Vec::new();
    loop {
        let found = octets.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = found {
            let head = String::from_utf8(octets[..end].to_vec()).unwrap();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if octets.len() == end + 4 + length {
                return (head, String::from_utf8(octets[end + 4..].to_vec()).unwrap());
            }
        }
        assert_ne!(
            stream.read_buf(&mut octets).await.unwrap(),
            0,
            "half a request"
        );
    }
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

async fn respond(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

fn answered(exchange: &Exchange) -> &Response {
    match &exchange.outcome {
        Outcome::Answered(response) => response,
        other => panic!("{other:?}"),
    }
}

fn unreachable(exchange: &Exchange) -> &str {
    match &exchange.outcome {
        Outcome::Unreachable { problem } => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_recorded_is_what_was_on_the_wire() {
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = request(&mut stream).await;
        respond(
            &mut stream,
            "HTTP/1.1 400 Bad Request\r\nX-One: 1\r\nX-One: 2\r\ncontent-length: 2\r\n\r\n{}",
        )
        .await;
        request
    });

    let exchanges = call(&endpoint(address, PATIENCE), &CallFaults::default()).await;

    let (head, body) = server.await.unwrap();
    assert_eq!(exchanges.len(), 1);
    let exchange = &exchanges[0];
    let recorded: Vec<_> = exchange
        .request_headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let mut lines = head.lines();
    assert_eq!(
        lines.next(),
        Some("POST /connectors/before-creating-user?code=1 HTTP/1.1")
    );
    assert_eq!(lines.collect::<Vec<_>>(), recorded);
    assert_eq!(
        recorded,
        [
            format!("host: {address}"),
            "content-type: application/json".to_owned(),
            "content-length: 28".to_owned(),
            // connector:a:å as UTF-8
            "authorization: Basic Y29ubmVjdG9yOmE6w6U=".to_owned(),
            "accept: */*".to_owned(),
        ]
    );
    assert_eq!(body, BODY);
    assert_eq!(exchange.request_body, BODY);
    assert_eq!(exchange.attempt, 1);
    assert_eq!(exchange.injected, None);
    let expected = Response {
        status: 400,
        headers: [("x-one", "1"), ("x-one", "2"), ("content-length", "2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        body: b"{}".to_vec(),
        truncated: false,
    };
    assert_eq!(answered(exchange), &expected);
}

#[rstest]
#[case::bearer(Authentication::Bearer, Some("a.b.c"), Some("Bearer a.b.c"))]
#[case::no_token_to_bear(Authentication::Bearer, None, None)]
#[case::none(Authentication::None, Some("a.b.c"), None)]
fn the_credential_is_the_endpoints(
    #[case] authentication: Authentication,
    #[case] token: Option<&str>,
    #[case] expected: Option<&str>,
) {
    let endpoint = Endpoint {
        authentication,
        ..endpoint(([127, 0, 0, 1], 9000).into(), PATIENCE)
    };
    let (_, headers) = content(&endpoint, token, BODY).unwrap();
    let sent = headers
        .get(AUTHORIZATION)
        .map(|value| value.to_str().unwrap());
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn an_endpoint_without_the_port_of_its_scheme_is_asked_by_its_name_alone() {
    let mut endpoint = endpoint(([127, 0, 0, 1], 9000).into(), PATIENCE);
    endpoint.url = "https://signup.example.com:443/start".to_owned();
    let (_, headers) = content(&endpoint, None, BODY).unwrap();
    assert_eq!(headers[HOST], "signup.example.com");
}

#[tokio::test]
async fn what_cannot_be_sent_says_why() {
    let mut endpoint = endpoint(([127, 0, 0, 1], 9000).into(), PATIENCE);
    endpoint.url = "no URL".to_owned();
    let exchanges = call(&endpoint, &CallFaults::default()).await;
    assert!(
        unreachable(&exchanges[1]).starts_with("the URL: "),
        "{exchanges:?}"
    );
}

#[tokio::test]
async fn the_retry_after_a_time_out_has_the_same_content() {
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        let (mut slow, _) = listener.accept().await.unwrap();
        let first = request(&mut slow).await;
        let (mut stream, _) = listener.accept().await.unwrap();
        let second = request(&mut stream).await;
        respond(&mut stream, &answer("200 OK", "{}")).await;
        (first, second)
    });

    // The first one is never answered, so the time-out always passes; the second one is answered at once.
    let endpoint = endpoint(address, Duration::from_secs(2));
    let exchanges = call(&endpoint, &CallFaults::default()).await;

    let (first, second) = server.await.unwrap();
    assert_eq!(first, second);
    let attempts: Vec<_> = exchanges.iter().map(|one| one.attempt).collect();
    assert_eq!(attempts, [1, 2]);
    let after = endpoint.time_out;
    assert_eq!(exchanges[0].outcome, Outcome::TimedOut { after });
    assert!(exchanges[0].elapsed >= after);
    assert_eq!(answered(&exchanges[1]).body, b"{}");
}

#[tokio::test]
async fn no_attempt_is_left_when_nothing_is_ever_answered() {
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            held.push(listener.accept().await.unwrap());
        }
    });
    for retries in [0, 1] {
        let endpoint = Endpoint {
            retries,
            ..endpoint(address, SHORT)
        };
        let exchanges = call(&endpoint, &CallFaults::default()).await;
        let outcomes: Vec<_> = exchanges.iter().map(|one| &one.outcome).collect();
        let expected = &Outcome::TimedOut { after: SHORT };
        assert_eq!(outcomes, vec![expected; usize::from(retries) + 1]);
    }
    server.abort();
}

#[tokio::test]
async fn an_answer_that_drips_is_none() {
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                request(&mut stream).await;
                let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
                respond(&mut stream, head).await;
                let mut tick = tokio::time::interval(Duration::from_millis(5));
                while stream.write_all(b" ").await.is_ok() {
                    tick.tick().await;
                }
            });
        }
    });
    let exchanges = call(&endpoint(address, SHORT), &CallFaults::default()).await;
    for exchange in &exchanges {
        assert_eq!(exchange.outcome, Outcome::TimedOut { after: SHORT });
    }
    assert_eq!(exchanges.len(), 2);
    server.abort();
}

#[rstest]
#[case::before_the_answer("")]
#[case::in_the_head("HTTP/1.1 200 OK\r\nContent-")]
#[case::in_the_body("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{")]
#[case::no_http("220 mail.example.com ESMTP\r\n")]
#[tokio::test]
async fn a_connection_that_breaks_is_tried_again(#[case] part: &'static str) {
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let first = request(&mut stream).await;
        respond(&mut stream, part).await;
        drop(stream);
        let (mut stream, _) = listener.accept().await.unwrap();
        let second = request(&mut stream).await;
        respond(&mut stream, &answer("200 OK", "{}")).await;
        (first, second)
    });
    let exchanges = call(&endpoint(address, PATIENCE), &CallFaults::default()).await;
    let (first, second) = server.await.unwrap();
    assert_eq!(first, second);
    assert_eq!(exchanges.len(), 2);
    assert!(
        !unreachable(&exchanges[0]).contains("http://"),
        "{exchanges:?}"
    );
    assert_eq!(answered(&exchanges[1]).status, 200);
}

#[tokio::test]
async fn a_reset_connection_is_unreachable() {
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        for _ in 0..2 {
            // Closed with the request unread, which makes the system send a reset.
            let (stream, _) = listener.accept().await.unwrap();
            stream.readable().await.unwrap();
        }
    });
    let exchanges = call(&endpoint(address, PATIENCE), &CallFaults::default()).await;
    server.await.unwrap();
    assert_eq!(exchanges.len(), 2);
    for exchange in &exchanges {
        unreachable(exchange);
    }
}

#[tokio::test]
async fn a_refused_connection_is_unreachable() {
    let (listener, address) = listener().await;
    drop(listener);
    let exchanges = call(&endpoint(address, PATIENCE), &CallFaults::default()).await;
    assert_eq!(exchanges.len(), 2);
    for exchange in &exchanges {
        let problem = unreachable(exchange);
        assert!(problem.contains("refused"), "{problem}");
    }
}

#[rstest]
#[case::redirect("302 Found\r\nLocation: /elsewhere", 302)]
#[case::permanent_redirect("308 Permanent Redirect\r\nLocation: /elsewhere", 308)]
#[case::failure("500 Internal Server Error", 500)]
#[case::throttled("429 Too Many Requests\r\nRetry-After: 0", 429)]
#[case::misdirected("421 Misdirected Request", 421)]
#[tokio::test]
async fn an_answer_of_any_status_is_one_and_not_tried_again(
    #[case] status: &'static str,
    #[case] expected: u16,
) {
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        let mut requests = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            requests += 1;
            assert_eq!(requests, 1, "it came again");
            request(&mut stream).await;
            respond(&mut stream, &answer(status, "")).await;
        }
    });
    let exchanges = call(&endpoint(address, PATIENCE), &CallFaults::default()).await;
    assert_eq!(exchanges.len(), 1);
    assert_eq!(answered(&exchanges[0]).status, expected);
    assert!(!server.is_finished());
    server.abort();
}

#[rstest]
#[case::just_short_enough(MAX_ANSWER_OCTETS, false)]
#[case::one_too_long(MAX_ANSWER_OCTETS + 1, true)]
#[case::huge(20 * MAX_ANSWER_OCTETS, true)]
#[tokio::test]
async fn only_the_beginning_of_a_huge_answer_is_read(
    #[case] length: usize,
    #[case] truncated: bool,
) {
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        // The reader hangs up in the middle of a huge one.
        let _ = stream
            .write_all(answer("200 OK", &"x".repeat(length)).as_bytes())
            .await;
    });
    let exchanges = call(&endpoint(address, PATIENCE), &CallFaults::default()).await;
    server.await.unwrap();
    let response = answered(&exchanges[0]);
    assert_eq!(response.truncated, truncated);
    assert_eq!(response.body.len(), length.min(MAX_ANSWER_OCTETS));
    assert_eq!(exchanges.len(), 1);
}

#[tokio::test]
async fn a_delay_counts_against_the_time_out() {
    let (listener, address) = listener().await;
    let faults = CallFaults {
        delay: Duration::from_hours(1),
        ..CallFaults::default()
    };
    let exchanges = call(&endpoint(address, SHORT), &faults).await;
    assert_eq!(exchanges.len(), 2);
    for exchange in &exchanges {
        assert_eq!(exchange.outcome, Outcome::TimedOut { after: SHORT });
        let expected = "the request was held back for 3600000 ms";
        assert_eq!(exchange.injected.as_deref(), Some(expected));
    }
    let nobody = listener.into_std().unwrap().accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_short_delay_only_holds_the_request_back() {
    let (address, requests) = counting_server().await;
    let faults = CallFaults {
        delay: Duration::from_millis(20),
        ..CallFaults::default()
    };
    let exchanges = call(&endpoint(address, PATIENCE), &faults).await;
    assert_eq!(answered(&exchanges[0]).body, b"1");
    assert!(exchanges[0].elapsed >= faults.delay);
    assert_eq!(requests.lock().unwrap().len(), 1);
}

/// Answers each request with its number.
async fn counting_server() -> (SocketAddr, Arc<Mutex<Vec<(String, String)>>>) {
    let (listener, address) = listener().await;
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = request(&mut stream).await;
            let number = {
                let mut seen = seen.lock().unwrap();
                seen.push(request);
                seen.len()
            };
            respond(&mut stream, &answer("200 OK", &number.to_string())).await;
        }
    });
    (address, requests)
}

#[tokio::test]
async fn a_dropped_request_is_never_sent_and_the_retry_is() {
    let (address, requests) = counting_server().await;
    let faults = CallFaults {
        first_attempt: FirstAttempt::Dropped,
        ..CallFaults::default()
    };
    let exchanges = call(&endpoint(address, PATIENCE), &faults).await;
    assert_eq!(exchanges.len(), 2);
    assert_eq!(
        unreachable(&exchanges[0]),
        "the connection broke before anything was sent"
    );
    let injected = "the request was dropped: it was never sent";
    assert_eq!(exchanges[0].injected.as_deref(), Some(injected));
    assert_eq!(answered(&exchanges[1]).body, b"1");
    assert_eq!(exchanges[1].injected, None);
    assert_eq!(requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_was_one_and_the_retry_is_the_same_request() {
    let (address, requests) = counting_server().await;
    let faults = CallFaults {
        first_attempt: FirstAttempt::AnswerLost,
        ..CallFaults::default()
    };
    let exchanges = call(&endpoint(address, PATIENCE), &faults).await;
    assert_eq!(exchanges.len(), 2);
    assert_eq!(
        unreachable(&exchanges[0]),
        "the connection broke before the answer was there"
    );
    let injected = "the request was answered with HTTP status 200, and the answer lost";
    assert_eq!(exchanges[0].injected.as_deref(), Some(injected));
    assert_eq!(answered(&exchanges[1]).body, b"2");
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], requests[1]);
}

#[tokio::test]
async fn without_a_retry_a_lost_answer_is_the_end() {
    let (address, _) = counting_server().await;
    let faults = CallFaults {
        first_attempt: FirstAttempt::AnswerLost,
        ..CallFaults::default()
    };
    let endpoint = Endpoint {
        retries: 0,
        ..endpoint(address, PATIENCE)
    };
    let exchanges = call(&endpoint, &faults).await;
    assert_eq!(exchanges.len(), 1);
    unreachable(&exchanges[0]);
}

#[tokio::test]
async fn an_answer_that_never_came_cannot_be_lost() {
    let (listener, address) = listener().await;
    drop(listener);
    let faults = CallFaults {
        first_attempt: FirstAttempt::AnswerLost,
        ..CallFaults::default()
    };
    let exchanges = call(&endpoint(address, PATIENCE), &faults).await;
    assert!(unreachable(&exchanges[0]).contains("refused"));
    assert_eq!(exchanges[0].injected, None);
}

const TWICE: CallFaults = CallFaults {
    delay: Duration::ZERO,
    first_attempt: FirstAttempt::Sent,
    twice: true,
};

fn is_duplicate(exchange: &Exchange) -> bool {
    exchange.injected.as_deref() == Some("a duplicate of the request, sent at the same time")
}

#[tokio::test]
async fn twice_is_at_once_and_the_first_answer_counts() {
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        // Both are there before any is answered, and one's answer was read to its end before the other one's is sent.
        let (mut one, _) = listener.accept().await.unwrap();
        let (mut other, _) = listener.accept().await.unwrap();
        let first = request(&mut one).await;
        let second = request(&mut other).await;
        respond(&mut other, &answer("200 OK", "early")).await;
        assert_eq!(
            other.read(&mut [0]).await.unwrap(),
            0,
            "the client hangs up"
        );
        respond(&mut one, &answer("200 OK", "late")).await;
        (first, second)
    });
    let exchanges = call(&endpoint(address, PATIENCE), &TWICE).await;
    let (first, second) = server.await.unwrap();
    assert_eq!(first, second);
    let bodies: Vec<_> = exchanges.iter().map(|one| answered(one).text()).collect();
    assert_eq!(bodies, ["late", "early"]);
    assert!(exchanges.iter().all(|one| one.attempt == 1));
    assert_eq!(exchanges.iter().filter(|one| is_duplicate(one)).count(), 1);
}

#[tokio::test]
async fn of_two_requests_the_answered_one_counts() {
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        let (mut one, _) = listener.accept().await.unwrap();
        let (mut other, _) = listener.accept().await.unwrap();
        request(&mut one).await;
        drop(one);
        request(&mut other).await;
        respond(&mut other, &answer("200 OK", "{}")).await;
    });
    let exchanges = call(&endpoint(address, PATIENCE), &TWICE).await;
    server.await.unwrap();
    assert_eq!(exchanges.len(), 2, "an answer needs no retry");
    unreachable(&exchanges[0]);
    answered(&exchanges[1]);
}

#[tokio::test]
async fn two_requests_without_an_answer_are_tried_again() {
    let (listener, address) = listener().await;
    drop(listener);
    let exchanges = call(&endpoint(address, PATIENCE), &TWICE).await;
    let attempts: Vec<_> = exchanges.iter().map(|one| one.attempt).collect();
    assert_eq!(attempts, [1, 1, 2, 2]);
}

#[rstest]
#[case::dropped(FirstAttempt::Dropped, &[1, 2, 2])]
#[case::both_answers_lost(FirstAttempt::AnswerLost, &[1, 1, 2, 2])]
#[tokio::test]
async fn whatever_is_sent_is_sent_twice(
    #[case] first_attempt: FirstAttempt,
    #[case] expected: &[u8],
) {
    let (address, _) = counting_server().await;
    let faults = CallFaults {
        first_attempt,
        ..TWICE
    };
    let exchanges = call(&endpoint(address, PATIENCE), &faults).await;
    let attempts: Vec<_> = exchanges.iter().map(|one| one.attempt).collect();
    assert_eq!(attempts, expected);
    let (first, second): (Vec<_>, Vec<_>) = exchanges.iter().partition(|one| one.attempt == 1);
    for one in first {
        unreachable(one);
    }
    for one in second {
        answered(one);
    }
}

proptest! {
    #[test]
    fn any_credential_makes_a_header(username in ".*", password in ".*") {
        let endpoint = Endpoint {
            authentication: Authentication::Basic { username: username.clone(), password: password.clone() },
            ..endpoint(([127, 0, 0, 1], 9000).into(), PATIENCE)
        };
        let (_, headers) = content(&endpoint, None, BODY).unwrap();
        let sent = headers[AUTHORIZATION].to_str().unwrap().strip_prefix("Basic ").unwrap();
        let decoded = BASE64_STANDARD.decode(sent).unwrap();
        prop_assert_eq!(String::from_utf8(decoded).unwrap(), format!("{username}:{password}"));
    }
}
