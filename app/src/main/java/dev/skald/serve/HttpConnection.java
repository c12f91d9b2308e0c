package dev.skald.serve;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * One client's connection. Its requests are answered one after the other, each on a thread of its own; what the client does meanwhile is still seen, so that
 * a client that goes away is noticed although nothing is written to it.
 */
final class HttpConnection extends SimpleChannelInboundHandler<FullHttpRequest> {

    /** Requests that a client may send before the first is answered. */
    private static final int MOST_PIPELINED = 32;

    private final Consumer<Exchange> answerer;
    private final Executor threads;
    /** Not begun yet. Used by the channel's event loop only, as is {@link #current}. */
    private final Queue<Exchange> waiting = new ArrayDeque<>();

    private Exchange current;

    HttpConnection(Consumer<Exchange> answerer, Executor threads) {
        this.answerer = answerer;
        this.threads = threads;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        boolean broken = request.decoderResult().isFailure();
        String uri = broken ? "/" : request.uri();
        int query = uri.indexOf('?');
        Exchange exchange = new Exchange(
                context.channel(),
                request.method().name(),
                query < 0 ? uri : uri.substring(0, query),
                request.headers(),
                ByteBufUtil.getBytes(request.content()),
                !broken && HttpUtil.isKeepAlive(request),
                () -> context.executor().execute(() -> answered(context)));
        if (broken) {
            exchange.refuse(ApiException.invalid(null, "this is no HTTP request"));
            return;
        }
        if (waiting.size() >= MOST_PIPELINED) {
            var _ = context.close();
            return;
        }
        waiting.add(exchange);
        next();
    }

    private void next() {
        if (current == null && !waiting.isEmpty()) {
            Exchange exchange = waiting.remove();
            current = exchange;
            threads.execute(() -> answerer.accept(exchange));
        }
    }

    private void answered(ChannelHandlerContext context) {
        current = null;
        if (context.channel().isActive()) {
            next();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (current != null) {
            current.writabilityChanged();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        waiting.clear();
        if (current != null) {
            current.goes();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        var _ = context.close(); // the connection was reset, or what came was no HTTP
    }
}
