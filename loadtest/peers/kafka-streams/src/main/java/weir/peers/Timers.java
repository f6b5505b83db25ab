package weir.peers;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Who is due when: one entry for each debtor that waits for anything, keyed by the moment and the debtor, so that those who are
 * due lie at the front.
 */
final class Timers {
    private static final byte[] NOTHING = {};
    private static final int MOMENT = 8;

    private final KeyValueStore<Bytes, byte[]> store;

    /**
     * No entry lies before this moment. Those that were done leave tombstones in RocksDB until they are compacted away, and a
     * scan from the very first key would go over all of them each time. After a restart it does so once.
     */
    private long nothingBeforeMs;

    Timers(KeyValueStore<Bytes, byte[]> store) {
        this.store = store;
    }

    /** The debtor's moment has changed; 0 stands for none. */
    void move(Bytes debtor, long fromMs, long toMs) {
        if (fromMs != 0) {
            store.delete(key(fromMs, debtor.get()));
        }
        if (toMs != 0) {
            store.put(key(toMs, debtor.get()), NOTHING);
            nothingBeforeMs = Math.min(nothingBeforeMs, toMs);
        }
    }

    /** Takes the entry away: its debtor has none, as far as it knows. */
    void drop(Due due) {
        store.delete(key(due.atMs(), due.debtor().get()));
    }

    /** Those who are due, the earliest first, this many at the most. */
    List<Due> due(long nowMs, int most) {
        List<Due> due = new ArrayList<>();
        if (nowMs < nothingBeforeMs) {
            return due;
        }
        Bytes from = Bytes.wrap(moment(nothingBeforeMs, 0).array());
        boolean isMore = false;
        // To the end and not to this moment: then it is known, too, before when there is nothing.
        try (KeyValueIterator<Bytes, byte[]> entries = store.range(from, null)) {
            while (entries.hasNext()) {
                KeyValue<Bytes, byte[]> entry = entries.next();
                byte[] key = entry.key.get();
                long atMs = ByteBuffer.wrap(key).getLong();
                nothingBeforeMs = atMs;
                isMore = atMs > nowMs || due.size() == most;
                if (isMore) {
                    break;
                }
                due.add(new Due(atMs, Bytes.wrap(Arrays.copyOfRange(key, MOMENT, key.length))));
            }
        }
        if (!isMore) {
            nothingBeforeMs = Long.MAX_VALUE;
        }
        return due;
    }

    record Due(long atMs, Bytes debtor) {}

    private static Bytes key(long atMs, byte[] debtor) {
        return Bytes.wrap(moment(atMs, debtor.length).put(debtor).array());
    }

    private static ByteBuffer moment(long atMs, int more) {
        return ByteBuffer.allocate(MOMENT + more).putLong(atMs);
    }
}
