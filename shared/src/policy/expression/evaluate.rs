//! One compiled expression for one sign-up.

use std::{borrow::Cow, cmp::Ordering};

use super::{
    Failure,
    kind::Kind,
    node::{Loop, Node, Operator},
    scope::Scope,
    value::Value,
};
use crate::{domain::attribute::AttributeValue, policy::values::Field};

/// Whether a condition holds.
pub(super) fn holds(condition: &Node, scope: &Scope<'_>) -> Result<bool, Failure> {
    Evaluation::new(scope).truth(condition)
}

/// The value of one part, to be compared with what another evaluator makes of it.
#[cfg(test)]
pub(super) fn value<'v>(node: &'v Node, scope: &'v Scope<'_>) -> Result<Value<'v>, Failure> {
    Evaluation::new(scope).value(node)
}

struct Evaluation<'v, 's> {
    scope: &'v Scope<'s>,
    locals: Vec<Value<'v>>,
    /// Parts that were looked at, and elements and pieces of texts that were copied.
    taken: usize,
}

/// Most of what an evaluation takes, some tens of milliseconds. No checked expression comes near (`cost::MAX_STEPS`); one that was
/// read of damaged octets ends here.
const MOST_TAKEN: usize = 1 << 20;

/// As many octets of a text are copied in the time of one step.
const PIECE: usize = 64;

type Result<T, E = Failure> = std::result::Result<T, E>;

impl<'v, 's> Evaluation<'v, 's> {
    const fn new(scope: &'v Scope<'s>) -> Self {
        Self {
            scope,
            locals: Vec::new(),
            taken: 0,
        }
    }

    fn take(&mut self, steps: usize) -> Result<()> {
        self.taken = self.taken.saturating_add(steps);
        if self.taken > MOST_TAKEN {
            return Err(Failure::OutOfTime);
        }
        Ok(())
    }

