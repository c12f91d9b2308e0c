package dev.skald.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.base.StrictJson;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * A request and its answer, which is given once: whole, or as a stream of events. Used by one thread; only {@link #whenGone} may be told of by another.
 */
final class Exchange {

    static final ObjectMapper JSON = StrictJson.mapper();

    /** How long a client may take to take what was written before it counts as gone. */
    private static final long PATIENCE_MILLIS = 30_000;

    private final Channel channel;
    private final String method;
    private final String path;
    private final HttpHeaders headers;
    private final byte[] body;
    private final boolean keepAlive;
    private final Runnable done;
    private final Object writable = new Object();
    private volatile boolean gone;
    private Runnable whenGone = () -> {};
    private boolean answered;
    private int status;

    /** @param done called when the answer is complete */
    Exchange(
            Channel channel,
            String method,
            String path,
            HttpHeaders headers,
            byte[] body,
            boolean keepAlive,
            Runnable done) {
        this.channel = channel;
        this.method = method;
        this.path = path;
        this.headers = headers;
        this.body = body;
        this.keepAlive = keepAlive;
        this.done = done;
    }

    String method() {
        return method;
    }

    /** Without the query. */
    String path() {
        return path;
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    byte[] body() {
        return body;
    }

    /** Whether an answer has begun. */
    boolean isAnswered() {
        return answered;
    }

    /** What was answered, once it was. */
    int status() {
        return status;
    }

    /** Whether the client has closed its connection. */
    boolean isGone() {
        return gone;
    }

    /** Has {@code action} run, on any thread, when the client goes away; at once if it has. */
    synchronized void whenGone(Runnable action) {
        whenGone = action;
        if (gone) {
            action.run();
        }
    }

    /** The client has closed its connection. */
    synchronized void goes() {
        gone = true;
        whenGone.run();
        writabilityChanged();
    }

    void writabilityChanged() {
        synchronized (writable) {
            writable.notifyAll();
        }
    }

    void answer(int code, JsonNode json) {
        answer(code, json, Map.of());
    }

    void answer(int code, JsonNode json, Map<String, String> more) {
        answer(code, "application/json", bytes(json), more);
    }

    void answer(int code, String type, byte[] content, Map<String, String> more) {
        var response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(code),
                Unpooled.wrappedBuffer(method.equals("HEAD") ? new byte[0] : content));
        if (content.length > 0) {
            response.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
        }
        if (code != 204) {
            response.headers().set(HttpHeaderNames.CONTENT_LENGTH, content.length);
        }
        more.forEach(response.headers()::set);
        begin(response, code);
        end(channel.writeAndFlush(response));
    }

    /** An error as OpenAI's API has it. */
    void refuse(ApiException why) {
        Map<String, String> more = why.status() == 429 || why.status() == 503 ? Map.of("retry-after", "1") : Map.of();
        answer(why.status(), error(why), more);
    }

    static ObjectNode error(ApiException why) {
        ObjectNode node = JSON.createObjectNode();
        node.putObject("error")
                .put("message", why.getMessage())
                .put("type", why.type())
                .put("param", why.parameter())
                .put("code", why.code());
        return node;
    }

    private void begin(HttpResponse response, int code) {
        if (answered) {
            throw new IllegalStateException("answered twice");
        }
        answered = true;
        status = code;
        response.headers().set("access-control-allow-origin", "*");
        header("x-request-id")
                .filter(id -> id.matches("[\\w.-]{1,128}"))
                .ifPresent(id -> response.headers().set("x-request-id", id));
        response.headers().set(HttpHeaderNames.CONNECTION, keepAlive ? "keep-alive" : "close");
    }

    private void end(ChannelFuture last) {
        if (!keepAlive) {
            var _ = last.addListener(ChannelFutureListener.CLOSE);
        }
        done.run();
    }

    /** Begins an answer of events: {@code text/event-stream}. */
    Events events() {
        var response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8")
                .set(HttpHeaderNames.CACHE_CONTROL, "no-cache")
                .set("x-accel-buffering", "no")
                .set(HttpHeaderNames.TRANSFER_ENCODING, "chunked");
        begin(response, 200);
        var _ = channel.writeAndFlush(response);
        return new Events();
    }

    private static byte[] bytes(JsonNode json) {
        try {
            return JSON.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The events of an answer. */
    final class Events {

        /** One line of JSON. */
        void send(JsonNode json) {
            byte[] line = bytes(json);
            byte[] event = new byte[line.length + 8];
            System.arraycopy("data: ".getBytes(StandardCharsets.US_ASCII), 0, event, 0, 6);
            System.arraycopy(line, 0, event, 6, line.length);
            event[line.length + 6] = '\n';
            event[line.length + 7] = '\n';
            write(event);
        }

        /** A comment, which clients ignore, so that nobody takes the silence for the end. */
        void ping() {
            write(": ping\n\n".getBytes(StandardCharsets.US_ASCII));
        }

        /** The last event. */
        void end() {
            write("data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII));
            Exchange.this.end(channel.writeAndFlush(new DefaultLastHttpContent()));
        }

        private void write(byte[] event) {
            if (awaitWritable()) {
                var _ = channel.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(event)));
            }
        }

        /** A client that does not read for long counts as gone. */
        private boolean awaitWritable() {
            long end = System.currentTimeMillis() + PATIENCE_MILLIS;
            synchronized (writable) {
                try {
                    while (!gone && !channel.isWritable() && System.currentTimeMillis() < end) {
                        writable.wait(1000);
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            if (!gone && !channel.isWritable()) {
                var _ = channel.close();
            }
            return !gone && channel.isWritable();
        }
    }
}
