//! The engine's metrics: names, units and help, in one place. No account is ever a label.

/// Events taken from the input topics, by topic.
pub const EVENTS: &str = "weir_events_total";
/// Commands committed.
pub const COMMANDS: &str = "weir_commands_total";
/// Alerts: a balance has crossed a threshold, and somebody is told of it.
pub const ALERTS: &str = "weir_alerts_total";
/// Events rejected, by reason.
pub const REJECTS: &str = "weir_rejects_total";
/// Timers fired.
pub const TIMERS_FIRED: &str = "weir_timers_fired_total";
/// Batches committed.
pub const COMMITS: &str = "weir_commits_total";
/// From the beginning of a commit to its known end.
pub const COMMIT_SECONDS: &str = "weir_commit_seconds";
/// Inputs in a committed batch.
pub const BATCH_INPUTS: &str = "weir_batch_inputs";
/// How late the earliest due timer is.
pub const TIMER_LATENESS_SECONDS: &str = "weir_timer_lateness_seconds";
/// How old the newest record is that was last taken, by its time in the log; 0 while nothing is to be done, by
/// partition.
pub const INPUT_LAG_SECONDS: &str = "weir_input_lag_seconds";
/// Debtors kept decoded, by partition.
pub const CACHED_DEBTORS: &str = "weir_cached_debtors";
/// Commands that wait for their rate, or an order for its window, by partition.
pub const WAITING_COMMANDS: &str = "weir_waiting_commands";
/// Commands that the breaker holds, by partition.
pub const HELD_COMMANDS: &str = "weir_held_commands";
/// Whether the breaker holds what cuts off, by partition.
pub const BREAKER_OPEN: &str = "weir_breaker_open";
/// Records that wait for a task, by partition.
pub const QUEUED_RECORDS: &str = "weir_queued_records";
/// Whose a partition is: 2 where its task is at work here, 1 where it comes back here, 0 where it is not this
/// instance's, by partition.
pub const TASK_STATE: &str = "weir_task_state";
/// What [`TASK_STATE`] says of a task that is at work.
pub const AT_WORK: f64 = 2.0;
/// What [`TASK_STATE`] says of a task that has not come back yet.
pub const COMES_BACK: f64 = 1.0;
/// Partitions whose task is running.
pub const RUNNING_TASKS: &str = "weir_running_tasks";
/// Times that a task went through the recovery path.
pub const RECOVERIES: &str = "weir_recoveries_total";
/// Records of the changelog and of the history read while catching up, by partition.
pub const RESTORED_RECORDS: &str = "weir_restored_records_total";
/// Records that a task which is catching up still has to read, by partition.
pub const RESTORE_REMAINING_RECORDS: &str = "weir_restore_remaining_records";
/// How long that takes at its pace so far, by partition.
pub const RESTORE_REMAINING_SECONDS: &str = "weir_restore_remaining_seconds";
/// Whether the store of a partition fails, and its task waits for the disk, by partition.
pub const STORE_FAILING: &str = "weir_store_failing";
/// Times that a store failed and was opened again.
pub const STORE_FAILURES: &str = "weir_store_failures_total";
/// Times that a damaged store was built anew from the changelog.
pub const STORES_REBUILT: &str = "weir_stores_rebuilt_total";
/// Inputs over which the core failed, by what they are: they are set aside.
pub const POISON: &str = "weir_poison_total";
/// Timers and debtors to be decided anew over which the core failed and which are tried again, by partition.
pub const PUT_OFF: &str = "weir_put_off";
/// Which publications of the policy are known, all up to this one, by partition.
pub const POLICY_REVISION: &str = "weir_policy_revision";

/// How far the wall clock is ahead of the time that is believed.
pub const CLOCK_LEAD_SECONDS: &str = "weir_clock_lead_seconds";
/// Debtors decided anew since another version of the policy came to hold.
pub const SWEPT_DEBTORS: &str = "weir_swept_debtors_total";

/// What is shown of a partition by whoever works on it, and by nobody else.
const OF_A_TASK: [&str; 13] = [
    TASK_STATE,
    INPUT_LAG_SECONDS,
    TIMER_LATENESS_SECONDS,
    CACHED_DEBTORS,
    WAITING_COMMANDS,
    HELD_COMMANDS,
    BREAKER_OPEN,
    QUEUED_RECORDS,
    STORE_FAILING,
    PUT_OFF,
    POLICY_REVISION,
    RESTORE_REMAINING_RECORDS,
    RESTORE_REMAINING_SECONDS,
];

