package dev.skald.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import dev.skald.train.Rank;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RankEnvironmentTest {

    @Test
    void noneMeansARunOfOneProcess() {
        assertThat(RankEnvironment.detect(Map.of("PATH", "/bin"))).isEmpty();
        // A batch script of Slurm is not a task of srun's.
        assertThat(RankEnvironment.detect(Map.of("SLURM_PROCID", "0", "SLURM_NTASKS", "8")))
                .isEmpty();
    }

    @Test
    void torchrun() {
        Map<String, String> environment = Map.of(
                "RANK", "5",
                "WORLD_SIZE", "8",
                "LOCAL_RANK", "1",
                "LOCAL_WORLD_SIZE", "4",
                "MASTER_ADDR", "node1",
                "MASTER_PORT", "29500");

        assertThat(RankEnvironment.detect(environment)).contains(new Rank(5, 8, 1, 4, "node1", 29500));
    }

    /** What torchrun 2.13 and 1.13 set: their agent listens on MASTER_PORT. */
    @Test
    void besideTheStoreOfTorchrunsAgent() {
        Map<String, String> environment = new HashMap<>(Map.of(
                "RANK", "1",
                "WORLD_SIZE", "2",
                "LOCAL_RANK", "1",
                "LOCAL_WORLD_SIZE", "2",
                "MASTER_ADDR", "localhost",
                "MASTER_PORT", "46161",
                "TORCHELASTIC_RESTART_COUNT", "0",
                "TORCHELASTIC_USE_AGENT_STORE", "True"));
        assertThat(RankEnvironment.detect(environment)).contains(new Rank(1, 2, 1, 2, "localhost", 46162));
        environment.put("MASTER_PORT", "65535");
        assertThat(RankEnvironment.detect(environment)).contains(new Rank(1, 2, 1, 2, "localhost", 65534));
        environment.put("TORCHELASTIC_USE_AGENT_STORE", "False");
        assertThat(RankEnvironment.detect(environment)).contains(new Rank(1, 2, 1, 2, "localhost", 65535));
    }

    @Test
    void slurm() {
        Map<String, String> environment = new HashMap<>(Map.of(
                "SLURM_STEP_ID", "0",
                "SLURM_PROCID", "6",
                "SLURM_NTASKS", "8",
                "SLURM_LOCALID", "2",
                "SLURM_STEP_TASKS_PER_NODE", "4(x2)",
                "SLURM_JOB_ID", "123456",
                "SLURM_STEP_NODELIST", "gpu[007-008,011]"));
        assertThat(RankEnvironment.detect(environment)).contains(new Rank(6, 8, 2, 4, "gpu007", 23456));

        environment.put("SLURM_STEP_ID", "2");
        assertThat(RankEnvironment.detect(environment).orElseThrow().masterPort())
                .isNotEqualTo(23456);
        environment.put("SLURM_STEP_NODELIST", "alpha,beta");
        environment.put("MASTER_PORT", "29501");
        assertThat(RankEnvironment.detect(environment)).contains(new Rank(6, 8, 2, 4, "alpha", 29501));

        environment.putAll(Map.of("SLURM_PROCID", "0", "SLURM_NTASKS", "1", "SLURM_LOCALID", "0"));
        assertThat(RankEnvironment.detect(environment)).isEmpty();
    }

    @Test
    void whatIsMissingOrWrongIsNamed() {
        assertThatThrownBy(() -> RankEnvironment.detect(Map.of("RANK", "0", "WORLD_SIZE", "2", "MASTER_ADDR", "a")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("MASTER_PORT is missing");
        assertThatThrownBy(() -> RankEnvironment.detect(
                        Map.of("RANK", "2", "WORLD_SIZE", "2", "MASTER_ADDR", "a", "MASTER_PORT", "1")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("rank 2 of world size 2");
        assertThatThrownBy(() -> RankEnvironment.detect(
                        Map.of("RANK", "x", "WORLD_SIZE", "2", "MASTER_ADDR", "a", "MASTER_PORT", "1")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("RANK is 'x'");
    }
}
