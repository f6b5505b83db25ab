//! The schemas themselves: the `.avsc` files, compiled in and parsed once.
//!
//! Which topic carries which record is [`crate::topic`]'s business; earlier versions lie in
//! `schemas/history` and are read by tests only.

use serde_avro_fast::Schema;
use std::sync::LazyLock;

macro_rules! record_schemas {
    ($($(#[$doc:meta])* $variant:ident = $file:literal),+ $(,)?) => {
        /// A record that Weir reads or writes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RecordSchema {
            $($(#[$doc])* $variant),+
        }

        impl RecordSchema {
            /// Every record there is.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name of its file, without the ending.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $file),+
                }
            }

            /// Its schema as JSON, as the file has it.
            #[must_use]
            pub const fn json(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("../avsc/", $file, ".avsc"))),+
                }
            }

            /// Its schema, parsed once a process.
            pub(crate) fn parsed(self) -> &'static Schema {
                match self {
                    $(Self::$variant => {
                        static PARSED: LazyLock<Schema> =
                            LazyLock::new(|| parse_own(RecordSchema::$variant));
                        &PARSED
                    }),+
                }
            }
        }
    };
}

record_schemas! {
    /// In: an account's snapshot.
    Account = "account",
    /// In: a balance after a change.
    Balance = "balance",
    /// In: an invoice as issued.
    Invoice = "invoice",
    /// In: a change of an invoice's amount.
    Adjustment = "adjustment",
    /// In: a payment.
    Payment = "payment",
    /// In: a payment taken back.
    Reversal = "reversal",
    /// In: an order of a person or of another system.
    Control = "control",
    /// In: what became of a command.
    Report = "report",
    /// Out: a message to a customer.
    Message = "message",
    /// Out: a provisioning order.
    Provisioning = "provisioning",
    /// Out: a task for a person.
    Task = "task",
    /// Out: a fee to be charged.
    Fee = "fee",
    /// Out: a debt to be handed over.
    Handover = "handover",
    /// Out: a line of history.
    Record = "record",
    /// Out: an event that changed nothing.
    Reject = "reject",
    /// Out: what a committed batch was.
    Journal = "journal",
    /// State: a debtor.
    Debtor = "debtor",
    /// State: where a task stands.
    TaskState = "task_state",
    /// State: a command that waits to be sent.
    Waiting = "waiting",
    /// State: a version of the policy that was published.
    Publication = "publication",
    /// State: what an instance says of itself.
    Instance = "instance",
}

#[expect(clippy::expect_used, reason = "compiled in, and a test parses every one")]
fn parse_own(schema: RecordSchema) -> Schema {
    schema.json().parse().expect("the package's own schema parses")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_parses_and_they_are_listed_in_order() {
        for (place, schema) in RecordSchema::ALL.iter().enumerate() {
            assert!(!schema.parsed().json().is_empty());
            assert_eq!(*schema as usize, place, "{}", schema.name());
        }
    }
}
