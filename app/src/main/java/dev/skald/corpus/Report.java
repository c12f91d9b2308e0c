package dev.skald.corpus;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.skald.base.AtomicFiles;
import dev.skald.base.StrictJson;
import java.io.IOException;

/** Writes report.json and report.html. They hold no times: the same run makes the same bytes. */
final class Report {

    private static final ObjectMapper JSON =
            StrictJson.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private Report() {}

    static void write(Plan plan, Tally total) throws IOException {
        AtomicFiles.write(plan.output().resolve("report.json"), JSON.writeValueAsBytes(total));
        String page = new ReportPage(plan.recipe(), total).html();
        AtomicFiles.write(plan.output().resolve("report.html"), page);
    }
}
