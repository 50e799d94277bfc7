//! Where a call may go.

use std::net::IpAddr;

use rstest::rstest;
use shared::ports::outgoing::Outgoing;

use crate::{
    Finds, World, far, get, refusal,
    servers::{Server, certificates::Authority},
    status,
};

#[rstest]
#[case::loopback("https://127.0.0.1/")]
#[case::decimal("https://2130706433/")]
#[case::hexadecimal("https://0x7f.0x1/")]
#[case::octal("https://0177.0.0.01/")]
#[case::short("https://127.1/")]
#[case::full_width("https://１２７.0.0.1/")]
#[case::with_user("https://crm.contoso.com@127.0.0.1/")]
#[case::v6("https://[::1]/")]
#[case::mapped("https://[::ffff:7f00:1]/")]
#[case::metadata("https://169.254.169.254/latest/meta-data/")]
#[case::metadata_v6("https://[fd00:ec2::254]/")]
#[case::private("https://10.0.0.1:8443/")]
#[case::carrier("https://100.64.0.1/")]
#[case::unspecified("https://0/")]
#[tokio::test]
async fn an_address_inside_is_refused(#[case] url: &str) {
    let text = refusal(World::naming(&[]).http().call(&get(url), far()).await);
    assert!(text.ends_with("is inside of a private network"), "{text}");
}

#[rstest]
#[case::plain("http://crm.contoso.com/")]
#[case::plain_and_named("http://erp.contoso.com/")]
#[case::plain_loopback("http://127.0.0.1/")]
#[case::plain_localhost("http://localhost/")]
#[case::another_scheme("ftp://crm.contoso.com/")]
#[case::a_file("file:///etc/passwd")]
#[tokio::test]
async fn only_https_is_permitted(#[case] url: &str) {
    let world = World::naming(&["erp.contoso.com"]);
    let text = refusal(world.http().call(&get(url), far()).await);
    assert!(text.ends_with("is called without HTTPS"), "{text}");
}

#[tokio::test]
async fn what_is_no_url_is_refused() {
    for url in ["", "crm.contoso.com", "https://", "https://a b/"] {
        let text = refusal(World::naming(&[]).http().call(&get(url), far()).await);
        assert_eq!(text, "its address is no URL", "{url}");
    }
}

#[tokio::test]
async fn a_named_port_is_that_port_alone() {
    let server = Server::start().await;
    let world = World::naming(&["127.0.0.1:1"]);
    refusal(world.http().call(&get(&server.url("/")), far()).await);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_name_of_a_host_inside_is_refused() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.issue("crm.contoso.com").server(None)).await;
    let url = format!("https://crm.contoso.com:{}/", server.port());
    for address in [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "::ffff:127.0.0.1",
    ] {
        let address: IpAddr = address.parse().unwrap();
        let world = World::naming(&[])
            .trusting(&authority)
            .looking_up(Finds(vec![address]));
        let text = refusal(world.http().call(&get(&url), far()).await);
        assert_eq!(text, "`crm.contoso.com` is inside of a private network");
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_named_host_may_be_inside() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.issue("crm.contoso.com").server(None)).await;
    let url = format!("https://CRM.contoso.com:{}/", server.port());
    let world = World::naming(&["crm.contoso.com"])
        .trusting(&authority)
        .looking_up(Finds::this_machine());
    let http = world.http();
    assert_eq!(status(http.call(&get(&url), far()).await), 404);
    // The kept connection of the one host is not a way to another.
    let other = format!("https://erp.contoso.com:{}/", server.port());
    refusal(http.call(&get(&other), far()).await);
}

#[tokio::test]
async fn the_name_of_this_machine_is_refused_by_its_address() {
    let server = Server::start().await;
    let url = format!("https://localhost:{}/", server.port());
    let text = refusal(World::naming(&[]).http().call(&get(&url), far()).await);
    assert_eq!(text, "`localhost` is inside of a private network");
}
