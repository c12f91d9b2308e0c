package dev.skald.train;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * An event file of TensorBoard: a TFRecord file of Event messages. A record is its length (u64), the masked CRC-32C of those 8 bytes, the
 * message, and the masked CRC-32C of the message, all little-endian. The messages are protocol buffers of event.proto and summary.proto,
 * few enough to be written by hand:
 *
 * <pre>
 *   Event       1 wall_time: double   2 step: int64   3 file_version: string   5 summary: Summary   7 session_log: SessionLog
 *   Summary     1 value: repeated Value
 *   Value       1 tag: string         2 simple_value: float
 *   SessionLog  1 status: enum, START = 1
 * </pre>
 *
 * <p>A session that starts at a step tells TensorBoard to forget what earlier files of the run have from that step on.
 */
final class EventFile implements AutoCloseable {

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final OutputStream out;

    EventFile(OutputStream out, double wallTime, long resumedStep) throws IOException {
        this.out = out;
        Message version = event(wallTime, 0);
        version.bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8));
        record(version);
        if (resumedStep > 0) {
            Message start = new Message();
            start.varint(1, 1);
            Message session = event(wallTime, resumedStep + 1);
            session.bytes(7, start.toByteArray());
            record(session);
        }
    }

    /** A new file in {@code directory}, of a name that TensorBoard looks for. */
    static EventFile create(Path directory, long resumedStep) throws IOException {
        Files.createDirectories(directory);
        double now = now();
        String name = "events.out.tfevents." + (long) now + "." + host() + "."
                + ProcessHandle.current().pid() + "." + resumedStep;
        return new EventFile(
                new BufferedOutputStream(Files.newOutputStream(directory.resolve(name))), now, resumedStep);
    }

    /** The scalars of a step, with the tags of the Hugging Face Trainer. */
    void step(StepMetrics metrics) throws IOException {
        double now = now();
        scalar(now, metrics.step(), "train/loss", metrics.loss());
        scalar(now, metrics.step(), "train/grad_norm", metrics.gradNorm());
        scalar(now, metrics.step(), "train/learning_rate", metrics.learningRate());
        scalar(now, metrics.step(), "train/epoch", metrics.epoch());
        scalar(now, metrics.step(), "train/tokens_per_second", metrics.tokensPerSecond());
        if (metrics.mfu() != null) {
            scalar(now, metrics.step(), "train/mfu", metrics.mfu());
        }
        if (metrics.lossScale() != null) {
            scalar(now, metrics.step(), "train/loss_scale", metrics.lossScale());
        }
    }

    void validation(ValidationMetrics metrics) throws IOException {
        double now = now();
        String group = metrics.dataset() + (metrics.language().isEmpty() ? "" : "/" + metrics.language());
        scalar(now, metrics.step(), "eval/loss/" + group, metrics.loss());
        scalar(now, metrics.step(), "eval/perplexity/" + group, metrics.perplexity());
        scalar(now, metrics.step(), "eval/bits_per_byte/" + group, metrics.bitsPerByte());
    }

    void probe(ProbeMetrics metrics) throws IOException {
        double now = now();
        scalar(now, metrics.step(), "probe/" + metrics.probe() + "/" + metrics.metric(), metrics.value());
        if (metrics.drop() != null) {
            scalar(now, metrics.step(), "probe/" + metrics.probe() + "/drop", metrics.drop());
        }
    }

    void scalar(double wallTime, long step, String tag, double value) throws IOException {
        Message one = new Message();
        one.bytes(1, tag.getBytes(StandardCharsets.UTF_8));
        one.fixed32(2, Float.floatToRawIntBits((float) value));
        Message summary = new Message();
        summary.bytes(1, one.toByteArray());
        Message event = event(wallTime, step);
        event.bytes(5, summary.toByteArray());
        record(event);
    }

    void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    private static Message event(double wallTime, long step) {
        Message event = new Message();
        event.fixed64(1, Double.doubleToRawLongBits(wallTime));
        if (step != 0) {
            event.varint(2, step);
        }
        return event;
    }

    private void record(Message message) throws IOException {
        byte[] data = message.toByteArray();
        byte[] length = little(8).putLong(data.length).array();
        out.write(length);
        out.write(little(4).putInt(maskedCrc(length)).array());
        out.write(data);
        out.write(little(4).putInt(maskedCrc(data)).array());
    }

    /** Rotated right by 15 bits plus a constant, so that a checksum of data that holds checksums stays a good one. */
    static int maskedCrc(byte[] data) {
        CRC32C crc = new CRC32C();
        crc.update(data);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static double now() {
        return System.currentTimeMillis() / 1000.0;
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    /** A protocol buffer message that is being written. */
    private static final class Message {

        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        void varint(int field, long value) {
            number(((long) field << 3) | VARINT);
            number(value);
        }

        void fixed64(int field, long bits) {
            number(((long) field << 3) | FIXED64);
            out.writeBytes(little(8).putLong(bits).array());
        }

        void fixed32(int field, int bits) {
            number(((long) field << 3) | FIXED32);
            out.writeBytes(little(4).putInt(bits).array());
        }

        void bytes(int field, byte[] value) {
            number(((long) field << 3) | BYTES);
            number(value.length);
            out.writeBytes(value);
        }

        byte[] toByteArray() {
            return out.toByteArray();
        }

        private void number(long value) {
            long rest = value;
            while ((rest & ~0x7fL) != 0) {
                out.write((int) ((rest & 0x7f) | 0x80));
                rest >>>= 7;
            }
            out.write((int) rest);
        }
    }
}
