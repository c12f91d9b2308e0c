package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Pages and what a reader would read of them, written by hand. */
class HtmlTextTest {

    private static final Pattern PAGE = Pattern.compile("(?ms)^== ([^\\n]*)\\n(.*?)\\n--\\n(.*?)\\n(?===|\\z)");

    static List<Arguments> pages() throws IOException {
        List<Arguments> pages = new ArrayList<>();
        try (InputStream in = HtmlTextTest.class.getResourceAsStream("html-pages.txt")) {
            Matcher matcher = PAGE.matcher(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            while (matcher.find()) {
                pages.add(Arguments.of(matcher.group(1), matcher.group(2), matcher.group(3)));
            }
        }
        assertThat(pages).hasSize(21);
        return pages;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pages")
    void theTextOfAPage(String name, String html, String text) throws IOException {
        assertThat(HtmlText.of(html.getBytes(StandardCharsets.UTF_8), "utf-8", "https://example.org/"))
                .as(name)
                .isEqualTo(text);
    }
}
