//! What the stand-in is built from.

use toml::{Table, Value};

fn manifest(text: &str) -> Table {
    text.parse().unwrap()
}

/// The tables of dependencies of a manifest, at any depth: those of tests, of build scripts, of single platforms.
fn dependencies(table: &Table) -> Vec<&Table> {
    let mut found = Vec::new();
    for (name, value) in table {
        if let Value::Table(inner) = value {
            if name.ends_with("dependencies") {
                found.push(inner);
            } else {
                found.extend(dependencies(inner));
            }
        }
    }
    found
}

#[test]
fn nothing_of_the_product_is_among_the_dependencies() {
    let workspace = manifest(include_str!("../../../../Cargo.toml"));
    let product: Vec<&String> = dependencies(&workspace)
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.get("path").is_some())
        .map(|(name, _)| name)
        .collect();
    assert!(product.iter().any(|name| *name == "shared"), "{product:?}");

    let own = manifest(include_str!("../../Cargo.toml"));
    let own = dependencies(&own);
    assert!(own.iter().any(|table| table.contains_key("axum")));
    for (name, value) in own.into_iter().flatten() {
        assert!(!product.contains(&name), "{name} is the product's own");
        assert!(
            value.get("path").is_none(),
            "{name} is a crate of this repository"
        );
        assert!(
            value.get("package").is_none(),
            "{name} hides the name of a crate"
        );
    }
}
