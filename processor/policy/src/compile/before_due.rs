//! Messages before an invoice is due.

use super::Checker;
use crate::file::{BeforeDueFile, MeasureFile};
use crate::texts::Speaks;
use decision::plan::BeforeDue;
use std::collections::BTreeMap;

impl Checker<'_> {
    pub(super) fn before_due(&mut self, announcements: &[BeforeDueFile]) -> Vec<BeforeDue> {
        // An invoice remembers which of them it has had by how long before they go out.
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for announcement in announcements {
            let before = &announcement.before;
            self.some_time(before, "on the due day itself nothing is sent before it");
            if let Some(line) = seen.insert(before.value.0.to_string(), before.span.line) {
                let message = format!("{} before is there already, in line {line}", before.value.0);
                self.error("duplicate-name", before.span, message, "put both under one `before`");
            }
            for measure in announcement.measures.iter() {
                if !matches!(measure, MeasureFile::Message(_)) {
                    let message = "before an invoice is due only messages go out: nothing is owed yet";
                    self.error("contradiction", measure.span(), message, "do it in a stage");
                }
            }
        }
        announcements.iter().map(|announcement| self.announcement(announcement)).collect()
    }

    fn announcement(&mut self, announcement: &BeforeDueFile) -> BeforeDue {
        let measures = self.measures(announcement.measures.iter(), Speaks::Debt);
        BeforeDue { before: announcement.before.value.0, measures }
    }
}
