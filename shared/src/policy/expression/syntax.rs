//! From a text to a tree, or to the place at which it is no expression.
//!
//! The grammar is that of the CEL specification without maps, messages, bytes, fractions, unsigned numbers and `null`,
//! which nothing here has a use for.

use cel::{
    IdedExpr, ParseErrors,
    common::ast::SourceInfo,
    parser::{
        PrattParser,
        pratt_parser::{Lexer, Token, TokenKind},
    },
};

use super::{ExpressionFault, MAX_EXPRESSION_OCTETS};

/// Deepest nesting: brackets, conditionals and chained operators around a value. A tree is at most about twice as deep,
/// for `exists` and its like are several nodes each; everything that walks it may therefore recurse.
pub(super) const MAX_NESTING: usize = 64;

/// Parses an expression of bounded length and depth.
pub(super) fn parse(source: &str) -> Result<IdedExpr, ExpressionFault> {
    if source.len() > MAX_EXPRESSION_OCTETS {
        let found = source.len();
        let problem = format!("found {found} octets, expected at most {MAX_EXPRESSION_OCTETS}");
        let offset = source.floor_char_boundary(MAX_EXPRESSION_OCTETS);
        return Err(fault(offset, problem));
    }
    // The parser slices the text at the end of each token, and the end of an unknown one can be within a character: it
    // only gets texts whose tokens are all known.
    let tokens = tokens(source)?;
    within_nesting(&tokens)?;
    parser()
        .parse(source)
        .map_err(|errors| syntax_fault(source, &tokens, errors))
}

fn parser() -> PrattParser {
    let deepest = u16::try_from(MAX_NESTING).unwrap_or(u16::MAX);
    PrattParser::new().max_recursion_depth(deepest)
}

/// Where in the text of a valid expression a node was written, in octets.
///
/// The parser tells the places of nodes only beside an error. So it is given one: the same text with a bracket too
/// many, in which the nodes before the bracket have the same numbers.
pub(super) fn place(source: &str, node: u64) -> Option<usize> {
    let errors = parser().parse(&format!("{source}\n)")).err()?.errors;
    let places = errors.into_iter().find_map(|error| error.source_info)?;
    let start = start(&places, node)?;
    let after_name = source.get(start..)?.starts_with('(');
    // A call after a dot has the place of its bracket; people look for the name.
    Some(if after_name {
        name_before(source, start)
    } else {
        start
    })
}

fn start(places: &SourceInfo, node: u64) -> Option<usize> {
    let (start, _) = places.offset_for(node)?;
    usize::try_from(start).ok()
}

fn name_before(source: &str, bracket: usize) -> usize {
    let before = source.get(..bracket).unwrap_or_default().trim_end();
    let of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    before.trim_end_matches(of_a_name).len()
}

/// Every token but spaces and comments.
fn tokens(source: &str) -> Result<Vec<Token>, ExpressionFault> {
    let mut lexer = Lexer::new(source);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.lex();
        match token.kind {
            TokenKind::TokEnd => return Ok(tokens),
            TokenKind::TokWhitespace | TokenKind::TokComment => {}
            _ => {
                known(source, token)?;
                tokens.push(token);
            }
        }
    }
}

/// Refuses what is no token, and tokens of which nothing here is made.
fn known(source: &str, token: Token) -> Result<(), ExpressionFault> {
    let rest = source.get(token.start..).unwrap_or_default();
    let found = source.get(token.start..token.end).unwrap_or(rest);
    let told = |problem: String| Err(fault(token.start, problem));
    match token.kind {
        TokenKind::TokError => Err(unknown_token(token.start, rest)),
        TokenKind::TokEqual => Err(ExpressionFault {
            suggestion: Some("==".to_owned()),
            ..fault(token.start, "found `=`, expected `==`")
        }),
        TokenKind::TokNull => told(
            "found `null`, which nothing is: a missing text is `\"\"`, and `has(attributes.city)` tells whether there is a \
             value"
                .to_owned(),
        ),
        TokenKind::TokFloat | TokenKind::TokUint => {
            told(format!("found `{found}`, expected a whole number"))
        }
        TokenKind::TokBytes => told("found bytes, expected a text such as `\"contoso\"`".to_owned()),
        TokenKind::TokLeftBrace | TokenKind::TokRightBrace => {
            told(format!("found `{found}`, expected a list such as `[\"a\", \"b\"]`"))
        }
        TokenKind::TokIdent if found.starts_with('`') => told(
            "found a name in backticks; an attribute whose name has other characters is `attributes[\"name\"]`"
                .to_owned(),
        ),
        _ => Ok(()),
    }
}

fn unknown_token(start: usize, rest: &str) -> ExpressionFault {
    let first = rest.chars().next().unwrap_or_default();
    let (problem, suggestion) = match first {
        '"' | '\'' | 'r' | 'R' => ("the text that begins here has no end".to_owned(), None),
        'b' | 'B' => ("found bytes, expected a text".to_owned(), None),
        '&' => ("found `&`, expected `&&`".to_owned(), Some("&&")),
        '|' => ("found `|`, expected `||`".to_owned(), Some("||")),
        '“' | '”' | '„' | '«' | '»' => {
            (format!("found `{first}`, expected `\"`"), Some("\""))
        }
        '‘' | '’' | '‚' => (format!("found `{first}`, expected `'`"), Some("'")),
        _ if first == '.' || first.is_ascii_digit() => ("found no whole number".to_owned(), None),
        _ => (format!("found `{first}`, which means nothing here"), None),
    };
    ExpressionFault {
        suggestion: suggestion.map(str::to_owned),
        ..fault(start, problem)
    }
}