/// A partition is let go: what was last shown of it would be shown for ever, beside what is shown by
/// whoever has it now.
pub(crate) fn let_go(partition: u32) {
    let label = partition.to_string();
    for name in OF_A_TASK {
        metrics::gauge!(name, "partition" => label.clone()).set(0.0);
    }
}

/// Tells the recorder what each metric is.
pub fn describe() {
    // What is counted from the start on, so that the first time shows as a change.
    for name in [COMMANDS, ALERTS, TIMERS_FIRED, COMMITS, RECOVERIES, STORE_FAILURES, STORES_REBUILT] {
        metrics::counter!(name).increment(0);
    }
    for kind in ["event", "timer", "sweep", "passage"] {
        metrics::counter!(POISON, "of" => kind).increment(0);
    }
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!(EVENTS, Unit::Count, "Events taken from the input topics, by topic");
    describe_counter!(COMMANDS, Unit::Count, "Commands committed");
    describe_counter!(ALERTS, Unit::Count, "Alerts decided: a balance has crossed a threshold");
    describe_counter!(REJECTS, Unit::Count, "Events rejected, by reason");
    describe_counter!(TIMERS_FIRED, Unit::Count, "Timers fired");
    describe_counter!(COMMITS, Unit::Count, "Batches committed");
    describe_histogram!(COMMIT_SECONDS, Unit::Seconds, "From the beginning of a commit to its known end");
    describe_histogram!(BATCH_INPUTS, Unit::Count, "Inputs in a committed batch");
    describe_gauge!(
        TIMER_LATENESS_SECONDS,
        Unit::Seconds,
        "How late the earliest due timer is, by partition"
    );
    describe_gauge!(
        INPUT_LAG_SECONDS,
        Unit::Seconds,
        "How old the newest record is that was last taken, by its time in the log; 0 while nothing is to be done, by partition"
    );
    describe_gauge!(CACHED_DEBTORS, Unit::Count, "Debtors kept decoded, by partition");
    describe_gauge!(
        WAITING_COMMANDS,
        Unit::Count,
        "Commands that wait for their rate, or an order for its window, by partition"
    );
    describe_gauge!(HELD_COMMANDS, Unit::Count, "Commands that the breaker holds, by partition");
    describe_gauge!(
        BREAKER_OPEN,
        Unit::Count,
        "1 while the breaker holds what cuts off, until a person releases or drops it, by partition"
    );
    describe_gauge!(QUEUED_RECORDS, Unit::Count, "Records that wait for a task, by partition");
    describe_gauge!(
        TASK_STATE,
        Unit::Count,
        "2 where the partition's task is at work here, 1 where it comes back here, 0 where it is not this instance's"
    );
    describe_gauge!(RUNNING_TASKS, Unit::Count, "Partitions whose task is running");
    describe_counter!(RECOVERIES, Unit::Count, "Times that a task went through the recovery path");
    describe_gauge!(
        STORE_FAILING,
        Unit::Count,
        "1 while the store fails and its task waits for the disk, by partition"
    );
    describe_counter!(STORE_FAILURES, Unit::Count, "Times that a store failed and was opened again");
    describe_counter!(
        STORES_REBUILT,
        Unit::Count,
        "Times that a damaged store was built anew from the changelog"
    );
    describe_gauge!(
        CLOCK_LEAD_SECONDS,
        Unit::Seconds,
        "How far the wall clock is ahead of the time that is believed: above 0 nothing newer falls due"
    );
    describe_counter!(
        SWEPT_DEBTORS,
        Unit::Count,
        "Debtors decided anew since another version of the policy came to hold"
    );
    describe_counter!(
        POISON,
        Unit::Count,
        "Inputs over which the core failed and which were set aside, by what they are: event, timer, sweep, passage"
    );
    describe_gauge!(
        PUT_OFF,
        Unit::Count,
        "Timers and debtors to be decided anew over which the core failed, tried again every hour, by partition"
    );
    describe_gauge!(
        POLICY_REVISION,
        Unit::Count,
        "Which publications of the policy are known, all up to this one; 0 where it goes by files, by partition"
    );
    describe_counter!(
        RESTORED_RECORDS,
        Unit::Count,
        "Records of the changelog and of the history read while catching up, by partition"
    );
    describe_gauge!(
        RESTORE_REMAINING_RECORDS,
        Unit::Count,
        "Records that a task which is catching up still has to read of the topic it reads, by partition"
    );
    describe_gauge!(
        RESTORE_REMAINING_SECONDS,
        Unit::Seconds,
        "How long that takes at the pace so far, by partition"
    );
}
