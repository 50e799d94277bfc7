//! Sign-ups written down in TOML: what a person does, and what a deployment is expected to answer at each step. They
//! run without a browser, through any deployment.

mod expectation;
mod file;
mod place;
mod run;
mod target;

pub use self::{
    expectation::{Expectations, Verdict, verdict},
    file::{Scenario, ScenarioFile, TargetInFile},
    place::{Problem, ScenarioError},
    run::{Runner, Trial},
    target::{Target, base_url, extension_token, is_loopback, token},
};