/// What stands between two brackets: how many conditionals, and how many operators in a row.
#[derive(Default)]
struct Level {
    conditionals: usize,
    links: usize,
}

/// Refuses what the parser would nest too deeply.
///
/// It has a limit of its own for brackets alone; conditionals make it recurse as well, and chained operators and
/// members make the tree deep.
fn within_nesting(tokens: &[Token]) -> Result<(), ExpressionFault> {
    let mut levels = vec![Level::default()];
    for token in tokens {
        if is_opening(token.kind) {
            levels.push(Level::default());
        } else if is_closing(token.kind) && levels.len() > 1 {
            levels.pop();
        }
        if let Some(level) = levels.last_mut() {
            count(level, token.kind);
        }
        let links = levels.iter().map(|level| level.conditionals + level.links);
        if levels.len() + links.sum::<usize>() > MAX_NESTING {
            return Err(fault(
                token.start,
                "it is nested too deeply from here on; expected a simpler expression, or several rules",
            ));
        }
    }
    Ok(())
}

const fn is_opening(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::TokLeftParen | TokenKind::TokLeftBracket)
}

const fn is_closing(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::TokRightParen | TokenKind::TokRightBracket)
}

const fn count(level: &mut Level, kind: TokenKind) {
    match kind {
        // A new element or argument.
        TokenKind::TokComma => {
            level.links = 0;
            level.conditionals = 0;
        }
        // The parser balances these.
        TokenKind::TokLogicalAnd | TokenKind::TokLogicalOr => level.links = 0,
        TokenKind::TokQuestion => level.conditionals += 1,
        TokenKind::TokDot
        | TokenKind::TokRightBracket
        | TokenKind::TokExclamation
        | TokenKind::TokIn
        | TokenKind::TokPlus
        | TokenKind::TokMinus
        | TokenKind::TokAsterisk
        | TokenKind::TokSlash
        | TokenKind::TokPercent
        | TokenKind::TokEqualEqual
        | TokenKind::TokExclamationEqual
        | TokenKind::TokLess
        | TokenKind::TokLessEqual
        | TokenKind::TokGreater
        | TokenKind::TokGreaterEqual => level.links += 1,
        _ => {}
    }
}

/// The first of the parser's errors in words of ours.
fn syntax_fault(source: &str, tokens: &[Token], errors: ParseErrors) -> ExpressionFault {
    let Some(error) = errors.errors.into_iter().next() else {
        return fault(0, "found no expression");
    };
    let offset = offset(source, error.pos);
    let text = |token: &Token| source.get(token.start..token.end);
    let found = tokens
        .iter()
        .find(|token| token.start >= offset)
        .and_then(text);
    let before = tokens
        .iter()
        .rfind(|token| token.start < offset)
        .and_then(text);
    let (problem, suggestion) = sentence(&error.msg, found, tokens.is_empty());
    let negated = before
        .is_some_and(|word| word.eq_ignore_ascii_case("not"))
        .then_some("!");
    let suggestion = suggestion.or(negated);
    ExpressionFault {
        suggestion: suggestion.map(str::to_owned),
        ..fault(offset, problem)
    }
}

/// Of a line and a column, both from one, the column in octets.
fn offset(source: &str, (line, column): (isize, isize)) -> usize {
    let before = usize::try_from(line - 1).unwrap_or_default();
    let octets: usize = source
        .split_inclusive('\n')
        .take(before)
        .map(str::len)
        .sum();
    let column = usize::try_from(column - 1).unwrap_or_default();
    (octets + column).min(source.len())
}

fn sentence(message: &str, found: Option<&str>, empty: bool) -> (String, Option<&'static str>) {
    if empty {
        return (
            "it is empty; expected a condition such as `email.free`".to_owned(),
            None,
        );
    }
    if message.contains("has() macro") {
        let problem = "found no attribute in `has`, expected one such as `has(attributes.city)`";
        return (problem.to_owned(), None);
    }
    if message.contains("simple name") {
        let problem =
            "expected a name for the element, such as `x` in `list.names.exists(x, x == \"vip\")`";
        return (problem.to_owned(), None);
    }
    let Some(found) = found else {
        return (
            "it ends too early: a value or a closing bracket is missing".to_owned(),
            None,
        );
    };
    if message.contains("unescape") || message.contains("code point") {
        let problem = "the text has a `\\` that stands for nothing; a backslash is `\\\\`, and in `r\"…\"` it is itself";
        return (problem.to_owned(), None);
    }
    if message.contains("int literal") {
        return (
            format!("found `{found}`, expected a whole number of at most 64 bits"),
            None,
        );
    }
    if message.contains("reserved") {
        return (format!("found `{found}`, which is a reserved word"), None);
    }
    if message.contains("expecting <EOF>") {
        let problem = format!("found `{found}`, expected an operator such as `&&`, or the end");
        return (problem, operator_for(found));
    }
    let expected = [
        ("')'", "`)` or an operator"),
        ("']'", "`]` or an operator"),
        ("':'", "`:` and the value for the other case"),
        ("after '.'", "a name after the dot"),
    ];
    let expected = expected.iter().find(|(part, _)| message.contains(part));
    let expected = expected.map_or("a value", |(_, expected)| expected);
    (
        format!("found `{found}`, expected {expected}"),
        operator_for(found),
    )
}

/// The operator for a word that other languages have in its place.
fn operator_for(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "and" => Some("&&"),
        "or" => Some("||"),
        "not" => Some("!"),
        "is" | "equals" | "eq" => Some("=="),
        _ => None,
    }
}

fn fault(offset: usize, problem: impl Into<String>) -> ExpressionFault {
    ExpressionFault {
        offset: Some(offset),
        problem: problem.into(),
        suggestion: None,
    }
}
