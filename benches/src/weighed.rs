//! A program that is weighed: it reads a policy and, by its features, matches a pattern and evaluates an expression.
//!
//! `make bench-size`

use std::error::Error;

use shared::policy::document::Document;

fn main() -> Result<(), Box<dyn Error>> {
    let mut texts = std::env::args().skip(1);
    let mut text = || texts.next().unwrap_or_default();
    let document: Document = serde_json::from_str(&text())?;
    let holds = document.rules.is_empty();
    #[cfg(feature = "size-patterns")]
    let holds = holds && matches(&text(), &text())?;
    #[cfg(feature = "size-expressions")]
    let holds = holds && evaluates(&text())?;
    if holds { Ok(()) } else { Err("no".into()) }
}

/// With what `shared` has of the engine: the automaton, and the machine behind it.
#[cfg(feature = "size-patterns")]
fn matches(pattern: &str, text: &str) -> Result<bool, Box<dyn Error>> {
    use regex_automata::{Input, hybrid::dfa::DFA, nfa::thompson::pikevm::PikeVM};
    let automaton = DFA::new(pattern)?;
    let found = automaton.try_search_fwd(&mut automaton.create_cache(), &Input::new(text));
    let machine = PikeVM::new_from_nfa(automaton.get_nfa().clone())?;
    let again = machine.is_match(&mut machine.create_cache(), text);
    Ok(found?.is_some() && again)
}

/// Without the functions and variables of the policy, which bring data of their own.
#[cfg(feature = "size-expressions")]
fn evaluates(expression: &str) -> Result<bool, Box<dyn Error>> {
    use cel::{Context, Env, Value, parser::PrattParser};
    let parsed = PrattParser::new().parse(expression);
    let parsed = parsed.map_err(|errors| errors.to_string())?;
    let context = Context::with_env(std::sync::Arc::new(Env::default()));
    Ok(Value::resolve_val(&parsed, &context).is_ok())
}
