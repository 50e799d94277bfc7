//! Whether an expression makes sense, found out before anyone signs up: every name is known, every value has the kind
//! that is asked of it, and the result is true or false.
//!
//! On the way names, patterns, networks and lists that are written out become [`Reference`]s, so that the evaluator
//! neither compares names nor compiles patterns nor builds lists.

use cel::{
    IdedExpr,
    common::ast::{CallExpr, ComprehensionExpr, Expr, ListExpr, LiteralValue, operators},
};

use super::{
    function::Function,
    kind::Kind,
    misuse::{
        Misuse, Never, always_there, misuse, never_equal, never_part, no_members, pattern_problem,
        undeclared, unknown_function, unknown_name,
    },
    network::{Network, NetworkError},
    path::Path,
    reference::Reference,
    variable::{self, ATTRIBUTES, FACTS, SOURCES},
};
use crate::policy::{
    expression::Vocabulary,
    pattern::Pattern,
    values::{Field, Key},
};

/// How deep `exists`, `all`, `map` and `filter` can be in each other.
const MAX_LOOPS: usize = 2;

type Checked<T> = Result<T, Misuse>;

/// Checks a condition, and looks up what it refers to.
pub(super) fn check(
    mut condition: IdedExpr,
    vocabulary: &Vocabulary,
) -> Checked<(IdedExpr, Vec<Reference>)> {
    let mut checker = Checker {
        vocabulary,
        references: Vec::new(),
        locals: Vec::new(),
        loops: 0,
    };
    checker.expect(&mut condition, Kind::Boolean)?;
    Ok((condition, checker.references))
}

/// The kind of a value that nothing declares.
fn hinted(hint: Option<Kind>) -> Kind {
    match hint {
        Some(kind @ (Kind::Integer | Kind::Boolean)) => kind,
        _ => Kind::Text,
    }
}

struct Checker<'t> {
    vocabulary: &'t Vocabulary,
    references: Vec<Reference>,
    /// Names of elements in `exists` and its like, the innermost last.
    locals: Vec<(String, Kind)>,
    loops: usize,
}

