//! `signupctl policy schema`: for editors, which complete and check a policy with it.

use shared::policy::document::Document;

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
    let mut schema = schemars::schema_for!(Document);
    schema.insert("title".to_owned(), "A sign-up policy".into());
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_that_of_the_types() {
        let committed = include_str!("../../../../docs/policy.schema.json");
        let committed: serde_json::Value = serde_json::from_str(committed).unwrap();
        assert!(
            committed == schema().to_value(),
            "docs/policy.schema.json is old; write it with `signupctl policy schema`"
        );
    }
}
