//! What the other side and the network do to a call.

use std::{io, net::IpAddr, process::Command, time::Duration};

use async_trait::async_trait;
use rstest::rstest;
use shared::{
    adapters::outgoing::Lookup,
    ports::outgoing::{Call, Credential, MAX_REPLY_OCTETS, Method, Outgoing, OutgoingError},
};

use crate::{
    World, broken, far, get, near,
    servers::{Answer, Server, certificates::Authority},
    status, unconnected, with,
};

async fn plain() -> (Server, World) {
    let server = Server::start().await;
    let world = World::naming(&[&server.authority()]);
    (server, world)
}

#[tokio::test]
async fn a_request_is_sent_as_it_is_given() {
    let (server, world) = plain().await;
    server.on("/a", [Answer::reply(200, "yes")]);
    let call = Call {
        method: Method::Post,
        headers: vec![("X-Tenant".to_owned(), "contoso".to_owned())],
        body: Some(b"{}".to_vec()),
        ..get(&server.url("/a?q=%20"))
    };
    let reply = world.http().call(&call, far()).await.unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (200, &b"yes"[..]));
    let received = &server.received()[0];
    assert_eq!(
        (received.method.as_str(), received.path.as_str()),
        ("POST", "/a?q=%20")
    );
    assert_eq!(received.header("x-tenant"), Some("contoso"));
    assert_eq!(received.header("accept-encoding"), None);
    assert_eq!(received.text(), "{}");
}

#[rstest]
#[case(204)]
#[case(400)]
#[case(403)]
#[case(404)]
#[case(429)]
#[case(500)]
#[case(503)]
#[tokio::test]
async fn every_status_is_an_answer(#[case] code: u16) {
    let (server, world) = plain().await;
    server.on("/", [Answer::status(code)]);
    assert_eq!(
        status(world.http().call(&get(&server.url("/")), far()).await),
        code
    );
    assert_eq!(server.count("/"), 1);
}

#[tokio::test]
async fn a_redirection_is_an_answer() {
    let ((server, world), elsewhere) = (plain().await, Server::start().await);
    let redirection = Answer::Reply {
        status: 301,
        headers: vec![("location", elsewhere.url("/"))],
        body: Vec::new(),
    };
    server.on("/", [redirection]);
    assert_eq!(
        status(world.http().call(&get(&server.url("/")), far()).await),
        301
    );
    assert!(elsewhere.received().is_empty());
}

#[rstest]
#[case::silent(Answer::Hang)]
#[case::late(Answer::status(200).after(Duration::from_mins(10)))]
#[case::dripping(Answer::Drip(Duration::from_millis(20)))]
#[tokio::test]
async fn a_call_ends_at_its_deadline(#[case] answer: Answer) {
    let (server, world) = plain().await;
    server.on("/", [answer]);
    let result = world.http().call(&get(&server.url("/")), near()).await;
    assert_eq!(result, Err(OutgoingError::TimedOut));
}

#[tokio::test]
async fn a_server_that_never_shakes_hands_costs_the_deadline() {
    let (server, world) = plain().await;
    let url = server.url("/").replace("http://", "https://");
    let result = world.http().call(&get(&url), near()).await;
    assert_eq!(result, Err(OutgoingError::TimedOut));
}

#[tokio::test]
async fn a_resolver_that_never_answers_costs_the_deadline() {
    struct Never;
    #[async_trait]
    impl Lookup for Never {
        async fn addresses(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
            std::future::pending().await
        }
    }
    let world = World::naming(&[]).looking_up(Never);
    let result = world
        .http()
        .call(&get("https://crm.contoso.com/"), near())
        .await;
    assert_eq!(result, Err(OutgoingError::TimedOut));
}

#[tokio::test]
async fn a_secret_that_never_comes_costs_the_deadline() {
    let (server, world) = plain().await;
    let basic = Credential::Basic {
        secret: "never".to_owned(),
    };
    let call = with(&server.url("/"), &[basic]);
    let result = world.http().call(&call, near()).await;
    assert_eq!(result, Err(OutgoingError::TimedOut));
}

#[tokio::test]
async fn a_slow_answer_in_time_is_an_answer() {
    let (server, world) = plain().await;
    server.on("/", [Answer::status(200).after(Duration::from_millis(50))]);
    assert_eq!(
        status(world.http().call(&get(&server.url("/")), far()).await),
        200
    );
}

/// How often a request is sent tells what is tried again: only connections that end before the head of an
/// answer is whole.
#[rstest]
#[case::reset(Answer::ResetMidBody, 1)]
#[case::garbage(Answer::Raw(b"\x16\x03\x01 what is this?\r\n\r\n".to_vec()), 1)]
#[case::half_a_head(Answer::Raw(b"HTTP/1.1 200 x\r\ncontent-le".to_vec()), 2)]
#[case::closed(Answer::Close, 2)]
#[tokio::test]
async fn a_broken_connection_names_the_host_alone(#[case] answer: Answer, #[case] sent: usize) {
    let (server, world) = plain().await;
    server.on("/hidden", [answer]);
    let call = get(&server.url("/hidden?hidden=1"));
    let text = broken(world.http().call(&call, far()).await);
    assert!(text.starts_with("127.0.0.1: "), "{text}");
    assert!(!text.contains("hidden"), "{text}");
    assert_eq!(server.count("/hidden"), sent);
}

