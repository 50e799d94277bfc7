//! Names become addresses here and nowhere else, so that the address that was checked is the one that is connected to.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Reach, address::is_public};

/// Where the addresses of a name come from.
#[async_trait]
pub trait Lookup: Send + Sync {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// A name that has no address outside of private networks.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is inside of a private network")]
pub(super) struct Inside(pub(super) String);

/// Gives only the addresses that are within reach.
pub(super) struct Resolver {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) reach: Reach,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, reach) = (Arc::clone(&self.lookup), self.reach);
        Box::pin(async move {
            let mut addresses = lookup.addresses(name.as_str()).await?;
            let found = addresses.len();
            addresses.retain(|&address| reach == Reach::Named || is_public(address));
            if addresses.is_empty() && found > 0 {
                return Err(Inside(name.as_str().to_owned()).into());
            }
            // reqwest puts the URL's port in.
            let addresses = addresses
                .into_iter()
                .map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Mixed;

    #[async_trait]
    impl Lookup for Mixed {
        async fn addresses(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
            Ok(vec![
                IpAddr::from([10, 0, 0, 1]),
                IpAddr::from([1, 1, 1, 1]),
            ])
        }
    }

    #[tokio::test]
    async fn of_a_mixed_answer_the_public_addresses_are_taken() {
        let found = async |reach| {
            let lookup = Arc::new(Mixed);
            let resolver = Resolver { lookup, reach };
            let addresses = resolver.resolve("crm.contoso.com".parse().unwrap()).await;
            addresses
                .unwrap()
                .map(|address| address.ip())
                .collect::<Vec<_>>()
        };
        assert_eq!(found(Reach::Public).await, [IpAddr::from([1, 1, 1, 1])]);
        assert_eq!(found(Reach::Named).await.len(), 2);
    }
}
