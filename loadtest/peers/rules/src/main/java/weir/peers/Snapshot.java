package weir.peers;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/**
 * What is kept of an account's snapshot: all that a command asks for.
 *
 * @param sms the number; null where the account has none
 * @param services those that may be cut off
 * @param isAlwaysOn whether it has services, and none of them may be
 */
record Snapshot(String language, String currency, String timeZone, String sms, List<String> services, boolean isAlwaysOn) {
    byte[] encode() {
        Bytecoder out = new Bytecoder(64);
        out.putText(language);
        out.putText(currency);
        out.putText(timeZone);
        out.putText(sms == null ? "" : sms);
        out.putByte(isAlwaysOn ? 1 : 0);
        out.putUnsigned(services.size());
        services.forEach(out::putText);
        return out.toBytes();
    }

    static Snapshot decode(byte[] bytes) {
        Bytecoder in = new Bytecoder(bytes);
        String language = in.text();
        String currency = in.text();
        String timeZone = in.text();
        String sms = in.text();
        boolean isAlwaysOn = in.oneByte() == 1;
        int count = (int) in.unsigned();
        List<String> services = new ArrayList<>(count);
        for (int at = 0; at < count; at++) {
            services.add(in.text());
        }
        return new Snapshot(language, currency, timeZone, sms.isEmpty() ? null : sms, services, isAlwaysOn);
    }

    /** The zone in which the account's days are counted; UTC, the policy's, where it names none that Java knows. */
    ZoneId zone() {
        if (timeZone.isEmpty()) {
            return ZoneOffset.UTC;
        }
        try {
            return ZoneId.of(timeZone);
        } catch (DateTimeException unknown) {
            return ZoneOffset.UTC;
        }
    }
}
