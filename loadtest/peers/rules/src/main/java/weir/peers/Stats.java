package weir.peers;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What was done since the start, over all tasks. */
final class Stats {
    final Map<Kind, LongAdder> events = new EnumMap<>(Kind.class);
    final LongAdder repeated = new LongAdder();
    final LongAdder unreadable = new LongAdder();
    final LongAdder timers = new LongAdder();
    final LongAdder messages = new LongAdder();
    final LongAdder orders = new LongAdder();
    final LongAdder restoredRecords = new LongAdder();

    Stats() {
        for (Kind kind : Kind.values()) {
            events.put(kind, new LongAdder());
        }
    }

    /** One line of JSON. */
    String toJson() {
        StringBuilder json = new StringBuilder("{");
        events.forEach((kind, count) -> json.append('"').append(kind.topic).append("\":").append(count).append(','));
        json.append("\"repeated\":").append(repeated)
                .append(",\"unreadable\":").append(unreadable)
                .append(",\"timers\":").append(timers)
                .append(",\"messages\":").append(messages)
                .append(",\"provisioning\":").append(orders)
                .append(",\"restored_records\":").append(restoredRecords);
        return json.append('}').toString();
    }
}
