//! Every property over its seeds and what lies next to them, without a fuzzer.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

use fuzz_properties::ALL;

/// Neighbours of each seed.
const NEIGHBOURS: u64 = 64;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn seeds(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz().join("seeds").join(name);
    let files = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    files
        .map(|file| {
            let path = file.unwrap().path();
            (path.display().to_string(), fs::read(&path).unwrap())
        })
        .collect()
}

#[test]
fn holds_for_the_seeds() {
    for (name, property) in ALL {
        let seeds = seeds(name);
        assert!(seeds.len() >= 3, "{name} has only {} seeds", seeds.len());
        for (path, seed) in seeds {
            let outcome = catch_unwind(|| property(&seed));
            assert!(outcome.is_ok(), "{path} does not hold");
        }
    }
}

#[test]
fn holds_next_to_the_seeds() {
    let mut random = 0x5eed_u64;
    for (name, property) in ALL {
        for (path, seed) in seeds(name) {
            for _ in 0..NEIGHBOURS {
                let neighbour = neighbour(&seed, &mut random);
                let outcome = catch_unwind(|| property(&neighbour));
                assert!(
                    outcome.is_ok(),
                    "{path}: does not hold for {:?}",
                    String::from_utf8_lossy(&neighbour)
                );
            }
        }
    }
}

#[test]
fn each_has_a_fuzz_target() {
    let mut targets: Vec<_> = fs::read_dir(fuzz().join("fuzz_targets"))
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            path.file_stem().unwrap().to_string_lossy().into_owned()
        })
        .collect();
    targets.sort();
    let mut names: Vec<_> = ALL.into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(targets, names);
}

/// Cut short, or with one byte another, one byte more or one byte less.
fn neighbour(seed: &[u8], random: &mut u64) -> Vec<u8> {
    let mut below = |limit: usize| {
        // xorshift64: the same neighbours in each run.
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        usize::try_from(*random % u64::try_from(limit.max(1)).unwrap()).unwrap()
    };
    let mut neighbour = seed.to_vec();
    let at = below(seed.len());
    let byte = u8::try_from(below(256)).unwrap();
    match below(4) {
        0 => neighbour.truncate(at),
        1 => neighbour.insert(at, byte),
        2 if !neighbour.is_empty() => drop(neighbour.remove(at)),
        _ => {
            if let Some(changed) = neighbour.get_mut(at) {
                *changed = byte;
            }
        }
    }
    neighbour
}