#[tokio::test]
async fn nobody_listening_is_told() {
    let (server, world) = plain().await;
    let url = server.url("/");
    drop(server);
    tokio::task::yield_now().await;
    let text = unconnected(world.http().call(&get(&url), far()).await);
    assert!(text.starts_with("127.0.0.1: "), "{text}");
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let (server, world) = plain().await;
    server.on("/most", [Answer::reply(200, vec![b'.'; MAX_REPLY_OCTETS])]);
    server.on(
        "/more",
        [Answer::reply(200, vec![b'.'; MAX_REPLY_OCTETS + 1])],
    );
    server.on("/endless", [Answer::Endless]);
    let http = world.http();
    let reply = http.call(&get(&server.url("/most")), far()).await.unwrap();
    assert_eq!(reply.body.len(), MAX_REPLY_OCTETS);
    for path in ["/more", "/endless"] {
        let result = http.call(&get(&server.url(path)), far()).await;
        assert_eq!(result, Err(OutgoingError::TooLong), "{path}");
    }
}

#[tokio::test]
async fn a_connection_is_kept() {
    let (server, world) = plain().await;
    let http = world.http();
    for _ in 0..3 {
        assert_eq!(status(http.call(&get(&server.url("/")), far()).await), 404);
    }
    assert!(
        server
            .received()
            .iter()
            .all(|request| request.connection == 0)
    );
}

/// The environment of a process is the same for all its tests, so another process has the proxy.
#[test]
fn a_proxy_of_the_environment_is_not_used() {
    let nobody = "http://127.0.0.1:9";
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "transport::a_connection_is_kept"])
        .envs(["http_proxy", "https_proxy", "all_proxy"].map(|name| (name, nobody)))
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(told.contains("1 passed"), "{told}");
}

#[tokio::test]
async fn a_kept_connection_that_died_fails_no_call() {
    let (server, world) = plain().await;
    server.on(
        "/",
        [Answer::status(200), Answer::Close, Answer::status(200)],
    );
    let http = world.http();
    for _ in 0..2 {
        assert_eq!(status(http.call(&get(&server.url("/")), far()).await), 200);
    }
    let connections: Vec<usize> = server
        .received()
        .iter()
        .map(|request| request.connection)
        .collect();
    assert_eq!(connections, [0, 0, 1]);
    server.sever();
    assert_eq!(status(http.call(&get(&server.url("/")), far()).await), 200);
}

#[tokio::test]
async fn a_call_that_is_made_once_is_sent_once_over_a_connection_of_its_own() {
    let (server, world) = plain().await;
    server.on(
        "/",
        [Answer::status(200), Answer::status(200), Answer::Close],
    );
    let http = world.http();
    let call = Call {
        once: true,
        ..get(&server.url("/"))
    };
    for _ in 0..2 {
        assert_eq!(status(http.call(&call, far()).await), 200);
    }
    broken(http.call(&call, far()).await);
    let connections: Vec<usize> = server
        .received()
        .iter()
        .map(|request| request.connection)
        .collect();
    assert_eq!(connections, [0, 1, 2]);
}

#[tokio::test]
async fn a_server_that_comes_back_is_called_again() {
    let (server, world) = plain().await;
    let http = world.http();
    assert_eq!(status(http.call(&get(&server.url("/")), far()).await), 404);
    server.switch_off();
    broken(http.call(&get(&server.url("/")), far()).await);
    server.switch_on();
    assert_eq!(status(http.call(&get(&server.url("/")), far()).await), 404);
}

#[tokio::test]
async fn a_certificate_of_the_host_is_trusted() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.issue("127.0.0.1").server(None)).await;
    let world = World::naming(&[&server.authority()]).trusting(&authority);
    assert_eq!(
        status(world.http().call(&get(&server.url("/")), far()).await),
        404
    );
}

#[rstest]
#[case::of_another_host("10.0.0.1", 2100, true)]
#[case::expired("127.0.0.1", 2020, true)]
#[case::of_an_unknown_authority("127.0.0.1", 2100, false)]
#[tokio::test]
async fn no_other_certificate_is(#[case] host: &str, #[case] until: i32, #[case] known: bool) {
    let authority = Authority::new();
    let server = Server::start_tls(authority.issue_until(host, until).server(None)).await;
    let trusted = if known { authority } else { Authority::new() };
    let world = World::naming(&[&server.authority()]).trusting(&trusted);
    let text = unconnected(world.http().call(&get(&server.url("/")), far()).await);
    assert!(text.contains("certificate"), "{text}");
    assert!(server.received().is_empty());
}
