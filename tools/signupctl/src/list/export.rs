//! `signupctl list export`

use std::io::Write;

use shared::app::lists::Lists;

use super::each;
use crate::{
    args::ExportArguments,
    exit::{Exit, Failure},
    export,
    output::Output,
    rows::{Entries, Writer, entry_cells},
};

pub(super) async fn run(
    arguments: &ExportArguments,
    lists: &Lists,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let path = arguments.output.as_deref();
    let write = async |out: &mut dyn Write| write(arguments, lists, out).await;
    export::run(path, "entries", write, output).await
}

async fn write(
    arguments: &ExportArguments,
    lists: &Lists,
    out: &mut dyn Write,
) -> Result<u64, Failure> {
    let mut writer = Writer::new(out, Entries::COLUMNS)?;
    let mut written = 0;
    each(lists, |entry| {
        if arguments
            .list
            .as_ref()
            .is_none_or(|list| *list == entry.list)
        {
            writer.write(entry_cells(&entry))?;
            written += 1;
        }
        Ok(())
    })
    .await?;
    writer.flush()?;
    Ok(written)
}
