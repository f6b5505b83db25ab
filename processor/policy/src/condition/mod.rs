//! Conditions (`when`, `include`): CEL over an account and, where there is one, an invoice.
//!
//! Each is compiled and tried once, when the policy is read; [`check`] says what is wrong with it.

mod check;
mod facts;

pub(crate) use check::Problem;

use cel::common::ast::IdedExpr;
use cel::{Context, Env, Value};
use decision::account::Snapshot;
use decision::debt::Invoice;
use decision::policy::{AttributeRule, Condition, Defaults};
use facts::Facts;
use std::fmt;
use std::sync::Arc;

/// What all conditions of a policy share.
#[derive(Clone)]
pub(crate) struct Conditions {
    shared: Arc<Shared>,
}

struct Shared {
    env: Arc<Env>,
    defaults: Defaults,
    attributes: Vec<AttributeRule>,
}

/// Whether a condition may speak of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// Of an account only.
    Account,
    /// Of an account and one of its invoices.
    AccountAndInvoice,
}

impl Conditions {
    pub(crate) fn new(defaults: Defaults, attributes: Vec<AttributeRule>) -> Self {
        let env = Arc::new(Env::stdlib());
        Self { shared: Arc::new(Shared { env, defaults, attributes }) }
    }

    /// Compiles a condition.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn compile(&self, text: &str, over: Over) -> Result<Compiled, Vec<Problem>> {
        let expression = check::checked(text, over, &self.shared)?;
        Ok(Compiled { text: text.into(), expression, shared: Arc::clone(&self.shared) })
    }
}

/// A compiled condition.
pub(crate) struct Compiled {
    text: Box<str>,
    expression: IdedExpr,
    shared: Arc<Shared>,
}

impl Condition for Compiled {
    fn holds(&self, account: &Snapshot, invoice: Option<&Invoice>) -> bool {
        let facts = Facts::new(account, invoice, &self.shared);
        matches!(evaluate(&self.expression, &facts, &self.shared.env), Ok(Value::Bool(true)))
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn evaluate(expression: &IdedExpr, facts: &Facts<'_>, env: &Arc<Env>) -> cel::ResolveResult {
    let mut context = Context::with_env(Arc::clone(env));
    context.set_variable_resolver(facts);
    Value::resolve(expression, &context)
}

#[cfg(test)]
mod tests;
