package weir.peers;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Hashes: a quick one by which ids are known again, and a strong one by which decisions are named. */
final class Hash {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final MessageDigest sha256;

    Hash() {
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** 64 bits of an id, eight bytes a step. Two different ids of one debtor collide once in 10^16 cases. */
    static long of(byte[] bytes, int offset, int length) {
        long hash = 0x9E3779B97F4A7C15L ^ length;
        int end = offset + length;
        int at = offset;
        for (; at + 8 <= end; at += 8) {
            hash = mix(hash ^ (long) LONGS.get(bytes, at));
        }
        long rest = 0;
        for (int shift = 0; at < end; at++, shift += 8) {
            rest |= (bytes[at] & 0xFFL) << shift;
        }
        return mix(hash ^ rest);
    }

    /** The finaliser of SplitMix64: each bit of the input turns half of the output's. */
    private static long mix(long value) {
        value = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        value = (value ^ (value >>> 27)) * 0x94D049BB133111EBL;
        return value ^ (value >>> 31);
    }

    /** What names a decision: 32 hexadecimal digits, the same for the same parts. */
    String command(String... parts) {
        for (String part : parts) {
            sha256.update(part.getBytes(StandardCharsets.UTF_8));
            // No part holds a zero: so no two lists of parts read the same.
            sha256.update((byte) 0);
        }
        return HexFormat.of().formatHex(sha256.digest(), 0, 16);
    }
}
