//! One compiled expression for one sign-up.

use std::sync::{Arc, LazyLock};

use cel::{
    Context, Env, ExecutionError, IdedExpr, Value,
    common::{
        types::{CelBool, CelInt, CelString},
        value::CowVal,
    },
    context::VariableResolver,
};

use super::{
    Failure,
    function::{environment, flag},
    kind::Kind,
    reference::Reference,
    scope::Scope,
};
use crate::{domain::attribute::AttributeValue, policy::values::Field};

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(environment()));

/// Whether a condition holds.
pub(super) fn holds(
    condition: &IdedExpr,
    references: &[Reference],
    scope: &Scope<'_>,
) -> Result<bool, Failure> {
    let binding = Binding { references, scope };
    let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
    context.set_variable_resolver(&binding);
    let value = Value::resolve_val(condition, &context).map_err(|error| binding.failure(&error))?;
    let holds = value.downcast_ref::<CelBool>().map(|holds| *holds.inner());
    holds.ok_or(Failure::NotBoolean)
}

/// The references of an expression, bound to a sign-up.
struct Binding<'b, 's> {
    references: &'b [Reference],
    scope: &'b Scope<'s>,
}

impl VariableResolver for Binding<'_, '_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        match self.reference(name)? {
            Reference::Variable(variable) => self.scope.value(*variable),
            Reference::Field(field, kind) => self.field(field, *kind),
            Reference::Has(field) => Some(flag(self.has(field))),
            Reference::List(list) => Some(CowVal::Borrowed(list)),
            Reference::Pattern(pattern) => Some(CowVal::Borrowed(pattern)),
            Reference::Network(network) => Some(CowVal::Borrowed(network)),
        }
    }
}

impl Binding<'_, '_> {
    fn reference(&self, name: &str) -> Option<&Reference> {
        self.references.get(Reference::position(name)?)
    }

    /// The value of a field; none when it has another kind than the expression needs, or none and is no text.
    fn field<'b>(&'b self, field: &Field, kind: Kind) -> Option<CowVal<'b, 'b>> {
        match (self.scope.values().field(field), kind) {
            (Some(AttributeValue::Text(text)), Kind::Text) => {
                Some(CowVal::owned(CelString::from(text.as_str())))
            }
            (Some(AttributeValue::Number(number)), Kind::Integer) => {
                Some(CowVal::owned(CelInt::from(*number)))
            }
            (Some(AttributeValue::Flag(value)), Kind::Boolean) => Some(flag(*value)),
            (None, Kind::Text) => Some(CowVal::owned(CelString::from(""))),
            _ => None,
        }
    }

    fn has(&self, field: &Field) -> bool {
        match self.scope.values().field(field) {
            Some(AttributeValue::Text(text)) => !text.is_empty(),
            Some(AttributeValue::Number(_) | AttributeValue::Flag(_)) => true,
            None => false,
        }
    }

    /// The kind of an error alone: what the evaluator says holds values.
    fn failure(&self, error: &ExecutionError) -> Failure {
        match error {
            ExecutionError::UndeclaredReference(name) => self.failure_of(name),
            ExecutionError::FunctionError { .. }
            | ExecutionError::NoSuchOverload(_)
            | ExecutionError::UnexpectedType { .. }
            | ExecutionError::UnsupportedBinaryOperator(..)
            | ExecutionError::ValuesNotComparable(..) => Failure::Type,
            _ => Failure::Other,
        }
    }

    /// Why a reference has no value.
    fn failure_of(&self, name: &str) -> Failure {
        match self.reference(name) {
            Some(Reference::Field(field, _)) if self.scope.values().field(field).is_some() => {
                Failure::Type
            }
            Some(Reference::Field(..)) => Failure::NoValue,
            _ => Failure::Other,
        }
    }
}
