package dev.skald.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * How tokens become text: the decoders of tokenizer.json, as stages that pass on what is certain. Decoding all at once and step by step is the same code.
 */
sealed interface Decoder {

    /** A stage at work. */
    interface Stage {
        void accept(String token, Consumer<String> next);

        void finish(Consumer<String> next);
    }

    Stage begin();

    /** The bytes that the tokens spell, as UTF-8; what is malformed becomes U+FFFD. */
    record ByteLevel() implements Decoder {
        @Override
        public Stage begin() {
            Utf8Assembler assembler = new Utf8Assembler();
            return new Stage() {
                @Override
                public void accept(String token, Consumer<String> next) {
                    byte[] utf8 = token.getBytes(StandardCharsets.UTF_8);
                    byte[] spelled = utf8.clone();
                    int length = ByteAlphabet.unspell(spelled, spelled.length);
                    next.accept(length < 0 ? assembler.add(utf8, 0, utf8.length) : assembler.add(spelled, 0, length));
                }

                @Override
                public void finish(Consumer<String> next) {
                    next.accept(assembler.finish());
                }
            };
        }
    }

    /** Joins a run of tokens {@code <0x00>} to {@code <0xFF>}; a run that is not UTF-8 becomes one U+FFFD for each byte. */
    record ByteFallback() implements Decoder {
        @Override
        public Stage begin() {
            return new Stage() {
                private byte[] run = new byte[16];
                private int length;

                @Override
                public void accept(String token, Consumer<String> next) {
                    int b = byteOf(token);
                    if (b < 0) {
                        finish(next);
                        next.accept(token);
                        return;
                    }
                    if (length == run.length) {
                        run = Arrays.copyOf(run, length * 2);
                    }
                    run[length++] = (byte) b;
                }

                @Override
                public void finish(Consumer<String> next) {
                    if (length > 0) {
                        next.accept(
                                Utf8.isWellFormed(run, 0, length)
                                        ? new String(run, 0, length, StandardCharsets.UTF_8)
                                        : "\uFFFD".repeat(length));
                        length = 0;
                    }
                }
            };
        }

        private static int byteOf(String token) {
            if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') {
                return -1;
            }
            int high = Character.digit(token.charAt(3), 16);
            int low = Character.digit(token.charAt(4), 16);
            return high < 0 || low < 0 || token.charAt(3) > 'f' || token.charAt(4) > 'f' ? -1 : high << 4 | low;
        }
    }

    /** Makes one token of all. What follows sees the parts of one token: {@link Strip} counts over all of them. */
    record Fuse() implements Decoder {
        @Override
        public Stage begin() {
            return each(token -> token);
        }
    }

    record Replace(Pattern pattern, String content) implements Decoder {
        @Override
        public Stage begin() {
            Normalizer.Replace replace = new Normalizer.Replace(pattern, content);
            return each(replace::apply);
        }
    }

    /**
     * Takes away up to {@code start} of the character at the start of a token and up to {@code stop} at its end.
     *
     * @param fused whether a Fuse came before: then the token is the whole text
     */
    record Strip(int content, int start, int stop, boolean fused) implements Decoder {
        @Override
        public Stage begin() {
            return fused ? new FusedStrip(content, start, stop) : each(this::strip);
        }

        private String strip(String token) {
            int from = 0;
            int to = token.length();
            for (int i = 0; i < start && from < to && token.codePointAt(from) == content; i++) {
                from += Character.charCount(content);
            }
            for (int i = 0; i < stop && from < to && token.codePointBefore(to) == content; i++) {
                to -= Character.charCount(content);
            }
            return token.substring(from, to);
        }
    }

    /** Strip over a text that comes in parts: holds back the characters at the end that may have to go. */
    final class FusedStrip implements Stage {
        private final int content;
        private final int stop;
        private int toDrop;
        private int held;

        FusedStrip(int content, int start, int stop) {
            this.content = content;
            this.stop = stop;
            toDrop = start;
        }

        @Override
        public void accept(String token, Consumer<String> next) {
            int from = 0;
            while (toDrop > 0 && from < token.length()) {
                if (token.codePointAt(from) == content) {
                    from += Character.charCount(content);
                    toDrop--;
                } else {
                    toDrop = 0;
                }
            }
            int to = token.length();
            int trailing = 0;
            while (to > from && token.codePointBefore(to) == content) {
                to -= Character.charCount(content);
                trailing++;
            }
            if (to > from) {
                next.accept(Character.toString(content).repeat(held) + token.substring(from, to));
                held = 0;
            }
            held += trailing;
            if (held > stop) {
                next.accept(Character.toString(content).repeat(held - stop));
                held = stop;
            }
        }

        @Override
        public void finish(Consumer<String> next) {
            held = 0;
        }
    }

    /**
     * The visible character becomes a blank; in the first token it goes.
     *
     * @param prefixed whether one was put before the text
     */
    record Metaspace(String replacement, boolean prefixed) implements Decoder {
        @Override
        public Stage begin() {
            return new Stage() {
                private boolean started;

                @Override
                public void accept(String token, Consumer<String> next) {
                    next.accept(token.replace(replacement, prefixed && !started ? "" : " "));
                    started = true;
                }

                @Override
                public void finish(Consumer<String> next) {}
            };
        }
    }

    record Sequence(List<Decoder> decoders) implements Decoder {
        @Override
        public Stage begin() {
            return chain(decoders.stream().map(Decoder::begin).toList());
        }

        private static Stage chain(List<Stage> stages) {
            if (stages.isEmpty()) {
                return each(token -> token);
            }
            Stage first = stages.getFirst();
            if (stages.size() == 1) {
                return first;
            }
            Stage rest = chain(stages.subList(1, stages.size()));
            return new Stage() {
                @Override
                public void accept(String token, Consumer<String> next) {
                    first.accept(token, part -> rest.accept(part, next));
                }

                @Override
                public void finish(Consumer<String> next) {
                    first.finish(part -> rest.accept(part, next));
                    rest.finish(next);
                }
            };
        }
    }

    /** No decoder: the tokens with blanks between them. */
    record Joined() implements Decoder {
        @Override
        public Stage begin() {
            return new Stage() {
                private boolean started;

                @Override
                public void accept(String token, Consumer<String> next) {
                    next.accept(started ? " " + token : token);
                    started = true;
                }

                @Override
                public void finish(Consumer<String> next) {}
            };
        }
    }

    private static Stage each(java.util.function.UnaryOperator<String> change) {
        return new Stage() {
            @Override
            public void accept(String token, Consumer<String> next) {
                next.accept(change.apply(token));
            }

            @Override
            public void finish(Consumer<String> next) {}
        };
    }
}
