//! Who is told of the policy, and what that leaves in the log.

use super::{Few, ask, check, logged, quick};
use crate::accounts::Unread;
use crate::policies::{Held, Known, Version, Versions};
use decision::time::Timestamp;

/// One version of the policy.
pub(super) struct OneVersion;

impl Versions for OneVersion {
    fn versions(&self) -> Result<Known, Unread> {
        let policy = Few::new().policies.versions()[0].clone();
        let held = vec![Held { from: None, until: None }];
        Ok(Known { now: Timestamp(0), versions: vec![Version { number: 1, policy, held, published: None }] })
    }
}

#[test]
fn the_policy_is_told_to_every_role_and_nobody_is_looked_at_with_it() {
    let (logged, server) = (logged(), quick());
    for path in ["/v1/policies", "/v1/policies/1", "/v1/policies/1/changes?since=1"] {
        for who in ["vera", "anna", "sven", "mona", "adam"] {
            check(&ask(&server, path, Some(who)), 200, &[]);
        }
    }
    assert_eq!(logged.lines(&["audit:", "policies"]), [""; 0]);
}
