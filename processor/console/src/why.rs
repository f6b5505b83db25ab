//! Why something has not acted, as the page of an account tells it: what was found, when it is over or due, and what
//! would change it.

use crate::answers::{Finding, When, WhyNot};
use crate::said::Said;
use crate::visitor::Visitor;

/// One thing found.
#[derive(Debug)]
pub(crate) struct Found {
    /// What it is.
    pub(crate) says: Said,
    /// What stands before the moment, and the moment.
    pub(crate) when: Option<(&'static str, When)>,
    /// What would make it act, or arm it again.
    pub(crate) acts: Option<Said>,
}

/// What was found, part by part.
pub(crate) fn found(told: &WhyNot, v: &Visitor) -> Vec<Vec<Found>> {
    told.parts.iter().map(|part| part.findings.iter().map(|finding| one(finding, v)).collect()).collect()
}

fn one(finding: &Finding, v: &Visitor) -> Found {
    let (says, word) = parted(&finding.says, finding.when.as_ref());
    Found {
        says: v.said("finding", says),
        when: finding.when.clone().map(|when| (v.t(word), when)),
        acts: finding.acts.as_deref().map(|acts| v.said("acts", acts)),
    }
}

/// What is said, without the moment at its end, which is told beside it; and whether that is the end of it.
pub(crate) fn parted<'s>(says: &'s str, when: Option<&When>) -> (&'s str, &'static str) {
    let Some(said) = when.and_then(|when| says.strip_suffix(when.local.as_str())) else {
        return (says, "why.at");
    };
    match (said.strip_suffix(", until "), said.strip_suffix(", at ")) {
        (Some(said), _) => (said, "why.until"),
        (None, Some(said)) => (said, "why.at"),
        (None, None) => (says, "why.at"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{russian, visitor};
    use serde_json::json;

    /// A finding with this moment is told so: what was found, and what stands before the moment.
    #[track_caller]
    fn check(v: &Visitor, says: &str, local: Option<&str>, expected: (&str, Option<&str>)) {
        let when = local.map(|local| json!({ "at": "2026-03-20T08:00:00Z", "local": local }));
        let finding = json!({ "finding": "due", "says": says, "acts": null, "when": when });
        let found = one(&serde_json::from_value(finding).unwrap(), v);
        assert_eq!((found.says.text.as_str(), found.when.map(|(word, _)| word)), expected);
    }

    #[test]
    fn the_moment_of_a_finding_stands_beside_it_and_is_not_said_twice() {
        let at = Some("2026-03-20 09:00");
        let due = "bar is due, if nothing changes";
        check(&visitor(), &format!("{due}, at 2026-03-20 09:00"), at, (due, Some("At:")));
        check(
            &visitor(),
            "a person paused it, until 2026-03-20 09:00",
            at,
            ("a person paused it", Some("Until:")),
        );
        check(&visitor(), due, None, (due, None));
        check(&visitor(), "it was at 2026-03-20 09:00", at, ("it was at 2026-03-20 09:00", Some("At:")));
        let told = ("«bar» наступит, если ничего не изменится", Some("Когда:"));
        check(&russian(), &format!("{due}, at 2026-03-20 09:00"), at, told);
    }

    #[test]
    fn what_would_change_it_is_said_beside_it() {
        let acts = json!({ "finding": "exempt", "says": "the account is exempt", "acts": "a person lifts the exemption" });
        let told = |v: &Visitor| one(&serde_json::from_value(acts.clone()).unwrap(), v).acts.unwrap();
        assert_eq!(told(&visitor()), Said { text: "a person lifts the exemption".to_owned(), lang: "en" });
        let text = "человек вернёт абонента во взыскание".to_owned();
        assert_eq!(told(&russian()), Said { text, lang: "ru" });
    }
}
