//! `$filter` over users, as far as the product needs it (PROTOCOL 7): equality of the properties by which an account
//! is found again, `any` over its collections, bounds of the time at which it was created, and `and`.

use jiff::Timestamp;

use super::error::GraphError;
use crate::directory::{Account, Directory, Identity, same};
use crate::model::TenantKind;

/// Conditions that all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter(Vec<Condition>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Equals(Property, String),
    Contains(Collection, String),
    /// An identity with these parts; never without any.
    Identity {
        issuer: Option<String>,
        issuer_assigned_id: Option<String>,
    },
    /// `createdDateTime`
    Created(Bound, Timestamp),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// `ge`
    Since,
    /// `le`
    Until,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Property {
    Id,
    Mail,
    UserPrincipalName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Collection {
    OtherMails,
    ProxyAddresses,
}

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FilterError {
    /// It breaks the grammar of `OData`.
    Syntax(String),
    /// It is a filter, but none for users.
    Unsupported(String),
}

impl From<FilterError> for GraphError {
    fn from(error: FilterError) -> Self {
        match error {
            FilterError::Syntax(problem) => {
                Self::unreadable(format!("Invalid filter clause: {problem}"))
            }
            FilterError::Unsupported(problem) => Self::unsupported(problem),
        }
    }
}

/// The issuers of which all accounts can be asked for (PROTOCOL 7).
const ISSUERS_ALONE: [&str; 4] = ["google.com", "facebook.com", "mail", "phone"];
const CREATED: &str = "createdDateTime";
/// Parentheses in parentheses.
const MAX_NESTING: u8 = 16;

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser {
            tokens: tokens(text)?.into_iter().peekable(),
        };
        let mut conditions = Vec::new();
        parser.conjunction(&mut conditions, MAX_NESTING)?;
        parser.end()?;
        // That Graph combines it with another property without its advanced queries is documented nowhere.
        let by_time = conditions.iter().filter(|one| one.is_by_time()).count();
        if by_time > 0 && by_time < conditions.len() {
            return Err(complex(CREATED));
        }
        Ok(Self(conditions))
    }

    /// Whether the account of the tenant with that domain fulfils it.
    pub(super) fn matches(&self, account: &Account, domain: &str) -> bool {
        self.0.iter().all(|one| one.matches(account, domain))
    }

    /// Where the indexes of the directory know it: the few accounts for which it can hold. They may still not fulfil it.
    pub(super) fn candidates(&self, directory: &Directory, domain: &str) -> Option<Vec<Account>> {
        let mut conditions = self.0.iter();
        conditions.find_map(|one| one.candidates(directory, domain))
    }
}

impl Condition {
    fn matches(&self, account: &Account, domain: &str) -> bool {
        match self {
            Self::Equals(property, value) => property.of(account).is_some_and(|it| same(it, value)),
            Self::Contains(collection, value) => {
                collection.of(account).iter().any(|it| same(it, value))
            }
            Self::Identity {
                issuer,
                issuer_assigned_id,
            } => identities(account, domain).iter().any(|identity| {
                let is = |wanted: &Option<String>, it: &str| {
                    wanted.as_ref().is_none_or(|wanted| same(wanted, it))
                };
                is(issuer, &identity.issuer) && is(issuer_assigned_id, &identity.issuer_assigned_id)
            }),
            Self::Created(bound, at) => bound.admits(account.created, *at),
        }
    }

    const fn is_by_time(&self) -> bool {
        matches!(self, Self::Created(..))
    }

    fn candidates(&self, directory: &Directory, domain: &str) -> Option<Vec<Account>> {
        let tenant = TenantKind::Workforce;
        let found = match self {
            Self::Equals(Property::Id | Property::UserPrincipalName, value) => {
                Vec::from_iter(directory.get(value))
            }
            Self::Equals(Property::Mail, value) => Vec::from_iter(directory.by_mail(tenant, value)),
            Self::Identity {
                issuer: Some(issuer),
                issuer_assigned_id: Some(id),
            } => {
                let found = directory.by_identity(tenant, issuer, id);
                let by_name = same(issuer, domain).then(|| directory.get(id)).flatten();
                let by_name = by_name.filter(|account| Some(account) != found.as_ref());
                found.iter().cloned().chain(by_name).collect()
            }
            Self::Identity { .. } | Self::Contains(..) | Self::Created(..) => return None,
        };
        Some(found)
    }
}

impl Bound {
    /// Graph knows and shows the time of a creation in whole seconds.
    fn admits(self, created: Timestamp, at: Timestamp) -> bool {
        let created = Timestamp::from_second(created.as_second()).unwrap_or(created);
        match self {
            Self::Since => created >= at,
            Self::Until => created <= at,
        }
    }
}

