//! What was measured, where it is kept: raw beside the bench, and as tables and plots in the documentation.

use std::{
    fmt::Display,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::{Serialize, de::DeserializeOwned};

use super::plot::Plot;
use crate::Failure;

/// Something that was measured, and has parts of the page.
pub(crate) trait Section: Serialize + DeserializeOwned {
    /// Of the file with the raw data.
    const NAME: &'static str;

    /// Texts by the name of their marks in the page.
    fn parts(&self) -> Vec<(&'static str, String)>;

    /// By the names of their files.
    fn plots(&self) -> Vec<(&'static str, Plot)> {
        Vec::new()
    }
}

#[derive(Debug, Args)]
pub(crate) struct Places {
    /// The folder of what was measured.
    #[arg(long, global = true, default_value = "benches/results")]
    pub(crate) results: PathBuf,
    /// The folder of the documentation.
    #[arg(long, global = true, default_value = "docs")]
    pub(crate) docs: PathBuf,
}

impl Places {
    /// Keeps what was measured, prints it, and puts it into the documentation.
    pub(crate) fn keep<S: Section>(&self, section: &S) -> Result<(), Failure> {
        let file = self.file::<S>();
        let mut text = serde_json::to_string(section)?;
        text.push('\n');
        fs::write(&file, text).map_err(|error| of_file(&file, &error))?;
        self.show(section)
    }

    pub(crate) fn kept<S: Section>(&self) -> Result<S, Failure> {
        let file = self.file::<S>();
        let text = fs::read(&file).map_err(|error| of_file(&file, &error))?;
        Ok(serde_json::from_slice(&text).map_err(|error| of_file(&file, &error))?)
    }

    /// Shows what was kept.
    pub(crate) fn again<S: Section>(&self) -> Result<(), Failure> {
        self.show(&self.kept::<S>()?)
    }

    fn show<S: Section>(&self, section: &S) -> Result<(), Failure> {
        for (name, text) in section.parts() {
            writeln!(std::io::stdout(), "{text}")?;
            into_section(&self.docs, name, &text)?;
        }
        for (name, plot) in section.plots() {
            let file = self.docs.join("images").join(name);
            fs::write(&file, plot.svg()).map_err(|error| of_file(&file, &error))?;
        }
        Ok(())
    }

    fn file<S: Section>(&self) -> PathBuf {
        self.results.join(S::NAME).with_extension("json")
    }
}

fn of_file(file: &Path, error: &dyn Display) -> String {
    format!("{}: {error}", file.display())
}

/// Puts a text in the place of that between the marks of this name in docs/performance.md.
pub(crate) fn into_section(docs: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let page = docs.join("performance.md");
    let before = fs::read_to_string(&page).map_err(|error| of_file(&page, &error))?;
    let after = with_section(&before, name, text).map_err(|error| of_file(&page, &error))?;
    Ok(fs::write(&page, after).map_err(|error| of_file(&page, &error))?)
}

fn with_section(page: &str, name: &str, section: &str) -> Result<String, String> {
    let [begin, end] = ["begin", "end"].map(|place| format!("<!-- {name}:{place} -->"));
    let missing = |mark: &str| format!("found no `{mark}`");
    let (before, rest) = page.split_once(&begin).ok_or_else(|| missing(&begin))?;
    let (_, after) = rest.split_once(&end).ok_or_else(|| missing(&end))?;
    Ok(format!("{before}{begin}\n\n{section}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{report::tests::results, results::Results};

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let (begin, end) = ("<!-- a:begin -->", "<!-- a:end -->");
        let page = format!("before\n{begin}\nold\n{end}\nafter\n");
        let once = with_section(&page, "a", "new\n").unwrap();
        assert_eq!(once, format!("before\n{begin}\n\nnew\n\n{end}\nafter\n"));
        assert_eq!(with_section(&once, "a", "new\n").unwrap(), once);
    }

    #[test]
    fn a_page_without_a_mark_is_left_alone() {
        let told = with_section("a page\n", "a", "new").unwrap_err();
        assert_eq!(told, "found no `<!-- a:begin -->`");
    }

    #[test]
    fn what_was_kept_reads_as_it_was_measured() {
        let folder = tempfile::TempDir::new().unwrap();
        let places = Places {
            results: folder.path().to_owned(),
            docs: folder.path().to_owned(),
        };
        let marks =
            |(name, _): (&str, String)| format!("<!-- {name}:begin -->\n<!-- {name}:end -->\n");
        let page: Vec<String> = results().parts().into_iter().map(marks).collect();
        fs::write(folder.path().join("performance.md"), page.concat()).unwrap();
        fs::create_dir(folder.path().join("images")).unwrap();
        places.keep(&results()).unwrap();
        assert_eq!(places.kept::<Results>().unwrap().parts(), results().parts());
        let page = fs::read_to_string(folder.path().join("performance.md")).unwrap();
        assert!(
            results()
                .parts()
                .iter()
                .all(|(_, text)| page.contains(text))
        );
    }
}
