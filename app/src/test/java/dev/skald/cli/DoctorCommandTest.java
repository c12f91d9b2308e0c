package dev.skald.cli;

import static dev.skald.cli.CommandLineRun.skald;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.base.HostMemory;
import dev.skald.base.HostProcessor;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {

    private static final String[] CHECKS = {"java", "libtorch", "device", "matmul", "reading", "memory", "disk", "spark"
    };

    @Test
    void everyCheckHasItsLine() {
        String out = skald("doctor").result();
        assertThat(out.lines().filter(line -> !line.contains("->")))
                .extracting(line -> line.substring(9, 19).strip())
                .containsExactly(CHECKS);
        assertThat(out.lines().filter(line -> !line.contains("->")))
                .allMatch(line -> line.startsWith("ok ") || line.startsWith("warning "));
        assertThat(out).contains(System.getProperty("java.vendor"), "GFLOPS", "GB/s");
    }

    @Test
    void jsonHasTheFigures() throws IOException {
        JsonNode found = new ObjectMapper().readTree(skald("doctor", "--json").result());
        assertThat(found.fieldNames()).toIterable().containsExactly(CHECKS);
        assertThat(found.get("device").get("cores").intValue()).isEqualTo(HostProcessor.cores());
        assertThat(found.get("memory").get("bytes").longValue()).isEqualTo(HostMemory.total());
        assertThat(found.get("matmul").get("bf16_gflops").longValue()).isPositive();
        assertThat(found.get("spark").get("status").textValue()).isEqualTo("ok");
        assertThat(found.get("spark").get("found").textValue()).startsWith("4.");
    }
}
