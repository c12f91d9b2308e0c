package dev.skald.text;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A path, a directory or a glob, as configuration files name texts. */
public final class FilePattern {

    private FilePattern() {}

    /**
     * The files that it stands for, sorted by path: the file itself, those below the directory that are known, or all that the glob matches; none if there is
     * no such file or directory.
     *
     * @param base what a relative pattern starts from
     * @param pattern a glob has *, **, ? and {a,b}; ** stands for any number of directories, also none
     * @param known which files of a directory are meant
     */
    public static List<Path> find(Path base, String pattern, Predicate<Path> known) throws IOException {
        Path plain = base.resolve(plainPart(pattern)).normalize();
        boolean glob = !plainPart(pattern).equals(pattern);
        if (!glob && Files.isRegularFile(plain)) {
            return List.of(plain);
        }
        if (!Files.isDirectory(plain)) {
            return List.of();
        }
        return below(plain, glob ? matcher(base, pattern) : known);
    }

    private static Predicate<Path> matcher(Path base, String pattern) {
        // Java's ** between slashes stands for one directory at least.
        String glob = base.resolve(pattern).normalize().toString().replace("/**/", "{/,/**/}");
        PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + glob);
        return matcher::matches;
    }

    private static List<Path> below(Path directory, Predicate<Path> wanted) throws IOException {
        try (Stream<Path> files = Files.walk(directory, FileVisitOption.FOLLOW_LINKS)) {
            return files.filter(Files::isRegularFile).filter(wanted).sorted().toList();
        }
    }

    /** The part of a glob before its first special character, up to a slash; all of what is no glob. */
    public static String plainPart(String pattern) {
        int special = 0;
        while (special < pattern.length() && "*?{[".indexOf(pattern.charAt(special)) < 0) {
            special++;
        }
        return special == pattern.length() ? pattern : pattern.substring(0, pattern.lastIndexOf('/', special) + 1);
    }
}
