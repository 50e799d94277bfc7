//! `signupctl list export`

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use shared::app::lists::Lists;

use super::each;
use crate::{
    args::ExportArguments,
    exit::{Exit, Failure},
    output::Output,
    rows::Writer,
};

pub(super) async fn run(
    arguments: &ExportArguments,
    lists: &Lists,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let Some(path) = &arguments.output else {
        write(arguments, lists, &mut *output.results).await?;
        return Ok(Exit::Done);
    };
    let written = write_file(arguments, lists, path)
        .await
        .map_err(|failure| Failure::Told(format!("{}: not written: {failure}", path.display())))?;
    writeln!(
        output.notes,
        "entries written to {}: {written}",
        path.display()
    )?;
    Ok(Exit::Done)
}

/// Writes beside the file and then takes its place, so that a failure leaves the older copy, and half
/// a file never passes for the lists. What is no file, such as `/dev/stdout`, is written as it is.
async fn write_file(
    arguments: &ExportArguments,
    lists: &Lists,
    path: &Path,
) -> Result<u64, Failure> {
    let in_place = fs::metadata(path).is_ok_and(|target| !target.is_file());
    let target = if in_place {
        path.to_owned()
    } else {
        path.with_added_extension("part")
    };
    let written = write(arguments, lists, BufWriter::new(File::create(&target)?)).await;
    if !in_place {
        match written {
            Ok(_) => fs::rename(&target, path)?,
            Err(_) => fs::remove_file(&target)?,
        }
    }
    written
}

async fn write(
    arguments: &ExportArguments,
    lists: &Lists,
    out: impl Write,
) -> Result<u64, Failure> {
    let mut writer = Writer::new(out)?;
    let mut written = 0;
    each(lists, |entry| {
        if arguments
            .list
            .as_ref()
            .is_none_or(|list| *list == entry.list)
        {
            writer.write(&entry)?;
            written += 1;
        }
        Ok(())
    })
    .await?;
    writer.flush()?;
    Ok(written)
}
