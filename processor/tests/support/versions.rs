//! Versions of the demo's policy.

use decision::Policy;
use decision::time::Timestamp;
use loadtest::generate::DEMO_POLICY;
use std::sync::Arc;

/// The demo's policy as another version of itself, which holds from a moment on, or always.
pub fn version(label: &str, effective_from: Option<Timestamp>) -> Arc<Policy> {
    let text = format!("{DEMO_POLICY}\n# {label}\n");
    let text = text.replacen("version: \"1\"", &format!("version: \"{label}\""), 1);
    let policy = Arc::into_inner(policy::parse("demo.policy.yaml", &text).unwrap().policy).unwrap();
    Arc::new(Policy { effective_from, ..policy })
}
