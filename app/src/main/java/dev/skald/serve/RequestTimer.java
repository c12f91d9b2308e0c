package dev.skald.serve;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Closes a connection whose client takes too long to send a request, or sends none. Stands twice in the pipeline, as a pair: the first half sees bytes come, the second whole
 * requests.
 */
final class RequestTimer extends ChannelInboundHandlerAdapter {

    private final long seconds;
    private Future<?> timeout;

    RequestTimer(long seconds) {
        this.seconds = seconds;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) throws Exception {
        start(context);
        super.channelActive(context);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
        start(context);
        super.channelRead(context, message);
    }

    private void start(ChannelHandlerContext context) {
        if (timeout == null) {
            timeout = context.executor()
                    .schedule(
                            () -> {
                                var _ = context.close();
                            },
                            seconds,
                            TimeUnit.SECONDS);
        }
    }

    /** A request is whole. */
    ChannelInboundHandlerAdapter end() {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
                if (timeout != null) {
                    timeout.cancel(false);
                    timeout = null;
                }
                super.channelRead(context, message);
            }
        };
    }
}
