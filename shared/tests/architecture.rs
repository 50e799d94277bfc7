//! The dependency direction of `docs/architecture.md`, kept by reading the sources.

#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// For each room, the rooms that it may know. `compose` knows all, and nobody but the functions know it.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &["domain"]),
    ("ports", &["domain"]),
    ("i18n", &["domain"]),
    ("policy", &["domain", "i18n"]),
    ("app", &["ports", "domain", "policy"]),
    (
        "http",
        &["app", "wire", "domain", "ports", "i18n", "policy"],
    ),
    ("adapters", &["ports", "domain", "wire", "http"]),
    ("telemetry", &["ports", "domain"]),
    ("testkit", &["ports", "domain", "http", "app"]),
    ("console", &["app", "http", "ports", "domain", "i18n"]),
    ("config", &["domain", "adapters", "http", "console"]),
];

/// Crates and functions that would bring the world into a room.
const MUST_NOT_NAME: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "aws_",
            "lambda_http",
            "axum",
            "reqwest",
            "tokio",
            "std::env",
            "now()",
            "SystemTime",
            "Instant",
        ],
    ),
    (
        "wire",
        &[
            "aws_",
            "lambda_http",
            "axum",
            "reqwest",
            "tokio",
            "std::env",
        ],
    ),
    (
        "ports",
        &["aws_", "lambda_http", "axum", "reqwest", "std::env"],
    ),
    (
        "app",
        &[
            "aws_",
            "lambda_http",
            "axum",
            "reqwest",
            "std::env",
            "Timestamp::now",
        ],
    ),
    (
        "http",
        &[
            "aws_",
            "lambda_http",
            "reqwest",
            "std::env",
            "Timestamp::now",
        ],
    ),
    (
        "console",
        &[
            "aws_",
            "lambda_http",
            "reqwest",
            "std::env",
            "Timestamp::now",
        ],
    ),
];

#[test]
fn every_room_knows_only_what_it_may() {
    let mut faults = Vec::new();
    for (room, sources) in rooms() {
        if room == "compose" || room == "lib" {
            continue;
        }
        let (_, allowed) = MAY_KNOW
            .iter()
            .find(|(name, _)| *name == room)
            .unwrap_or_else(|| panic!("the room `{room}` has no line in MAY_KNOW"));
        for (file, text) in sources {
            for named in named_rooms(&text) {
                if named != room && !allowed.contains(&named.as_str()) {
                    faults.push(format!("{}: {room} must not know {named}", file.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_world_stays_outside() {
    let mut faults = Vec::new();
    for (room, sources) in rooms() {
        let Some((_, forbidden)) = MUST_NOT_NAME.iter().find(|(name, _)| *name == room) else {
            continue;
        };
        for (file, text) in sources {
            for word in *forbidden {
                if code(&text).contains(word) {
                    faults.push(format!("{}: {room} must not name `{word}`", file.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn nothing_scans_the_table() {
    for (_, sources) in rooms() {
        for (file, text) in sources {
            assert!(!code(&text).contains(".scan()"), "{} scans", file.display());
        }
    }
}

#[test]
fn a_function_is_a_few_lines() {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions");
    let mut seen = 0;
    for function in std::fs::read_dir(functions).unwrap() {
        let main = function.unwrap().path().join("src/main.rs");
        let lines = std::fs::read_to_string(&main).unwrap().lines().count();
        assert!(lines <= 30, "{} has {lines} lines", main.display());
        seen += 1;
    }
    assert!(seen >= 3);
}

/// What is for tests and tools alone; `deny.toml` cannot tell the dependencies of tests from others.
#[test]
fn functions_carry_no_stand_ins() {
    let manifest = include_str!("../Cargo.toml")
        .parse::<toml::Table>()
        .unwrap();
    let carried = manifest["dependencies"].as_table().unwrap();
    for stand_in in ["local", "local-entra"] {
        assert!(!carried.contains_key(stand_in), "{stand_in} is for tests");
    }
}

#[test]
fn the_rule_can_fail() {
    assert_eq!(
        named_rooms("use crate::{adapters::x, domain::{y, z}};"),
        ["adapters", "domain"]
    );
    assert_eq!(
        named_rooms("use crate::{policy, wire::x};"),
        ["policy", "wire"]
    );
    assert_eq!(named_rooms("let a = crate::http::Route;"), ["http"]);
    assert!(!code("fn a() {} #[cfg(test)] mod tests { now() }").contains("now()"));
}

type Sources = Vec<(PathBuf, String)>;

/// The sources by top-level module.
fn rooms() -> BTreeMap<String, Sources> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms: BTreeMap<String, Sources> = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // Unit tests in a file of their own.
            if path.ends_with("tests.rs") {
                continue;
            }
            let first = path
                .strip_prefix(&root)
                .unwrap()
                .components()
                .next()
                .unwrap();
            let name = Path::new(first.as_os_str()).with_extension("");
            let text = std::fs::read_to_string(&path).unwrap();
            rooms
                .entry(name.to_string_lossy().into_owned())
                .or_default()
                .push((path, text));
        }
    }
    rooms
}

/// The code without comments and unit tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The top-level modules that a source names after `crate::`, one by one or in braces.
fn named_rooms(text: &str) -> Vec<String> {
    let text = code(text);
    let mut named = Vec::new();
    for (position, _) in text.match_indices("crate::") {
        let rest = &text[position + "crate::".len()..];
        if let Some(braces) = rest.strip_prefix('{') {
            let (mut depth, mut word) = (1, String::new());
            let mut at_start = true;
            for c in braces.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => {
                        at_start = true;
                        named.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                    }
                    c if depth == 1 && at_start && (c.is_alphanumeric() || c == '_') => {
                        word.push(c);
                    }
                    ':' if depth == 1 && at_start => {
                        named.push(std::mem::take(&mut word));
                        at_start = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            named.push(
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
        }
    }
    named
}
