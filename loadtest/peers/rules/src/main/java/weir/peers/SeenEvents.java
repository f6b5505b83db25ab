package weir.peers;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Which events a debtor has seen, so that one that comes again changes nothing.
 *
 * <p>They lie in one array, twelve bytes each, as they are stored: reading and writing a debtor copies them and decodes none.
 */
final class SeenEvents {
    /** The hash of the id, and the second in which it came. */
    static final int ENTRY = 12;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    final byte[] entries = new byte[Policy.MOST_SEEN * ENTRY];
    int length;

    void clear() {
        length = 0;
    }

    /** Whether the event was seen within the window; the newest are looked at first, since repetitions come soon. */
    boolean contains(long hash, int nowSeconds) {
        for (int at = length - ENTRY; at >= 0; at -= ENTRY) {
            if ((long) LONGS.get(entries, at) == hash) {
                return nowSeconds - second(at) <= Policy.DEDUP_SECONDS;
            }
        }
        return false;
    }

    /** Remembers the event, and forgets those older than the window and, of too many, the oldest. */
    void remember(long hash, int nowSeconds) {
        int dropped = length == entries.length ? ENTRY : 0;
        while (dropped < length && nowSeconds - second(dropped) > Policy.DEDUP_SECONDS) {
            dropped += ENTRY;
        }
        if (dropped > 0) {
            System.arraycopy(entries, dropped, entries, 0, length - dropped);
            length -= dropped;
        }
        LONGS.set(entries, length, hash);
        INTS.set(entries, length + 8, nowSeconds);
        length += ENTRY;
    }

    private int second(int at) {
        return (int) INTS.get(entries, at + 8);
    }
}
