//! Where events may be sent: not into private networks, not to the cloud's metadata, and not by a name that leads there.

use std::{io, net::IpAddr, sync::Arc};

use async_trait::async_trait;
use reqwest::Certificate;
use rstest::rstest;
use shared::{
    adapters::{
        outgoing::{GuardedHttp, Lookup},
        private_hosts::PrivateHosts,
    },
    testkit::Nobody,
};

use crate::{
    servers::{Answer, Server, certificates::Authority},
    world::{PATH, World},
};

#[rstest]
#[case::loopback("https://127.0.0.1/hooks")]
#[case::decimal("https://2130706433/hooks")]
#[case::mapped("https://[::ffff:127.0.0.1]/hooks")]
#[case::private("https://10.0.0.1/hooks")]
#[case::link_local("https://[fe80::1]/hooks")]
#[case::metadata("https://169.254.169.254/latest/meta-data/")]
#[case::metadata_v6("https://[fd00:ec2::254]/latest/meta-data/")]
#[case::this_machine("https://localhost/hooks")]
#[case::without_tls("http://hooks.partner.example/hooks")]
#[tokio::test]
async fn nothing_is_sent_into_a_private_network(#[case] url: &str) {
    let world = World::new().await;
    let endpoint = world.endpoint_at(url, &[]).await;
    assert!(world.tell(&endpoint, 1).await);
    assert_eq!(world.told(), [("retry", "not-permitted".to_owned())]);
}

/// A name that leads to an address inside by the time it is connected to, whatever it led to when the endpoint was added.
struct Rebinding(IpAddr);

#[async_trait]
impl Lookup for Rebinding {
    async fn addresses(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![self.0])
    }
}

#[rstest]
#[case("127.0.0.1")]
#[case("::1")]
#[case("169.254.169.254")]
#[case("10.1.2.3")]
#[tokio::test]
async fn a_name_that_leads_inside_is_followed_by_nobody(#[case] address: &str) {
    let mut world = World::new().await;
    let authority = Authority::new();
    let inside = Server::start_tls(authority.issue("hooks.partner.example").server(None)).await;
    inside.on(PATH, [Answer::status(200)]);
    let roots = vec![Certificate::from_pem(authority.pem().as_bytes()).unwrap()];
    let lookup = Rebinding(address.parse().unwrap());
    world.webhooks.sender.outgoing = Arc::new(GuardedHttp::within(
        PrivateHosts::default(),
        Arc::new(Nobody),
        Arc::clone(&world.clock) as _,
        roots,
        Arc::new(lookup),
    ));
    let url = format!("https://hooks.partner.example:{}{PATH}", inside.port());
    let endpoint = world.endpoint_at(&url, &[]).await;
    assert!(world.tell(&endpoint, 1).await);
    assert_eq!(world.told(), [("retry", "not-permitted".to_owned())]);
    assert!(inside.received().is_empty());
}
