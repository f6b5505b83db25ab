//! Roles, as orders name them and policies ask for them.
//!
//! Weir's own roles are in an order, and who has one may what those before it may. Orders of other systems name roles
//! of their own, which a policy may ask for as well: these are nothing but themselves.

/// Weir's own roles, the least first (`docs/api.md`).
pub const ROLES: [&str; 5] = ["viewer", "agent", "senior", "manager", "admin"];

/// Whether somebody in this role may what is asked of that one. The last of Weir's own may everything.
#[must_use]
pub fn reaches(role: &str, asked: &str) -> bool {
    let place = |role: &str| ROLES.iter().position(|known| *known == role);
    match (place(role), place(asked)) {
        (Some(role), Some(asked)) => role >= asked,
        (Some(own), None) => own.saturating_add(1) == ROLES.len(),
        (None, _) => role == asked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_may_what_those_before_it_may_and_a_word_of_others_is_only_itself() {
        #[track_caller]
        fn check(asked: &str, who_may: &[&str]) {
            let all = ROLES.into_iter().chain(["lawyer", "head_of_shops"]);
            let may: Vec<_> = all.filter(|role| reaches(role, asked)).collect();
            assert_eq!(may, who_may, "{asked}");
        }
        check("agent", &["agent", "senior", "manager", "admin"]);
        check("senior", &["senior", "manager", "admin"]);
        check("admin", &["admin"]);
        check("lawyer", &["admin", "lawyer"]);
    }
}
