//! Writing what the table has into a file.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use crate::{
    exit::{Exit, Failure},
    output::Output,
};

/// Writes to the file, or without one to standard output. `write` gives the number of what it wrote, which are `things`.
pub(crate) async fn run(
    path: Option<&Path>,
    things: &str,
    write: impl AsyncFnOnce(&mut dyn Write) -> Result<u64, Failure>,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let Some(path) = path else {
        write(output.results).await?;
        return Ok(Exit::Done);
    };
    let written = write_file(path, write)
        .await
        .map_err(|failure| Failure::Told(format!("{}: not written: {failure}", path.display())))?;
    writeln!(
        output.notes,
        "{things} written to {}: {written}",
        path.display()
    )?;
    Ok(Exit::Done)
}

/// Writes beside the file and then takes its place, so that a failure leaves the older copy, and half
/// a file never passes for the whole. What is no file, such as `/dev/stdout`, is written as it is.
async fn write_file(
    path: &Path,
    write: impl AsyncFnOnce(&mut dyn Write) -> Result<u64, Failure>,
) -> Result<u64, Failure> {
    let in_place = fs::metadata(path).is_ok_and(|target| !target.is_file());
    let target = if in_place {
        path.to_owned()
    } else {
        path.with_added_extension("part")
    };
    let mut out = BufWriter::new(File::create(&target)?);
    let written = match write(&mut out).await {
        Ok(written) => out.flush().map(|()| written).map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    if !in_place {
        match written {
            Ok(_) => fs::rename(&target, path)?,
            Err(_) => fs::remove_file(&target)?,
        }
    }
    written
}
