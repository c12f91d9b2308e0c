package dev.skald.cli;

import static dev.skald.cli.CommandLineRun.skald;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.TinyLlama;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code skald serve} as a process of its own. */
@Timeout(120)
class ServeCommandTest {

    @TempDir
    private Path directory;

    private Path model() {
        return TinyLlama.random(3).write(directory.resolve("tiny"));
    }

    @Test
    void aStopLetsRequestsEnd() throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + Path.of("jvm.options").toAbsolutePath(),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.skald.cli.Main"));
        command.addAll(List.of("serve", "--model", model().toString(), "--port", "0", "--context", "1000"));
        Process process = new ProcessBuilder(command).start();
        try (BufferedReader err = process.errorReader(StandardCharsets.UTF_8)) {
            String line = err.readLine();
            while (!line.startsWith("listening on ")) {
                line = err.readLine();
            }
            assertThat(line).matches("listening on http://127\\.0\\.0\\.1:\\d+");
            String address = line.substring("listening on ".length());
            HttpClient client = HttpClient.newHttpClient();
            CompletableFuture<HttpResponse<String>> answer = client.sendAsync(
                    HttpRequest.newBuilder(URI.create(address + "/v1/completions"))
                            .POST(HttpRequest.BodyPublishers.ofString(
                                    "{\"model\":\"tiny\",\"prompt\":\"a\",\"max_tokens\":950,\"ignore_eos\":true}"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            HttpRequest metrics =
                    HttpRequest.newBuilder(URI.create(address + "/metrics")).build();
            while (!answer.isDone()
                    && !client.send(metrics, HttpResponse.BodyHandlers.ofString())
                            .body()
                            .contains("vllm:num_requests_running{model_name=\"tiny\"} 1.0")) {
                Thread.sleep(2);
            }
            process.destroy();
            assertThat(answer.get().statusCode()).isEqualTo(200);
            assertThat(answer.get().body()).contains("\"completion_tokens\":950");
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void wrongInputIsOneLine() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(skald("serve", "--model", model(), "--port", taken.getLocalPort())
                            .error())
                    .contains("cannot listen on 127.0.0.1:" + taken.getLocalPort());
        }
        assertThat(skald("serve", "--model", model(), "--port", "70000").error())
                .isEqualTo("--port is 70000, expected a number from 0 to 65535");
        assertThat(skald("serve", "--model", model(), "--port", "0", "--parallel", "0")
                        .error())
                .contains("--parallel is 0");
        assertThat(skald("serve", "--model", directory.resolve("nix"), "--port", "0")
                        .error())
                .contains("no such directory");
        assertThat(skald("serve", "--model", model(), "--port", "0", "--chat-template", "nix")
                        .error())
                .contains("chat template: nix is no file");
        assertThat(skald("serve", "--model", model(), "--port", "0", "--adapter", "a=nix")
                        .error())
                .contains("nix");
        assertThat(skald("serve", "--model", model(), "--port", "0", "--adapter", "nix", "--adapter", "nox")
                        .error())
                .isEqualTo(
                        "--adapter: found nix and nox, expected NAME=DIR for all but one: requests choose by the name");
        assertThat(skald("serve", "--model", model(), "--port", "0", "--adapter", "a=nix", "--adapter", "a=nox")
                        .error())
                .isEqualTo("--adapter: two are called a, expected names of their own");
    }
}
