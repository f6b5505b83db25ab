package weir.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A text with names in double braces, cut to pieces once: rendering looks up each name and joins. */
final class Template {
    private final List<String> literals = new ArrayList<>();
    private final List<String> names = new ArrayList<>();

    Template(String source) {
        int from = 0;
        for (int open = source.indexOf("{{"); open >= 0; open = source.indexOf("{{", from)) {
            int close = source.indexOf("}}", open);
            if (close < 0) {
                throw new IllegalArgumentException("braces that do not close: " + source);
            }
            literals.add(source.substring(from, open));
            names.add(source.substring(open + 2, close).trim());
            from = close + 2;
        }
        literals.add(source.substring(from));
    }

    /** The text with each name's value in its place. */
    String render(Function<String, String> values) {
        StringBuilder text = new StringBuilder(96);
        for (int at = 0; at < names.size(); at++) {
            text.append(literals.get(at)).append(values.apply(names.get(at)));
        }
        return text.append(literals.get(names.size())).toString();
    }

    /** An amount in minor units as people write it: 1234 with two decimals is 12.34. */
    static String inMajor(long minor, int decimals) {
        if (decimals == 0) {
            return Long.toString(minor);
        }
        String digits = Long.toString(Math.abs(minor));
        if (digits.length() <= decimals) {
            digits = "0".repeat(decimals + 1 - digits.length()) + digits;
        }
        int point = digits.length() - decimals;
        return (minor < 0 ? "-" : "") + digits.substring(0, point) + "." + digits.substring(point);
    }
}
