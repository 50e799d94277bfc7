//! The six endpoints and what Entra posts to them (PROTOCOL 1.2 and 5.4 to 5.6).

use serde_json::{Value, json};
use shared::domain::sign_up::{Protocol, Step};

use super::entra::TENANT;

/// An endpoint of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Surface {
    pub(crate) step: Step,
    pub(crate) protocol: Protocol,
}

impl Surface {
    pub(crate) const ALL: [Self; 6] = [
        Self::new(Step::AfterFederation, Protocol::Connector),
        Self::new(Step::BeforeCreatingUser, Protocol::Connector),
        Self::new(Step::AfterFederation, Protocol::Extension),
        Self::new(Step::BeforeCreatingUser, Protocol::Extension),
        Self::new(Step::BeforeToken, Protocol::Connector),
        Self::new(Step::BeforeToken, Protocol::Extension),
    ];

    /// Those at which somebody can be kept out.
    pub(crate) const SIGN_UP: [Self; 4] = [Self::ALL[0], Self::ALL[1], Self::ALL[2], Self::ALL[3]];

    pub(crate) const fn new(step: Step, protocol: Protocol) -> Self {
        Self { step, protocol }
    }

    pub(crate) const fn folder(self) -> &'static str {
        match self.protocol {
            Protocol::Connector => "connectors",
            Protocol::Extension => "extensions",
        }
    }

    pub(crate) const fn segment(self) -> &'static str {
        match (self.protocol, self.step) {
            (Protocol::Connector, Step::AfterFederation) => "after-federation",
            (Protocol::Connector, Step::BeforeCreatingUser) => "before-creating-user",
            (Protocol::Connector, Step::BeforeToken) => "before-token",
            (Protocol::Extension, Step::AfterFederation) => "attribute-collection-start",
            (Protocol::Extension, Step::BeforeCreatingUser) => "attribute-collection-submit",
            (Protocol::Extension, Step::BeforeToken) => "token-issuance-start",
        }
    }

    pub(crate) fn path(self) -> String {
        format!("/{}/{}", self.folder(), self.segment())
    }

    pub(crate) fn path_of(self, user_flow: &str) -> String {
        format!("/{}/{user_flow}/{}", self.folder(), self.segment())
    }

    /// The request about a person with this address.
    pub(crate) fn body(self, address: &str) -> Value {
        match self.protocol {
            Protocol::Connector => connector_body(self.step, address),
            Protocol::Extension => extension_body(self.step, address),
        }
    }
}

/// The samples of PROTOCOL 1.2: at the token step B2C's, else a workforce tenant's.
pub(crate) fn connector_body(step: Step, address: &str) -> Value {
    let identities = json!([{
        "signInType": "federated",
        "issuer": "facebook.com",
        "issuerAssignedId": "0123456789",
    }]);
    match step {
        Step::AfterFederation => json!({
            "email": address,
            "identities": identities,
            "displayName": "John Smith",
            "givenName": "John",
            "lastName": "Smith",
            "ui_locales": "en-US",
        }),
        Step::BeforeCreatingUser => json!({
            "email": address,
            "identities": identities,
            "displayName": "John Smith",
            "givenName": "John",
            "surname": "Smith",
            "jobTitle": "Supplier",
            "streetAddress": "1000 Microsoft Way",
            "city": "Seattle",
            "postalCode": "12345",
            "state": "Washington",
            "country": "United States",
            "extension_231c70e8842448ac9b5d5623b9e4ccf3_CustomAttribute1": "custom attribute value",
            "extension_231c70e8842448ac9b5d5623b9e4ccf3_CustomAttribute2": "custom attribute value",
            "ui_locales": "en-US",
        }),
        Step::BeforeToken => json!({
            "email": address,
            "identities": identities,
            "displayName": "John Smith",
            "objectId": "ab3ec3b2-a435-45e4-b93a-56a005e88bb7",
            "extension_231c70e8842448ac9b5d5623b9e4ccf3_CustomAttribute1": "custom attribute value",
            "client_id": "231c70e8-8424-48ac-9b5d-5623b9e4ccf3",
            "step": "PreTokenIssuance",
            "ui_locales": "en-US",
        }),
    }
}

/// The envelope of PROTOCOL 5.2 with the real captures' members at each event.
pub(crate) fn extension_body(step: Step, address: &str) -> Value {
    let (event, data_type) = match step {
        Step::AfterFederation => (
            "attributeCollectionStart",
            "onAttributeCollectionStartCalloutData",
        ),
        Step::BeforeCreatingUser => (
            "attributeCollectionSubmit",
            "onAttributeCollectionSubmitCalloutData",
        ),
        Step::BeforeToken => ("tokenIssuanceStart", "onTokenIssuanceStartCalloutData"),
    };
    let application = json!({
        "id": "55556666-0000-4000-8000-000000000001",
        "appId": "231c70e8-8424-48ac-9b5d-5623b9e4ccf3",
        "appDisplayName": "My Test application",
        "displayName": "My Test application",
    });
    let mut body = json!({
        "type": format!("microsoft.graph.authenticationEvent.{event}"),
        "source": format!("/tenants/{TENANT}/applications/00000003-0000-0000-c000-000000000000"),
        "data": {
            "@odata.type": format!("microsoft.graph.{data_type}"),
            "tenantId": TENANT,
            "authenticationEventListenerId": "00001111-aaaa-2222-bbbb-3333cccc4444",
            "customAuthenticationExtensionId": "11112222-bbbb-3333-cccc-4444dddd5555",
            "authenticationContext": {
                "correlationId": "0c83d76c-b8da-45bb-ac7a-f9bb5e0db340",
                "client": { "ip": "198.51.100.110", "locale": "en-us", "market": "en-us" },
                "protocol": "OAUTH2.0",
                "clientServicePrincipal": application,
                "resourceServicePrincipal": application,
            },
        },
    });
    let text = |value: &str| {
        json!({
            "value": value,
            "@odata.type": "microsoft.graph.stringDirectoryAttributeValue",
            "attributeType": "builtIn",
        })
    };
    match step {
        Step::AfterFederation => {
            body["data"]["userSignUpInfo"] = json!({
                "attributes": { "EmailAddress": text(address) },
                "identities": [{
                    "signInType": "federated",
                    "issuer": "mail",
                    "issuerAssignedId": address,
                }],
            });
        }
        Step::BeforeCreatingUser => {
            body["data"]["userSignUpInfo"] = json!({
                "attributes": {
                    "email": text(address),
                    "city": text("Seattle"),
                    "displayName": text("John Smith"),
                    "extension_9ce7f42908d14395aed7c48e9b6b957f_SpecialDiet": {
                        "value": "Vegetarian",
                        "@odata.type": "microsoft.graph.stringDirectoryAttributeValue",
                        "attributeType": "directorySchemaExtension",
                    },
                },
            });
        }
        Step::BeforeToken => {
            body["data"]["authenticationContext"]["user"] = json!({
                "displayName": "John Smith",
                "id": "90847c2a-e29d-4d2f-9f54-c5b4d3f26471",
                "mail": address,
                "userType": "Member",
            });
        }
    }
    body
}
