//! The description of the API (`OpenAPI` 3.1), from the types of its bodies.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use super::{
    AUDIT, COUNTS, DECISIONS, REQUEST, REQUESTS,
    bodies::{Audited, Counts, Decided, Details, Listed, Summary},
    fault::FaultBody,
};

/// `docs/openapi.json`.
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut bodies = Bodies(settings.into_generator());
    let paths = paths(&mut bodies);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Approval requests",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The approval console for programs.",
        },
        "security": [{ "entra": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "entra": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "An access token of Microsoft Entra for the console's application, with a role of the console.",
            } },
            "schemas": bodies.0.take_definitions(true),
        },
    })
}

struct Bodies(SchemaGenerator);

impl Bodies {
    fn of<T: JsonSchema>(&mut self, kind: &str) -> Value {
        let schema = self.0.subschema_for::<T>();
        json!({ kind: { "schema": schema } })
    }

    /// What comes back: a body, or a problem.
    fn answers<T: JsonSchema>(&mut self) -> Value {
        let (body, problem) = (
            self.of::<T>("application/json"),
            self.of::<FaultBody<'_>>("application/problem+json"),
        );
        json!({
            "200": { "description": "Done.", "content": body },
            "default": { "description": "Not done, and why.", "content": problem },
        })
    }
}

fn paths(bodies: &mut Bodies) -> Value {
    let id =
        json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } });
    json!({
        AUDIT: { "get": {
            "operationId": "listChanges",
            "summary": "At most 50 records of what people changed on a day, the newest first; for administrators.",
            "parameters": parameters(&["day", "by", "after"]),
            "responses": bodies.answers::<Audited<'_>>(),
        } },
        REQUESTS: { "get": {
            "operationId": "listRequests",
            "summary": "At most 25 requests in a state, the oldest first.",
            "parameters": parameters(&["state", "order", "flow", "domain", "after"]),
            "responses": bodies.answers::<Listed>(),
        } },
        COUNTS: { "get": {
            "operationId": "countRequests",
            "summary": "How many requests there are in each state.",
            "responses": bodies.answers::<Counts>(),
        } },
        REQUEST: { "get": {
            "operationId": "showRequest",
            "summary": "Everything about a request.",
            "parameters": [id],
            "responses": bodies.answers::<Details>(),
        } },
        DECISIONS: { "post": {
            "operationId": "decideRequest",
            "summary": "Decides about a version of a request.",
            "parameters": [id],
            "requestBody": { "required": true, "content": bodies.of::<Decided>("application/json") },
            "responses": bodies.answers::<Summary>(),
        } },
    })
}

/// What an address may say.
fn parameters(names: &[&str]) -> Vec<Value> {
    let names = names.iter();
    names
        .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } }))
        .collect()
}
