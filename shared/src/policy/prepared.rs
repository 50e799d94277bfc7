//! A compiled policy as octets: made when it is published, so that an instance reads it and checks nothing again
//! (docs/decisions/0031).
//!
//! It only saves time: what cannot be read is compiled of the document.

use lz4_flex::block::{compress_prepend_size, decompress, uncompressed_size};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, de::DeserializeOwned, ser};

use super::Policy;

/// Of what follows it. It MUST become another number with every change of what a [`Policy`] is made of, or of the order in it:
/// octets tell nothing of what they mean.
const FORM: u8 = 2;

/// Most octets that are unpacked: several times what a document may have.
const MAX_OCTETS: usize = 4 << 20;

/// None of a policy that could not be read again.
pub fn encode(policy: &Policy) -> Option<Vec<u8>> {
    let octets = written(policy)?;
    let fits = octets.len() <= MAX_OCTETS;
    fits.then(|| [&[FORM], &*compress_prepend_size(&octets)].concat())
}

/// None of octets of another form, and of damaged ones.
pub fn decode(octets: &[u8]) -> Option<Policy> {
    match octets.split_first()? {
        (&FORM, packed) => read(&unpacked(packed)?),
        _ => None,
    }
}

fn written(policy: &Policy) -> Option<Vec<u8>> {
    let octets = postcard::to_allocvec(policy).ok()?;
    read(&octets).is_some().then_some(octets)
}

fn read(octets: &[u8]) -> Option<Policy> {
    postcard::from_bytes(octets).ok()
}

fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let (length, packed) = uncompressed_size(packed).ok()?;
    let fits = length <= MAX_OCTETS;
    fits.then(|| decompress(packed, length).ok()).flatten()
}

// --- forms of parts, for `#[serde(with = …)]`

/// Of what has a form for JSON alone.
pub(super) mod as_json {
    use super::{Deserialize, DeserializeOwned, Deserializer, Serialize, Serializer, de, ser};

    pub(in crate::policy) fn serialize<T: Serialize, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let json = serde_json::to_string(value).map_err(ser::Error::custom)?;
        json.serialize(serializer)
    }

    pub(in crate::policy) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let json = <&str>::deserialize(deserializer)?;
        serde_json::from_str(json).map_err(de::Error::custom)
    }
}

/// Of a text that is shared, read without one in between.
pub(super) mod as_text {
    use std::sync::Arc;

    use super::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in crate::policy) fn serialize<S: Serializer>(
        text: &Arc<str>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (**text).serialize(serializer)
    }

    pub(in crate::policy) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<str>, D::Error> {
        <&str>::deserialize(deserializer).map(Arc::from)
    }
}

/// Of times so short that they can be added to any other, whatever was read.
pub(super) mod as_millis {
    use std::time::Duration;

    use super::{Deserialize, Deserializer, Serialize, Serializer, ser};

    pub(in crate::policy) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let millis = u32::try_from(duration.as_millis()).map_err(ser::Error::custom)?;
        millis.serialize(serializer)
    }

    pub(in crate::policy) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u32::deserialize(deserializer).map(|millis| Duration::from_millis(millis.into()))
    }
}

#[cfg(test)]
mod tests;
