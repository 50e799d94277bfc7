//! Names as they are written in an expression.

use std::fmt;

use cel::{
    IdedExpr,
    common::ast::{CallExpr, Expr, LiteralValue, operators},
};

use super::variable::ATTRIBUTES;

/// A name as it is written: `step`, `email.domain`, `has(attributes.city)`, `attributes["city"]`.
pub(super) struct Path {
    pub(super) node: u64,
    pub(super) root: String,
    pub(super) member: Option<String>,
    pub(super) test: bool,
}

impl Path {
    pub(super) fn of(node: &IdedExpr) -> Option<Self> {
        let (root, member, test) = match &node.expr {
            Expr::Ident(_) => (node, None, false),
            Expr::Select(select) => (&*select.operand, Some(&*select.field), select.test),
            Expr::Call(call) => (call.args.first()?, Some(quoted_member(call)?), false),
            _ => return None,
        };
        let Expr::Ident(name) = &root.expr else {
            return None;
        };
        Some(Self {
            node: root.id,
            root: name.clone(),
            member: member.map(str::to_owned),
            test,
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.root)?;
        self.member
            .as_ref()
            .map_or(Ok(()), |member| write!(f, ".{member}"))
    }
}

/// The `city` of `attributes["city"]`.
fn quoted_member(call: &CallExpr) -> Option<&str> {
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::INDEX, [list, member]) if is_attributes(list) => match &member.expr {
            Expr::Literal(LiteralValue::String(name)) => Some(name.inner()),
            _ => None,
        },
        _ => None,
    }
}

fn is_attributes(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Ident(name) if name == ATTRIBUTES)
}
