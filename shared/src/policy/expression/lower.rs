//! From the tree of the parser, as the check has left it, to what is evaluated.

use cel::{
    IdedExpr,
    common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, operators},
};

use super::{
    function::Function,
    node::{Loop, Node, Operator},
    reference::Reference,
};

/// None for what no checked expression has.
pub(super) fn lower(condition: IdedExpr, references: Vec<Reference>) -> Option<Node> {
    let references = references.into_iter().map(Some).collect();
    let locals = Vec::new();
    Lowering { references, locals }.node(condition)
}

struct Lowering {
    /// Each is named once.
    references: Vec<Option<Reference>>,
    locals: Vec<String>,
}

impl Lowering {
    fn node(&mut self, part: IdedExpr) -> Option<Node> {
        match part.expr {
            Expr::Literal(literal) => constant(&literal),
            Expr::Ident(name) => self.named(&name),
            Expr::List(list) => self.nodes(list.elements).map(Node::List),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(each) => self.each(*each),
            Expr::Select(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => None,
        }
    }

    fn nodes(&mut self, parts: Vec<IdedExpr>) -> Option<Vec<Node>> {
        parts.into_iter().map(|part| self.node(part)).collect()
    }

    fn named(&mut self, name: &str) -> Option<Node> {
        if let Some(local) = self.locals.iter().rposition(|local| local == name) {
            return Some(Node::Local(local));
        }
        match self.reference(name)? {
            Reference::Variable(variable) => Some(Node::Variable(variable)),
            Reference::Field(field, kind) => Some(Node::Field(field, kind)),
            Reference::Has(field) => Some(Node::Has(field)),
            Reference::List(values) => {
                let values: Option<Vec<Node>> = values.iter().map(constant).collect();
                values.map(Node::List)
            }
            // They only stand where a function has them.
            Reference::Pattern(_) | Reference::Network(_) => None,
        }
    }

    fn reference(&mut self, name: &str) -> Option<Reference> {
        self.references.get_mut(Reference::position(name)?)?.take()
    }

    fn referred(&mut self, part: IdedExpr) -> Option<Reference> {
        match part.expr {
            Expr::Ident(name) => self.reference(&name),
            _ => None,
        }
    }

    fn call(&mut self, call: CallExpr) -> Option<Node> {
        match call.func_name.as_str() {
            operators::LOGICAL_AND => self.two(call.args).map(Node::And),
            operators::LOGICAL_OR => self.two(call.args).map(Node::Or),
            operators::LOGICAL_NOT => self.one(call.args).map(Node::Not),
            operators::NOT_STRICTLY_FALSE => self.one(call.args).map(Node::NotStrictlyFalse),
            operators::NEGATE => self.one(call.args).map(Node::Negate),
            operators::CONDITIONAL => self.all(call.args).map(Node::Conditional),
            name => match operator(name) {
                Some(operator) => self.two(call.args).map(|both| Node::Binary(operator, both)),
                None => self.function(Function::find(name)?, call.args),
            },
        }
    }

    fn function(&mut self, function: Function, arguments: Vec<IdedExpr>) -> Option<Node> {
        if !matches!(function, Function::Matches | Function::InNetwork) {
            return Some(Node::Call(function, self.nodes(arguments)?));
        }
        let [text, known] = <[IdedExpr; 2]>::try_from(arguments).ok()?;
        let text = Box::new(self.node(text)?);
        match self.referred(known)? {
            Reference::Pattern(pattern) => Some(Node::Matches(text, pattern)),
            Reference::Network(network) => Some(Node::InNetwork(text, network)),
            _ => None,
        }
    }

    fn one(&mut self, arguments: Vec<IdedExpr>) -> Option<Box<Node>> {
        let [argument] = *self.all(arguments)?;
        Some(Box::new(argument))
    }

    fn two(&mut self, arguments: Vec<IdedExpr>) -> Option<Box<[Node; 2]>> {
        self.all(arguments)
    }

    fn all<const COUNT: usize>(&mut self, arguments: Vec<IdedExpr>) -> Option<Box<[Node; COUNT]>> {
        let nodes = self.nodes(arguments)?;
        nodes.try_into().ok().map(Box::new)
    }

    fn each(&mut self, each: ComprehensionExpr) -> Option<Node> {
        let decides = decides(&each);
        let list = self.node(each.iter_range)?;
        let start = self.node(each.accu_init)?;
        self.locals.extend([each.iter_var, each.accu_var]);
        let parts = [each.loop_cond, each.loop_step, each.result].map(|part| self.node(part));
        self.locals.truncate(self.locals.len() - 2);
        let [goes_on, round, end] = parts;
        Some(Node::Loop(Box::new(Loop {
            list,
            start,
            goes_on: goes_on?,
            round: round?,
            end: end?,
            decides,
        })))
    }
}

fn constant(literal: &LiteralValue) -> Option<Node> {
    match literal {
        LiteralValue::String(text) => Some(Node::Text(text.inner().to_owned())),
        LiteralValue::Int(number) => Some(Node::Integer(*number.inner())),
        LiteralValue::Boolean(truth) => Some(Node::Boolean(*truth.inner())),
        _ => None,
    }
}

fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        operators::EQUALS => Operator::Equal,
        operators::NOT_EQUALS => Operator::NotEqual,
        operators::LESS => Operator::Less,
        operators::LESS_EQUALS => Operator::LessOrEqual,
        operators::GREATER => Operator::Greater,
        operators::GREATER_EQUALS => Operator::GreaterOrEqual,
        operators::ADD => Operator::Add,
        operators::SUBSTRACT => Operator::Subtract,
        operators::MULTIPLY => Operator::Multiply,
        operators::DIVIDE => Operator::Divide,
        operators::MODULO => Operator::Remainder,
        operators::IN => Operator::In,
        operators::INDEX => Operator::Element,
        _ => return None,
    })
}

/// The rounds of `exists` are joined by `||`, those of `all` by `&&`.
fn decides(each: &ComprehensionExpr) -> Option<bool> {
    let Expr::Call(round) = &each.loop_step.expr else {
        return None;
    };
    let first = round.args.first().map(|first| &first.expr);
    match (round.func_name.as_str(), first) {
        (operators::LOGICAL_OR, Some(Expr::Ident(name))) if *name == each.accu_var => Some(true),
        (operators::LOGICAL_AND, Some(Expr::Ident(name))) if *name == each.accu_var => Some(false),
        _ => None,
    }
}
