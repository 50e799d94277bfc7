//! `signupctl credential`: what the API connectors authenticate with.

use std::io::{BufRead, IsTerminal, Write, stdin};

use ring::rand::{SecureRandom, SystemRandom};
use shared::{
    app::credentials::{CredentialError, Credentials},
    domain::caller::Credential,
};

use crate::{
    args::CredentialCommand,
    author::changer,
    exit::{Exit, Failure},
    output::{Output, Table},
};

pub(crate) async fn run(
    command: &CredentialCommand,
    credentials: &Credentials,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    match command {
        CredentialCommand::Create { username, author } => {
            create(username.as_deref(), &changer(author)?, credentials, output).await
        }
        CredentialCommand::List => list(credentials, output).await,
        CredentialCommand::Retire {
            id,
            yes,
            force,
            author,
        } => {
            let by = changer(author)?;
            let credential = retirable(id, *force, credentials).await?;
            let ask = !yes && stdin().is_terminal();
            retire(&credential, ask, &by, credentials, output).await
        }
    }
}

async fn create(
    username: Option<&str>,
    by: &str,
    credentials: &Credentials,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let username = match username {
        Some(username) => username.to_owned(),
        None => random_username()?,
    };
    let made = credentials.create(&username, by).await?;
    let Credential { id, username, .. } = &made.credential;
    let shown = write!(
        output.results,
        "id: {id}\nusername: {username}\npassword: {}\n",
        made.password
    )
    .and_then(|()| output.results.flush());
    if let Err(error) = shown {
        return Err(Failure::Told(format!(
            "the credential `{id}` was made, but its password could not be shown ({error}): \
             run `signupctl credential retire {id}` and make another one"
        )));
    }
    writeln!(
        output.notes,
        "\n\
         The password is shown this once; the table keeps only a digest of it.\n\
         Paste both into the Entra admin centre (External Identities > All API connectors) or the Azure \
         portal (Azure AD B2C > API connectors), into each connector with the authentication type Basic.\n\
         The functions accept it within a minute. When the old credential is no longer used, run \
         `signupctl credential retire ID`."
    )?;
    Ok(Exit::Done)
}

/// Nobody needs to remember it, and two credentials of a rotation differ.
fn random_username() -> Result<String, Failure> {
    let mut bytes = [0; 4];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| CredentialError::NoRandomness)?;
    Ok(format!("connector-{:08x}", u32::from_be_bytes(bytes)))
}

async fn list(credentials: &Credentials, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let live = credentials.list().await?;
    if live.is_empty() {
        writeln!(
            output.notes,
            "no live credential: see `signupctl credential create`"
        )?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(["ID", "SLOT", "USERNAME", "CREATED", "LAST USED"]);
    for credential in live {
        table.push([
            credential.id,
            credential.slot.number().to_string(),
            credential.username,
            credential.created_at.to_string(),
            credential
                .last_used_at
                .map_or_else(|| "never".to_owned(), |at| at.to_string()),
        ]);
    }
    table.write(output.results)?;
    Ok(Exit::Done)
}

/// A live credential that is not the last one, unless that is meant.
async fn retirable(
    id: &str,
    force: bool,
    credentials: &Credentials,
) -> Result<Credential, Failure> {
    let live = credentials.list().await?;
    let is_last = live.len() == 1;
    let found = live.into_iter().find(|credential| credential.id == id);
    let credential = found.ok_or_else(|| CredentialError::Unknown(id.to_owned()))?;
    if is_last && !force {
        return Err(Failure::Told(format!(
            "`{id}` is the last live credential: without it API connectors are refused, and functions \
             with no other kind of caller would refuse to start. Make another one first, or add --force"
        )));
    }
    Ok(credential)
}

async fn retire(
    credential: &Credential,
    ask: bool,
    by: &str,
    credentials: &Credentials,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let id = &credential.id;
    let question = format!("Retire `{id}` ({})?", credential.username);
    if ask && !confirmed(&question, &mut stdin().lock(), output.notes)? {
        return Err(Failure::Told(format!("`{id}` stays live")));
    }
    let retired = credentials.retire(id, by).await?;
    writeln!(
        output.results,
        "retired `{}` ({}): refused within a minute",
        retired.id, retired.username
    )?;
    Ok(Exit::Done)
}

fn confirmed(
    question: &str,
    answers: &mut impl BufRead,
    notes: &mut dyn Write,
) -> std::io::Result<bool> {
    write!(notes, "{question} [y/N] ")?;
    notes.flush()?;
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::yes("y\n", true)]
    #[case::the_word("Yes\n", true)]
    #[case::no("n\n", false)]
    #[case::just_enter("\n", false)]
    #[case::end_of_input("", false)]
    #[case::something_else("yesterday\n", false)]
    fn only_a_yes_is_a_yes(#[case] answer: &str, #[case] expected: bool) {
        let mut notes = Vec::new();
        let found = confirmed("Retire `a`?", &mut answer.as_bytes(), &mut notes).unwrap();
        assert_eq!(found, expected);
        assert_eq!(notes, b"Retire `a`? [y/N] ");
    }
}
