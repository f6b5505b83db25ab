//! The processor's engine: tasks, batches, commit, timers, restore.
