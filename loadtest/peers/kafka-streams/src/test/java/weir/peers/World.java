package weir.peers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import weir.Account;
import weir.Balance;
import weir.BalanceReason;
import weir.Invoice;
import weir.Message;
import weir.Payment;
import weir.PaymentMode;
import weir.PaymentStatus;
import weir.Provisioning;
import weir.Service;

/** The whole topology on a clock that the test moves: events go in, commands come out as words. */
final class World implements AutoCloseable {
    /** Noon of a day, so that days are whole hours away. */
    static final Instant START = Instant.parse("2026-03-10T12:00:00Z");

    static final String ACCOUNT = "A-1";

    final Stats stats = new Stats();
    private final Schemas registry = new Schemas();
    private final TopologyTestDriver driver;
    private final Map<Kind, TestInputTopic<byte[], byte[]>> inputs = new HashMap<>();
    private final TestOutputTopic<byte[], byte[]> messages;
    private final TestOutputTopic<byte[], byte[]> orders;
    private int events;

    /** A world in which nothing is known yet. */
    World() {
        DebtorProcessor.Shared shared = new DebtorProcessor.Shared("weir", registry, stats,
                registry.register("weir.messages-value", Outputs.schemaText("message")),
                registry.register("weir.provisioning-value", Outputs.schemaText("provisioning")));
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "peer");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:9092");
        settings.put(StreamsConfig.STATE_DIR_CONFIG, temporaryFolder().toString());
        driver = new TopologyTestDriver(PeerTopology.of(shared), settings, START);
        ByteArraySerializer serializer = new ByteArraySerializer();
        ByteArrayDeserializer deserializer = new ByteArrayDeserializer();
        for (Kind kind : Kind.values()) {
            inputs.put(kind, driver.createInputTopic("weir." + kind.topic, serializer, serializer));
        }
        messages = driver.createOutputTopic("weir.messages", deserializer, deserializer);
        orders = driver.createOutputTopic("weir.provisioning", deserializer, deserializer);
    }

    /** A world in which the account is known. */
    static World withAccount() {
        World world = new World();
        world.account();
        return world;
    }

    /** A new folder where the build says that such go. */
    static Path temporaryFolder() {
        try {
            Files.createDirectories(Path.of(System.getProperty("java.io.tmpdir")));
            return Files.createTempDirectory("weir-peer");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void account(String... services) {
        List<Service> all = new ArrayList<>();
        for (String service : services) {
            boolean isAlwaysOn = service.startsWith("!");
            all.add(new Service(isAlwaysOn ? service.substring(1) : service, null, null, isAlwaysOn));
        }
        send(Kind.ACCOUNTS, ACCOUNT, Account.newBuilder().setEventId(nextId()).setAccountId(ACCOUNT).setOccurredAt(START)
                .setSource("crm").setPaymentMode(PaymentMode.postpaid).setContacts(Map.of("sms", "+998901", "email", "a@b"))
                .setServices(all).build());
    }

    Balance.Builder aBalance(String name, long value) {
        return Balance.newBuilder().setEventId(nextId()).setAccountId(ACCOUNT).setOccurredAt(START).setSource("charging")
                .setName(name).setValue(value).setReason(BalanceReason.usage);
    }

    Invoice.Builder anInvoice(String id, long amount, String due) {
        return Invoice.newBuilder().setEventId(nextId()).setAccountId(ACCOUNT).setOccurredAt(START).setSource("billing")
                .setInvoiceId(id).setAmount(amount).setCurrency("EUR").setIssued(LocalDate.parse(due)).setDue(LocalDate.parse(due));
    }

    Payment.Builder aPayment(long amount, String... invoices) {
        String id = nextId();
        return Payment.newBuilder().setEventId(id).setAccountId(ACCOUNT).setOccurredAt(START).setSource("bank").setPaymentId(id)
                .setAmount(amount).setCurrency("EUR").setInvoices(new ArrayList<>(List.of(invoices)))
                .setStatus(PaymentStatus.confirmed);
    }

    void balance(String name, long value) {
        send(Kind.BALANCES, ACCOUNT, aBalance(name, value).build());
    }

    void data(long value, long limit) {
        send(Kind.BALANCES, ACCOUNT, aBalance("data", value).setLimit(limit).build());
    }

    void invoice(String id, long amount, String due) {
        send(Kind.INVOICES, ACCOUNT, anInvoice(id, amount, due).build());
    }

    void pay(long amount, String... invoices) {
        send(Kind.PAYMENTS, ACCOUNT, aPayment(amount, invoices).build());
    }

    void send(Kind kind, String key, SpecificRecordBase record) {
        raw(kind, key.getBytes(StandardCharsets.UTF_8), framed(record, record.getSchema()));
    }

    void raw(Kind kind, byte[] key, byte[] value) {
        inputs.get(kind).pipeInput(key, value);
    }

    /** The record's bytes as a sender frames them who writes with this schema. */
    byte[] framed(Object record, Schema schema) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(ByteBuffer.allocate(5).put((byte) 0).putInt(registry.register("", schema.toString())).array());
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        try {
            if (record instanceof GenericData.Record generic) {
                new org.apache.avro.generic.GenericDatumWriter<>(schema).write(generic, encoder);
            } else {
                new SpecificDatumWriter<>(schema).write(record, encoder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** The clock goes on, a look at the timers at a time. */
    void pass(double seconds) {
        long left = Math.round(seconds * 1_000);
        for (long step = 50; left > 0; left -= step) {
            driver.advanceWallClockTime(Duration.ofMillis(Math.min(step, left)));
        }
    }

    /** The clock jumps, as if nothing had run meanwhile. */
    void jump(Duration by) {
        driver.advanceWallClockTime(by);
    }

    List<Message> messages() {
        return read(messages, Message.getClassSchema());
    }

    List<Provisioning> orders() {
        return read(orders, Provisioning.getClassSchema());
    }

    /** All commands since the last call, in few words: messages, then orders. */
    List<String> commands() {
        List<String> words = new ArrayList<>();
        for (Message message : messages()) {
            String lines = message.getLines().isEmpty() ? "" : " " + message.getLines().get(0);
            words.add(message.getTemplate() + lines);
        }
        for (Provisioning order : orders()) {
            words.add(order.getOperation().toString());
        }
        return words;
    }

    private <T extends SpecificRecordBase> List<T> read(TestOutputTopic<byte[], byte[]> topic, Schema schema) {
        List<T> records = new ArrayList<>();
        for (KeyValue<byte[], byte[]> record : topic.readKeyValuesToList()) {
            byte[] value = record.value;
            try {
                records.add(new SpecificDatumReader<T>(schema)
                        .read(null, DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return records;
    }

    private String nextId() {
        events++;
        return "e-" + events;
    }

    @Override
    public void close() {
        driver.close();
    }

    /** A registry in memory; ids count from 1. */
    static final class Schemas implements SchemaRegistry {
        private final List<Schema> schemas = new ArrayList<>();

        @Override
        public Schema schema(int id) throws Events.Unreadable {
            if (id < 1 || id > schemas.size()) {
                throw new Events.Unreadable("there is no schema of id " + id, null);
            }
            return schemas.get(id - 1);
        }

        @Override
        public int register(String subject, String schemaJson) {
            Schema schema = new Schema.Parser().parse(schemaJson);
            if (!schemas.contains(schema)) {
                schemas.add(schema);
            }
            return schemas.indexOf(schema) + 1;
        }
    }
}