impl Property {
    fn named(name: &str) -> Option<Self> {
        [
            ("id", Self::Id),
            ("mail", Self::Mail),
            ("userPrincipalName", Self::UserPrincipalName),
        ]
        .into_iter()
        .find_map(|(known, property)| known.eq_ignore_ascii_case(name).then_some(property))
    }

    fn of(self, account: &Account) -> Option<&str> {
        match self {
            Self::Id => Some(&account.id),
            Self::Mail => account.mail.as_deref(),
            Self::UserPrincipalName => Some(&account.user_principal_name),
        }
    }
}

impl Collection {
    fn of(self, account: &Account) -> Vec<String> {
        match self {
            Self::OtherMails => {
                let mails = account.attributes.get("otherMails");
                let mails = mails
                    .and_then(serde_json::Value::as_array)
                    .into_iter()
                    .flatten();
                mails
                    .filter_map(|mail| mail.as_str().map(str::to_owned))
                    .collect()
            }
            Self::ProxyAddresses => proxy_addresses(account),
        }
    }
}

/// The addresses of an account with their protocol, the main one in capitals.
pub(super) fn proxy_addresses(account: &Account) -> Vec<String> {
    account
        .mail
        .iter()
        .map(|mail| format!("SMTP:{mail}"))
        .collect()
}

/// The identities of an account, with the one that each has by its name.
pub(super) fn identities(account: &Account, domain: &str) -> Vec<Identity> {
    let by_name = Identity {
        sign_in_type: "userPrincipalName".to_owned(),
        issuer: domain.to_owned(),
        issuer_assigned_id: account.user_principal_name.clone(),
    };
    account
        .identities
        .iter()
        .cloned()
        .chain([by_name])
        .collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// A literal in single quotes, without them.
    Text(String),
    /// A literal that begins with a digit.
    Number(String),
    Open,
    Close,
    Slash,
    Colon,
    Comma,
}

fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        tokens.push(match char {
            '(' => Token::Open,
            ')' => Token::Close,
            '/' => Token::Slash,
            ':' => Token::Colon,
            ',' => Token::Comma,
            '\'' => Token::Text(literal(&mut rest)?),
            c if c.is_whitespace() => continue,
            c if c.is_ascii_digit() => Token::Number(run(c, &mut rest, in_number)),
            c if in_word(c) => Token::Word(run(c, &mut rest, in_word)),
            other => {
                let problem = format!("the character '{other}' is not expected in '{text}'.");
                return Err(FilterError::Syntax(problem));
            }
        });
    }
    Ok(tokens)
}

/// The characters of one kind that follow a first one, with it.
fn run(
    first: char,
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    of_kind: fn(char) -> bool,
) -> String {
    let mut run = String::from(first);
    while let Some(char) = rest.next_if(|&char| of_kind(char)) {
        run.push(char);
    }
    run
}

fn in_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '-' | '.' | '$' | '@')
}

/// Times have colons and an offset.
fn in_number(char: char) -> bool {
    in_word(char) || matches!(char, ':' | '+')
}

