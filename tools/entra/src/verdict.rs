//! What Entra makes of an answer.

use crate::model::Attributes;

/// An answer that is understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Go on, with claims to prefill, to overwrite or to put into the token: those that have an effect.
    Continue(Attributes),
    Block {
        title: Option<String>,
        message: String,
    },
    /// The person corrects and submits again.
    Invalid {
        message: String,
        /// Attribute name on the wire and message; extensions only.
        fields: Vec<(String, String)>,
    },
}

/// An answer that is not understood, and what Entra says instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The documented code and name (PROTOCOL 1.4, 5.11), such as `1003012 InvalidActionType`; nothing where Microsoft
    /// documents none.
    pub code: Option<&'static str>,
    /// What was wrong, in a sentence for the engineer.
    pub explanation: String,
}

/// The verdict on an answer, with what an engineer should know all the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    pub verdict: Result<Answer, Rejection>,
    /// Sentences about what was tolerated or had no effect.
    pub notes: Vec<String>,
}
