//! `signupctl event schema`: for whoever receives events, and checks them with it.

use shared::domain::event::Event;

use crate::{
    exit::{Exit, Failure},
    output::Output,
};

pub(super) fn run(output: &mut Output<'_>) -> Result<Exit, Failure> {
    let schema = serde_json::to_string_pretty(&schema());
    let schema = schema.map_err(|error| Failure::Told(error.to_string()))?;
    writeln!(output.results, "{schema}")?;
    Ok(Exit::Done)
}

fn schema() -> schemars::Schema {
    let mut schema = schemars::schema_for!(Event);
    schema.insert("title".to_owned(), "An event".into());
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_that_of_the_types() {
        let committed = include_str!("../../../../docs/events.schema.json");
        let committed: serde_json::Value = serde_json::from_str(committed).unwrap();
        assert!(
            committed == schema().to_value(),
            "docs/events.schema.json is old; write it with `signupctl event schema`"
        );
    }
}