    fn value(&mut self, node: &'v Node) -> Result<Value<'v>> {
        self.take(1)?;
        match node {
            Node::Text(text) => Ok(Value::text(text)),
            Node::Integer(number) => Ok(Value::Integer(*number)),
            Node::Boolean(truth) => Ok(Value::Boolean(*truth)),
            Node::List(nodes) => self.values(nodes).map(Value::List),
            Node::Variable(variable) => self.scope.value(*variable).ok_or(Failure::Other),
            Node::Field(field, kind) => self.field(field, *kind),
            Node::Has(field) => Ok(Value::Boolean(self.has(field))),
            Node::Local(position) => self.local(*position),
            Node::Negate(number) => {
                let number = self.integer(number)?;
                number
                    .checked_neg()
                    .map(Value::Integer)
                    .ok_or(Failure::Other)
            }
            Node::Conditional(parts) => {
                let [condition, one, other] = parts.as_ref();
                let chosen = if self.truth(condition)? { one } else { other };
                self.value(chosen)
            }
            Node::Binary(operator, both) => self.binary(*operator, both),
            Node::Call(function, arguments) => function.of(self.values(arguments)?),
            Node::Loop(each) => self.each(each),
            Node::Not(_)
            | Node::NotStrictlyFalse(_)
            | Node::And(_)
            | Node::Or(_)
            | Node::Matches(..)
            | Node::InNetwork(..) => self.truth(node).map(Value::Boolean),
        }
    }

    fn values(&mut self, nodes: &'v [Node]) -> Result<Vec<Value<'v>>> {
        nodes.iter().map(|node| self.value(node)).collect()
    }

    // --- true or false

    fn truth(&mut self, node: &'v Node) -> Result<bool> {
        self.take(1)?;
        match node {
            Node::Not(condition) => self.truth(condition).map(|truth| !truth),
            Node::NotStrictlyFalse(condition) => Ok(self.truth(condition).unwrap_or(true)),
            Node::And(both) => self.decided_by(false, both),
            Node::Or(both) => self.decided_by(true, both),
            Node::Matches(text, pattern) => {
                let text = self.text(text)?;
                pattern.is_match(&text).ok_or(Failure::OutOfTime)
            }
            Node::InNetwork(address, network) => Ok(network.contains(&self.text(address)?)),
            _ => match self.value(node)? {
                Value::Boolean(truth) => Ok(truth),
                _ => Err(Failure::NotBoolean),
            },
        }
    }

    /// `false` decides `&&`, and `true` decides `||`, on whichever side and whatever the other is: also a failure.
    fn decided_by(&mut self, decisive: bool, [one, other]: &'v [Node; 2]) -> Result<bool> {
        let first = self.truth(one);
        if first == Ok(decisive) {
            return Ok(decisive);
        }
        let second = self.truth(other)?;
        if second == decisive {
            return Ok(decisive);
        }
        first
    }

    // --- what others are computed of

    fn local(&mut self, position: usize) -> Result<Value<'v>> {
        let local = self.locals.get(position).ok_or(Failure::Other)?.clone();
        self.take(size(&local))?;
        Ok(local)
    }

    fn text(&mut self, node: &'v Node) -> Result<Cow<'v, str>> {
        match self.value(node)? {
            Value::Text(text) => Ok(text),
            _ => Err(Failure::Type),
        }
    }

    fn integer(&mut self, node: &'v Node) -> Result<i64> {
        match self.value(node)? {
            Value::Integer(number) => Ok(number),
            _ => Err(Failure::Type),
        }
    }

    /// The value of a field; none when it has another kind than the expression needs, or none and is no text.
    fn field(&self, field: &'v Field, kind: Kind) -> Result<Value<'v>> {
        match (self.scope.values().field(field), kind) {
            (Some(AttributeValue::Text(text)), Kind::Text) => Ok(Value::text(text)),
            (Some(AttributeValue::Number(number)), Kind::Integer) => Ok(Value::Integer(*number)),
            (Some(AttributeValue::Flag(flag)), Kind::Boolean) => Ok(Value::Boolean(*flag)),
            (None, Kind::Text) => Ok(Value::text("")),
            (None, _) => Err(Failure::NoValue),
            (Some(_), _) => Err(Failure::Type),
        }
    }

    fn has(&self, field: &Field) -> bool {
        match self.scope.values().field(field) {
            Some(AttributeValue::Text(text)) => !text.is_empty(),
            Some(AttributeValue::Number(_) | AttributeValue::Flag(_)) => true,
            None => false,
        }
    }

    // --- operators

    fn binary(&mut self, operator: Operator, [one, other]: &'v [Node; 2]) -> Result<Value<'v>> {
        let one = self.value(one)?;
        // A list that is written out need not be made.
        if let (Operator::In, Node::List(nodes)) = (operator, other) {
            return self.is_among(&one, nodes).map(Value::Boolean);
        }
        let other = self.value(other)?;
        match operator {
            Operator::Equal => Ok(Value::Boolean(one == other)),
            Operator::NotEqual => Ok(Value::Boolean(one != other)),
            Operator::Less => compared(&one, &other, Ordering::is_lt),
            Operator::LessOrEqual => compared(&one, &other, Ordering::is_le),
            Operator::Greater => compared(&one, &other, Ordering::is_gt),
            Operator::GreaterOrEqual => compared(&one, &other, Ordering::is_ge),
            Operator::Add => {
                self.take(size(&one) + size(&other))?;
                sum(one, other)
            }
            Operator::Subtract => computed(&one, &other, i64::checked_sub),
            Operator::Multiply => computed(&one, &other, i64::checked_mul),
            Operator::Divide => computed(&one, &other, i64::checked_div),
            Operator::Remainder => computed(&one, &other, i64::checked_rem),
            Operator::In => {
                let elements = other.elements().ok_or(Failure::Type)?;
                Ok(Value::Boolean(elements.contains(&one)))
            }
            Operator::Element => element(other, one),
        }
    }

    fn is_among(&mut self, value: &Value<'v>, nodes: &'v [Node]) -> Result<bool> {
        let mut found = false;
        for node in nodes {
            found |= self.value(node)? == *value;
        }
        Ok(found)
    }

    // --- loops

    fn each(&mut self, each: &'v Loop) -> Result<Value<'v>> {
        let start = self.value(&each.start)?;
        let list = self
            .value(&each.list)?
            .into_elements()
            .ok_or(Failure::Type)?;
        let outside = self.locals.len();
        let result = self.rounds(each, list, start);
        self.locals.truncate(outside);
        result
    }

    fn rounds(
        &mut self,
        each: &'v Loop,
        list: Vec<Value<'v>>,
        start: Value<'v>,
    ) -> Result<Value<'v>> {
        let outside = self.locals.len();
        let mut result = start;
        let mut failed = None;
        for element in list {
            self.locals.truncate(outside);
            self.locals.extend([element, result.clone()]);
            if !self.truth(&each.goes_on)? {
                break;
            }
            match (self.value(&each.round), each.decides) {
                (Ok(made), Some(decisive))
                    if failed.is_some() && made != Value::Boolean(decisive) => {}
                (Ok(made), _) => {
                    failed = None;
                    result = made;
                }
                (Err(failure), Some(_)) => failed = Some(failure),
                (Err(failure), None) => return Err(failure),
            }
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        self.locals.truncate(outside);
        self.locals.extend([Value::Boolean(false), result]);
        self.value(&each.end)
    }
}

/// What it takes to copy a value.
fn size(value: &Value<'_>) -> usize {
    match value {
        Value::Text(text) => text.len() / PIECE,
        Value::Integer(_) | Value::Boolean(_) => 0,
        Value::List(_) | Value::Listed(_) => value.elements().map_or(0, <[_]>::len),
    }
}

fn compared<'v>(one: &Value<'_>, other: &Value<'_>, is: fn(Ordering) -> bool) -> Result<Value<'v>> {
    let order = match (one, other) {
        (Value::Text(one), Value::Text(other)) => one.cmp(other),
        (Value::Integer(one), Value::Integer(other)) => one.cmp(other),
        _ => return Err(Failure::Type),
    };
    Ok(Value::Boolean(is(order)))
}

/// Nothing is rounded, and nothing wraps around.
fn computed<'v>(
    one: &Value<'_>,
    other: &Value<'_>,
    by: fn(i64, i64) -> Option<i64>,
) -> Result<Value<'v>> {
    let (Value::Integer(one), Value::Integer(other)) = (one, other) else {
        return Err(Failure::Type);
    };
    by(*one, *other).map(Value::Integer).ok_or(Failure::Other)
}

fn sum<'v>(one: Value<'v>, other: Value<'v>) -> Result<Value<'v>> {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => Ok(Value::Text(one + other)),
        (one @ Value::Integer(_), other) => computed(&one, &other, i64::checked_add),
        (one, other) => {
            let mut elements = one.into_elements().ok_or(Failure::Type)?;
            elements.extend(other.into_elements().ok_or(Failure::Type)?);
            Ok(Value::List(elements))
        }
    }
}

/// The element at a position, counted from zero.
fn element<'v>(position: Value<'v>, list: Value<'v>) -> Result<Value<'v>> {
    let (Value::Integer(position), Some(elements)) = (position, list.into_elements()) else {
        return Err(Failure::Type);
    };
    let position = usize::try_from(position).map_err(|_| Failure::Other)?;
    elements.into_iter().nth(position).ok_or(Failure::Other)
}
