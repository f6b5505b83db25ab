package weir.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import weir.Message;
import weir.Provisioning;

/** A debtor's events and its timer, its state, its two ways out. What is decided is {@link Decider}'s business. */
final class DebtorFunction extends KeyedProcessFunction<String, Tuple3<String, Byte, byte[]>, Tuple2<byte[], byte[]>>
        implements Commands.Receiver, Decider.State {
    private static final long serialVersionUID = 1L;
    private static final Kind[] KINDS = Kind.values();

    static final OutputTag<Tuple2<byte[], byte[]>> ORDERS = new OutputTag<>(
            "provisioning", Types.TUPLE(Inbound.BYTES, Inbound.BYTES));

    /** All instances live in this one process. */
    static final Stats STATS = new Stats();

    /** How many instances are open: when all are, the job is at work. */
    static final AtomicInteger OPEN = new AtomicInteger();

    private final String registry;
    private final int messageSchema;
    private final int provisioningSchema;

    private transient Decider decider;
    private transient Outputs<Message> messages;
    private transient Outputs<Provisioning> orders;
    private transient ValueState<byte[]> stored;

    /** What is at hand: Flink knows the key, and where things go, only while it calls. */
    private transient byte[] key;

    private transient Context context;
    private transient Collector<Tuple2<byte[], byte[]>> out;

    DebtorFunction(String registry, int messageSchema, int provisioningSchema) {
        this.registry = registry;
        this.messageSchema = messageSchema;
        this.provisioningSchema = provisioningSchema;
    }

    @Override
    public void open(OpenContext given) {
        decider = new Decider(new HttpSchemaRegistry(registry), STATS, this);
        messages = new Outputs<>(Message.getClassSchema(), messageSchema);
        orders = new Outputs<>(Provisioning.getClassSchema(), provisioningSchema);
        stored = getRuntimeContext().getState(new ValueStateDescriptor<>("debtor", Inbound.BYTES));
        OPEN.incrementAndGet();
    }

    @Override
    public void processElement(Tuple3<String, Byte, byte[]> record, Context at, Collector<Tuple2<byte[], byte[]>> to) {
        key = record.f0.getBytes(StandardCharsets.UTF_8);
        context = at;
        out = to;
        decider.record(KINDS[record.f1], key, record.f2, at.timerService().currentProcessingTime(), this);
    }

    @Override
    public void onTimer(long atMs, OnTimerContext at, Collector<Tuple2<byte[], byte[]>> to) {
        key = at.getCurrentKey().getBytes(StandardCharsets.UTF_8);
        context = at;
        out = to;
        decider.wake(key, atMs, Math.max(atMs, at.timerService().currentProcessingTime()), this);
    }

    @Override
    public byte[] read() {
        try {
            return stored.value();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read a debtor's state", e);
        }
    }

    @Override
    public void write(byte[] bytes) {
        try {
            stored.update(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write a debtor's state", e);
        }
    }

    @Override
    public void wake(long formerMs, long atMs) {
        if (formerMs != 0) {
            context.timerService().deleteProcessingTimeTimer(formerMs);
        }
        if (atMs != 0) {
            context.timerService().registerProcessingTimeTimer(atMs);
        }
    }

    @Override
    public void message(Message message) {
        STATS.messages.increment();
        out.collect(Tuple2.of(key, messages.encode(message)));
    }

    @Override
    public void provisioning(Provisioning order) {
        STATS.orders.increment();
        context.output(ORDERS, Tuple2.of(key, orders.encode(order)));
    }
}
