package weir.peers;

import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.WriteBufferManager;

/**
 * RocksDB's memory, bounded for all stores of the process together, as the guides advise: by default each store of each
 * partition has a cache of 50 MiB and write buffers of 48 MiB of its own.
 */
public final class RocksDbSettings implements RocksDBConfigSetter {
    private static final long CACHE_BYTES = 512L << 20;
    private static final long WRITE_BUFFERS_BYTES = 128L << 20;
    private static final long WRITE_BUFFER_BYTES = 16L << 20;
    private static final long BLOCK_BYTES = 4L << 10;
    private static final double INDEX_SHARE = 0.1;
    private static final int BITS_PER_KEY = 10;

    /** Write buffers are counted against the cache, so that its size is the bound of both. */
    private static final Cache CACHE = new LRUCache(CACHE_BYTES, -1, false, INDEX_SHARE);

    private static final WriteBufferManager WRITE_BUFFERS = new WriteBufferManager(WRITE_BUFFERS_BYTES, CACHE);

    private final BloomFilter filter = new BloomFilter(BITS_PER_KEY, false);

    @Override
    public void setConfig(String store, Options options, Map<String, Object> configs) {
        BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
        table.setBlockCache(CACHE);
        // Else they lie outside the cache and grow with the number of files.
        table.setCacheIndexAndFilterBlocks(true);
        table.setCacheIndexAndFilterBlocksWithHighPriority(true);
        table.setPinTopLevelIndexAndFilter(true);
        // Debtors are read one at a time: a larger block would be read for one of them.
        table.setBlockSize(BLOCK_BYTES);
        table.setFilterPolicy(filter);
        options.setTableFormatConfig(table);
        options.setWriteBufferManager(WRITE_BUFFERS);
        options.setWriteBufferSize(WRITE_BUFFER_BYTES);
        // Half of the disk for little time; by default nothing is compressed.
        options.setCompressionType(CompressionType.LZ4_COMPRESSION);
    }

    /** Cache and write buffers belong to all stores, and stay. */
    @Override
    public void close(String store, Options options) {
        filter.close();
    }

    /** What is set here, for a person. */
    static Map<String, Object> describe() {
        return new TreeMap<>(Map.of(
                "block_cache_bytes_of_all_stores", CACHE_BYTES,
                "write_buffers_bytes_of_all_stores", WRITE_BUFFERS_BYTES,
                "write_buffer_bytes", WRITE_BUFFER_BYTES,
                "block_bytes", BLOCK_BYTES,
                "bloom_bits_per_key", BITS_PER_KEY,
                "index_and_filter_in_cache", true,
                "compression", "lz4",
                "compaction", "universal (the default of Kafka Streams)",
                "write_ahead_log", "off (the default of Kafka Streams)"));
    }
}
