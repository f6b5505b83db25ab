package weir.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import weir.Account;
import weir.Balance;
import weir.BalanceReason;
import weir.Invoice;
import weir.Message;
import weir.Payment;
import weir.PaymentMode;
import weir.PaymentStatus;
import weir.Provisioning;

/**
 * The program itself, whichever peer's it is, on a real broker and registry, named by the same variables as in Weir's own tests.
 * It is killed while it works, and what comes out must be what would have come without.
 */
@EnabledIfEnvironmentVariable(named = "KAFKA_BOOTSTRAP", matches = ".+")
@EnabledIfEnvironmentVariable(named = "WEIR_TEST_REGISTRY", matches = ".+")
class RealKafkaTest {
    private static final int ACCOUNTS = 200;
    private static final int ROUNDS = 10;
    /** Of ten accounts, one has a debt that is paid after all stages, one a debt that is paid before the bar. */
    private static final int IN_TEN = 10;

    private static final long[] FALL = {1_000, 450, 150, 10};

    private final String brokers = System.getenv("KAFKA_BOOTSTRAP");
    private final HttpSchemaRegistry registry = new HttpSchemaRegistry(System.getenv("WEIR_TEST_REGISTRY"));
    private final String prefix = "peer-" + Long.toHexString(System.nanoTime());
    private final KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
            Map.of("bootstrap.servers", brokers, "linger.ms", 5), new ByteArraySerializer(), new ByteArraySerializer());
    private final Map<String, Integer> ids = new HashMap<>();
    private int events;

    @Test
    void whatComesOutIsExactThoughTheProcessIsKilled() throws Exception {
        Path folder = Files.createTempDirectory("weir-peer");
        createTopics();
        Process first = start(folder);
        sendAccounts();
        sendDebts();
        sendFalls(0, ROUNDS / 2);
        Thread.sleep(2_000);
        first.destroyForcibly().waitFor();
        sendFalls(ROUNDS / 2, ROUNDS);
        Process second = start(folder);
        payDebts(5);
        // The stages of what is not paid: 20 and 40 s, and some for the restart.
        Thread.sleep(70_000);
        payDebts(0);
        check();
        second.destroy();
        assertTrue(second.waitFor(30, TimeUnit.SECONDS), "it stops when it is asked to");
        assertEquals(0, second.exitValue());
    }

    private void check() throws Exception {
        Map<String, List<String>> messages = new TreeMap<>();
        Map<String, List<String>> orders = new TreeMap<>();
        List<String> ids = new ArrayList<>();
        for (Message message : this.<Message>read("messages", Message.getClassSchema(), ACCOUNTS * ROUNDS * 3 + ACCOUNTS / IN_TEN * 4)) {
            ids.add(message.getCommandId().toString());
            String what = message.getRule() == null ? message.getTemplate().toString() : message.getLines().get(0).toString();
            messages.computeIfAbsent(what.contains(".") + " " + message.getAccountId(), account -> new ArrayList<>()).add(what);
        }
        for (Provisioning order : this.<Provisioning>read("provisioning", Provisioning.getClassSchema(), ACCOUNTS / IN_TEN * 4)) {
            ids.add(order.getCommandId().toString());
            orders.computeIfAbsent(order.getAccountId().toString(), account -> new ArrayList<>()).add(order.getOperation().toString());
        }
        assertEquals(ids.size(), ids.stream().distinct().count(), "no command comes twice");
        List<String> falls = new ArrayList<>();
        Collections.nCopies(ROUNDS, List.of("5.00", "2.00", "0.50")).forEach(falls::addAll);
        for (int at = 0; at < ACCOUNTS; at++) {
            assertEquals(falls, messages.get("true " + account(at)), account(at));
            boolean hasDebt = at % IN_TEN == 0 || at % IN_TEN == 5;
            assertEquals(hasDebt ? List.of("reminder", "thanks") : null, messages.get("false " + account(at)), account(at));
            assertEquals(at % IN_TEN == 0 ? List.of("bar_outgoing", "suspend", "resume", "unbar_outgoing") : null, orders.get(account(at)), account(at));
        }
    }

    private void createTopics() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
            List<NewTopic> topics = new ArrayList<>();
            for (String name : new String[] {"accounts", "balances", "invoices", "payments", "messages", "provisioning"}) {
                topics.add(new NewTopic(prefix + "." + name, 4, (short) 1));
            }
            admin.createTopics(topics).all().get();
        }
    }

    /** Starts the program and waits until it is ready. */
    private Process start(Path folder) throws IOException {
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElse("java"), "-Xmx512m",
                "-cp", System.getProperty("java.class.path")));
        // Flink wants packages of Java's own opened to it.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(option -> option.startsWith("--add-opens")).forEach(command::add);
        command.add("weir.peers.Main");
        command.addAll(List.of("--brokers", brokers, "--registry", System.getenv("WEIR_TEST_REGISTRY"), "--prefix", prefix,
                "--application-id", prefix, "--state-dir", folder.toString()));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader output = process.inputReader();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.contains("ready")) {
                return process;
            }
        }
        throw new IOException("it ended before it was ready");
    }

    private void sendAccounts() {
        for (int at = 0; at < ACCOUNTS; at++) {
            send("accounts", at, Account.newBuilder().setEventId(nextId()).setAccountId(account(at)).setOccurredAt(Instant.now())
                    .setSource("crm").setPaymentMode(PaymentMode.hybrid).setContacts(Map.of("sms", "+" + at)).build());
        }
        producer.flush();
    }

    private void sendDebts() {
        for (int at = 0; at < ACCOUNTS; at += 5) {
            send("invoices", at, Invoice.newBuilder().setEventId(nextId()).setAccountId(account(at)).setOccurredAt(Instant.now())
                    .setSource("billing").setInvoiceId("B" + at).setAmount(2_000).setCurrency("EUR").setIssued(LocalDate.EPOCH)
                    .setDue(LocalDate.EPOCH).build());
        }
    }

    private void payDebts(int from) {
        for (int at = from; at < ACCOUNTS; at += IN_TEN) {
            send("payments", at, Payment.newBuilder().setEventId(nextId()).setAccountId(account(at)).setOccurredAt(Instant.now())
                    .setSource("bank").setPaymentId("P" + at).setAmount(2_000).setCurrency("EUR").setInvoices(List.of())
                    .setStatus(PaymentStatus.confirmed).build());
        }
        producer.flush();
    }

    private void sendFalls(int from, int to) {
        for (int round = from; round < to; round++) {
            for (long value : FALL) {
                for (int at = 0; at < ACCOUNTS; at++) {
                    send("balances", at, Balance.newBuilder().setEventId(nextId()).setAccountId(account(at)).setOccurredAt(Instant.now())
                            .setSource("charging").setName("main").setValue(value).setReason(BalanceReason.usage).build());
                }
            }
        }
        producer.flush();
    }

    private void send(String topic, int account, SpecificRecordBase record) {
        Schema schema = record.getSchema();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int id = ids.computeIfAbsent(topic, of -> registry.register(prefix + "." + of + "-value", schema.toString()));
        bytes.writeBytes(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        try {
            new SpecificDatumWriter<>(schema).write(record, encoder);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        producer.send(new ProducerRecord<>(prefix + "." + topic, account(account).getBytes(StandardCharsets.UTF_8), bytes.toByteArray()));
    }

    /** Reads what is committed until there is as much as expected, and then for as long as anything more comes. */
    private <T extends SpecificRecordBase> List<T> read(String topic, Schema schema, int expected) throws IOException {
        List<T> records = new ArrayList<>();
        Map<String, Object> settings = Map.of("bootstrap.servers", brokers, "isolation.level", "read_committed", "auto.offset.reset", "earliest");
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(consumer.partitionsFor(prefix + "." + topic).stream()
                    .map(found -> new org.apache.kafka.common.TopicPartition(found.topic(), found.partition())).toList());
            long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            for (boolean isQuiet = false; !isQuiet && System.nanoTime() < deadline; ) {
                var polled = consumer.poll(Duration.ofSeconds(3));
                isQuiet = polled.isEmpty() && records.size() >= expected;
                for (ConsumerRecord<byte[], byte[]> record : polled) {
                    byte[] value = record.value();
                    Schema written = schemaOf(value);
                    records.add(new SpecificDatumReader<T>(written, schema).read(null, DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null)));
                }
            }
        }
        assertEquals(expected, records.size(), topic);
        return records;
    }

    private Schema schemaOf(byte[] value) throws IOException {
        try {
            return registry.schema(ByteBuffer.wrap(value, 1, 4).getInt());
        } catch (Events.Unreadable e) {
            throw new IOException(e);
        }
    }

    private String nextId() {
        events++;
        return "e-" + events;
    }

    private static String account(int at) {
        return "A-" + at;
    }
}