impl Checker<'_> {
    /// A value of one kind. An attribute that is not declared is of the kind that is expected of it.
    fn expect(&mut self, node: &mut IdedExpr, wanted: Kind) -> Checked<()> {
        let path = Path::of(node);
        let found = self.kind(node, Some(wanted))?;
        if found.or(wanted).is_some() {
            return Ok(());
        }
        let mut told = misuse(node.id, format!("found {found}, expected {wanted}"));
        if let (Some(path), Kind::Text, Kind::Boolean) = (path, found, wanted) {
            told.suggestion = Some(format!("{path} != \"\""));
        }
        Err(told)
    }

    /// The kind of any value; of an attribute the declared one, or the one that is hinted at, else a text.
    fn kind(&mut self, node: &mut IdedExpr, hint: Option<Kind>) -> Checked<Kind> {
        if let Some(path) = Path::of(node) {
            return match self.local(&path.root) {
                Some(kind) if path.member.is_none() => Ok(kind),
                Some(_) => Err(no_members(node.id, &path.root)),
                None => self.named(node, &path, hint),
            };
        }
        let id = node.id;
        match &mut node.expr {
            Expr::Literal(literal) => literal_kind(id, literal),
            Expr::Call(_) => self.call(node, hint),
            Expr::List(_) => self.list(node),
            Expr::Comprehension(each) => self.each(id, each),
            Expr::Select(_) => Err(no_members(id, "what is before the dot")),
            Expr::Ident(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err(misuse(id, "found nothing that has a value here"))
            }
        }
    }

    fn local(&self, name: &str) -> Option<Kind> {
        let local = self.locals.iter().rev().find(|(local, _)| local == name)?;
        Some(local.1)
    }

    // --- names

    fn named(&mut self, node: &mut IdedExpr, path: &Path, hint: Option<Kind>) -> Checked<Kind> {
        let (reference, kind) = match (&path.member, path.test) {
            (Some(name), test) if path.root == ATTRIBUTES => {
                self.attribute(node.id, name, test, hint)?
            }
            (Some(name), test) if path.root == FACTS => self.fact(node.id, name, test, hint)?,
            (Some(name), false) if path.root == SOURCES => self.source(node.id, name)?,
            (_, test) => {
                let (variable, kind) =
                    variable::find(&path.to_string()).ok_or_else(|| unknown_name(path))?;
                if test {
                    return Err(always_there(path));
                }
                (Reference::Variable(variable), kind)
            }
        };
        self.refer(node, reference);
        Ok(kind)
    }

    fn attribute(
        &self,
        id: u64,
        name: &str,
        test: bool,
        hint: Option<Kind>,
    ) -> Checked<(Reference, Kind)> {
        let key = Key::of(name);
        if key.as_str().is_empty() {
            return Err(misuse(id, "expected the name of an attribute"));
        }
        let declared = self.vocabulary.attributes.get(&key).copied();
        let field = Field::Attribute(key);
        if test {
            return Ok((Reference::Has(field), Kind::Boolean));
        }
        let kind = declared.map_or_else(|| hinted(hint), Kind::of);
        Ok((Reference::Field(field, kind), kind))
    }

    fn fact(
        &self,
        id: u64,
        name: &str,
        test: bool,
        hint: Option<Kind>,
    ) -> Checked<(Reference, Kind)> {
        if !self.vocabulary.facts.contains(name) {
            let known = self.vocabulary.facts.iter().map(String::as_str);
            return Err(undeclared(id, FACTS, name, known));
        }
        let field = Field::Fact(Key::of(name));
        if test {
            return Ok((Reference::Has(field), Kind::Boolean));
        }
        let kind = hinted(hint);
        Ok((Reference::Field(field, kind), kind))
    }

    fn source(&self, id: u64, name: &str) -> Checked<(Reference, Kind)> {
        if !self.vocabulary.sources.contains(name) {
            let known = self.vocabulary.sources.iter().map(String::as_str);
            return Err(undeclared(id, SOURCES, name, known));
        }
        let field = Field::Source(Key::of(name));
        Ok((Reference::Field(field, Kind::Text), Kind::Text))
    }

    /// Whether the kind of a value is only known from what is expected of it.
    fn is_open(&self, node: &IdedExpr) -> bool {
        match (&node.expr, Path::of(node)) {
            (_, Some(path)) => {
                let attributes = &self.vocabulary.attributes;
                let undeclared = |name: &String| !attributes.contains_key(&Key::of(name));
                let is_attribute =
                    path.root == ATTRIBUTES && path.member.as_ref().is_none_or(undeclared);
                !path.test && (is_attribute || path.root == FACTS)
            }
            (Expr::Call(call), None) => match call.func_name.as_str() {
                operators::CONDITIONAL => call.args.iter().skip(1).all(|one| self.is_open(one)),
                operators::ADD => call.args.iter().all(|one| self.is_open(one)),
                _ => false,
            },
            _ => false,
        }
    }

    /// Puts a reference in the place of a node.
    fn refer(&mut self, node: &mut IdedExpr, reference: Reference) {
        node.expr = Expr::Ident(Reference::name(self.references.len()));
        self.references.push(reference);
    }

    fn reference(&self, node: &IdedExpr) -> Option<&Reference> {
        match &node.expr {
            Expr::Ident(name) => self.references.get(Reference::position(name)?),
            _ => None,
        }
    }

    // --- operators

    fn call(&mut self, node: &mut IdedExpr, hint: Option<Kind>) -> Checked<Kind> {
        let id = node.id;
        let Expr::Call(call) = &mut node.expr else {
            return Err(misuse(id, "found no call"));
        };
        match (call.func_name.as_str(), call.args.as_mut_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, [one, other]) => {
                self.expect(one, Kind::Boolean)?;
                self.expect(other, Kind::Boolean)?;
                Ok(Kind::Boolean)
            }
            (operators::LOGICAL_NOT | operators::NOT_STRICTLY_FALSE, [one]) => {
                self.expect(one, Kind::Boolean)?;
                Ok(Kind::Boolean)
            }
            (operators::EQUALS | operators::NOT_EQUALS, [one, other]) => {
                self.alike(one, other, None)?;
                self.can_be(one, other, never_equal)?;
                self.can_be(other, one, never_equal)?;
                Ok(Kind::Boolean)
            }
            (
                operators::LESS
                | operators::LESS_EQUALS
                | operators::GREATER
                | operators::GREATER_EQUALS,
                [one, other],
            ) => self.ordered(id, one, other),
            (operators::ADD, [one, other]) => self.sum(id, one, other, hint),
            (
                operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO,
                [one, other],
            ) => {
                self.expect(one, Kind::Integer)?;
                self.expect(other, Kind::Integer)?;
                Ok(Kind::Integer)
            }
            (operators::NEGATE, [one]) => {
                self.expect(one, Kind::Integer)?;
                Ok(Kind::Integer)
            }
            (operators::IN, [element, list]) => self.within(element, list),
            (operators::INDEX, [list, position]) => self.element(list, position),
            (operators::CONDITIONAL, [condition, one, other]) => {
                self.expect(condition, Kind::Boolean)?;
                self.alike(one, other, hint)
            }
            _ => self.function(id, call),
        }
    }

    /// The kind of two values that have the same: an attribute that is not declared is of the other's.
    fn alike(
        &mut self,
        one: &mut IdedExpr,
        other: &mut IdedExpr,
        hint: Option<Kind>,
    ) -> Checked<Kind> {
        let (first, second) = if self.is_open(one) {
            (other, one)
        } else {
            (one, other)
        };
        let kind = self.kind(first, hint)?;
        let same = self.kind(second, Some(kind))?;
        kind.or(same)
            .ok_or_else(|| misuse(second.id, format!("found {same}, expected {kind}")))
    }

    fn ordered(&mut self, id: u64, one: &mut IdedExpr, other: &mut IdedExpr) -> Checked<Kind> {
        match self.alike(one, other, None)? {
            Kind::Text | Kind::Integer => Ok(Kind::Boolean),
            found => Err(misuse(
                id,
                format!("found {found}, which has no order; expected texts or whole numbers"),
            )),
        }
    }

    fn sum(
        &mut self,
        id: u64,
        one: &mut IdedExpr,
        other: &mut IdedExpr,
        hint: Option<Kind>,
    ) -> Checked<Kind> {
        match self.alike(one, other, hint)? {
            Kind::Boolean => Err(misuse(
                id,
                "found true or false, expected whole numbers, texts or lists",
            )),
            kind => Ok(kind),
        }
    }

    fn within(&mut self, element: &mut IdedExpr, list: &mut IdedExpr) -> Checked<Kind> {
        let kind = self.kind(list, None)?;
        if !kind.is_list() {
            let problem = format!("found {kind}, expected a list; in a text look with `contains`");
            return Err(misuse(list.id, problem));
        }
        match kind.element() {
            Some(wanted) => self.expect(element, wanted)?,
            None => _ = self.kind(element, None)?,
        }
        self.can_be(element, list, never_equal)?;
        Ok(Kind::Boolean)
    }

    fn element(&mut self, list: &mut IdedExpr, position: &mut IdedExpr) -> Checked<Kind> {
        let kind = self.kind(list, None)?;
        self.expect(position, Kind::Integer)?;
        kind.element().ok_or_else(|| {
            misuse(
                list.id,
                format!("found {kind}, expected a list with elements"),
            )
        })
    }

    /// Whether a variable can be what it is compared with, as far as that is written out.
    fn can_be(&self, variable: &IdedExpr, texts: &IdedExpr, never: Never) -> Checked<()> {
        let Some(Reference::Variable(variable)) = self.reference(variable) else {
            return Ok(());
        };
        let told = self
            .texts(texts)
            .into_iter()
            .find_map(|text| never(*variable, text));
        told.map_or(Ok(()), |(problem, suggestion)| {
            Err(Misuse {
                node: texts.id,
                problem,
                suggestion,
            })
        })
    }

    /// The texts that a node is written out with.
    fn texts<'n>(&'n self, node: &'n IdedExpr) -> Vec<&'n str> {
        match (&node.expr, self.reference(node)) {
            (Expr::Literal(LiteralValue::String(text)), _) => vec![text.inner()],
            (_, Some(list)) => list.texts(),
            _ => Vec::new(),
        }
    }

    // --- functions

    /// Makes a global call of every call: what stands before the dot is the first argument.
    fn function(&mut self, id: u64, call: &mut CallExpr) -> Checked<Kind> {
        let function =
            Function::find(&call.func_name).ok_or_else(|| unknown_function(id, &call.func_name))?;
        let member = call.target.is_some();
        if let Some(target) = call.target.take() {
            call.args.insert(0, *target);
        }
        if !function.accepts(member, call.args.len()) {
            let usage = function.usage();
            let problem = format!("`{}` is not used like this", call.func_name);
            return Err(Misuse {
                suggestion: Some(usage.to_owned()),
                ..misuse(id, problem)
            });
        }
        match (function, call.args.as_mut_slice()) {
            (Function::Size, [counted]) => self.countable(counted)?,
            (Function::Matches, [text, pattern]) => {
                self.expect(text, Kind::Text)?;
                self.pattern(pattern)?;
            }
            (Function::InNetwork, [address, network]) => {
                self.expect(address, Kind::Text)?;
                self.network(network)?;
            }
            (Function::Contains | Function::StartsWith | Function::EndsWith, [text, part]) => {
                self.expect(text, Kind::Text)?;
                self.expect(part, Kind::Text)?;
                self.can_be(text, part, never_part)?;
            }
            (_, arguments) => {
                for argument in arguments {
                    self.expect(argument, Kind::Text)?;
                }
            }
        }
        Ok(function.result())
    }

    fn countable(&mut self, node: &mut IdedExpr) -> Checked<()> {
        let kind = self.kind(node, None)?;
        if kind == Kind::Text || kind.is_list() {
            return Ok(());
        }
        Err(misuse(
            node.id,
            format!("found {kind}, expected a text or a list"),
        ))
    }

    /// Patterns are compiled once, so they are known beforehand.
    fn pattern(&mut self, node: &mut IdedExpr) -> Checked<()> {
        let Expr::Literal(LiteralValue::String(pattern)) = &node.expr else {
            return Err(misuse(
                node.id,
                "found no pattern, expected one written out in quotes",
            ));
        };
        let pattern = Pattern::compile(pattern.inner())
            .map_err(|fault| misuse(node.id, pattern_problem(&fault)))?;
        self.refer(node, Reference::Pattern(pattern));
        Ok(())
    }

    fn network(&mut self, node: &mut IdedExpr) -> Checked<()> {
        let Expr::Literal(LiteralValue::String(network)) = &node.expr else {
            return Err(misuse(
                node.id,
                "found no network, expected one written out in quotes",
            ));
        };
        let network = Network::parse(network.inner()).map_err(|error| match error {
            NetworkError::Syntax => misuse(
                node.id,
                "found no network, expected one such as `10.0.0.0/8` or `2001:db8::/32`",
            ),
            NetworkError::NotTheFirst(meant) => Misuse {
                suggestion: Some(meant),
                ..misuse(node.id, "the address is not the first of its network")
            },
        })?;
        self.refer(node, Reference::Network(network));
        Ok(())
    }

    // --- lists

    fn list(&mut self, node: &mut IdedExpr) -> Checked<Kind> {
        let Expr::List(list) = &mut node.expr else {
            return Err(misuse(node.id, "found no list"));
        };
        let kind = self.elements(list)?;
        if let Some(values) = written_out(list) {
            self.refer(node, Reference::List(values));
        }
        Ok(kind)
    }

    fn elements(&mut self, list: &mut ListExpr) -> Checked<Kind> {
        let Some((first, others)) = list.elements.split_first_mut() else {
            return Ok(Kind::EmptyList);
        };
        let kind = self.kind(first, None)?;
        for other in others {
            self.expect(other, kind)?;
        }
        kind.list_of()
            .ok_or_else(|| misuse(first.id, "found a list in a list, expected a single value"))
    }

    /// `exists`, `all`, `map` and `filter`, as the parser spells them out.
    fn each(&mut self, id: u64, each: &mut ComprehensionExpr) -> Checked<Kind> {
        let range = self.kind(&mut each.iter_range, None)?;
        if !range.is_list() {
            return Err(misuse(id, format!("found {range}, expected a list")));
        }
        if self.loops == MAX_LOOPS {
            return Err(misuse(
                id,
                format!(
                    "found more than {MAX_LOOPS} of `exists`, `all`, `map` and `filter` in each other"
                ),
            ));
        }
        self.is_free(id, &each.iter_var)?;
        let result = self.kind(&mut each.accu_init, None)?;
        let outside = self.locals.len();
        // What an empty list has no elements of may be taken for texts.
        let element = range.element().unwrap_or(Kind::Text);
        self.locals.push((each.iter_var.clone(), element));
        self.locals.push((each.accu_var.clone(), result));
        self.loops += 1;
        let kind = self.round(each, result);
        self.loops -= 1;
        self.locals.truncate(outside);
        kind
    }

    fn round(&mut self, each: &mut ComprehensionExpr, result: Kind) -> Checked<Kind> {
        self.expect(&mut each.loop_cond, Kind::Boolean)?;
        if result == Kind::EmptyList {
            let grown = self.kind(&mut each.loop_step, None)?;
            self.locals.pop();
            self.locals.push((each.accu_var.clone(), grown));
        } else {
            self.expect(&mut each.loop_step, result)?;
        }
        self.kind(&mut each.result, None)
    }

    /// Whether a name can be given to an element.
    fn is_free(&self, id: u64, name: &str) -> Checked<()> {
        let taken = self.local(name).is_some() || variable::roots().any(|root| root == name);
        if !taken {
            return Ok(());
        }
        let problem = format!("`{name}` already is a name; expected another one for the element");
        Err(misuse(id, problem))
    }
}

fn literal_kind(id: u64, literal: &LiteralValue) -> Checked<Kind> {
    match literal {
        LiteralValue::String(_) => Ok(Kind::Text),
        LiteralValue::Int(_) => Ok(Kind::Integer),
        LiteralValue::Boolean(_) => Ok(Kind::Boolean),
        _ => Err(misuse(
            id,
            "expected a text, a whole number, `true` or `false`",
        )),
    }
}

/// The values of a list without anything to compute. An empty one has none.
fn written_out(list: &ListExpr) -> Option<Vec<LiteralValue>> {
    let values = list.elements.iter().map(|element| match &element.expr {
        Expr::Literal(literal) => Some(literal.clone()),
        _ => None,
    });
    let values: Option<Vec<LiteralValue>> = values.collect();
    values.filter(|values| !values.is_empty())
}
