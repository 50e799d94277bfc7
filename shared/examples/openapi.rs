//! Writes `docs/openapi.json`: `cargo run -p shared --example openapi > docs/openapi.json`.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let description = shared::console::openapi();
    let text = serde_json::to_string_pretty(&description)?;
    writeln!(io::stdout(), "{text}")
}
