package weir.peers;

/** How many parts a text makes as an SMS. */
final class SmsParts {
    /** The characters of GSM 03.38 that take one septet. */
    private static final String BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
            + "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    /** Those of its extension table: each takes an escape before it. */
    private static final String EXTENDED = "\f^{}\\[~]|€";

    private static final byte[] SEPTETS = septets();

    private SmsParts() {}

    /** The parts of a text: in septets where all its characters have such, else in UCS-2. */
    static int of(String text) {
        int septets = 0;
        for (int at = 0; at < text.length(); at++) {
            int taken = septetsOf(text.charAt(at));
            if (taken == 0) {
                return count(text, false, 70, 67);
            }
            septets += taken;
        }
        return septets <= 160 ? 1 : count(text, true, 160, 153);
    }

    /** What takes two units is never split between two parts. */
    private static int count(String text, boolean inSeptets, int alone, int perPart) {
        int all = 0;
        int parts = 1;
        int left = perPart;
        for (int at = 0; at < text.length(); at++) {
            boolean isPair = Character.isHighSurrogate(text.charAt(at)) && at + 1 < text.length();
            int size = inSeptets ? septetsOf(text.charAt(at)) : isPair ? 2 : 1;
            at += isPair ? 1 : 0;
            all += size;
            if (size > left) {
                parts++;
                left = perPart;
            }
            left -= size;
        }
        return all <= alone ? 1 : parts;
    }

    private static int septetsOf(char character) {
        return character < SEPTETS.length ? SEPTETS[character] : character == '€' ? 2 : 0;
    }

    /** A table up to the last Greek capital; the euro, alone beyond it, is asked for by name. */
    private static byte[] septets() {
        byte[] table = new byte[0x400];
        BASIC.chars().forEach(character -> table[character] = 1);
        EXTENDED.chars().filter(character -> character < table.length).forEach(character -> table[character] = 2);
        return table;
    }
}
