package weir.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Texts, amounts, parts of SMS, ids. */
class TextsTest {
    @Test
    void amountsAreWrittenInMajorUnits() {
        Object[][] rows = {{0L, 2, "0.00"}, {5L, 2, "0.05"}, {-5L, 2, "-0.05"}, {1234L, 2, "12.34"}, {-1234L, 2, "-12.34"}, {1234L, 0, "1234"}, {-1L, 0, "-1"}};
        for (Object[] row : rows) {
            assertEquals(row[2], Template.inMajor((long) row[0], (int) row[1]));
        }
    }

    @Test
    void namesInBracesAreReplacedAndTheRestStays() {
        assertEquals("a<x.y>b<z>", new Template("a{{ x.y }}b{{z}}").render(name -> "<" + name + ">"));
        assertEquals("plain", new Template("plain").render(name -> "?"));
        assertThrows(IllegalArgumentException.class, () -> new Template("a {{ b"));
    }

    /** As the tables of Weir's own count, in decision/src/sending/sms.rs. */
    @Test
    void partsOfAnSms() {
        Object[][] rows = {
            {"", 0, "", 1}, {"a", 160, "", 1}, {"à", 160, "", 1}, {"a", 161, "", 2}, {"a", 306, "", 2}, {"a", 307, "", 3},
            {"€", 80, "", 1}, {"€", 80, "a", 2}, {"€", 152, "", 2}, {"€", 153, "", 3}, {"я", 70, "", 1}, {"я", 71, "", 2}, {"я", 134, "", 2}, {"я", 135, "", 3},
            {"😀", 35, "", 1}, {"😀", 36, "", 2}, {"😀", 66, "", 2}, {"😀", 67, "", 3},
        };
        for (Object[] row : rows) {
            String text = ((String) row[0]).repeat((int) row[1]) + row[2];
            assertEquals(row[3], SmsParts.of(text), row[1] + " of " + row[0] + " and " + row[2]);
        }
    }

    @Test
    void aHashDependsOnEveryByteAndOnNothingElse() {
        Set<Long> hashes = new HashSet<>();
        int ids = 0;
        for (int length = 0; length < 40; length++) {
            byte[] bytes = new byte[40];
            for (int at = 0; at < length; at++) {
                bytes[at] = 1;
                hashes.add(Hash.of(bytes, 0, length));
                bytes[at] = 0;
                ids++;
            }
        }
        assertEquals(ids, hashes.size());
        byte[] inside = "xx-abcdefghijk-yy".getBytes(StandardCharsets.UTF_8);
        byte[] alone = "abcdefghijk".getBytes(StandardCharsets.UTF_8);
        assertEquals(Hash.of(alone, 0, alone.length), Hash.of(inside, 3, alone.length));
    }

    @Test
    void partsOfAnIdDoNotRunIntoOneAnother() {
        Hash hash = new Hash();
        assertNotEquals(hash.command("a", "bc"), hash.command("ab", "c"));
        assertEquals(hash.command("a", "bc"), hash.command("a", "bc"));
    }

    /** The peer's rules are constants: they must be those of the policy that Weir runs. */
    @Test
    void theTextsAreThoseOfThePolicy() throws Exception {
        Path policy = Path.of(System.getProperty("basedir"), "../../policies/yardstick.policy.yaml");
        String yaml = Files.readString(policy);
        for (String text : new String[] {
            "Your balance is {{ balance.value }} {{ currency }}.", "Of your data {{ balance.value }} bytes are left.",
            "You owe {{ debt.conditional }} {{ currency }} since {{ debt.due }}.", "Thank you for your payment.",
        }) {
            assertEquals(true, yaml.contains('"' + text + '"'), text);
        }
    }
}
