package weir.peers;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes and reads the compact form of what is kept: numbers in as few bytes as they need, texts with their length before them. */
final class Bytecoder {
    private byte[] bytes;
    private int at;

    /** To write, into an array that grows. */
    Bytecoder(int capacity) {
        bytes = new byte[capacity];
    }

    /** To read. */
    Bytecoder(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Begins anew, on the same array. */
    void rewind() {
        at = 0;
    }

    /** Begins to read these. */
    void rewind(byte[] from) {
        bytes = from;
        at = 0;
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, at);
    }

    void putByte(int value) {
        reserve(1);
        bytes[at++] = (byte) value;
    }

    int oneByte() {
        return bytes[at++] & 0xFF;
    }

    /** Seven bits a byte, the low ones first; the high bit says that there are more. */
    void putUnsigned(long value) {
        reserve(10);
        while ((value & ~0x7FL) != 0) {
            bytes[at++] = (byte) (value | 0x80);
            value >>>= 7;
        }
        bytes[at++] = (byte) value;
    }

    long unsigned() {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte part = bytes[at++];
            value |= (part & 0x7FL) << shift;
            if (part >= 0) {
                return value;
            }
        }
    }

    /** Small numbers of either sign in few bytes. */
    void putSigned(long value) {
        putUnsigned((value << 1) ^ (value >> 63));
    }

    long signed() {
        long value = unsigned();
        return (value >>> 1) ^ -(value & 1);
    }

    void putText(String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        putUnsigned(encoded.length);
        putRaw(encoded, encoded.length);
    }

    String text() {
        int length = (int) unsigned();
        String text = new String(bytes, at, length, StandardCharsets.UTF_8);
        at += length;
        return text;
    }

    void putRaw(byte[] from, int length) {
        reserve(length);
        System.arraycopy(from, 0, bytes, at, length);
        at += length;
    }

    void raw(byte[] into, int length) {
        System.arraycopy(bytes, at, into, 0, length);
        at += length;
    }

    private void reserve(int more) {
        if (at + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, at + more));
        }
    }
}
