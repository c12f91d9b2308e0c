package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class EventFileTest {

    /** The bytes are made by read_events.py from the published formats alone. */
    @Test
    void theBytesAreThoseOfTheFormats() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (EventFile file = new EventFile(bytes, 1234.5, 300)) {
            file.scalar(1234.5, 301, "train/loss", 2.25);
            file.scalar(1234.5, 70000, "eval/loss/ål", -1e-7);
        }
        assertThat(bytes.toByteArray())
                .isEqualTo(EventFileTest.class
                        .getResourceAsStream("events_golden.bin")
                        .readAllBytes());
    }

    /** The example of RFC 3720, appendix B.4: 32 bytes of zeros have the CRC-32C 0x8a9136aa. */
    @Test
    void theChecksumIsRotatedAndShifted() {
        int crc = 0x8a9136aa;
        assertThat(EventFile.maskedCrc(new byte[32])).isEqualTo(((crc >>> 15) | (crc << 17)) + 0xa282ead8);
        assertThat(EventFile.maskedCrc("123456789".getBytes(StandardCharsets.US_ASCII)))
                .isEqualTo(((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8);
    }
}
