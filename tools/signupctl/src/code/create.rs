//! `signupctl code create`

use std::{
    fs::File,
    io::{self, BufWriter},
    path::Path,
};

use jiff::Timestamp;
use shared::{
    app::codes::{Codes, NewCode},
    domain::{
        audit::Signature,
        code::{CodeDigest, InvitationCode},
    },
};

use crate::{
    args::CreateCodeArguments,
    author::signature,
    exit::{Exit, Failure},
    output::Output,
    rows::{TypedName, Writer, checked, claim_text, for_spreadsheet, matcher_cell},
};

pub(super) async fn run(
    arguments: &CreateCodeArguments,
    codes: &Codes,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let like = like(arguments, now)?;
    let signature = signature(&arguments.author, now)?;
    let Some(path) = &arguments.output else {
        let made = make(arguments, codes, like, &signature, |new| {
            for code in new {
                writeln!(output.results, "{}", code.text)?;
            }
            output.results.flush()
        })
        .await?;
        return tell(made, None, output);
    };
    let mut file = open(path)?;
    let made = make(arguments, codes, like, &signature, |new| {
        for code in new {
            file.write(row(code))?;
        }
        file.flush()
    })
    .await?;
    tell(made, Some(path), output)
}

/// Codes as the arguments want them.
fn like(
    arguments: &CreateCodeArguments,
    now: Timestamp,
) -> Result<impl Fn(CodeDigest) -> InvitationCode, Failure> {
    let end = arguments.expires.as_ref();
    let expires_at = end.map(|end| end.end(now)).transpose()?;
    let mut claims = std::collections::BTreeMap::new();
    for (name, value) in &arguments.claims {
        if claims
            .insert(name.name().to_owned(), value.clone())
            .is_some()
        {
            let name = name.name();
            return Err(Failure::Told(format!(
                "--set: found `{name}` twice, expected each name once"
            )));
        }
    }
    checked(&claims).map_err(|mistake| Failure::Told(format!("--set: {mistake}")))?;
    Ok(move |digest| InvitationCode {
        digest,
        uses: arguments.uses,
        used: 0,
        created_at: now,
        expires_at,
        bound_to: arguments.bound_to.clone(),
        claims: claims.clone(),
        note: arguments.note.clone(),
        revoked: false,
    })
}

/// Makes the codes batch by batch and shows each batch before the next one is made, so that no more than one is lost.
async fn make(
    arguments: &CreateCodeArguments,
    codes: &Codes,
    like: impl Fn(CodeDigest) -> InvitationCode,
    signature: &Signature,
    mut show: impl FnMut(&[NewCode]) -> io::Result<()>,
) -> Result<usize, Failure> {
    if let Some(chosen) = &arguments.code {
        let new = [NewCode {
            text: chosen.text.clone(),
            code: like(chosen.digest.clone()),
        }];
        codes.create(&new, signature).await?;
        show(&new).map_err(|error| unseen(&new, &error))?;
        return Ok(1);
    }
    let mut left = arguments.count;
    while left > 0 {
        let new = codes
            .create_random(left.min(Codes::MAX_BATCH), &like, signature)
            .await?;
        show(&new).map_err(|error| unseen(&new, &error))?;
        left = left.saturating_sub(new.len());
    }
    Ok(arguments.count)
}

fn unseen(new: &[NewCode], error: &io::Error) -> Failure {
    let digests: Vec<&str> = new.iter().map(|new| new.code.digest.as_str()).collect();
    Failure::Told(format!(
        "the last {} codes were made but could not be shown ({error}): revoke them with \
         `signupctl code revoke DIGEST`, and make others. Their digests:\n{}",
        new.len(),
        digests.join("\n")
    ))
}

const COLUMNS: [&str; 6] = ["code", "uses", "expires", "for", "set", "note"];

/// A file that is there already may hold codes that nobody can be shown again.
fn open(path: &Path) -> Result<Writer<BufWriter<File>>, Failure> {
    let file = File::create_new(path).and_then(|file| Writer::new(BufWriter::new(file), COLUMNS));
    file.map_err(|error| {
        let path = path.display();
        Failure::Told(format!(
            "{path}: cannot be written as a new file: {error}; no code was made"
        ))
    })
}

fn row(new: &NewCode) -> Vec<std::borrow::Cow<'_, str>> {
    let code = &new.code;
    let end = code
        .expires_at
        .map_or_else(String::new, |end| end.to_string());
    let claims = code.claims.iter();
    let claims = claims.map(|(name, value)| {
        format!(
            "{}={}",
            TypedName::of(name, value).header(),
            claim_text(value)
        )
    });
    let bound = code.bound_to.as_ref();
    vec![
        for_spreadsheet(&new.text),
        code.uses.to_string().into(),
        end.into(),
        bound.map_or_else(String::new, matcher_cell).into(),
        claims.collect::<Vec<_>>().join(" ").into(),
        for_spreadsheet(&code.note),
    ]
}

fn tell(made: usize, path: Option<&Path>, output: &mut Output<'_>) -> Result<Exit, Failure> {
    if let Some(path) = path {
        writeln!(output.notes, "codes written to {}: {made}", path.display())?;
    }
    writeln!(
        output.notes,
        "Codes are shown this once; the table keeps only digests of them."
    )?;
    Ok(Exit::Done)
}
