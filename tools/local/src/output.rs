//! What is shown: one's own lines, and those of the functions as they come.

use std::io::{Write, stderr, stdout};

use crate::problem::Problem;

/// To standard output. Nobody is left to tell when it is closed.
pub(crate) fn line(line: &[u8]) {
    write(stdout().lock(), line);
}

/// To standard error.
pub(crate) fn error_line(line: &[u8]) {
    write(stderr().lock(), line);
}

pub(crate) fn problem(problem: &Problem) {
    error_line(format!("error: {problem}").as_bytes());
}

fn write(mut out: impl Write, line: &[u8]) {
    let _ = out.write_all(&[line, b"\n"].concat());
    let _ = out.flush();
}
