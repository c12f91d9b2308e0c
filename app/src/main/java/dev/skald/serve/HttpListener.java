package dev.skald.serve;

import dev.skald.InvalidInputException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Takes connections on a port, and hands their requests to threads of their own. {@link #close} ends both. */
final class HttpListener implements AutoCloseable {

    /** Longest request line, and all header fields together, in bytes. */
    private static final int MOST_HEADER = 64 << 10;

    static {
        InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE); // without a word about who logs
    }

    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(
            1, Thread.ofPlatform().name("http").daemon().factory(), NioIoHandler.newFactory());
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("request-", 0).factory());
    private final Channel channel;

    /**
     * @param port 0: a free one
     * @param mostBody bytes of a request's body, at most
     * @param requestSeconds how long a client may take to send a request
     * @param answerer called with each request on a thread of its own
     * @throws InvalidInputException when the address cannot be listened on
     */
    HttpListener(String host, int port, int mostBody, long requestSeconds, Consumer<Exchange> answerer) {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel connection) {
                        RequestTimer timer = new RequestTimer(requestSeconds);
                        connection
                                .pipeline()
                                .addLast(timer)
                                .addLast(new HttpServerCodec(MOST_HEADER, MOST_HEADER, 64 << 10))
                                .addLast(new Aggregator(mostBody))
                                .addLast(timer.end())
                                .addLast(new HttpConnection(answerer, threads));
                    }
                });
        ChannelFuture bound = bootstrap.bind(new InetSocketAddress(host, port)).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            threads.close();
            var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw new InvalidInputException(
                    "cannot listen on " + host + ":" + port + ": "
                            + bound.cause().getMessage(),
                    bound.cause());
        }
        channel = bound.channel();
    }

    int port() {
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    /** Takes no more connections; those that are there stay. */
    void stopListening() {
        var _ = channel.close().awaitUninterruptibly();
    }

    @Override
    public void close() {
        stopListening();
        var _ = loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
        threads.shutdownNow();
    }

    /** Refuses a body that is too large before it is sent, or while it is. */
    private static final class Aggregator extends HttpObjectAggregator {

        private final int most;

        Aggregator(int most) {
            super(most);
            this.most = most;
        }

        @Override
        protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage oversized) {
            String message = "{\"error\":{\"message\":\"the body is larger than " + most
                    + " bytes\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"body_too_large\"}}";
            byte[] json = message.getBytes(StandardCharsets.US_ASCII);
            var response = new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1, HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE, Unpooled.wrappedBuffer(json));
            response.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                    .set(HttpHeaderNames.CONTENT_LENGTH, json.length)
                    .set(HttpHeaderNames.CONNECTION, "close");
            var _ = context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
        }
    }
}
