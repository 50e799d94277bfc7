//! Addresses that the whole Internet reaches, and those that it does not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// The IANA IPv4 Special-Purpose Address Registry (RFC 6890), and multicast (RFC 5771).
const NOT_PUBLIC_V4: &[Ipv4Net] = &[
    // "This network" (RFC 791)
    v4(0, 0, 0, 0, 8),
    // Private use (RFC 1918)
    v4(10, 0, 0, 0, 8),
    // Shared address space of carriers (RFC 6598)
    v4(100, 64, 0, 0, 10),
    // Loopback (RFC 1122)
    v4(127, 0, 0, 0, 8),
    // Link-local (RFC 3927), with the metadata of cloud machines
    v4(169, 254, 0, 0, 16),
    // Private use (RFC 1918)
    v4(172, 16, 0, 0, 12),
    // IETF protocol assignments (RFC 6890)
    v4(192, 0, 0, 0, 24),
    // Documentation (RFC 5737)
    v4(192, 0, 2, 0, 24),
    // Relays of 6to4, deprecated (RFC 7526)
    v4(192, 88, 99, 0, 24),
    // Private use (RFC 1918)
    v4(192, 168, 0, 0, 16),
    // Benchmarking (RFC 2544)
    v4(198, 18, 0, 0, 15),
    // Documentation (RFC 5737)
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Multicast (RFC 5771)
    v4(224, 0, 0, 0, 4),
    // Reserved (RFC 1112), and limited broadcast (RFC 8190)
    v4(240, 0, 0, 0, 4),
];

/// All of IPv6 that is assigned for global unicast (RFC 4291 section 2.4). Outside of it are loopback, unspecified, link-local,
/// site-local, unique local, multicast, NAT64 (`64:ff9b::/96`), and IPv4 in the clothes of IPv6.
const GLOBAL_UNICAST_V6: Ipv6Net = v6(0x2000, 0, 3);

/// What the IANA IPv6 Special-Purpose Address Registry (RFC 6890) takes out of it.
const NOT_PUBLIC_V6: &[Ipv6Net] = &[
    // IETF protocol assignments (RFC 2928), with Teredo, which carries IPv4 addresses, and benchmarking
    v6(0x2001, 0, 23),
    // Documentation (RFC 3849)
    v6(0x2001, 0xdb8, 32),
    // 6to4, which carries IPv4 addresses (RFC 3056)
    v6(0x2002, 0, 16),
    // Documentation (RFC 9637)
    v6(0x3fff, 0, 20),
];

/// Whether an address is public. What carries an IPv4 address inside counts as not public: no system has only such an address.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_UNICAST_V6.contains(&address)
                && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address))
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::loopback("127.0.0.1")]
    #[case::last_of_loopback("127.255.255.255")]
    #[case::unspecified("0.0.0.0")]
    #[case::private_10("10.255.255.255")]
    #[case::private_172("172.16.0.0")]
    #[case::last_of_private_172("172.31.255.255")]
    #[case::private_192("192.168.1.1")]
    #[case::metadata("169.254.169.254")]
    #[case::carrier("100.64.0.1")]
    #[case::last_of_carrier("100.127.255.255")]
    #[case::protocol("192.0.0.8")]
    #[case::documentation("203.0.113.7")]
    #[case::benchmarking("198.19.255.255")]
    #[case::multicast("224.0.0.1")]
    #[case::reserved("240.0.0.1")]
    #[case::broadcast("255.255.255.255")]
    #[case::loopback_v6("::1")]
    #[case::unspecified_v6("::")]
    #[case::mapped("::ffff:10.0.0.1")]
    #[case::compatible("::127.0.0.1")]
    #[case::nat64("64:ff9b::a00:1")]
    #[case::local_nat64("64:ff9b:1::1")]
    #[case::unique_local("fd00:ec2::254")]
    #[case::link_local("fe80::1")]
    #[case::site_local("fec0::1")]
    #[case::multicast_v6("ff02::1")]
    #[case::documentation_v6("2001:db8::1")]
    #[case::new_documentation_v6("3fff::1")]
    #[case::teredo("2001:0:a00:1::1")]
    #[case::benchmarking_v6("2001:2::1")]
    #[case::six_to_four("2002:a00:1::1")]
    fn is_not_public(#[case] address: IpAddr) {
        assert!(!is_public(address));
    }

    #[rstest]
    #[case::quad_one("1.1.1.1")]
    #[case::before_private_10("9.255.255.255")]
    #[case::before_carrier("100.63.255.255")]
    #[case::behind_carrier("100.128.0.0")]
    #[case::behind_private_172("172.32.0.0")]
    #[case::behind_benchmarking("198.20.0.0")]
    #[case::before_multicast("223.255.255.255")]
    #[case::v6("2606:4700:4700::1111")]
    #[case::behind_protocol_v6("2001:200::1")]
    #[case::behind_6to4("2003::1")]
    fn is_public_indeed(#[case] address: IpAddr) {
        assert!(is_public(address));
    }

    proptest! {
        /// The standard library's own classes are none of them public.
        #[test]
        fn agrees_with_the_standard_library_on_v4(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let special = address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_broadcast()
                || address.is_documentation()
                || address.is_multicast()
                || address.is_unspecified();
            prop_assert!(!(special && is_public(IpAddr::V4(address))));
        }

        #[test]
        fn agrees_with_the_standard_library_on_v6(bits: u128) {
            let address = Ipv6Addr::from(bits);
            let special = address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_loopback()
                || address.is_multicast()
                || address.is_unspecified();
            prop_assert!(!(special && is_public(IpAddr::V6(address))));
        }

        /// However an IPv4 address is dressed, it does not get through as IPv6.
        #[test]
        fn no_v4_address_hides_in_v6(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let [a, b, c, d] = address.octets().map(u16::from);
            let (high, low) = (a << 8 | b, c << 8 | d);
            for dressed in [
                address.to_ipv6_mapped(),
                address.to_ipv6_compatible(),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, high, low, 0, 0, !high, !low),
            ] {
                prop_assert!(!is_public(IpAddr::V6(dressed)), "{}", dressed);
            }
        }

        /// Every address of a range is in it, the first and the last as well.
        #[test]
        fn a_range_is_whole(index in 0..NOT_PUBLIC_V4.len(), bits: u32) {
            let net = NOT_PUBLIC_V4[index];
            let within = u32::from(net.network()) | (bits & u32::from(net.hostmask()));
            for address in [Ipv4Addr::from(within), net.network(), net.broadcast()] {
                prop_assert!(!is_public(IpAddr::V4(address)));
            }
        }
    }
}
