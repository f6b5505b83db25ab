//! The column families of a partition's database and the options of each: what is read how.
//!
//! They are always opened by descriptors: `open_cf` takes names and silently gives every family
//! the defaults. What is kept in which is `keys`' business.

use crate::sizes::Sizes;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DataBlockIndexType, Options,
    WriteBufferManager,
};

pub(crate) const DEBTORS: &str = "debtors";
pub(crate) const TIMERS: &str = "timers";
pub(crate) const HISTORY: &str = "history";
pub(crate) const WAITING: &str = "waiting";
pub(crate) const LISTS: &str = "lists";
pub(crate) const META: &str = "meta";
/// RocksDB has it whether or not it is used; here it is not.
pub(crate) const DEFAULT: &str = "default";

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// A memtable takes memory by blocks of this size, all of them counted, even where nearly empty. By
/// default they grow with the memtable (1 MiB and more): 64 partitions of five families would fill
/// the write buffers before the first debtor is written, and flush without end.
const ARENA_BLOCK_BYTES: usize = 64 * KIB;

/// One partition may take a quarter of the write buffers before it flushes by itself; the manager
/// that all partitions share flushes earlier when many of them are busy.
const PARTITION_PART: usize = 4;

/// File handles that one partition keeps open. 64 partitions stay below the 32,768 that container
/// runtimes and service managers commonly grant, with room for connections.
pub(crate) const OPEN_FILES: i32 = 384;

/// So many flushes of a family are compacted together with what was there before. What a partition has
/// mostly lies in one level below, which is written anew each time: with the default of 4, compacting took
/// 60 % of the process after ten million accounts were told. A read asks the filter of each.
const FILES_TO_COMPACT: i32 = 12;

/// What the databases of all partitions share.
pub(crate) struct Shared {
    sizes: Sizes,
    cache: Cache,
    write_buffers: WriteBufferManager,
}

impl Shared {
    pub(crate) fn new(sizes: Sizes) -> Self {
        let cache = Cache::new_hyper_clock_cache(bytes(sizes.total_bytes()), 0);
        // Memtables are charged to the cache, so that one figure bounds both. No stalls by the
        // manager: it would hold back the partitions that write for those that cannot flush.
        let write_buffers = WriteBufferManager::new_write_buffer_manager_with_cache(
            bytes(sizes.write_buffers_bytes()),
            false,
            cache.clone(),
        );
        Self { sizes, cache, write_buffers }
    }

    /// What holds for a whole database.
    pub(crate) fn database_options(&self) -> Options {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        // Without a log of its own, a crash loses what was not flushed. All families go to the disk
        // at one point between two batches, so that what is left is whole batches.
        options.set_atomic_flush(true);
        options.set_write_buffer_manager(&self.write_buffers);
        options.set_max_open_files(OPEN_FILES);
        // Background threads are shared by all databases of a process; this is their number.
        options.set_max_background_jobs(4);
        // Write-back in small steps: a large flush must not hold up other partitions' reads.
        options.set_bytes_per_sync(MIB as u64);
        options.set_avoid_unnecessary_blocking_io(true);
        // RocksDB's own text log is for support; by default it would keep a thousand files.
        options.set_keep_log_file_num(3);
        options.set_max_log_file_size(MIB);
        options.set_stats_dump_period_sec(0);
        options.set_stats_persist_period_sec(0);
        options
    }

    /// All column families, each with its options.
    pub(crate) fn descriptors(&self) -> Vec<ColumnFamilyDescriptor> {
        vec![
            ColumnFamilyDescriptor::new(DEFAULT, self.small()),
            ColumnFamilyDescriptor::new(META, self.small()),
            ColumnFamilyDescriptor::new(DEBTORS, self.debtors()),
            ColumnFamilyDescriptor::new(TIMERS, self.timers()),
            ColumnFamilyDescriptor::new(HISTORY, self.history()),
            ColumnFamilyDescriptor::new(WAITING, self.small()),
            ColumnFamilyDescriptor::new(LISTS, self.lists()),
        ]
    }

    /// Read by whole keys, at random.
    fn debtors(&self) -> Options {
        let mut table = self.table(4 * KIB);
        // A debtor that is not there, and files that do not have it, cost no read. A ribbon filter would be
        // a third smaller, and took a tenth of what compacting ten million debtors costs.
        table.set_bloom_filter(10.0, false);
        table.set_whole_key_filtering(true);
        table.set_optimize_filters_for_memory(true);
        table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
        table.set_data_block_hash_ratio(0.75);
        let mut options = self.family(&table);
        compact_seldom(&mut options);
        options.set_memtable_whole_key_filtering(true);
        options.set_memtable_prefix_bloom_ratio(0.02);
        options
    }

    /// Scanned in order, never read by key: no filters. Nearly every timer is removed again.
    fn timers(&self) -> Options {
        let mut options = self.family(&self.table(16 * KIB));
        // A file of which half of some window is tombstones is compacted early: scans that start
        // before the cursor (a rebuilt task, a moved cursor) must not pay for them for long.
        options.add_compact_on_deletion_collector_factory(4_096, 2_048, 0.5);
        options
    }

    /// Scanned in order, and never by the task: what changes there is written, and read when a person asks. Whoever's
    /// debt changes moves on all their lists.
    fn lists(&self) -> Options {
        let mut options = self.family(&self.table(16 * KIB));
        compact_seldom(&mut options);
        options.add_compact_on_deletion_collector_factory(4_096, 2_048, 0.5);
        options
    }

    /// Written with nearly every event, read when a person looks: small on the disk first.
    fn history(&self) -> Options {
        let mut options = self.family(&self.table(32 * KIB));
        compact_seldom(&mut options);
        options.set_bottommost_compression_type(DBCompressionType::Zstd);
        options
    }

    /// A handful of keys, or none; rarely very many commands that wait.
    fn small(&self) -> Options {
        self.family(&self.table(4 * KIB))
    }

    fn family(&self, table: &BlockBasedOptions) -> Options {
        let mut options = Options::default();
        options.set_block_based_table_factory(table);
        options.set_compression_type(DBCompressionType::Lz4);
        let write_buffers = bytes(self.sizes.write_buffers_bytes());
        options.set_write_buffer_size((write_buffers / PARTITION_PART).clamp(MIB, 64 * MIB));
        // A third memtable takes writes while one is flushed and one is full.
        options.set_max_write_buffer_number(3);
        options.set_arena_block_size(ARENA_BLOCK_BYTES);
        options
    }

    fn table(&self, block_bytes: usize) -> BlockBasedOptions {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&self.cache);
        table.set_block_size(block_bytes);
        // Indexes and filters count against the cache too; those of the newest files stay.
        table.set_cache_index_and_filter_blocks(true);
        table.set_cache_index_and_filter_blocks_with_high_priority(true);
        table.set_pin_l0_filter_and_index_blocks_in_cache(true);
        table
    }
}

/// For what is written with nearly every event, and not scanned by tasks.
fn compact_seldom(options: &mut Options) {
    options.set_level_zero_file_num_compaction_trigger(FILES_TO_COMPACT);
    options.set_level_zero_slowdown_writes_trigger(FILES_TO_COMPACT * 3);
    options.set_level_zero_stop_writes_trigger(FILES_TO_COMPACT * 5);
}

fn bytes(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}
