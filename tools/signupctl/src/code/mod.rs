//! `signupctl code`: invitation codes.

mod create;
mod list;

use jiff::Timestamp;
use shared::{
    app::codes::Codes,
    domain::{audit::Signature, code::InvitationCode},
};

use crate::{
    args::{CodeCommand, TypedCode},
    author::signature,
    exit::{Exit, Failure},
    output::Output,
};

pub(crate) async fn run(
    command: &CodeCommand,
    codes: &Codes,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    match command {
        CodeCommand::Create(arguments) => create::run(arguments, codes, now, output).await,
        CodeCommand::List { json } => list::run(*json, codes, now, output).await,
        CodeCommand::Show { code, json } => list::show(code, *json, codes, now, output).await,
        CodeCommand::Revoke { code, author } => {
            revoke(code, codes, &signature(author, now)?, output).await
        }
    }
}

async fn revoke(
    code: &TypedCode,
    codes: &Codes,
    signature: &Signature,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    if !codes.revoke(&code.0, signature).await? {
        return Err(unknown(code));
    }
    writeln!(output.results, "revoked {}", code.0)?;
    Ok(Exit::Done)
}

fn unknown(code: &TypedCode) -> Failure {
    Failure::Told(format!(
        "there is no such code (its digest would be {})",
        code.0
    ))
}

/// How a code stands, in a word.
fn state(code: &InvitationCode, now: Timestamp) -> &'static str {
    if code.revoked {
        "revoked"
    } else if code.expires_at.is_some_and(|end| end <= now) {
        "expired"
    } else if code.used >= code.uses {
        "used up"
    } else {
        "usable"
    }
}
