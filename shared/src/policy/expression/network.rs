//! Networks in the notation of RFC 4632 section 3.1 (`10.0.0.0/8`) and RFC 4291 section 2.3 (`2001:db8::/32`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// The addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Network {
    first: IpAddr,
    prefix: u32,
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NetworkError {
    Syntax,
    /// Bits behind the prefix are set; the network that was probably meant.
    NotTheFirst(String),
}

impl Network {
    /// A network, or an address alone for the network of just this address.
    pub(super) fn parse(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Syntax)?;
        let prefix = match prefix {
            Some(prefix) => length(prefix).ok_or(NetworkError::Syntax)?,
            None => bits(address),
        };
        // An IPv4 network in the clothes of IPv6 would hold no address: those are undressed before they are compared.
        if prefix > bits(address) || address.to_canonical() != address {
            return Err(NetworkError::Syntax);
        }
        let first = masked(address, prefix);
        if first != address {
            return Err(NetworkError::NotTheFirst(format!("{first}/{prefix}")));
        }
        Ok(Self { first, prefix })
    }

    /// Whether a text is an address of the network. An IPv4 address in the clothes of IPv6 (`::ffff:10.0.0.1`, RFC 4291
    /// section 2.5.5.2) is the IPv4 address.
    pub(super) fn contains(self, address: &str) -> bool {
        let Ok(address) = address.trim().parse::<IpAddr>() else {
            return false;
        };
        let address = address.to_canonical();
        bits(address) == bits(self.first) && masked(address, self.prefix) == self.first
    }
}

/// Digits alone, without a sign or leading zeros.
fn length(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|octet| octet.is_ascii_digit());
    (plain && (text == "0" || !text.starts_with('0')))
        .then(|| text.parse().ok())
        .flatten()
}

const fn bits(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => Ipv4Addr::BITS,
        IpAddr::V6(_) => Ipv6Addr::BITS,
    }
}

/// The address with every bit behind the prefix cleared.
fn masked(address: IpAddr, prefix: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(Ipv4Addr::BITS.saturating_sub(prefix));
            Ipv4Addr::from_bits(address.to_bits() & mask.unwrap_or_default()).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(Ipv6Addr::BITS.saturating_sub(prefix));
            Ipv6Addr::from_bits(address.to_bits() & mask.unwrap_or_default()).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("10.0.0.0/8", "10.255.0.1", true)]
    #[case("10.0.0.0/8", "11.0.0.0", false)]
    #[case("10.0.0.0/8", " 10.1.2.3 ", true)]
    #[case("10.0.0.0/8", "::ffff:10.0.0.1", true)]
    #[case("192.0.2.4/31", "192.0.2.5", true)]
    #[case("192.0.2.4/31", "192.0.2.6", false)]
    #[case("192.0.2.4", "192.0.2.4", true)]
    #[case("192.0.2.4", "192.0.2.5", false)]
    #[case("0.0.0.0/0", "203.0.113.9", true)]
    #[case("0.0.0.0/0", "2001:db8::1", false)]
    #[case("2001:db8::/32", "2001:db8:1::1", true)]
    #[case("2001:db8::/32", "2001:db9::1", false)]
    #[case("::/0", "2001:db8::1", true)]
    #[case("::/0", "192.0.2.4", false)]
    #[case("2001:db8::1", "2001:DB8:0::1", true)]
    #[case("10.0.0.0/8", "", false)]
    #[case("10.0.0.0/8", "10.0.0.1, 192.0.2.1", false)]
    #[case("10.0.0.0/8", "10.0.0.1:443", false)]
    fn contains(#[case] network: &str, #[case] address: &str, #[case] expected: bool) {
        assert_eq!(Network::parse(network).unwrap().contains(address), expected);
    }

    #[rstest]
    #[case("", NetworkError::Syntax)]
    #[case("10.0.0.0/33", NetworkError::Syntax)]
    #[case("2001:db8::/129", NetworkError::Syntax)]
    #[case("10.0.0.0/", NetworkError::Syntax)]
    #[case("10.0.0.0/+8", NetworkError::Syntax)]
    #[case("10.0.0.0/08", NetworkError::Syntax)]
    #[case("10.0.0/8", NetworkError::Syntax)]
    #[case("example.com", NetworkError::Syntax)]
    #[case("::ffff:10.0.0.0/104", NetworkError::Syntax)]
    #[case("10.0.0.1/8", NetworkError::NotTheFirst("10.0.0.0/8".to_owned()))]
    #[case("2001:db8::1/32", NetworkError::NotTheFirst("2001:db8::/32".to_owned()))]
    fn refuses(#[case] network: &str, #[case] error: NetworkError) {
        assert_eq!(Network::parse(network), Err(error));
    }
}