/// The rest of a quoted literal; a quote in it is doubled.
fn literal(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, FilterError> {
    let mut value = String::new();
    loop {
        match rest.next() {
            Some('\'') if rest.next_if_eq(&'\'').is_some() => value.push('\''),
            Some('\'') => return Ok(value),
            Some(other) => value.push(other),
            None => {
                let problem = "there is an unterminated string literal.";
                return Err(FilterError::Syntax(problem.to_owned()));
            }
        }
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Parser {
    /// `condition and condition and …`, with parentheses around any part.
    fn conjunction(&mut self, found: &mut Vec<Condition>, nesting: u8) -> Result<(), FilterError> {
        loop {
            if self.tokens.next_if_eq(&Token::Open).is_some() {
                let deeper = nesting.checked_sub(1);
                let deeper = deeper.ok_or_else(|| syntax("it is nested too deeply."))?;
                self.conjunction(found, deeper)?;
                self.expect(&Token::Close)?;
            } else {
                found.push(self.condition()?);
            }
            if !self.another()? {
                return Ok(());
            }
        }
    }

    /// Whether `and` follows.
    fn another(&mut self) -> Result<bool, FilterError> {
        let operator = self.tokens.next_if(|token| matches!(token, Token::Word(_)));
        match operator {
            Some(Token::Word(word)) if word == "and" => Ok(true),
            Some(Token::Word(word)) => Err(unsupported_operator(&word)),
            _ => Ok(false),
        }
    }

    fn condition(&mut self) -> Result<Condition, FilterError> {
        let name = self.word()?;
        if self.tokens.next_if_eq(&Token::Slash).is_some() {
            return self.any_of(&name);
        }
        // `startswith(…)` and its like.
        if self.tokens.peek() == Some(&Token::Open) {
            return Err(unsupported_operator(&name));
        }
        if same(&name, CREATED) {
            return self.created();
        }
        let property = Property::named(&name).ok_or_else(|| unsupported_property(&name))?;
        Ok(Condition::Equals(property, self.equals()?))
    }

    /// `any(c:…)` after the slash.
    fn any_of(&mut self, name: &str) -> Result<Condition, FilterError> {
        let function = self.word()?;
        if function != "any" {
            return Err(unsupported_operator(&function));
        }
        self.expect(&Token::Open)?;
        let variable = self.word()?;
        self.expect(&Token::Colon)?;
        let condition = match name.to_ascii_lowercase().as_str() {
            "identities" => self.identity(&variable)?,
            "othermails" => self.element(&variable, Collection::OtherMails)?,
            "proxyaddresses" => self.element(&variable, Collection::ProxyAddresses)?,
            _ => return Err(unsupported_property(name)),
        };
        self.expect(&Token::Close)?;
        Ok(condition)
    }

    /// `c eq '…'`
    fn element(
        &mut self,
        variable: &str,
        collection: Collection,
    ) -> Result<Condition, FilterError> {
        self.variable(variable)?;
        Ok(Condition::Contains(collection, self.equals()?))
    }

    /// `c/issuerAssignedId eq '…' and c/issuer eq '…'`, in either order.
    fn identity(&mut self, variable: &str) -> Result<Condition, FilterError> {
        let (mut issuer, mut issuer_assigned_id) = (None, None);
        loop {
            self.variable(variable)?;
            self.expect(&Token::Slash)?;
            let name = self.word()?;
            let part = match name.to_ascii_lowercase().as_str() {
                "issuer" => &mut issuer,
                "issuerassignedid" => &mut issuer_assigned_id,
                _ => return Err(unsupported_property(&format!("identities/{name}"))),
            };
            if part.replace(self.equals()?).is_some() {
                return Err(complex("identities"));
            }
            if !self.another()? {
                break;
            }
        }
        let alone = |issuer: &String| ISSUERS_ALONE.iter().any(|known| same(known, issuer));
        match (&issuer, &issuer_assigned_id) {
            (Some(_), Some(_)) => {}
            (Some(issuer), None) if alone(issuer) => {}
            _ => return Err(complex("identities")),
        }
        Ok(Condition::Identity {
            issuer,
            issuer_assigned_id,
        })
    }

    fn variable(&mut self, name: &str) -> Result<(), FilterError> {
        let found = self.word()?;
        if found == name {
            Ok(())
        } else {
            Err(syntax(&format!("'{found}' is not the variable '{name}'.")))
        }
    }

    /// `eq '…'`
    fn equals(&mut self) -> Result<String, FilterError> {
        let operator = self.word()?;
        if operator != "eq" {
            return Err(unsupported_operator(&operator));
        }
        match self.tokens.next() {
            Some(Token::Text(value)) => Ok(value),
            other => Err(unexpected(other.as_ref(), "a string in single quotes")),
        }
    }

    /// `ge 2026-01-15T12:00:00Z`, or `le`. Graph takes no day without a time.
    fn created(&mut self) -> Result<Condition, FilterError> {
        let operator = self.word()?;
        let bound = match operator.as_str() {
            "ge" => Bound::Since,
            "le" => Bound::Until,
            _ => return Err(unsupported_operator(&operator)),
        };
        let expected = "a date and time with an offset";
        match self.tokens.next() {
            Some(Token::Number(text)) => {
                let at = text.parse();
                let at = at.map_err(|_| unexpected(Some(&Token::Number(text)), expected))?;
                Ok(Condition::Created(bound, at))
            }
            other => Err(unexpected(other.as_ref(), expected)),
        }
    }

    fn word(&mut self) -> Result<String, FilterError> {
        match self.tokens.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(unexpected(other.as_ref(), "a name")),
        }
    }

    fn expect(&mut self, token: &Token) -> Result<(), FilterError> {
        match self.tokens.next() {
            Some(found) if found == *token => Ok(()),
            other => Err(unexpected(other.as_ref(), &shown(token))),
        }
    }

    fn end(&mut self) -> Result<(), FilterError> {
        match self.tokens.next() {
            None => Ok(()),
            other => Err(unexpected(other.as_ref(), "its end")),
        }
    }
}

fn syntax(problem: &str) -> FilterError {
    FilterError::Syntax(problem.to_owned())
}

fn unexpected(found: Option<&Token>, expected: &str) -> FilterError {
    let found = found.map_or_else(|| "its end".to_owned(), shown);
    FilterError::Syntax(format!("{expected} was expected, but {found} was found."))
}

fn shown(token: &Token) -> String {
    match token {
        Token::Word(text) | Token::Number(text) => format!("'{text}'"),
        Token::Text(_) => "a string".to_owned(),
        Token::Open => "'('".to_owned(),
        Token::Close => "')'".to_owned(),
        Token::Slash => "'/'".to_owned(),
        Token::Colon => "':'".to_owned(),
        Token::Comma => "','".to_owned(),
    }
}

fn unsupported_operator(operator: &str) -> FilterError {
    FilterError::Unsupported(format!("Filter operator '{operator}' is not supported."))
}

fn unsupported_property(name: &str) -> FilterError {
    FilterError::Unsupported(format!(
        "Unsupported or invalid query filter clause specified for property '{name}' of resource 'User'."
    ))
}

fn complex(property: &str) -> FilterError {
    FilterError::Unsupported(format!(
        "Complex query on property {property} is not supported."
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn identity(issuer: Option<&str>, id: Option<&str>) -> Condition {
        Condition::Identity {
            issuer: issuer.map(str::to_owned),
            issuer_assigned_id: id.map(str::to_owned),
        }
    }

    fn quoted(value: &str) -> String {
        format!("'{}'", value.replace('\'', "''"))
    }

    #[rstest]
    #[case::id_first("identities/any(c:c/issuerAssignedId eq '1' and c/issuer eq 'google.com')")]
    #[case::issuer_first(
        "identities/any(c:c/issuer eq 'google.com' and c/issuerAssignedId eq '1')"
    )]
    #[case::other_variable(
        "identities/any(identity:identity/issuer eq 'google.com' and identity/issuerAssignedId eq '1')"
    )]
    #[case::spaces(
        " identities/any( c : c/issuerAssignedId  eq '1' and c/issuer eq 'google.com' ) "
    )]
    fn an_identity_is_found_by_both_parts(#[case] text: &str) {
        let expected = Filter(vec![identity(Some("google.com"), Some("1"))]);
        assert_eq!(Filter::parse(text), Ok(expected));
    }

    #[rstest]
    #[case::google("google.com", true)]
    #[case::facebook("facebook.com", true)]
    #[case::mail("mail", true)]
    #[case::phone("phone", true)]
    #[case::another("sts.windows.net", false)]
    fn some_issuers_can_stand_alone(#[case] issuer: &str, #[case] allowed: bool) {
        let parsed = Filter::parse(&format!("identities/any(x:x/issuer eq '{issuer}')"));
        match parsed {
            Ok(filter) => {
                assert!(allowed);
                assert_eq!(filter, Filter(vec![identity(Some(issuer), None)]));
            }
            Err(error) => {
                assert!(!allowed);
                assert!(matches!(error, FilterError::Unsupported(_)));
            }
        }
    }

    #[test]
    fn conditions_are_joined_by_and_with_or_without_parentheses() {
        let expected = Filter(vec![
            Condition::Equals(Property::Mail, "a@example.com".to_owned()),
            Condition::Contains(Collection::OtherMails, "b@example.com".to_owned()),
            Condition::Contains(Collection::ProxyAddresses, "smtp:c@example.com".to_owned()),
        ]);
        for text in [
            "mail eq 'a@example.com' and otherMails/any(m:m eq 'b@example.com') and proxyAddresses/any(p:p eq 'smtp:c@example.com')",
            "(mail eq 'a@example.com' and (otherMails/any(m:m eq 'b@example.com'))) and proxyAddresses/any(p:p eq 'smtp:c@example.com')",
        ] {
            assert_eq!(Filter::parse(text).as_ref(), Ok(&expected));
        }
    }

    #[rstest]
    #[case::zulu(
        "createdDateTime ge 2026-01-15T12:00:00Z and createdDateTime le 2026-01-15T13:00:00Z"
    )]
    #[case::offset(
        "(createddatetime ge 2026-01-15T14:00:00+02:00) and createdDateTime le 2026-01-15T13:00:00.0Z"
    )]
    fn times_are_bounds(#[case] text: &str) {
        let noon = Timestamp::constant(1_768_478_400, 0);
        let one = Timestamp::constant(1_768_482_000, 0);
        let expected = Filter(vec![
            Condition::Created(Bound::Since, noon),
            Condition::Created(Bound::Until, one),
        ]);
        assert_eq!(Filter::parse(text), Ok(expected));
    }

    #[test]
    fn a_creation_is_compared_by_the_second() {
        let at = Timestamp::constant(1_768_478_400, 0);
        let within = Timestamp::constant(1_768_478_400, 900_000_000);
        let before = Timestamp::constant(1_768_478_399, 900_000_000);
        for (bound, created, expected) in [
            (Bound::Since, within, true),
            (Bound::Until, within, true),
            (Bound::Since, before, false),
            (Bound::Until, before, true),
        ] {
            assert_eq!(bound.admits(created, at), expected, "{bound:?} {created}");
        }
    }

    #[rstest]
    #[case::id_alone("identities/any(c:c/issuerAssignedId eq '1')")]
    #[case::issuer_twice("identities/any(c:c/issuer eq 'mail' and c/issuer eq 'mail')")]
    #[case::sign_in_type("identities/any(c:c/signInType eq 'federated')")]
    #[case::or("mail eq 'a' or mail eq 'b'")]
    #[case::not_equal("mail ne 'a'")]
    #[case::function("startswith(mail,'a')")]
    #[case::all("otherMails/all(m:m eq 'a')")]
    #[case::property("city eq 'Redmond'")]
    #[case::later_than("createdDateTime gt 2026-01-15T12:00:00Z")]
    #[case::time_and_more("createdDateTime ge 2026-01-15T12:00:00Z and mail eq 'a'")]
    #[case::more_and_time("mail eq 'a' and createdDateTime ge 2026-01-15T12:00:00Z")]
    #[case::user_type("userType eq 'Guest'")]
    fn what_users_cannot_be_filtered_by_is_unsupported(#[case] text: &str) {
        let error = Filter::parse(text).unwrap_err();
        assert!(matches!(error, FilterError::Unsupported(_)), "{error:?}");
    }

    #[rstest]
    #[case::empty("")]
    #[case::open_string("mail eq 'a")]
    #[case::single_quote_in_string("mail eq 'o'brien@example.com'")]
    #[case::no_quotes("mail eq a")]
    #[case::open_parenthesis("(mail eq 'a'")]
    #[case::closed_too_often("mail eq 'a')")]
    #[case::other_variable("otherMails/any(m:n eq 'a')")]
    #[case::character("mail eq \"a\"")]
    #[case::dangling_and("mail eq 'a' and")]
    #[case::day("createdDateTime ge 2026-01-15")]
    #[case::no_offset("createdDateTime ge 2026-01-15T12:00:00")]
    #[case::quoted_time("createdDateTime ge '2026-01-15T12:00:00Z'")]
    #[case::number("mail eq 4711")]
    fn what_breaks_the_grammar_is_a_syntax_error(#[case] text: &str) {
        let result = Filter::parse(text);
        // `'o'brien…` reads as an operator after a string, which is just as wrong.
        assert!(result.is_err(), "{result:?}");
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |depth| format!("{}mail eq 'a'{}", "(".repeat(depth), ")".repeat(depth));
        assert!(Filter::parse(&nested(16)).is_ok());
        assert!(Filter::parse(&nested(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = Filter::parse(&text);
        }

        #[test]
        fn no_row_of_its_own_words_makes_it_panic(
            words in proptest::collection::vec(
                prop::sample::select(vec![
                    "identities", "mail", "/", "any", "(", ")", ":", "c", "issuer", "issuerAssignedId", "eq", "and",
                    "or", "'x'", "''", "'", ",", " ", "createdDateTime", "ge", "le", "2026-01-15T12:00:00Z", "+",
                ]),
                0..40,
            )
        ) {
            let _ = Filter::parse(&words.join(" "));
            let _ = Filter::parse(&words.concat());
        }

        #[test]
        fn a_quoted_value_is_read_back(value in ".*") {
            let parsed = Filter::parse(&format!("mail eq {}", quoted(&value)));
            prop_assert_eq!(parsed, Ok(Filter(vec![Condition::Equals(Property::Mail, value)])));
        }

        #[test]
        fn a_quoted_identity_is_read_back(issuer in ".*", id in ".*") {
            let text = format!(
                "identities/any(c:c/issuerAssignedId eq {} and c/issuer eq {})",
                quoted(&id),
                quoted(&issuer)
            );
            let expected = identity(Some(&issuer), Some(&id));
            prop_assert_eq!(Filter::parse(&text), Ok(Filter(vec![expected])));
        }
    }
}
