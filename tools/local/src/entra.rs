//! The local Entra beside the functions: it calls them, and they trust its tokens.

use std::sync::Arc;

use axum::Router;
use local::bucket::Bucket;
use local_entra::{
    Simulator,
    config::{Config, Deployment},
    mail,
    partners::KEY_ID,
};
use tokio::{net::TcpListener, process::Command};

use crate::{
    flags::{Flags, HOST},
    problem::{Problem, system},
};

/// The bucket of the audit chain, and where the service that has it is found.
const AUDIT_BUCKET: &str = "audit";
const S3: &str = "/s3";

/// Listening already, so that nobody else takes a port between this and serving.
#[derive(Debug)]
pub(crate) struct Entra {
    simulator: Arc<Simulator>,
    /// Host and port of the functions.
    functions: String,
    audit: Bucket,
    pages: TcpListener,
    smtp: TcpListener,
}

impl Entra {
    pub(crate) async fn start(flags: &Flags) -> Result<Self, Problem> {
        let functions = format!("{HOST}:{}", flags.port);
        let deployment = Deployment {
            base_url: format!("http://{functions}"),
        };
        let config = Config::read(&flags.entra, &deployment)?;
        let origin = format!("http://{HOST}:{}", flags.entra_port);
        Ok(Self {
            simulator: Simulator::new(origin, config)?,
            functions,
            audit: Bucket::new(AUDIT_BUCKET, &flags.beside_state("audit")),
            pages: listen(flags.entra_port).await?,
            smtp: listen(flags.smtp_port).await?,
        })
    }

    /// Settings with which a function may call the partner systems on this machine, and finds their secrets.
    pub(crate) fn has_partners_for(&self, function: &mut Command) {
        let secrets = format!("{}/secrets", self.simulator.origin);
        function
            .env("PRIVATE_HOSTS", "127.0.0.1,localhost")
            .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets)
            .env_remove("SECRETS_PREFIX");
    }

    /// Settings with which a function seals who applies for an approval.
    pub(crate) fn keeps_keys_for(&self, function: &mut Command) {
        function.env("REQUESTS_KEY", KEY_ID).env(
            "AWS_ENDPOINT_URL_KMS",
            format!("{}/keys", self.simulator.origin),
        );
    }

    /// Settings with which a function adds to the audit chain, and an operator verifies it.
    pub(crate) fn keeps_audit_of(&self, function: &mut Command) {
        function.env("AUDIT_BUCKET", AUDIT_BUCKET).env(
            "AWS_ENDPOINT_URL_S3",
            format!("{}{S3}", self.simulator.origin),
        );
    }

    /// Settings with which a function accepts the tokens of this tenant.
    pub(crate) fn trusted_by(&self, function: &mut Command) {
        let tenant = &self.simulator.config.tenant;
        let audience = &tenant.extension_audience;
        // The application id, and the Application ID URI in the form that Entra wants (PROTOCOL 5.10).
        let audiences = format!("{audience},api://{}/{audience}", self.functions);
        function
            .env("ENTRA_TENANT_ID", &tenant.id)
            .env("ENTRA_TENANT_DOMAIN", &tenant.name)
            .env("ENTRA_AUDIENCES", audiences)
            .env("ENTRA_ISSUERS", self.simulator.tokens.issuers().join(","));
    }

    /// Settings with which a function mails into the inbox.
    pub(crate) fn takes_mail_of(&self, function: &mut Command) {
        function
            .env("MAIL_TRANSPORT", "ses")
            .env("MAIL_FROM", "Contoso <no-reply@contoso.example>")
            .env("AWS_ENDPOINT_URL_SESV2", &self.simulator.origin);
    }

    /// Settings with which a function makes accounts in the directory, and invites through the inbox.
    pub(crate) fn makes_accounts_for(&self, function: &mut Command) {
        let (origin, tenant) = (&self.simulator.origin, &self.simulator.config.tenant);
        let token_url = format!("{origin}/{}/oauth2/v2.0/token", tenant.id);
        function
            .env("GRAPH_TENANT_ID", &tenant.id)
            .env(
                "GRAPH_TENANT_DOMAIN",
                format!("{}.onmicrosoft.com", tenant.name),
            )
            .env("GRAPH_SECRET", "graph")
            .env("GRAPH_URL", format!("{origin}/graph/v1.0"))
            .env("GRAPH_TOKEN_URL", token_url)
            .env("INVITE_REDIRECT_URL", origin)
            .env("INVITE_SEND_MESSAGE", "true");
    }

    /// Settings with which a function lets people of this tenant decide about requests, and signs links to its pages.
    pub(crate) fn signs_people_in_to(&self, function: &mut Command) {
        let (origin, tenant) = (&self.simulator.origin, &self.simulator.config.tenant.id);
        function
            .env("CONSOLE_URL", format!("http://{}", self.functions))
            .env("CONSOLE_TENANT_ID", tenant)
            .env("CONSOLE_AUTHORITY", format!("{origin}/{tenant}"))
            .env("CONSOLE_SECRET", "console")
            .env("LINK_SECRET", "links");
    }

    /// Serves pages and takes mail; returns only when one of them cannot go on.
    pub(crate) async fn serve(self) -> Problem {
        let audit = Router::new().nest_service(S3, self.audit.router());
        let ended = tokio::select! {
            ended = Arc::clone(&self.simulator).serve_with(audit, self.pages) => ended,
            () = mail::serve_smtp(self.smtp, Arc::clone(&self.simulator)) => Ok(()),
        };
        let error = ended
            .err()
            .unwrap_or_else(|| std::io::Error::other("it ended"));
        system("the local Entra")(error)
    }
}

async fn listen(port: u16) -> Result<TcpListener, Problem> {
    TcpListener::bind((HOST, port))
        .await
        .map_err(system(format!("port {port}")))
}
